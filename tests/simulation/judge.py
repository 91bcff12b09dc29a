"""What is wrong with what one run did, and with the way in which it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.simulation.checks import guarded, order, people, planned, secrets
from tests.simulation.run import Run
from tests.simulation.runs import Ended
from tests.torture.runner import _inconsistent

CODES = {0, 1, 4, 5, 130}
_CHECKS: tuple[Callable[[Run], Iterable[str]], ...] = (
    planned.shown,
    planned.chosen,
    planned.kept,
    planned.adopted,
    people.respected,
    order.once,
    order.waves,
    order.stopped,
    order.withdrawn,
    order.tested,
    order.patient,
    guarded.leased,
    guarded.noted,
    secrets.belongs,
)


def judged(run: Run) -> Iterable[str]:
    """All of it, in words."""
    if run.process.alive:
        yield from _ended(run)
        if left := [task.get_name() for task in run.process.tasks if not task.done()]:
            yield f"tasks are left behind: {left}"
    yield from planned.cheap(run)
    yield from planned.known(run)
    if not run.process.writes:
        if run.wire.mutations:
            yield f"{run.attempt.verb} sent {run.wire.mutations}"
        return
    for check in _CHECKS:
        yield from check(run)


def _ended(run: Run) -> Iterable[str]:
    ended = run.ended
    full = run.attempt.room is not None and ended.code == 3  # the plan could not be saved
    if ended.code not in CODES and not full:
        yield f"exit code {ended.code}: {ended.error!r}"
    code = getattr(ended.error, "code", "")
    if ended.error is not None and code in ("", "unforeseen"):
        yield f"nobody foresaw {ended.error!r}, from {ended.error.__cause__!r}"
    if ended.document.get("format", "").startswith("reconciler.outcome/") and ended.code is not None:
        # Where the run as a whole was ended, none of its actions need have failed.
        wrong = _inconsistent(ended.document, ended.code)
        yield from (text for text in wrong if not (ended.error and ", but no action " in text))
    pulled = run.attempt.verb.startswith("pull")  # what it could not write is told line by line
    if ended.code not in (0, None) and not (ended.error or _says_why(ended) or pulled):
        yield f"exit code {ended.code}, and nothing says why"


def _says_why(ended: Ended) -> bool:
    document = ended.document
    failed = any(action.get("error") or action.get("because") for action in document.get("actions", ()))
    return bool(failed or document.get("refusals") or document.get("interrupted"))
