"""Looks for faults that are put in: which seed turns red by one, and by which finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import inf
from re import search
from time import monotonic

from tests.simulation.draw import script
from tests.simulation.drill import Played, play
from tests.simulation.mutants.mutant import Mutant, Strike
from tests.simulation.themes import theme_of


@dataclass(slots=True)
class Hunt:
    """What came of it: the seeds in which the fault could make a difference, how many of them were played
    with it, of how many drills that were looked at, the seed that turned red (None where none did), and what
    was found there.
    """

    mutant: Mutant
    acts: list[int] = field(default_factory=list)
    tried: int = 0
    seeds: int = 0
    seed: int | None = None
    found: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be played."""
        return self.seed is not None or self.seeds >= self.mutant.within

    @property
    def is_missed(self) -> bool:
        """Whether it should have been found, and was not."""
        return self.seed is None

    @property
    def line(self) -> str:
        """All of it in one line."""
        words = self.mutant.words
        if self.seed is None:
            return f"not found in {self.seeds} drills, in {len(self.acts)} of which it could act: {words}"
        return f"seed {self.seed}, in which it struck for the {self.tried}. time: {words}: {self.found[0]}"


def hunt(
    mutants: Sequence[Mutant],
    seeds: Sequence[int],
    tell: Callable[[str], None] = lambda _: None,
    until: float = inf,
) -> list[Hunt]:
    """Hunts for all of them at once, as long as there is time. Each seed is played without faults first,
    which shows which of them it is worth being played with; one that is red by itself proves nothing.
    """
    hunts = [Hunt(one) for one in mutants]
    for seed in seeds:
        if all(one.is_over for one in hunts) or monotonic() > until:
            break
        theme = theme_of(seed)
        open_ones = [one for one in hunts if not one.is_over and one.mutant.theme in ("", theme)]
        if not open_ones:
            continue
        played, strikes = watched([one.mutant for one in open_ones], seed)
        if red := played.findings.all():
            tell(f"seed {seed} is red by itself: {red[0]}")
        for one, strike in zip(open_ones, strikes, strict=True):
            one.seeds += 1
            if strike.times and not red:
                one.acts.append(seed)
                _strike(one, seed)
            if one.is_over:
                tell(one.line)
    for one in hunts:
        if not one.is_over:
            tell(one.line)
    return hunts


def watched(mutants: Sequence[Mutant], seed: int) -> tuple[Played, list[Strike]]:
    """A drill without any fault, and how often each could have made a difference."""
    strikes = [Strike() for _ in mutants]
    with _put_in(mutants, strikes):
        return play(script(seed)), strikes


def _strike(hunt: Hunt, seed: int) -> None:
    with _put_in([hunt.mutant], [Strike(armed=True)]):
        found = play(script(seed)).findings.all()
    hunt.tried += 1
    found = [text for text in found if search(hunt.mutant.by, text)]
    if found:
        hunt.seed, hunt.found = seed, tuple(found)


@contextmanager
def _put_in(mutants: Sequence[Mutant], strikes: Sequence[Strike]) -> Iterator[None]:
    with ExitStack() as stack:
        for one, strike in zip(mutants, strikes, strict=True):
            stack.enter_context(one.put_in(strike))
        yield
