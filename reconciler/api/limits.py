"""How fast and how many at once: a token bucket, and a concurrency that follows what the tenant can bear.

The tenant's limit is not published (transport.md, section 3), so the client starts low, grows while
answers are quick, and halves when it is told to slow down.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from reconciler.api.retries import AttemptError

START = 4
QUICK = 1.0  # seconds: an answer as quick as that says that the tenant is not strained
_PAUSE = 1.0  # seconds that everything holds still after a 429 that names no time


class Slot:
    """Leave to send one request; tell it how the request went."""

    def __init__(self, limiter: Limiter, epoch: int) -> None:
        self._limiter = limiter
        self._epoch = epoch

    def answered(self, seconds: float) -> None:
        """An answer arrived after so many seconds: a quick one lets the concurrency grow."""
        if seconds <= QUICK:
            self._limiter._grow()

    def throttled(self, wait: float | None) -> None:
        """The tenant said 429: halves the concurrency and holds every request back for `wait` seconds."""
        self._limiter._shrink(self._epoch, wait)


class Limiter:
    """Bounds requests a second (`rate`, None: unbounded) and requests at once (at most `parallelism`).

    A tenant that asks for a pause of more than `longest` seconds is not waited for.
    """

    def __init__(
        self,
        rate: float | None,
        parallelism: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        longest: float = math.inf,
    ) -> None:
        if (rate is not None and rate <= 0) or parallelism < 1:
            raise ValueError("rate and parallelism must be positive")
        self._rate = rate
        self._maximum = parallelism
        self._clock = clock
        self._sleep = sleep
        self._longest = longest
        # Half a second's worth may go at once, so that no second holds more than 1.5 times the rate.
        self._burst = max(1.0, rate / 2) if rate else 0.0
        self._tokens = self._burst
        self._filled = clock()
        self._held_until = self._filled
        self._width = float(min(START, parallelism))
        self._epoch = 0
        self._active = 0
        self._queue: deque[anyio.Event] = deque()

    @property
    def concurrency(self) -> int:
        """How many requests may be under way now."""
        return int(self._width)

    @asynccontextmanager
    async def slot(self, waiting: Callable[[float], None] | None = None) -> AsyncIterator[Slot]:
        """Waits for a turn, in order of arrival, and holds it for the body's time. `waiting` is told how long
        the rate or a pause that the tenant asked for will take. Raises AttemptError where that is too long.
        """
        await self._enter()
        try:
            await self._pace(waiting)
            yield Slot(self, self._epoch)
        finally:
            self._leave()

    async def _enter(self) -> None:
        if self._active < self.concurrency and not self._queue:
            self._active += 1
            return
        turn = anyio.Event()
        self._queue.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():  # cancelled just after the turn was handed over: pass it on
                self._leave()
            else:
                self._queue.remove(turn)
            raise

    def _leave(self) -> None:
        self._active -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._active < self.concurrency:
            self._active += 1
            self._queue.popleft().set()

    async def _pace(self, waiting: Callable[[float], None] | None) -> None:
        self._check_hold()
        delay = self._reserve()
        while True:
            held = self._held_until
            delay = max(delay, held - self._clock())
            if delay <= 0:
                return
            if waiting:
                waiting(delay)
            try:
                await self._sleep(delay)
                self._check_hold()
            except BaseException:
                self._tokens += 1 if self._rate else 0
                raise
            if self._held_until == held:
                return
            delay = 0.0  # a 429 came meanwhile: only the pause is left to wait for

    def _check_hold(self) -> None:
        left = self._held_until - self._clock()
        if left > self._longest:
            text = f"it asks for no requests for {left:.0f} s (HTTP 429), which is too long to wait"
            raise AttemptError(text, sent=False, final=True, reached=False, throttled=True, tried=False)

    def _reserve(self) -> float:
        """Takes a token, on credit if there is none, and says how long until it is really there."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)

    def _grow(self) -> None:
        # One more for each round of answers, and only while the present width is used at all.
        if self._active >= self.concurrency:
            self._width = min(float(self._maximum), self._width + 1 / self._width)
            self._admit()

    def _shrink(self, epoch: int, wait: float | None) -> None:
        self._held_until = max(self._held_until, self._clock() + (_PAUSE if wait is None else wait))
        if epoch == self._epoch:  # the others of the same burst have been answered for already
            self._epoch += 1
            self._width = max(1.0, self._width / 2)
