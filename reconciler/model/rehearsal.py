"""What came of a rehearsal: a plan that was carried out on a copy of a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Plan, Refusal


class Looks(Struct, frozen=True):
    """One field of an instance before and after; None where it is not there."""

    address: Address
    path: str
    before: Any
    after: Any


class Cut(Struct, frozen=True):
    """A run that was killed around its n-th mutation (`at`, from 1), before or after that was carried out.
    `left` is what a plan made right then would do, `outcome` what came of carrying that out, and `again` what
    was to be done even after that.
    """

    at: int
    after: bool
    operation: str
    left: Plan
    outcome: Outcome
    again: Plan

    @property
    def converges(self) -> bool:
        """Whether the next run brought everything about."""
        return is_settled(self.again) and not failed(self.outcome)


class Rehearsal(Struct, frozen=True):
    """The plan, how carrying it out ended, and what was to be done after that. `sent` counts the requests."""

    tenant: str
    taken_at: str
    from_file: bool
    rules: Mapping[str, str]
    plan: Plan
    outcome: Outcome
    again: Plan
    sent: int
    writes: int
    looks: tuple[Looks, ...] = ()
    cuts: tuple[Cut, ...] = ()
    seed: int = 0

    @property
    def converges(self) -> bool:
        """Whether nothing is to be done afterwards."""
        return is_settled(self.again)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The actions that did not end well."""
        return failed(self.outcome)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What the plan refuses, and what only the one after it does."""
        known = {(one.code, one.address) for one in self.plan.refusals}
        more = (one for one in self.again.refusals if (one.code, one.address) not in known)
        return (*self.plan.refusals, *more)

    @property
    def succeeds(self) -> bool:
        """Whether there is nothing to be told against carrying the plan out."""
        cuts = all(cut.converges for cut in self.cuts)
        return self.converges and cuts and not self.failed and not self.refused


def is_settled(plan: Plan) -> bool:
    """Whether a plan has nothing to do."""
    return not plan.actions


def failed(outcome: Outcome) -> tuple[Result, ...]:
    """The results that are not as they should be."""
    return tuple(one for one in outcome.results if one.status in (Status.FAILED, Status.STALE))
