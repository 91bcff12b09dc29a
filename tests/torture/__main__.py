"""`make torture`: many seeds through all drills, and docs/reliability.md from what came of them.

SEEDS is how many seeds, START the first one, WORKERS how many processes.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.reliability import PAGE, put_drills
from tests.torture.drill import Tally
from tests.torture.jobs import DRILLS, jobs, work
from tests.torture.report import render
from tests.torture.runner import ROOT


def main() -> int:
    """Runs all jobs; the exit code is 1 where anything was found."""
    seeds, start = int(os.environ.get("SEEDS", "200")), int(os.environ.get("START", "0"))
    workers = int(os.environ.get("WORKERS", str(os.cpu_count() or 2)))
    todo = list(jobs(seeds, start))
    totals = {drill: Tally() for drill in DRILLS}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(work, job): job for job in todo}
        for number, done in enumerate(as_completed(running), 1):
            drill, seed, part = running[done]
            tally = done.result()
            totals[drill] += tally
            found = tally.findings.all()
            print(
                f"{number}/{len(todo)} {drill}, seed {seed}, part {part}: {tally.applies} runs, "
                f"{len(found)} findings",
                flush=True,
            )
            for text in found:
                print(f"    {text}", flush=True)
    put_drills(render(totals, f"make torture SEEDS={seeds} START={start}"))
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 1 if any(tally.findings.all() for tally in totals.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
