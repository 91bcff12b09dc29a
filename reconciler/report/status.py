"""How far a run is, in a line: what is done, failed and left, in which wave, and what it will still take."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from reconciler.model.address import Address
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Action, Rollout
from reconciler.report.forecast import Forecast

_BAD = (Status.FAILED, Status.STALE, Status.SKIPPED)


class Standing:
    """Counts the ends of actions. What turns out to be needed on the way is counted, too."""

    def __init__(self, actions: Sequence[Action], rollouts: Sequence[Rollout], begun: float) -> None:
        self._total = len(actions)
        self._ends: Counter[Status] = Counter()
        self._forecast = Forecast(actions, begun)
        self._waves: dict[Address, tuple[str, int, int]] = {
            address: (one.name, number, len(one.waves))
            for one in rollouts
            for number, wave in enumerate(one.waves, 1)
            for address in wave
        }
        self._wave = ("", 0, 0)
        self._rest = ""

    @property
    def ended(self) -> int:
        """How many actions have."""
        return self._ends.total()

    @property
    def total(self) -> int:
        """How many there are."""
        return max(self._total, self.ended)

    def begin(self, action: Action) -> None:
        """An action begins, and with it perhaps a wave."""
        self._wave = self._waves.get(action.address, self._wave)

    def end(self, result: Result, now: float) -> None:
        """An action ended."""
        self._ends[result.status] += 1
        self._forecast.ended(result.action, now, was_done=result.status is not Status.SKIPPED)

    def look(self) -> None:
        """Looks up how long it will still take: that is much to work out for each end of an action."""
        seconds = self._forecast.seconds() if self.ended < self.total else None
        self._rest = "" if seconds is None else f"{span(seconds)} left"

    def line(self) -> str:
        """`applying 122/2,405: 120 done, 2 failed, 2,283 left; wave 2 of 3 of orders; about 4 min left`."""
        name, number, last = self._wave
        return self._put([Status.DONE, *_BAD], f"wave {number:,} of {last:,} of {name}" if name else "")

    def brief(self) -> str:
        """The same where there is less room: `applying 122/2,405: 2 failed, 2,283 left; wave 2/3; …`."""
        name, number, last = self._wave
        return self._put(_BAD, f"wave {number:,}/{last:,}" if name else "")

    def _put(self, told: Sequence[Status], wave: str) -> str:
        counts = [f"{self._ends[one]:,} {one.value}" for one in told if self._ends[one] or one is Status.DONE]
        parts = [", ".join([*counts, f"{self.total - self.ended:,} left"]), wave, self._rest]
        said = "; ".join(part for part in parts if part)
        return f"applying {self.ended:,}/{self.total:,}: {said}"


def span(seconds: float) -> str:
    """A time that is not known to the second: in minutes, or in hours and minutes."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 100:
        return f"about {minutes} min"
    minutes = 10 * math.ceil(minutes / 10)
    return f"about {minutes // 60} h {minutes % 60} min"
