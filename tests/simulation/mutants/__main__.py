"""`make mutants`: every fault of the catalogue is put in, and hunted for.

Each is hunted in at most a hundred drills (one in more): those of its theme, where only those bring it about.
SEEDS is how many seeds at most they are among, START the first, MINUTES ends it after a while. Arguments are
words: only faults whose description holds one of them are hunted. With --write the table goes into
docs/reliability.md.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from tests.reliability import put_mutants
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutants.hunt import hunt
from tests.simulation.mutants.report import render


def main(arguments: list[str]) -> int:
    """Hunts for all; the exit code is 1 where one was not found that should be."""
    words = [one for one in arguments if not one.startswith("--")]
    chosen = [one for one in MUTANTS if not words or any(word in one.words for word in words)]
    start, seeds = int(os.environ.get("START") or 0), int(os.environ.get("SEEDS") or 4000)
    until = monotonic() + 60 * float(os.environ.get("MINUTES") or "inf")
    hunts = hunt(chosen, range(start, start + seeds), _tell, until)
    if "--write" in arguments:
        put_mutants(render(hunts))
    return 1 if any(one.is_missed for one in hunts) else 0


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
