"""Names what a run waits for once that has taken long: a line now and then, so that silence is no riddle.

It listens and decides nothing: losing it loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from msgspec import Struct

SLOW = 15.0  # seconds after which people begin to wonder
EVERY = 30.0  # seconds between two lines: a log is read, too


class _Wait(Struct, frozen=True):
    since: float
    what: str
    limit: float


class Watch:
    """Hands `write` a line about how far it is, where that is told, about the longest of the waits, and about
    what the client last gave notice of.

    Someone has to call `tick` from time to time.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
        standing: Callable[[], str] = str,
    ) -> None:
        self._write = write
        self._clock = clock
        self._standing = standing
        self._waits: dict[str, _Wait] = {}
        self._notice = ("", -math.inf)
        self._written = -math.inf

    def wait(self, name: str, what: str, limit: float = 0.0) -> None:
        """`name` waits for something, at most `limit` seconds (0: not known). Time counts from the first call
        for the same thing.
        """
        before = self._waits.get(name)
        since = before.since if before and before.what == what else self._clock()
        self._waits[name] = _Wait(since, what, limit)

    def end(self, name: str) -> None:
        """`name` waits no more."""
        self._waits.pop(name, None)

    def notice(self, text: str) -> None:
        """The client has a reason to wait, such as a limit or a failure."""
        self._notice = (text, self._clock())
        self.tick()

    def tick(self) -> None:
        """Writes a line, if there is something to tell and the last one was long enough ago."""
        now = self._clock()
        if now - self._written < EVERY:
            return
        parts = (self._standing(), self.slowest(now), self._recent(now))
        if told := "; ".join(part for part in parts if part):
            self._written, self._notice = now, ("", now)
            self._write(told)

    def slowest(self, now: float) -> str:
        """The longest of the long waits, in words; empty where none is long."""
        slow = [(w.since, name, w) for name, w in self._waits.items() if now - w.since >= SLOW]
        if not slow:
            return ""
        _, name, wait = min(slow, key=lambda entry: entry[:2])
        bound = f" of {wait.limit:.0f} s" if wait.limit else ""
        others = f", and {len(slow) - 1} more" if len(slow) > 1 else ""
        return f"{name}: waiting for {wait.what} ({now - wait.since:.0f} s{bound}){others}"

    def _recent(self, now: float) -> str:
        text, at = self._notice
        return text if now - at < EVERY else ""
