"""The benchmark runs, and counts what it should: figures in the docs come from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "bench" / "run.py"


def test_the_benchmark_runs_and_needs_fewer_requests_than_a_bare_client() -> None:
    command = [sys.executable, str(BENCH), "--instances", "150", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bare, ours = (int(found) for found in re.findall(r"(\d+) requests", done.stdout))
    assert 2 < ours < bare, "who we are, the first pages of all lists, and then the others"
    assert re.search(r"world: 655 objects, 2 actions, 653 unchanged", done.stdout), done.stdout
