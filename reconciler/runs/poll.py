"""Looking again until something has taken effect: how long between two looks, and when the time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

from msgspec import Struct

LONGEST = 5.0


class Poll(Struct):
    """One wait of at most `limit` seconds. Its pauses begin with `pause` and double, up to `LONGEST`."""

    limit: float
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float] = monotonic
    pause: float = 0.5
    _slept: float = 0.0
    _began: float = 0.0

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def waited(self) -> float:
        """The seconds until now. A tenant that answers slowly uses the time up, too."""
        return max(self._slept, self.clock() - self._began)

    async def again(self) -> bool:
        """Pauses before the next look; False, and no pause, where the time is over."""
        left = self.limit - self.waited
        if left <= 0:
            return False
        pause = min(self.pause, left)
        self._slept, self.pause = self._slept + pause, min(self.pause * 2, LONGEST)
        await self.sleep(pause)
        return True
