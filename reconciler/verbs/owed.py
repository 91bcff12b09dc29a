"""Deploys that a run of this machine did not come to, as its journal tells: where the environment keeps no
record, or one of an earlier version does not say so, nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.instance.desk import undeployed, waits
from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.errors import Withdrawn
from reconciler.model.plan import Verb
from reconciler.plan.match import Matched
from reconciler.verbs.history import history
from reconciler.verbs.session import Session

_SAVING = ("createInstance", "updateInstance", "updateInstanceConfigVariables")
_DEPLOY = "deployInstance"
_AFTER = (Verb.ENABLE, Verb.DISABLE, Verb.TEST)
"""What follows a deploy by itself, and leaves nothing to be deployed: switching, tests, and their record. A
test that fails may put the instance back, which takes a deploy of its own.
"""


def note_owed(session: Session, tenant: str, matched: Matched, policy: Policy) -> None:
    """Notes which instances wait for a deploy of ours. The journal is read only where one waits at all."""
    waiting = {
        str(address): address
        for address, live in matched.objects.items()
        if address.kind == "Instance" and undeployed(live) and waits(matched.request(address, policy))
    }
    for run in history(session, session.environment.name) if waiting else ():
        if run.begun.get("tenant") != tenant:
            continue
        for name in _planned(run.begun) & waiting.keys():
            address = waiting.pop(name)
            live = matched.objects[address]
            if _is_owed(list(_calls(run.entries, address)), facts_of(live).last_deployed_at):
                matched.learn(address, replace(live, notes=replace(notes_of(live), owed=True)))


def _planned(begun: Mapping[str, Any]) -> set[str]:
    """The addresses that a run was to deploy."""
    actions = begun.get("actions")
    ends = f"#{Verb.DEPLOY.value}"
    named = actions if isinstance(actions, list) else []
    return {str(one).removesuffix(ends) for one in named if str(one).endswith(ends)}


def _calls(entries: tuple[dict[str, Any], ...], address: Address) -> Iterator[dict[str, Any]]:
    """What was sent for an instance, and what came of it: nothing of an action whose call was withdrawn."""
    withdrawn = {entry.get("action") for entry in entries if entry.get("error") == Withdrawn.__name__}
    for entry in entries:
        called = entry.get("event") in ("send", "answer") and entry.get("action") not in withdrawn
        if called and str(entry.get("action")).startswith(f"{address}#"):
            yield entry


def _is_owed(calls: list[dict[str, Any]], deployed_at: str | None) -> bool:
    """Whether a run saved something on an instance and did not deploy it, and nobody has since."""
    saved = ""
    for one in calls:
        follows = str(one.get("action")).rpartition("#")[2].startswith(_AFTER)
        begun = one.get("operation") == _DEPLOY and one.get("event") == "send"
        if one.get("operation") in _SAVING if not follows else begun:
            saved = saved or str(one.get("at", ""))
        elif one.get("operation") == _DEPLOY and one.get("event") == "answer" and not one.get("error"):
            saved = ""  # what is saved after it, as when an instance is put back, is to be deployed again
    return bool(saved) and not _is_later(deployed_at, saved)


def _is_later(deployed_at: str | None, than: str) -> bool:
    """Whether an instance was deployed after a moment; also where that cannot be told."""
    if not deployed_at:
        return False
    try:
        return datetime.fromisoformat(deployed_at) >= datetime.fromisoformat(than)
    except (ValueError, TypeError):  # a time without its zone beside one that has it
        return True
