"""`make simulate`: many seeds, each a drill of its own that can be played again.

SEEDS is how many, START the first one, MINUTES ends it after a while, JOBS is how many processes.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from time import monotonic

from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.totals import Totals, total, totals_of

PORTION = 10


def main() -> int:
    """Plays the seeds; the exit code is 1 where something was found."""
    environ = os.environ
    start, seeds = int(environ.get("START", "0")), int(environ.get("SEEDS", "1000"))
    until = monotonic() + 60 * float(environ.get("MINUTES", "inf"))
    jobs = int(environ.get("JOBS", str(os.cpu_count() or 1)))
    if seeds == 1:
        return _one(start)
    began, totals = monotonic(), Totals()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        ends = [min(first + PORTION, start + seeds) for first in range(start, start + seeds, PORTION)]
        running = [pool.submit(totals_of, max(start, end - PORTION), end, until) for end in ends]
        for done in as_completed(running):
            part = done.result()
            for text in part.findings:
                print(text, flush=True)
            totals += part
    print(totals.line(monotonic() - began))
    return 1 if totals.findings else 0


def _one(seed: int) -> int:
    played = play(script(seed))
    print("\n".join(played.story))
    totals = total(played)
    print("\n".join(totals.findings))
    return 1 if totals.findings else 0


if __name__ == "__main__":
    sys.exit(main())
