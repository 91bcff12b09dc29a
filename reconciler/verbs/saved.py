"""Saved plans: to a file that only its owner reads, and back to exactly the actions that were reviewed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from reconciler.manifests.schemas import validator
from reconciler.model.digest import sha256
from reconciler.model.errors import InvalidInput, Stale
from reconciler.model.plan import Action, Plan, Verb
from reconciler.plan.guards import too_many_deletions, too_many_updates
from reconciler.plan.match import match
from reconciler.report.document import dumps, plan_document
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Options, Session, rate


def document(planned: Planned, session: Session, options: Options, created_at: str) -> dict[str, Any]:
    """The plan's JSON document, with the options that it was made with."""
    made = plan_document(planned.plan, created_at=created_at, rate=rate(session))
    return {**made, "options": asdict(options)}


def save(path: Path, planned: Planned, session: Session, options: Options, created_at: str) -> None:
    """Writes the plan to `path`, readable by its owner alone. Raises InvalidInput if it cannot."""
    text = dumps(document(planned, session, options, created_at)) + "\n"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
    except OSError as error:
        raise InvalidInput.of("plan-file", f'cannot write "{path}": {error.strerror}') from error


def read(path: Path) -> dict[str, Any]:
    """A saved plan's document. Raises InvalidInput where the file is none."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput.of("plan-file", f'cannot read "{path}": {error}') from error
    try:
        found = json.loads(text)
    except ValueError as error:
        hint = "save one with: reconciler plan -o FILE"
        raise InvalidInput.of("plan-file", f'"{path}" is not a saved plan', hint=hint) from error
    problem = next(validator("plan").iter_errors(found), None)
    if problem is not None or "options" not in found:
        raise InvalidInput.of(
            "plan-file",
            f'"{path}" is not a saved plan of this version',
            hint="save a new one with: reconciler plan -o FILE",
        )
    return dict(found)


def options_of(saved: Mapping[str, Any]) -> Options:
    """The options that a saved plan was made with. Raises InvalidInput where they are unknown."""
    known = dict(saved["options"])
    try:
        return Options(**{**known, "select": tuple(known["select"]), "exclude": tuple(known["exclude"])})
    except (TypeError, KeyError) as error:
        raise InvalidInput.of("plan-file", "the saved plan's options are not of this version") from error


def restrict(planned: Planned, saved: Mapping[str, Any]) -> Planned:
    """A new plan cut down to exactly the saved one's actions. Raises Stale, naming them, where actions would
    no longer do the same or no longer stand on the same objects.
    """
    plan = planned.plan
    if saved["project"] != plan.project or saved["environment"] != plan.environment:
        raise Stale(
            f"the saved plan is for {saved['project']} in {saved['environment']}, not for {plan.project} "
            f"in {plan.environment}",
            hint="give the environment of the plan with -e",
        )
    if saved["desired"] != plan.desired:
        raise Stale("the manifests changed since the plan was saved", hint="plan again")
    now = {action.id: action for action in plan.actions}
    wanted = {action["id"]: action for action in saved["actions"]}
    changed = [n for n, action in wanted.items() if n not in now or now[n].content != action["content"]]
    if changed:
        named = ", ".join(sorted(changed)[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise Stale(
            f"the tenant changed since the plan was saved; no longer the same: {named}", hint="plan again"
        )
    # The saved plan's own edges: those of the new one may lead through actions that are left out here.
    actions = tuple(
        replace(action, depends_on=tuple(wanted[action.id]["dependsOn"]))
        for action in plan.actions
        if action.id in wanted
    )
    deleting = any(action.verb is Verb.DELETE for action in actions)
    consequences = plan.consequences if deleting else ()
    if more := sorted(set(consequences) - set(saved.get("consequences", ()))):
        raise Stale(f"the plan would now delete more than when it was saved: {more[0]}", hint="plan again")
    return replace(planned, plan=_cut(planned, actions, consequences))


def _cut(planned: Planned, actions: tuple[Action, ...], consequences: tuple[str, ...]) -> Plan:
    """The plan with these actions alone: what is counted or refused concerns only them."""
    plan = planned.plan
    checksum = sha256([plan.project, plan.environment, [a.content for a in actions]])
    concerned = {str(action.address) for action in actions}
    refusals = [r for r in plan.refusals if r.address in concerned]
    owned = match(planned.desired, planned.live).owned
    refusals += too_many_deletions(actions, len(consequences), owned, planned.policy)
    refusals += too_many_updates(actions, owned, planned.policy)
    return replace(
        plan,
        actions=actions,
        checksum=f"sha256:{checksum}",
        counts={verb.value: sum(a.verb is verb for a in actions) for verb in Verb},
        refusals=tuple(refusals),
        consequences=consequences,
    )
