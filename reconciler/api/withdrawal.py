"""Calls that need not be sent any more: they wait no longer, as long as nobody can have carried them out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.api.retries import AttemptError, Governor, Trail
from reconciler.api.waits import Waits
from reconciler.model.errors import Withdrawn
from reconciler.model.operation import Operation


class Withdrawal:
    """Whether calls are withdrawn, and those that wait. Only an operation that says so may be."""

    def __init__(self) -> None:
        self._called, self._waits = False, Waits()

    def call(self) -> None:
        """Withdraws what waits, and whatever will."""
        self._called = True
        self._waits.end()

    @contextmanager
    def waiting(self, op: Operation, trail: Trail) -> Iterator[None]:
        """Around a wait before an operation is sent, or is sent again after what the trail tells. Raises
        Withdrawn where it is not to be sent any more; what is in doubt goes on.
        """
        if trail.doubtful or not op.withdrawable:
            yield
            return
        if self._called:
            raise Withdrawn
        with self._waits.until_ended():
            yield
        if self._called:
            raise Withdrawn


class UntilWithdrawn(Struct, frozen=True):
    """Decides about the repetitions of one operation as `health` does, as long as it is not withdrawn."""

    health: Governor
    withdrawal: Withdrawal
    op: Operation
    trail: Trail

    def refusal(self, failure: AttemptError) -> str:
        """Why the request must not be repeated; empty where it may be."""
        return self.health.refusal(failure)

    async def pause(self, seconds: float, failure: AttemptError) -> None:
        """Waits before a repetition. Raises Withdrawn, or the failure where waiting has lost its point."""
        with self.withdrawal.waiting(self.op, self.trail):
            await self.health.pause(seconds, failure)
