"""`make simulate`: many seeds, each a drill of its own that can be played again.

SEEDS is how many, START the first one, MINUTES ends it after a while, JOBS is how many processes. A single
seed tells its story. With --shrink as much as can be is left out of each red one, and the rest is kept as a
case in tests/simulation/cases/. With --write what was played is added to docs/reliability.md (or to PAGE),
with its commit (COMMIT, where the folder is no checkout).
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from time import monotonic

from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.report import write
from tests.simulation.shrink import shrunk, written
from tests.simulation.totals import Totals, total, totals_of

PORTION = 10


def main(arguments: list[str]) -> int:
    """Plays the seeds; the exit code is 1 where something was found."""
    environ = os.environ
    start, seeds = int(environ.get("START") or 0), int(environ.get("SEEDS") or 1000)
    seconds = 60 * float(environ.get("MINUTES") or "inf")
    jobs = int(environ.get("JOBS") or os.cpu_count() or 1)
    if seeds == 1:
        return _one(start, shrink="--shrink" in arguments)
    began, totals = monotonic(), Totals()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        firsts = range(start, start + seeds, PORTION)
        ends = [min(first + PORTION, start + seeds) for first in firsts]
        running = [pool.submit(totals_of, *part, began + seconds) for part in zip(firsts, ends, strict=True)]
        for done in as_completed(running):
            part = done.result()
            for text in part.findings:
                print(text, flush=True)
            totals += part
    took = monotonic() - began
    print(totals.line(took))
    if "--shrink" in arguments:
        for seed in sorted(totals.red):
            _shrink(seed)
    if "--write" in arguments:
        write(totals, took, start, environ.get("COMMIT") or _commit())
    return 1 if totals.red else 0


def _commit() -> str:
    """The commit that is played."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()


def _one(seed: int, *, shrink: bool) -> int:
    played = play(script(seed))
    print("\n".join(played.story))
    totals = total(played)
    print("\n".join(totals.findings))
    if totals.red and shrink:
        _shrink(seed)
    return 1 if totals.red else 0


def _shrink(seed: int) -> None:
    print(f"seed {seed}: leaving things out", flush=True)
    least = shrunk(script(seed), lambda text: print(f"    {text}", flush=True))
    path = written(least, f"seed-{seed}")
    played = play(least)
    print("\n".join([*played.story, *played.findings.all()]))
    print(f"kept as {path.name}, which the suite plays from now on")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
