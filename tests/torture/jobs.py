"""What one process of `make torture` does: job after job, on one stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

from tests.torture.drill import Stage, Tally, stage
from tests.torture.world import small_world, world

PARTS = 8
DRILLS = ("faults and kills", "two runs and a person", "every request")
Job = tuple[str, int, int]
_OPEN = ExitStack()


def jobs(seeds: int, start: int) -> Iterator[Job]:
    """Every seed through faults, every second beside other runs; every request of two worlds."""
    for seed in range(start, start + seeds):
        yield DRILLS[0], seed, 0
        if seed % 4 < 2:
            yield DRILLS[1], seed, 0
    for base in (-1, start):
        for part in range(PARTS):
            yield DRILLS[2], base, part


def work(job: Job) -> Tally:
    """One job; the small world is seed -1."""
    here, (drill, seed, part) = _stage(), job
    if drill == DRILLS[0]:
        return here.faulty(seed)
    if drill == DRILLS[1]:
        return here.crowded(seed)
    base = small_world() if seed < 0 else world(seed)
    return here.every_kill(base, part=part, parts=PARTS)


@cache
def _stage() -> Stage:
    """The process's stage, for all its jobs; it ends with the process."""
    return _OPEN.enter_context(stage())
