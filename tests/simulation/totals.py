"""What came of drills, in figures and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from tests.simulation.draw import script
from tests.simulation.drill import Played, play


@dataclass
class Totals:
    """The sums over some drills, and the seeds of those in which something was found."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    red: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def __iadd__(self, other: Totals) -> Totals:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def line(self, took: float) -> str:
        """All of it in one line."""
        names = ("drills", "runs", "requests", "kills", "edits")
        said = ", ".join(f"{self.counts[name]:,} {name}" for name in names)
        hours = f"{self.seconds / 3600:,.1f} virtual hours in {took:.0f} s"
        return f"{said}, {self.faults.total():,} faults, {hours}: {len(self.red):,} red"


def total(played: Played) -> Totals:
    """The figures of one drill."""
    found, seed = played.findings, played.script.seed
    counts = Counter(
        drills=1,
        runs=played.runs,
        requests=played.requests,
        kills=played.kills,
        edits=played.edits,
        lost=len(found.lost),
        doubled=len(found.doubled),
        foreign=len(found.foreign),
        secrets=len(found.secrets),
        misbehaved=len(found.runs),
        red=bool(found.all()),
    )
    said = [f"seed {seed}: {text}" for text in found.all()]
    if said:
        said += [f"    {line}" for line in played.story if ": query " not in line]
        said.append(f"    again: make simulate SEEDS=1 START={seed}")
    return Totals(counts, Counter(played.faults), said, [seed] if said else [], played.seconds)


def totals_of(first: int, end: int, until: float) -> Totals:
    """Plays the seeds from the first up to the end, as long as there is time."""
    totals = Totals()
    for seed in range(first, end):
        if monotonic() > until:
            break
        totals += total(play(script(seed)))
    return totals
