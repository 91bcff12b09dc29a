"""Runs that are stopped in their midst: what was begun is finished or found again, and nothing is doubled."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.remote import ROOT, Remote
from tests.pipelines.quick import install, listening
from tests.sandbox.served import ServedSandbox

CUSTOMERS = 16


@pytest.fixture
def slow() -> Iterator[ServedSandbox]:
    """An empty tenant of its own for each test, which takes its time."""
    with ServedSandbox(0.02, factory="tests.acceptance.slow:Slow") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command line as a shell starts it, with what it imports at hand."""
    folder = tmp_path_factory.mktemp("bin")
    with listening(folder / "link") as link:
        install(folder, link)
        yield shlex.quote(str(folder / "reconciler"))


@pytest.fixture
def project(remote: Callable[..., Remote], slow: ServedSandbox) -> Remote:
    """An integration, customers, and an instance for each."""
    made = remote(slow)
    made.shop()
    for number in range(CUSTOMERS):
        made.manifest("Customer", f"c{number:02}", name=f"Customer {number:02}")
    for number in range(0, CUSTOMERS, 4):
        made.manifest(
            "Instance", f"i{number:02}", customer=f"c{number:02}", integration="orders",
            name=f"Orders for {number:02}", enabled=True,
        )  # fmt: skip
    return made


class Running:
    """`apply --yes` as a process; its streams go to files, which can be watched."""

    def __init__(self, project: Remote, *arguments: str) -> None:
        self.out, self.err = project.root / "out.txt", project.root / "err.txt"
        self.journals = project.root / ".reconciler" / "journal"
        self.before = set(self.journals.glob("*.jsonl"))
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = project.forked(
                "apply", "--yes", "--parallelism", "3", *arguments, stdout=out, stderr=err
            )

    def after(self, actions: int) -> Running:
        """Waits until so many actions are done, or it has ended."""
        while self._done() < actions and self.process.poll() is None:
            time.sleep(0.005)
        return self

    def _done(self) -> int:
        """How many actions are, as the journal that is being written tells."""
        written = [path.read_text() for path in self.journals.glob("*.jsonl") if path not in self.before]
        return sum(text.count('"status": "done"') for text in written)

    def send(self, number: signal.Signals) -> Running:
        self.process.send_signal(number)
        return self

    def end(self) -> int:
        return self.process.wait(timeout=60)

    def said(self) -> str:
        return self.out.read_text() + self.err.read_text()


