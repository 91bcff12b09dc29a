"""Saved plans: to a file that only its owner reads, and back to exactly the actions that were reviewed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from reconciler.manifests.schemas import validator
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, Stale
from reconciler.model.few import few
from reconciler.model.plan import Action, LeftOut, Plan, Refusal, Verb
from reconciler.model.policy import CODES
from reconciler.plan.guards import on_the_whole
from reconciler.plan.match import match
from reconciler.plan.seal import sealed
from reconciler.report.document import dumps, lease_document, plan_document
from reconciler.verbs.plan import Planned
from reconciler.verbs.policy import resources_document
from reconciler.verbs.private import put_private
from reconciler.verbs.session import Options, Session, pace

MAX_BYTES = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
_SAVE = "save one with: reconciler plan -o FILE"


def document(planned: Planned, session: Session, options: Options, created_at: str) -> dict[str, Any]:
    """The plan's JSON document, with the options that it was made with."""
    made = plan_document(planned.plan, created_at=created_at, **pace(session, planned.plan))
    lease = {"lease": lease_document(planned.lease, now=created_at)} if planned.lease else {}
    policy = session.project.policy
    seen = {"resources": resources_document(planned.desired)} if policy.rules else {}
    chosen = {name: value for name, value in asdict(options).items() if value is not None}
    return {**made, "tenant": planned.live.tenant, **lease, **seen, "options": chosen}


def save(path: Path, planned: Planned, session: Session, options: Options, created_at: str) -> None:
    """Writes the plan to `path`, readable by its owner alone: a file at once or not at all, or whatever reads
    a pipe. Raises InvalidInput if it cannot.
    """
    data = dumps(document(planned, session, options, created_at)).encode() + b"\n"
    hint = "name another file; --format json writes the plan to the standard output"
    put_private(path, data, session.machine.disk, code="plan-file", not_stdout=hint)


def read(path: Path) -> dict[str, Any]:
    """A saved plan's document. Raises InvalidInput where the file is none."""
    try:
        # A pipe is read as long as somebody writes into it, and a device no further than a plan can be long.
        descriptor = os.open(path, os.O_RDONLY | _AT_ONCE)
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "rb") as file:
            data = bytearray()
            while len(data) <= MAX_BYTES and (part := file.read(_CHUNK)):
                data += part
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a path").lower()
        raise InvalidInput.of("plan-file", f'cannot read "{path}": {reason}', hint=_SAVE) from error
    if len(data) > MAX_BYTES:
        message = f'"{path}" is larger than {MAX_BYTES // 1024**2} MB, and no saved plan'
        raise InvalidInput.of("plan-file", message, hint=_SAVE)
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput.of("plan-file", f'"{path}" is not a saved plan', hint=_SAVE) from error
    problem = next(validator("plan").iter_errors(found), None)
    if problem is not None or not {"options", "tenant"} <= set(found) or not _in_order(found["actions"]):
        hint = "save a new one with: reconciler plan -o FILE"
        raise InvalidInput.of("plan-file", f'"{path}" is not a saved plan of this version', hint=hint)
    return dict(found)


