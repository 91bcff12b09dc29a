"""`make torture`: many seeds through all drills, and docs/reliability.md from what came of them.

SEEDS is how many seeds, START the first one, WORKERS how many processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.torture.drill import Stage, Tally, stage
from tests.torture.report import render
from tests.torture.runner import ROOT
from tests.torture.world import small_world, world

PARTS = 8
PAGE = ROOT / "docs" / "reliability.md"
DRILLS = ("faults and kills", "two runs and a person", "every request")
Job = tuple[str, int, int]


def main() -> int:
    """Runs all jobs; the exit code is 1 where anything was found."""
    seeds, start = int(os.environ.get("SEEDS", "200")), int(os.environ.get("START", "0"))
    workers = int(os.environ.get("WORKERS", str(os.cpu_count() or 2)))
    jobs = list(_jobs(seeds, start))
    totals = {drill: Tally() for drill in DRILLS}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=20) as pool:
        running = {pool.submit(work, job): job for job in jobs}
        for number, done in enumerate(as_completed(running), 1):
            drill, seed, _ = running[done]
            tally = done.result()
            totals[drill] += tally
            found = tally.findings.all()
            print(f"{number}/{len(jobs)} {drill}, seed {seed}: {tally.applies} runs, {len(found)} findings")
            for text in found:
                print(f"    {text}", flush=True)
    PAGE.write_text(render(totals, f"make torture SEEDS={seeds} START={start}"), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 1 if any(tally.findings.all() for tally in totals.values()) else 0


def work(job: Job) -> Tally:
    """One job, on a stage of its own."""
    with stage() as here:
        return _perform(here, job)


def _perform(here: Stage, job: Job) -> Tally:
    drill, seed, part = job
    if drill == DRILLS[0]:
        return here.faulty(seed)
    if drill == DRILLS[1]:
        return here.crowded(seed)
    base = small_world() if seed < 0 else world(seed)
    return here.every_kill(base, part=part, parts=PARTS)


def _jobs(seeds: int, start: int) -> Iterator[Job]:
    """Every seed through faults, every fourth beside other runs; every request of two worlds."""
    for seed in range(start, start + seeds):
        yield DRILLS[0], seed, 0
        if seed % 4 < 2:
            yield DRILLS[1], seed, 0
    for base in (-1, start):
        for part in range(PARTS):
            yield DRILLS[2], base, part


if __name__ == "__main__":
    sys.exit(main())
