"""Ctrl-C, SIGTERM, SIGKILL and a closed pipe: the next apply goes on, and nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.cli.projects import Folder

CUSTOMERS = 150


def _start(project: Folder, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "reconciler",
        "--project",
        str(project.root / "reconciler.yaml"),
        *arguments,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for_first(process: subprocess.Popen[str], lines: int) -> Sequence[str]:
    assert process.stderr is not None
    return [process.stderr.readline() for _ in range(lines)]


@pytest.fixture
def many(project: Folder) -> Folder:
    project.shop()
    for index in range(CUSTOMERS):
        project.manifest("Customer", f"c{index}", name=f"Customer {index}")
    return project


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_apply_finishes_what_is_under_way(many: Folder, number: signal.Signals):
    process = _start(many, "apply", "--yes")
    _wait_for_first(process, 5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in out
    assert "Traceback" not in err
    _converges(many)


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_a_killed_apply_is_taken_up_again(many: Folder, lines: int):
    process = _start(many, "apply", "--yes")
    _wait_for_first(process, lines)
    process.kill()
    process.communicate(timeout=60)
    _converges(many)
    assert "cut off" in many("history")[1]


def test_a_closed_pipe_is_no_crash(many: Folder):
    process = _start(many, "plan")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)


def _converges(many: Folder) -> None:
    code, out, err = many("apply", "--yes")
    assert code == 0, out + err
    assert many("plan", "--detailed-exitcode")[0] == 0
    names = [n["name"] for n in _all(many)]
    assert len(names) == len(set(names)) == CUSTOMERS + 1


def _all(many: Folder) -> list[dict[str, str]]:
    rows = []
    for offset in (0, 100):
        query = f"{{ customers(isSystem: false, first: 100, offset: {offset}) {{ nodes {{ name }} }} }}"
        rows += many.ask(query)["customers"]["nodes"]
    return rows


def test_the_environment_is_not_needed(many: Folder):
    """A run without HOME or a locale works: CI containers are bare."""
    bare = {"PATH": os.environ["PATH"]}
    command = [
        sys.executable,
        "-m",
        "reconciler",
        "--project",
        str(many.root / "reconciler.yaml"),
        "plan",
        "-q",
    ]
    done = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
