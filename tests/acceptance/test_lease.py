"""Two runs on one tenant over HTTP, and runs that are stopped while they hold the lease."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.acceptance.remote import Remote
from tests.acceptance.test_interrupt import Running
from tests.sandbox.served import ServedSandbox

CUSTOMERS = 20


@pytest.fixture
def slow() -> Iterator[ServedSandbox]:
    """An empty tenant which takes its time."""
    with ServedSandbox(0.02, factory="tests.acceptance.slow:Slow") as sandbox:
        yield sandbox


@pytest.fixture
def project(remote: Callable[..., Remote], slow: ServedSandbox, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """Customers, and a project that asks for leases."""
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example/jobs/1")
    made = remote(slow)
    text = yaml.safe_load((made.root / "reconciler.yaml").read_text())
    text["spec"]["policy"] = {"lease": True}
    made.write("reconciler.yaml", yaml.safe_dump(text))
    for number in range(CUSTOMERS):
        made.manifest("Customer", f"c{number:02}", name=f"Customer {number:02}")
    return made


def leases(project: Remote) -> list[dict[str, Any]]:
    query = '{ instanceProfiles(name_Icontains: "lease") { nodes { name description } } }'
    return list(project.ask(query)["instanceProfiles"]["nodes"])


def test_two_at_the_same_time(project: Remote):
    first = Running(project).after(2).send(signal.SIGSTOP)
    code, _, err = project("apply", "--yes")
    assert first.send(signal.SIGCONT).end() == 0, first.said()
    assert code == 5, err
    assert "another run works on this tenant: https://ci.example/jobs/1 since" in err
    assert len(list((project.root / ".reconciler" / "journal").glob("*.jsonl"))) == 1
    assert leases(project) == []
    project.converged()


def test_two_that_start_together(project: Remote):
    processes = [project.forked("apply", "--yes") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in processes]
    codes = sorted(process.returncode for process in processes)
    # One may also be so late that there is nothing left to do.
    assert codes in ([0, 5], [0, 0]), said
    assert leases(project) == []
    project.converged()
    hidden = "{ customers(isSystem: false) { totalCount } }"
    assert project.ask(hidden)["customers"]["totalCount"] == CUSTOMERS


def test_given_back_after_a_signal(project: Remote):
    running = Running(project).after(2)
    assert len(leases(project)) == 1
    assert running.send(signal.SIGINT).end() == 130, running.said()
    assert leases(project) == []


def test_a_killed_run_leaves_it_and_the_next_one_may_take_it(project: Remote):
    running = Running(project).after(2)
    running.send(signal.SIGKILL).end()
    assert [lease["name"] for lease in leases(project)] == ["reconciler-lease:shop"]
    code, _, err = project("apply", "--yes")
    assert (code, "https://ci.example/jobs/1" in err) == (5, True), err
    code, _, err = project("apply", "--yes", "--take-lease")
    assert code == 0, err
    assert "took the lease from https://ci.example/jobs/1" in err
    assert leases(project) == []
    project.converged()
