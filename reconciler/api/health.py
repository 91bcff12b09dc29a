"""What all requests of a client share: a budget of repetitions, and whether the tenant is there at all.

One request's patience is right for one request. A hundred of them, each with its own, would hammer a tenant
that is ill, and go on doing so for long after it is plain that nobody answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from reconciler.api.retries import AttemptError, Patience
from reconciler.api.waits import Waits


class Health:
    """The budget of repetitions, a token bucket that requests fill, and the circuit that an outage opens."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._budget = float(patience.reserve)
        self._repeated = 0
        self._failures = 0
        self._since = 0.0
        self._probed = 0.0
        self._last = ""
        self._waits = Waits()
        self.outage = ""
        """What there is to say once the tenant counts as down; empty until then."""

    def requested(self) -> None:
        """A new request: it pays a share into the budget."""
        self._budget = min(float(self._patience.reserve), self._budget + self._patience.share)

    def answered(self) -> None:
        """The tenant said something, if only that it is unwell: it is there."""
        self._failures, self.outage = 0, ""

    def missed(self, failure: AttemptError) -> None:
        """Nobody answered. Enough of that, for long enough, ends the waiting of all."""
        now = self._patience.clock()
        if not self._failures:
            self._since = now
        self._failures += 1
        lasted = now - self._since
        streak = self._failures >= self._patience.streak and lasted >= self._patience.outage
        if streak or lasted >= self._patience.deadline:
            self._probed = now
            self.outage = (
                f"no answer to {self._failures} requests in a row for {lasted:.0f} s, last: {failure.text}"
            )
            self._waits.end()

    def check(self) -> None:
        """Raises AttemptError where the tenant counts as down, but for one request now and then, which looks
        whether it still is.
        """
        now = self._patience.clock()
        if self.outage and now - self._probed >= self._patience.probe:
            self._probed = now
        elif self.outage:
            self._down()

    def _down(self) -> NoReturn:
        raise AttemptError(self.outage, sent=False, final=True, reached=False, tried=False)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a wait that an outage is to end. Raises AttemptError where it does."""
        self.check()
        with self._waits.until_ended() as scope:
            yield
        if scope.cancel_called:
            self._down()

    def refusal(self, failure: AttemptError) -> str:
        """Why the request that failed so may not be repeated; empty where it may, which costs one token."""
        if self.outage:
            return "the tenant counts as down"
        if failure.throttled:
            return ""  # a 429 is the tenant's own means of slowing us down, and the limiter obeys it
        if not failure.sent:
            return ""  # nobody was there to be hammered, which the circuit bounds
        if self._budget < 1:
            return f"not tried again, since this run has repeated {self._repeated} requests already"
        self._budget -= 1
        self._repeated += 1
        return ""

    async def pause(self, seconds: float, failure: AttemptError) -> None:
        """Waits before a repetition. Raises `failure` where an outage ends the wait."""
        try:
            with self.waiting():
                await self._patience.sleep(seconds)
        except AttemptError:
            raise failure from None
