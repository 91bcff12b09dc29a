"""Looks for a fault that was put in: which seed turns red by it, and by which finding."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.script import Script


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of it: how many seeds were looked at, in how many drills the fault did anything, the seed
    that turned red (None where none did), and what was found there.
    """

    mutant: Mutant
    seeds: int
    acted: int
    seed: int | None = None
    found: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line."""
        if self.seed is None:
            return f"NOT FOUND in {self.seeds} seeds, in {self.acted} of which it acted: {self.mutant.words}"
        return f"found by seed {self.seed}, after {self.seeds} seeds: {self.mutant.words}: {self.found[0]}"


def hunt(mutant: Mutant, start: int = 0, within: int = 0) -> Hunt:
    """Plays seed after seed with the fault, until one is red that is green without it."""
    acted, within = 0, within or mutant.within
    for seed in range(start, start + within):
        drill, strikes = script(seed), 0
        if not mutant.where(drill):
            continue

        def struck() -> None:
            nonlocal strikes
            strikes += 1

        with mutant.put_in(struck):
            found = play(drill).findings.all()
        acted += strikes > 0
        found = [text for text in found if not _known(text, drill)]
        if found and strikes and not play(script(seed)).findings.all():
            return Hunt(mutant, seed - start + 1, acted, seed, tuple(found))
    return Hunt(mutant, within, acted)


def _known(finding: str, drill: Script) -> bool:
    """Whether two runs without a lease may have done it: what they published twice in an earlier commit is
    found in a later one, too, at another moment than without the fault.
    """
    rivals = not drill.lease and any(len(phase.actors) > 1 for phase in drill.phases)
    return rivals and ("versions of" in finding or "versions bear" in finding)
