"""`make mutants`: every fault of the catalogue is put in, and hunted for.

WITHIN bounds the seeds for each (absent: its own bound), START is the first. Arguments are words: only faults
whose description holds one of them are hunted. With --write the table goes into docs/reliability.md.
"""

from __future__ import annotations

import os
import sys

from tests.simulation.mutants import MUTANTS
from tests.simulation.mutants.hunt import hunt


def main(arguments: list[str]) -> int:
    """Hunts for all; the exit code is 1 where one was not found that should be."""
    words = [one for one in arguments if not one.startswith("--")]
    start, within = int(os.environ.get("START") or 0), int(os.environ.get("WITHIN") or 0)
    chosen = [one for one in MUTANTS if not words or any(word in one.words for word in words)]
    hunts = []
    for one in chosen:
        hunts.append(hunt(one, start, within))
        print(hunts[-1].line, flush=True)
    return 1 if any(one.seed is None and not one.mutant.missing for one in hunts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
