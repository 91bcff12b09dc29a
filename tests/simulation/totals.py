"""What came of drills, in figures and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from tests.simulation.draw import script
from tests.simulation.drill import Played, play


@dataclass
class Totals:
    """The sums over some drills."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __iadd__(self, other: Totals) -> Totals:
        self.counts += other.counts
        self.faults += other.faults
        self.findings += other.findings
        self.seconds += other.seconds
        return self

    def line(self, took: float) -> str:
        """All of it in one line."""
        names = ("drills", "runs", "requests", "kills", "edits")
        said = ", ".join(f"{self.counts[name]:,} {name}" for name in names)
        hours = f"{self.seconds / 3600:,.1f} virtual hours in {took:.0f} s"
        return f"{said}, {self.faults.total():,} faults, {hours}: {self.counts['red']:,} red"


def total(played: Played) -> Totals:
    """The figures of one drill."""
    found = played.findings.all()
    counts = Counter(
        drills=1, runs=played.runs, requests=played.requests, kills=played.kills, edits=played.edits
    )
    counts["red"] = bool(found)
    said = [f"seed {played.script.seed}: {text}" for text in found]
    replay = [f"    again: make simulate SEEDS=1 START={played.script.seed}"] if found else []
    return Totals(counts, Counter(played.faults), said + replay, played.seconds)


def totals_of(first: int, end: int, until: float) -> Totals:
    """Plays the seeds from the first up to the end, as long as there is time."""
    totals = Totals()
    for seed in range(first, end):
        if monotonic() > until:
            break
        totals += total(play(script(seed)))
    return totals
