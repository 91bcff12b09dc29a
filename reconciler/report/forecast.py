"""How long a run will go on, by how long what it has done took: honest also where a rate holds it up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from msgspec import Struct, field

from reconciler.model.plan import Action

_TOGETHER = 0.25
"""Seconds within which what ends has ended at once: calls travel together."""
_PAUSE, _TIMES = 3.0, 6.0
"""A gap of as many seconds, and of as many times what is usual, is a pause that the tenant asked for."""
_FROM = 0.1
"""The share of the work from which on an estimate is one."""
_LEAST = 3


class _Burst(Struct):
    """What ended at once: the seconds since what ended before, and the work in it, by its verb."""

    gap: float
    work: Counter[str] = field(default_factory=Counter)


class Forecast:
    """Learns from the ends of actions what the others will take. Work is counted in requests."""

    def __init__(self, actions: Iterable[Action], begun: float) -> None:
        self._work = {action.id: _work(action) for action in actions}
        self._left: Counter[str] = Counter()
        for verb, work in self._work.values():
            self._left[verb] += work
        self._all = sum(self._left.values())
        self._bursts: list[_Burst] = []
        self._last = begun

    def ended(self, action: Action, now: float, *, was_done: bool = True) -> None:
        """An action ended. What was skipped took no time."""
        known = self._work.pop(action.id, None)
        if known is None:
            return
        verb, work = known
        self._left[verb] -= work
        if not was_done:
            self._all -= work
            return
        if not self._bursts or now - self._last > _TOGETHER:
            self._bursts.append(_Burst(now - self._last))
            self._last = now
        self._bursts[-1].work[verb] += work

    def seconds(self) -> float | None:
        """How long what is left will take; None as long as nobody can tell."""
        done = self._all - sum(self._left.values())
        if len(self._bursts) < _LEAST or done < _FROM * self._all:
            return None
        usual, pauses = self._gaps()
        spent: dict[str, float] = {}
        worked: dict[str, float] = {}
        for gap, burst in self._recent(usual, done):
            total = sum(burst.work.values())
            for verb, work in burst.work.items():
                spent[verb] = spent.get(verb, 0.0) + gap * work / total
                worked[verb] = worked.get(verb, 0.0) + work
        average = sum(spent.values()) / sum(worked.values())
        cost = {verb: spent[verb] / worked[verb] for verb in spent}
        left = sum(work * cost.get(verb, average) for verb, work in self._left.items())
        return left * (1 + pauses)

    def _gaps(self) -> tuple[list[float], float]:
        """The gaps without what was a pause in them, and the share of pauses. One alone may have been the
        only one; from the second on they go on like that.
        """
        gaps = [burst.gap for burst in self._bursts]
        typical = median(gaps)
        limit = max(_PAUSE, _TIMES * typical)
        usual = [gap if gap <= limit else typical for gap in gaps]
        pauses = [number for number, gap in enumerate(gaps) if gap > limit]
        if len(pauses) < 2:
            return usual, 0.0
        until = sum(usual[: pauses[-1]])
        # The next one is not late before as much has passed as lay between those before it.
        late = sum(usual[pauses[-1] :]) - until / len(pauses)
        return usual, sum(gaps[number] - typical for number in pauses) / (until + max(0.0, late))

    def _recent(self, gaps: Sequence[float], done: float) -> Iterator[tuple[float, _Burst]]:
        """The later half of what was done: a run begins slowly, until it knows what the tenant bears."""
        seen = 0.0
        for number, (gap, burst) in enumerate(zip(reversed(gaps), reversed(self._bursts), strict=True)):
            if seen >= done / 2 and number >= _LEAST:
                return
            seen += sum(burst.work.values())
            yield gap, burst


def _work(action: Action) -> tuple[str, int]:
    return action.verb.value, 1 + action.reads + action.writes
