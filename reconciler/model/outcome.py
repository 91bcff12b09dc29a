"""What became of a plan, and the events that tell of it while it happens."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from reconciler.model.errors import Interrupted, ReconcilerError, Refused, Unreachable
from reconciler.model.plan import Action, Plan

_GRAVEST = [error.exit_code for error in (Interrupted, Unreachable, ReconcilerError, Refused)]


class Status(StrEnum):
    """How an action ended."""

    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    SKIPPED = "skipped"


class Result(Struct, frozen=True):
    """One action's end. `because` names the action that it was skipped for; times are ISO 8601, UTC."""

    action: Action
    status: Status
    error: str = ""
    hint: str = ""
    because: str = ""
    started_at: str = ""
    seconds: float = 0.0
    doubtful: bool = False
    """True where the answer was lost, and it is not known whether the server carried it out."""
    kept: str = ""
    """Where the text that it destroyed is kept; empty where it destroyed none."""
    object_id: str = ""
    """The object that it was done to."""


class Outcome(Struct, frozen=True):
    """The ends of all the plan's actions, in the plan's order, and of what turned out to be needed beside."""

    plan: Plan
    results: tuple[Result, ...]
    interrupted: bool = False
    fatal: ReconcilerError | None = None
    """What ended the run for all: the API could not be reached, or no longer takes the token."""

    @property
    def exit_code(self) -> int:
        """Of several reasons the one that says most: the user's stop, an API that is gone, a failure, or what
        another run should have done, then what was refused or had gone stale.
        """
        statuses = {result.status for result in self.results}
        others = {name for one in self.results for name in one.action.depends_on}
        others -= {one.action.id for one in self.results}
        waited = any(one.because in others for one in self.results)
        reasons = [
            Interrupted if self.interrupted else None,
            self.fatal,
            ReconcilerError if Status.FAILED in statuses or waited else None,
            Refused if Status.STALE in statuses or self.plan.refusals else None,
        ]
        codes = [reason.exit_code for reason in reasons if reason]
        return min(codes, key=_GRAVEST.index, default=0)


class Started(Struct, frozen=True):
    """An action begins."""

    action: Action


class Waiting(Struct, frozen=True):
    """An action's call was accepted; its effect is being waited for. `limit` is how many seconds it may take
    (0: not known).
    """

    action: Action
    what: str
    limit: float = 0.0


class Ended(Struct, frozen=True):
    """An action ended."""

    result: Result


Event = Started | Waiting | Ended
