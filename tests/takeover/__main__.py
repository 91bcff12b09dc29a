"""Takes a tenant over at its full size and says what each step took. Ends with 1 where anything is not as it
should be.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.takeover.evening import Evening


def main() -> int:
    """Makes the tenant, serves it, and plays the evening."""
    parser = argparse.ArgumentParser(prog="python -m tests.takeover", description=__doc__)
    parser.add_argument("--instances", type=int, default=2000)
    parser.add_argument("--integrations", type=int, default=30)
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=int, default=10, help="requests a second of the environment")
    parser.add_argument("--keep", type=Path, help="a folder that is kept, to be looked at")
    given = parser.parse_args()
    size = {name: getattr(given, name) for name in ("integrations", "customers", "instances")}
    with tempfile.TemporaryDirectory() as folder:
        evening = Evening(given.keep or Path(folder), given.rate)
        evening.play(size, given.seed)
    for one in evening.wrong:
        print(f"WRONG: {one}")
    print("as it should be" if not evening.wrong else f"{len(evening.wrong)} things are wrong")
    return 1 if evening.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
