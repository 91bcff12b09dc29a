"""The benchmark runs, and counts what it should: figures in the docs come from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "bench" / "run.py"


def test_the_benchmark_reads_what_a_bare_client_reads() -> None:
    command = [sys.executable, str(BENCH), "--instances", "150", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bare, ours = (int(found) for found in re.findall(r"(\d+) requests", done.stdout))
    assert ours == bare + 1, "who we are, and then the same pages"
    assert re.search(r"world: 655 objects, 2 actions, 653 unchanged", done.stdout), done.stdout
