"""What happens in one drill, as data: it can be drawn from a seed, reduced, written down and played again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from tests.simulation.world import Commit

WEEK = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a verb. `killed_at` is a step of its event loop, `interrupted_at` a second of its life,
    `room` the bytes that its disk takes, `skew` the seconds by which its wall clock is wrong, which it is
    from the second `jumps_at` of its life on; `waits` lie between a saved plan and its apply, `take` takes
    the lease from whoever holds it.
    """

    verb: str
    parallelism: int = 8
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    killed_at: int = 0
    interrupted_at: float = 0.0
    room: int | None = None
    skew: float = 0.0
    jumps_at: float = 0.0
    waits: float = 0.0
    take: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """A machine on which runs follow each other, beginning so many seconds after the commit; its checkout may
    be `ahead` of that, or behind.
    """

    name: str
    delay: float
    attempts: tuple[Attempt, ...]
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person does, how many seconds after the commit; `chance` decides to which object."""

    what: str
    at: float
    chance: int


@dataclass(frozen=True, slots=True)
class Pause:
    """The tenant answers nobody for a while."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Phase:
    """A commit, and all that happens until the next one. `afterwards` are edits once all has settled, which
    drift must name. `lag` is how often what is read right after a mutation is older than that, `echo` how
    often the tenant refuses what bears a secret, and repeats it.
    """

    side: Commit
    actors: tuple[Actor, ...] = ()
    edits: tuple[Edit, ...] = ()
    pauses: tuple[Pause, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    chance: int = 0
    afterwards: tuple[int, ...] = ()
    lag: float = 0.0
    echo: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """A drill. `adopted` are addresses of the first commit whose objects lie in the tenant before it; each
    way to the tenant is `distance` times as long as usual. `taken` says that all of the first commit lies in
    the tenant, without marks, and `crowd` how many customers of other people do.
    """

    seed: int
    rules: dict[str, str]
    phases: tuple[Phase, ...]
    lease: bool = False
    token_seconds: int = WEEK
    adopted: tuple[str, ...] = ()
    distance: float = 1.0
    taken: bool = False
    crowd: int = 0

    @property
    def batch(self) -> int | str:
        """How many operations may travel in one request: in most drills each goes alone, so that it can be
        told of each what it did.
        """
        return Random(f"batch/{self.seed}").choice((1, 1, 3, "auto"))

    @property
    def refresh(self) -> str | None:
        """How runs that only look read the tenant."""
        return Random(f"refresh/{self.seed}").choice((None, "delta"))

    @property
    def prune(self) -> bool:
        """Whether something ever leaves git: pruning reads every kind."""
        sides = [phase.side for phase in self.phases]
        mixed = any(actor.ahead for phase in self.phases for actor in phase.actors)
        return mixed or any(
            set(before.specs) - set(after.specs) - set(after.was.values())
            for before, after in pairwise(sides)
        )
