"""The project's own rules, asked of a plan: what follows stands in the plan among what it says anyway."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.table.row import wrapped
from reconciler.manifests.kinds import ALWAYS_SECRET
from reconciler.manifests.project import Policy
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.few import few
from reconciler.model.hints import listed, suggest
from reconciler.model.plan import Plan, Refusal
from reconciler.model.policy import (
    DENIED,
    OVERRIDDEN,
    UNAPPROVED,
    WARNED,
    Effect,
    Finding,
    Rule,
    Waivers,
)
from reconciler.model.state import Desired, Resource
from reconciler.report.document import plain, plan_document
from reconciler.verbs.session import Session, pace

_NOBODY = Waivers()


def judged(session: Session, plan: Plan, desired: Desired, tenant: str, waivers: Waivers = _NOBODY) -> Plan:
    """The plan with what the project's rules say of it at this moment, in place of what they said before.
    Raises InvalidInput where a rule cannot be asked, or a rule is to be overridden that there is not.
    """
    policy, plan = session.project.policy, plan.unruled
    names = [*(one.name for one in policy.rules), *(one.name for one in policy.freezes)]
    for name in waivers.overridden:
        if name not in names:
            hint = suggest(name, names, "see policy.rules and policy.freezes in the project file")
            raise InvalidInput.of("unknown-rule", f'there is no rule "{name}"', hint=hint)
    if not names:
        return replace(plan, waivers=waivers)
    now = session.machine.now()
    document = {
        **plan_document(plan, created_at=now.isoformat(), **pace(session, plan)),
        "resources": resources_document(desired),
        "tenant": tenant,
    }
    found = _found(session.project.policy, document, now)
    fired = tuple(one.rule for one in found if one.rule in waivers.overridden)
    told = replace(plan, findings=tuple(found), waivers=replace(waivers, overridden=fired))
    return _told(told, desired)


def enforced(plan: Plan) -> Plan:
    """The plan as it can be carried out: what it needs an approval for and does not have is refused."""
    missing = tuple(_unapproved(plan))
    notes = tuple(one for one in plan.notes if one.code != UNAPPROVED) if missing else plan.notes
    return replace(plan, refusals=(*plan.refusals, *missing), notes=notes)


def searched(spec: Any) -> str:
    """The JSON in one line of what a manifest says: rules look for texts in it."""
    return json.dumps(spec, ensure_ascii=False, allow_nan=False)


def resources_document(desired: Desired) -> list[dict[str, Any]]:
    """What the manifests ask for as the rules read it, without any secret."""
    return [_resource(one, desired.resources) for one in desired.resources.values()]


def _found(policy: Policy, document: Mapping[str, Any], now: datetime) -> list[Finding]:
    from reconciler.manifests.rules import vocabulary  # the checker is for those who have rules
    from reconciler.policy.rules import RuleFailed, findings

    try:
        return findings(vocabulary(), policy.rules, policy.freezes, document, now)
    except RuleFailed as error:
        raise InvalidInput([rule_failed(error.rule, error.address, error.why)]) from error


def rule_failed(rule: Rule, address: str, why: str) -> Diagnostic:
    """That a rule could not be asked, told where it stands."""
    message = f'the rule "{rule.name}" cannot be asked of {address or "the plan"}: {why}'
    hint = 'what may be missing is asked for with has(…), or .?name.orValue("")'
    return Diagnostic("rule-failed", message, rule.source, address, hint)


def _told(plan: Plan, desired: Desired) -> Plan:
    """The plan with its findings among its warnings, refusals and notes."""
    warnings, refusals, notes = list(plan.warnings), list(plan.refusals), list(plan.notes)
    for one in plan.findings:
        if one.rule in plan.waivers.overridden:
            message = f"{_said(one)} is overridden: {plan.waivers.reason}"
            notes.append(Diagnostic(OVERRIDDEN, message, severity="note"))
        elif one.effect is Effect.WARN:
            warnings += _warnings(one, desired)
        elif one.effect is Effect.DENY:
            hint = f"take it out of the plan; if it must be: --override-policy {one.rule} --reason TEXT"
            refusals.append(Refusal(DENIED, _said(one), hint=hint))
        else:
            notes.append(_approval(one, plan.waivers))
    return replace(plan, warnings=tuple(warnings), refusals=tuple(refusals), notes=tuple(notes))


def _said(one: Finding) -> str:
    """The finding in a sentence that names its rule, and a few of what it is true of."""
    named = few(one.addresses)
    return f'{one.message} (rule "{one.rule}"{named and ": "}{named})'


def _warnings(one: Finding, desired: Desired) -> Iterator[Diagnostic]:
    message = f'{one.message} (rule "{one.rule}")'
    for address in one.addresses or ("",):
        resource = desired.resources.get(Address.parse(address)) if address else None
        source = resource.source if resource else None
        yield Diagnostic(WARNED, message, source, address, severity="warning")


def _approval(one: Finding, waivers: Waivers) -> Diagnostic:
    by = _approvers(waivers)
    if len(by) >= one.approvals:
        return Diagnostic(UNAPPROVED, f"{_said(one)} is approved by {listed(by)}", severity="note")
    number = f"{one.approvals} approvals" if one.approvals > 1 else "an approval"
    message = f"{_said(one)} needs {number}: apply it with --approved-by NAME"
    return Diagnostic(UNAPPROVED, message, severity="note")


def _unapproved(plan: Plan) -> Iterator[Refusal]:
    by = _approvers(plan.waivers)
    for one in plan.findings:
        if one.rule not in plan.waivers.overridden and len(by) < one.approvals:
            message = f"{_said(one)} needs {one.approvals} to approve it, and has {len(by)}"
            hint = (
                "name each who approved with --approved-by NAME; "
                f"if it must be: --override-policy {one.rule} --reason TEXT"
            )
            yield Refusal(UNAPPROVED, message, hint=hint)


def _approvers(waivers: Waivers) -> list[str]:
    """Each person once, however they are spelled."""
    return list(
        {name.strip().casefold(): name.strip() for name in waivers.approved_by if name.strip()}.values()
    )


def _resource(one: Resource, all_of_them: Mapping[Address, Resource]) -> dict[str, Any]:
    hidden = ALWAYS_SECRET.get(one.kind, one.fields.keys())  # of a kind without manifests nothing is known
    spec = plain({k: wrapped(v, None) if k in hidden else v for k, v in one.fields.items()})
    customer = one.fields.get("customer")
    known = all_of_them.get(customer) if isinstance(customer, Address) else None
    return {
        "address": str(one.address),
        "kind": one.kind,
        "name": str(one.address).partition("/")[2],
        "labels": dict(one.labels),
        "protect": one.protect,
        "file": one.source.file or None,
        **({"customer": {"address": str(known.address), "labels": dict(known.labels)}} if known else {}),
        "spec": spec,
        "text": searched(spec),
    }
