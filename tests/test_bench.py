"""The benchmark runs, and counts what it should: docs/performance.md comes from it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_benchmark_plans_and_applies_with_the_requests_that_it_should_take(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    command = [sys.executable, "-m", "bench.run", "--sizes", "300", "--latencies", "0", "--rates", ""]
    done = subprocess.run(
        [*command, "--rounds", "1", "--apply", "20", "--each", "", "--output", str(page)],
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
    applied = re.findall(r"\| 20 \| 0 ms \| 0 ms \| (.+?) \| (\d+) \| .+? \| (\S+) \| (\S+) \| ", told)
    [(ours, asked, speed, ratio), (bare, least, fastest, _)] = applied
    assert (ours, bare) == ("**reconciler apply**", "bare")
    assert int(asked) > int(least) >= 44  # four for an integration, and then what travels together
    assert float(ratio) == pytest.approx(int(speed) / int(fastest), rel=0.1)
