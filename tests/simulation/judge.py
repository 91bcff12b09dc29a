"""What is wrong with the way in which one run ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.model import unplanned
from tests.simulation.process import Process
from tests.simulation.runs import Ended
from tests.simulation.script import Attempt
from tests.simulation.wire import Wire
from tests.torture.runner import _inconsistent

CODES = {0, 1, 4, 5, 130}


def judged(ended: Ended, process: Process, wire: Wire, attempt: Attempt, *, calm: bool) -> Iterable[str]:
    """All of it, in words; `calm` is a run beside which nothing else happened."""
    if process.alive:
        yield from _ended(ended, process, attempt)
        if left := [task.get_name() for task in process.tasks if not task.done()]:
            yield f"tasks are left behind: {left}"
    if not process.writes and wire.mutations:
        yield f"{attempt.verb} sent {wire.mutations}"
    if process.writes and ended.plans:
        yield from unplanned(wire.mutations, ended.plans[0])
    for plan in ended.plans:
        yield from _excluded(plan, attempt)
    if calm and process.writes and ended.code == 0:
        yield from _dear(ended.plans[0], wire)


def _dear(plan: Mapping[str, Any], wire: Wire) -> Iterable[str]:
    """A run costs what its plan said, but for its sign-in, its lease, what it waits for, and what only shows
    once it is done: a tenant may make an integration without its definition, drop what a release is called,
    and publish one that nobody can choose yet.
    """
    budget = plan["requests"]
    late = [a for a in plan["actions"] if a["id"] in _late(a["address"])]
    writes = len([name for name in wire.mutations if not name.endswith("Lease")])
    reads = wire.requests - len(wire.mutations)
    if writes > budget["write"] + 1 + 2 * len(late):
        yield f"{writes} requests that write, and the plan said {budget['write']}"
    if reads > 2 * budget["read"] + 20:
        yield f"{reads} requests that read, and the plan said {budget['read']}"


def _late(address: str) -> tuple[str, ...]:
    return (f"{address}#create", f"{address}#publish") if address.startswith("Integration/") else ()


def _ended(ended: Ended, process: Process, attempt: Attempt) -> Iterable[str]:
    full = attempt.room is not None and ended.code == 3  # the plan could not be saved
    if ended.code not in CODES and not full:
        yield f"exit code {ended.code}: {ended.error!r}"
    code = getattr(ended.error, "code", "")
    if ended.error is not None and code in ("", "unforeseen"):
        yield f"nobody foresaw {ended.error!r}, from {ended.error.__cause__!r}"
    if ended.document.get("format", "").startswith("reconciler.outcome/") and ended.code is not None:
        # Where the run as a whole was ended, none of its actions need have failed.
        wrong = _inconsistent(ended.document, ended.code)
        yield from (text for text in wrong if not (ended.error and ", but no action " in text))
    if ended.code not in (0, None) and not (ended.error or _says_why(ended)):
        yield f"exit code {ended.code}, and nothing says why"


def _says_why(ended: Ended) -> bool:
    document = ended.document
    failed = any(action.get("error") or action.get("because") for action in document.get("actions", ()))
    return bool(failed or document.get("refusals") or document.get("interrupted"))


def _excluded(plan: dict[str, object], attempt: Attempt) -> Iterable[str]:
    """What is excluded is never written."""
    actions = plan["actions"]
    assert isinstance(actions, list)
    for pattern in attempt.exclude:
        for action in actions:
            address = action["address"]
            if address == pattern or (pattern.endswith("*") and address.startswith(pattern[:-1])):
                yield f"{action['id']} is planned, and {pattern} is excluded"