def _heals(project: Remote) -> None:
    """The next run finishes the work, and every object is there once."""
    code, _, err = project("apply", "--yes")
    assert code == 0, err
    project.converged()
    expected = {"integrations": 1, "customers": CUSTOMERS + 1, "instances": CUSTOMERS // 4 + 1}
    for connection, count in expected.items():
        hidden = "(isSystem: false)" if connection != "integrations" else ""
        nodes = project.ask(f"{{ {connection}{hidden} {{ nodes {{ name }} }} }}")[connection]["nodes"]
        names = [node["name"] for node in nodes]
        assert (len(names), len(set(names))) == (count, count), names
    assert project.named("integrations", "Orders", "versionNumber")["versionNumber"] == 2, (
        "a draft bears the number of the next version: one was published"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_is_under_way_finish(project: Remote, number: signal.Signals):
    running = Running(project, "--format", "json").after(3).send(number)
    assert running.end() == 130, running.said()
    assert "finishing what is under way" in running.err.read_text()
    assert "Traceback" not in running.said()
    outcome = json.loads(running.out.read_text())
    summary = outcome["summary"]
    assert outcome["interrupted"]
    assert summary["done"] >= 3
    assert summary["skipped"] > 0
    assert summary["done"] + summary["skipped"] == summary["actions"], "what was begun was finished"
    assert not any(action["doubtful"] for action in outcome["actions"])
    _, out, _ = project("history", "--format", "json")
    assert json.loads(out)["runs"][0]["status"] == "interrupted"
    _heals(project)


def test_a_signal_starts_no_further_batch(remote: Callable[..., Remote], tmp_path: Path):
    book = tmp_path / "book"
    with ServedSandbox(0.1, str(book), factory="tests.acceptance.slow:Slow") as slow:
        project = remote(slow)
        project.project("shop", {"tenant": {**project.environment(slow), "batch": 4}})
        for number in range(8):
            project.manifest("Customer", f"c{number}", name=f"Customer {number}")
        running = Running(project, "--parallelism", "1", "--format", "json")
        while not book.exists() and running.process.poll() is None:
            time.sleep(0.005)
        assert running.send(signal.SIGINT).end() == 130, running.said()
        assert len(book.read_text().splitlines()) == 1, "the one that was under way"
        summary = json.loads(running.out.read_text())["summary"]
        assert (summary["done"], summary["skipped"], summary["doubtful"]) == (4, 4, 0)
        code, _, err = project("apply", "--yes")
        assert code == 0, err
        made = project.ask("{ customers(isSystem: false) { totalCount } }")["customers"]["totalCount"]
        assert made == 8


def test_a_second_signal_stops_at_once(project: Remote):
    running = Running(project).after(3).send(signal.SIGINT)
    while "finishing what is under way" not in running.err.read_text() and running.process.poll() is None:
        time.sleep(0.002)
    running.send(signal.SIGINT)
    assert running.end() == 130, running.said()
    assert "Interrupted: " in running.out.read_text()
    assert "stopped while it was under way" in running.out.read_text()
    assert "Run apply again" in running.out.read_text()
    assert "Traceback" not in running.said()
    assert project.json("history")["runs"][0]["status"] == "cut off"
    _heals(project)


@pytest.mark.parametrize(
    ("command", "number", "ignored"),
    [
        ("plan --no-progress", signal.SIGINT, []),
        ("plan --no-progress", signal.SIGTERM, []),
        ("plan --no-progress", signal.SIGHUP, []),
        ("plan --no-progress", signal.SIGTERM, [signal.SIGINT]),  # as a shell starts jobs in the background
        ("apply --format json", signal.SIGTERM, []),
        ("get customers", signal.SIGTERM, []),
    ],
)
def test_a_signal_while_the_server_is_silent(
    remote: Callable[..., Remote],
    slow: ServedSandbox,
    command: str,
    number: signal.Signals,
    ignored: list[signal.Signals],
):
    project = remote(slow)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        project.project("shop", {"silent": {"url": url, "auth": {"accessToken": {"env": "SERVED_TOKEN"}}}})
        process = project.forked(*command.split(), ignored=ignored)
        connection, _ = silent.accept()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        connection.close()
    assert (process.returncode, out) == (130, ""), err
    if "json" in command:
        assert json.loads(err)["errors"][0]["code"] == "interrupted"
    else:
        assert err.strip().startswith("error: interrupted")
        assert len(err.strip().splitlines()) == 1


def test_a_run_that_lasts_is_seen_from_outside(project: Remote):
    running = Running(project).after(2)
    assert project.json("history")["runs"][0]["status"] == "running"
    assert running.end() == 0
    assert project.json("history")["runs"][0]["status"] == "done"


def test_a_run_that_was_killed_is_cut_off(project: Remote):
    Running(project).after(2).send(signal.SIGKILL).end()
    assert project.json("history")["runs"][0]["status"] == "cut off"


def test_a_disk_that_fills_up_stops_the_run(project: Remote):
    """The shell lets no file grow above four KiB, which the journal of this plan does."""
    command = f"{shlex.quote(sys.executable)} -m reconciler --project {project.root / 'reconciler.yaml'}"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 4; {command} apply --yes --parallelism 2 --format json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "the journal cannot be written" in done.stderr
    summary = json.loads(done.stdout)["summary"]
    assert summary["done"] > 0
    assert summary["skipped"] > 0
    made = project.ask("{ customers(isSystem: false) { totalCount } }")["customers"]["totalCount"]
    assert 0 < made < CUSTOMERS + 1
    (run,) = project.json("history")["runs"]
    assert run["status"] == "cut off"
    _heals(project)


@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again(project: Remote, seed: int):
    choose = random.Random(seed)
    for _ in range(3):
        running = Running(project).after(choose.randint(1, 9))
        time.sleep(choose.uniform(0, 0.06))
        running.send(signal.SIGKILL).end()
    _heals(project)


@pytest.mark.parametrize("seed", range(2))
def test_names_on_their_way_when_the_run_is_killed(
    remote: Callable[..., Remote], slow: ServedSandbox, seed: int
):
    """Git is what tells where each goes, and the mark whose it is: nothing else has to survive."""
    project, choose = remote(slow), random.Random(seed)
    names = [f"Customer {number:02}" for number in range(CUSTOMERS)]

    def named() -> dict[str, str]:
        for number, name in enumerate(names):
            project.manifest("Customer", f"c{number:02}", name=name)
        return {f"reconciler:shop/customer/c{number:02}": name for number, name in enumerate(names)}

    named()
    assert project("apply", "--yes")[0] == 0
    for _ in range(3):
        choose.shuffle(names)
        named()
        running = Running(project, "--allow-updates").after(choose.randint(1, CUSTOMERS))
        time.sleep(choose.uniform(0, 0.06))
        running.send(signal.SIGKILL).end()
        shutil.rmtree(project.root / ".reconciler", ignore_errors=True)
    code, _, err = project("apply", "--yes", "--allow-updates")
    assert code == 0, err
    project.converged()
    nodes = project.ask("{ customers(isSystem: false) { nodes { name labels } } }")["customers"]["nodes"]
    assert {mark: n["name"] for n in nodes for mark in n["labels"] if "/customer/" in mark} == named()


@pytest.mark.parametrize(
    "arguments",
    ["plan", "plan --format json", "apply --yes", "get customers", "get customers --format json", "drift -v"],
)
def test_a_reader_that_leaves_early(project: Remote, ours: str, arguments: str):
    command = f"{ours} --project {project.root / 'reconciler.yaml'}"
    done = subprocess.run(
        ["bash", "-c", f"{command} {arguments} | head -1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert len(done.stdout.splitlines()) <= 1


@pytest.mark.parametrize(
    ("redirect", "code", "said"),
    [
        (">&-", 3, 'environment "moon"'),
        ("2>&-", 3, ""),
        ("2>/dev/full", 3, ""),
        (">/dev/full", 1, "no space"),
    ],
)
def test_streams_that_are_closed_or_full(project: Remote, redirect: str, code: int, said: str):
    environment = "tenant" if redirect == ">/dev/full" else "moon"
    command = f"{shlex.quote(sys.executable)} -m reconciler --project {project.root / 'reconciler.yaml'}"
    done = subprocess.run(
        ["bash", "-c", f"{command} plan -e {environment} {redirect}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr


def _all_done(project: Remote) -> None:
    assert project.json("plan")["summary"]["actions"] == 0
    assert project.json("history")["runs"][0]["status"] == "done"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("{} apply --yes | head -1", 0),
        ("{} apply --yes --format json | head -c 1", 0),
        ("{} apply --yes 2>&1 | head -1", 0),
        ("{} apply --yes 2> >(head -1 >&2)", 0),
        ("{} apply --yes 2>/dev/full", 0),
        ("{} apply --yes >&- 2>&-", 0),
        # The outcome was asked for, and did not arrive.
        ("{} apply --yes >/dev/full", 1),
    ],
)
def test_an_apply_outlasts_those_who_listen_to_it(project: Remote, ours: str, command: str, code: int):
    # What was never open, or is full, is met by the interpreter too.
    program = f"{shlex.quote(sys.executable)} -m reconciler" if "apply --yes >" in command else ours
    words = f"{program} --project {project.root / 'reconciler.yaml'}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.format(words)}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert ("no space left" in done.stderr) is (code == 1)
    _all_done(project)


def test_the_outcome_arrives_though_nobody_reads_the_progress(project: Remote, ours: str):
    words = f"{ours} --project {project.root / 'reconciler.yaml'}"
    done = subprocess.run(
        ["bash", "-c", f"{words} apply --yes --format json 2> >(true)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    summary = json.loads(done.stdout)["summary"]
    assert summary["done"] == summary["actions"] > CUSTOMERS


def test_a_run_under_nohup_outlasts_the_terminal(project: Remote):
    process = project.forked("apply", "--yes", "--format", "json", ignored=[signal.SIGHUP])
    while not list((project.root / ".reconciler").glob("journal/*.jsonl")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["summary"]["skipped"] == 0


@pytest.mark.parametrize("policy", ["", "policy: {lease: true}"])
def test_a_commit_that_is_no_text_stops_nothing(project: Remote, policy: str):
    path = project.root / "reconciler.yaml"
    path.write_text(path.read_text().replace("spec:\n", f"spec:\n  {policy}\n", 1))
    odd = {"GITHUB_SHA": b"ab\xffcd", "CI_JOB_URL": b"https://ci.example/\xff"}
    variables = {**os.environ, **{name: os.fsdecode(value) for name, value in odd.items()}}
    process = project.forked("apply", "--yes", "--format", "json", env=variables)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    summary = json.loads(out)["summary"]
    assert summary["done"] == summary["actions"] > 0


@pytest.mark.parametrize("rule", ["silent", "retry_after"])
def test_a_tenant_that_asks_for_patience(rule: str, remote: Callable[..., Remote]):
    """Twenty requests a second are taken, and we send as fast as we may."""
    with ServedSandbox(rules={"rate_limit": rule}) as served:
        project = remote(served)
        project.shop()
        for number in range(25):
            project.manifest("Customer", f"c{number:02}", name=f"Customer {number:02}")
        outcome = project.json("apply", "--yes")
        assert outcome["summary"]["done"] == outcome["summary"]["actions"]
        time.sleep(1.5)  # the helpers ask without patience
        project.converged()
        time.sleep(1.5)
        names = [
            n["name"]
            for n in project.ask("{ customers(isSystem: false) { nodes { name } } }")["customers"]["nodes"]
        ]
        assert (len(names), len(set(names))) == (26, 26)