def _in_order(actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the actions are each there once, behind all that they wait for: nothing waits for itself."""
    later = {action["id"] for action in actions}
    if len(later) < len(actions):
        return False
    for action in actions:
        if later & set(action["dependsOn"]):
            return False
        later.discard(action["id"])
    return True


def options_of(saved: Mapping[str, Any]) -> Options:
    """The options that a saved plan was made with. Raises InvalidInput where they are unknown."""
    # Its actions are chosen already, and who carries them out reads all.
    known = {**saved["options"], "changed_since": None, "refresh": None}
    try:
        known |= {name: tuple(known[name]) for name in ("select", "exclude")}
        return Options(**{**known, "use": tuple(known.get("use", ()))})
    except (TypeError, KeyError) as error:
        message = "the saved plan's options are not of this version"
        raise InvalidInput.of(
            "plan-file", message, hint="save a new one with: reconciler plan -o FILE"
        ) from error


def restrict(planned: Planned, saved: Mapping[str, Any]) -> Planned:
    """A new plan cut down to exactly the saved one's actions, with what that one refused. Where something is
    refused now that touches some of them, those are told as stale when it is carried out. Raises Stale,
    naming them, where other actions would no longer do the same or no longer stand on the same objects.
    """
    plan = planned.plan.unruled  # the rules are asked of what is left
    if saved["project"] != plan.project or saved["environment"] != plan.environment:
        raise Stale(
            f"the saved plan is for {saved['project']} in {saved['environment']}, not for {plan.project} "
            f"in {plan.environment}",
            hint="give the environment of the plan with -e",
        )
    if saved["tenant"] != planned.live.tenant:
        raise Stale(
            f"the saved plan is for the tenant {saved['tenant']}, and the environment's token opens "
            f"{planned.live.tenant}",
            hint="check the environment's url and token, or plan again",
        )
    if saved["desired"] != plan.desired:
        raise Stale("the manifests changed since the plan was saved", hint="plan again")
    now, barred = {action.id: action for action in plan.actions}, plan.barred
    changed = [
        one["id"]
        for one in saved["actions"]
        if one["address"] not in barred
        and (one["id"] not in now or now[one["id"]].content != one.get("content"))
    ]
    if changed:
        named = few(sorted(changed), 5)
        raise Stale(
            f"the tenant changed since the plan was saved; no longer the same: {named}", hint="plan again"
        )
    actions = tuple(_as_saved(one, now.get(one["id"])) for one in saved["actions"])
    deleting = any(action.verb is Verb.DELETE for action in actions)
    consequences = plan.consequences if deleting else ()
    if more := sorted(set(consequences) - set(saved.get("consequences", ()))):
        raise Stale(f"the plan would now delete more than when it was saved: {more[0]}", hint="plan again")
    return replace(planned, plan=_cut(planned, actions, consequences, saved))


def _as_saved(saved: Mapping[str, Any], now: Action | None) -> Action:
    """The action of now, which waits for what it waited for when it was reviewed: the edges of the new plan
    may lead through actions that are left out here. One that is not planned any more is told as it was.
    """
    if now is not None:
        return replace(now, depends_on=tuple(saved["dependsOn"]))
    return Action(
        saved["id"],
        Address.parse(saved["address"]),
        Verb(saved["verb"]),
        saved["reason"],
        tuple(saved["dependsOn"]),
        basis=saved.get("basis", ""),
        target=saved.get("target", ""),
    )


def _cut(
    planned: Planned, actions: tuple[Action, ...], consequences: tuple[str, ...], saved: Mapping[str, Any]
) -> Plan:
    """The plan with these actions alone: what is counted, refused or left out concerns only them, or stood in
    what was reviewed.
    """
    plan = planned.plan.unruled
    concerned = {str(action.address) for action in actions}
    matched = match(planned.desired, planned.live)
    select = saved.get("options", {}).get("select", ())
    held = [
        Refusal(r["code"], r["message"], r.get("address", ""), r.get("hint", ""))
        for r in saved.get("refusals", ())
        if r["code"] not in CODES
    ]
    told = {(r.code, r.address) for r in held}
    since = [
        *(r for r in plan.refusals if r.address in concerned),
        *on_the_whole(actions, len(consequences), matched.owned, matched.objects, planned.policy, select),
    ]
    left_out = [
        *(
            LeftOut(Address.parse(one["address"]), one["reason"], one.get("refused", False))
            for one in saved.get("leftOut", ())
        ),
        *(one for one in plan.left_out if one.refused and str(one.address) in concerned),
    ]
    cut = replace(
        plan,
        actions=actions,
        refusals=(*held, *(r for r in since if (r.code, r.address) not in told)),
        left_out=tuple({one.address: one for one in left_out}.values()),
        consequences=consequences,
    )
    return sealed(cut)
