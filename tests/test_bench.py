"""The benchmark runs, and counts what it should: docs/performance.md comes from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_benchmark_plans_a_recorded_world_with_fewer_requests_than_a_bare_client(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    command = [sys.executable, "-m", "bench.run", "--sizes", "300", "--latencies", "0", "--rates", ""]
    done = subprocess.run(
        [*command, "--rounds", "1", "--output", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = page.read_text()
    requests = dict(re.findall(r"\| 300 \| 0 ms \| (.+?) \| (\d+) \|", told))
    assert requests == {
        "**reconciler plan**": "3",  # who we are, the first pages of all lists, and then the others
        "bare": "5",
        "one after another": "5",
        "one request an object": "340",
    }
