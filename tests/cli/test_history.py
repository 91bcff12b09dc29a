"""history in a folder that has seen many runs, and what of it is kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from reconciler.apply.retention import DAYS, RUNS
from tests.cli.projects import Folder
from tests.effort import effort

LINES = 12


def run_file(folder: Path, at: datetime, number: int = 0, *, finish: bool = True) -> Path:
    """The journal of a run, as this tool writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{at.strftime('%Y%m%dT%H%M%S.%fZ')}-{number}"
    moment = at.isoformat()
    action = {"at": moment, "action": "Customer/acme#update"}
    lines = [
        {"at": moment, "event": "begin", "environment": "sandbox", "actions": ["Customer/acme#update"]},
        *({**action, "event": "send", "operation": "updateCustomer"} for _ in range(LINES)),
        {**action, "event": "end", "status": "done"},
    ]
    lines += [{"at": moment, "event": "finish", "status": "finished"}] if finish else []
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.fixture
def journal(project: Folder) -> Path:
    return project.root / ".reconciler" / "journal"


def test_many_runs_are_listed_as_quickly_as_they_are_read(project: Folder, journal: Path) -> None:
    began = datetime.now(UTC) - timedelta(days=2)
    done = 0

    def listed(count: int) -> int:
        nonlocal done
        for number in range(done, count):
            run_file(journal, began + timedelta(seconds=number))
        done = count
        return effort(lambda: project("history", "--format", "json"))

    listed(10)
    few, many = listed(100), listed(400)
    assert many < 4.4 * few


def test_one_run_is_read_alone(project: Folder, journal: Path) -> None:
    began = datetime.now(UTC) - timedelta(days=2)
    efforts = []
    for count in (range(10), range(10), range(10, 200)):
        for number in count:
            run_file(journal, began + timedelta(seconds=number))
        efforts.append(effort(lambda: project("history", "latest")))
    assert efforts[2] < efforts[1] + 190 * LINES / 2


def test_a_run_is_told_alike_by_the_list_and_by_itself(project: Folder, journal: Path) -> None:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    cut = run_file(journal, datetime.now(UTC) - timedelta(hours=1), finish=False)
    runs = project.json("history")["runs"]
    assert [run["status"] for run in runs] == ["done", "cut off"]
    for run in runs:
        alone = project.json("history", run["id"])
        entries = alone.pop("entries")
        assert alone == run
        assert run["summary"]["done"] == sum(entry["event"] == "end" for entry in entries)
    assert runs[1]["file"] == str(cut)


def test_a_damaged_run_is_told_as_damaged_in_the_list_too(project: Folder, journal: Path) -> None:
    path = run_file(journal, datetime.now(UTC))
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], b"x" * 40, *lines[2:]]))
    assert project.json("history")["runs"][0]["damaged"] == 1


def test_an_apply_drops_old_journals_and_no_others(project: Folder, journal: Path) -> None:
    now = datetime.now(UTC)
    old = run_file(journal, now - timedelta(days=DAYS + 1))
    drafts = run_file(journal, now - timedelta(days=DAYS - 1), 1)
    (drafts.with_suffix(".drafts")).mkdir()
    aged = run_file(journal, now - timedelta(days=DAYS + 2), 2)
    (aged.with_suffix(".drafts")).mkdir()
    (aged.with_suffix(".drafts") / "Integration-x.yml").write_text("name: x")
    stranger = journal / "notes.jsonl"
    stranger.write_text("mine")
    many = [run_file(journal, now - timedelta(minutes=number), 3) for number in range(1, RUNS + 5)]
    project.shop()
    assert project("plan")[0] == 0
    assert old.exists()
    assert project("apply", "--yes")[0] == 0
    assert not old.exists()
    assert not aged.exists()
    assert not aged.with_suffix(".drafts").exists()
    assert drafts.exists()
    assert stranger.exists()
    assert [path for path in many if path.exists()] == many[: RUNS - 1]
    assert len(project.json("history")["runs"]) == RUNS + 2


def test_a_journal_that_cannot_be_dropped_stops_nothing(
    project: Folder, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = run_file(journal, datetime.now(UTC) - timedelta(days=DAYS + 1))

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    assert old.exists()


@pytest.fixture
def told(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Three runs: one that applies, one of which an action fails, and one that deploys."""
    for name in [one for one in os.environ if one.startswith(("GITHUB_", "CI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("USER", "ada")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    assert project("sandbox", "fault", "graphql_errors", "--operation", "updateCustomer")[0] == 0
    assert project("apply", "--yes")[0] == 1
    assert project("sandbox", "fault", "--clear")[0] == 0
    monkeypatch.setenv("CI_JOB_URL", "https://git.example/jobs/7")
    monkeypatch.setenv("CI_COMMIT_SHA", "c0ffee")
    assert project("deploy", "Instance/acme/orders", "--yes")[0] == 0
    return project


def ids(project: Folder, *words: str) -> list[str]:
    return [run["id"] for run in project.json("history", *words)["runs"]]


def test_a_run_tells_what_began_it_and_how_long_it_took(told: Folder) -> None:
    deploy, second, first = told.json("history")["runs"]
    assert [run["verb"] for run in (deploy, second, first)] == ["deploy", "apply", "apply"]
    assert (deploy["by"], deploy["commit"]) == ("https://git.example/jobs/7", "c0ffee")
    assert first["by"].startswith("ada@")
    assert first["commit"] is None
    assert all(0 <= run["seconds"] < 60 for run in (deploy, second, first))
    _, out, _ = told("history")
    assert re.search(r"deploy +1 of 1 +done$", out, re.MULTILINE)
    assert re.search(r"apply +0 of 1 +failed$", out, re.MULTILINE)
    _, out, _ = told("history", "-v")
    assert re.search(r"\d\.\d s +c0ffee +https://git.example/jobs/7$", out, re.MULTILINE)
    _, out, _ = told("history", "latest")
    assert re.search(r"^By +https://git.example/jobs/7$", out, re.MULTILINE)


def test_runs_are_chosen_by_how_they_ended_what_they_did_and_when(told: Folder, journal: Path) -> None:
    deploy, second, first = ids(told)
    assert ids(told, "--failed") == [second]
    cut = run_file(journal, datetime.now(UTC) - timedelta(days=5), finish=False)
    assert ids(told, "--failed") == [second, cut.stem]
    assert ids(told, "--address", "Instance/acme/orders") == [deploy, first]
    assert ids(told, "--address", "Instance/*") == [deploy, first]
    assert ids(told, "--address", "Customer/acme") == [second, first, cut.stem]
    assert ids(told, "--address", "Customer/nobody") == []
    assert ids(told, "--since", "2h") == [deploy, second, first]
    assert ids(told, "--since", "7d") == [deploy, second, first, cut.stem]
    assert ids(told, "--since", "7d", "--failed", "--address", "Customer/acme") == [second, cut.stem]
    assert ids(told, "--since", "2999-01-01") == []
    assert "There is no such run." in told("history", "--since", "2999-01-01")[1]
    assert told("history", "--since", "someday")[0] == 3


def test_what_was_refused_counts_for_its_address(project: Folder) -> None:
    project.shop()
    project.behind("createIntegration", {"name": "Orders"})
    assert project("apply", "--yes")[0] == 5
    assert len(ids(project, "--address", "Integration/orders")) == 1


def test_one_run_is_shown_in_each_format(told: Folder) -> None:
    failed = ids(told, "--failed")[0]
    assert told("history", "show", failed) == told("history", failed)
    assert told.json("history", "show", failed) == told.json("history", failed)
    code, out, _ = told("history", "show", failed, "--format", "markdown")
    assert code == 0
    assert out.startswith("### Run <code>")
    assert "**Failed**: 1 failed in " in out
    assert "Went wrong: 1" in out
    assert "Customer/acme#update: failed" in unescape(out).replace("\u200b", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show"], "show needs the ID"),
        (["one", "two"], "one run at a time"),
        (["latest", "--failed"], "leave the ID out"),
    ],
)
def test_what_cannot_be_asked_of_history(project: Folder, words: list[str], said: str) -> None:
    code, out, err = project("history", *words)
    assert (code, out) == (3, "")
    assert said in err


def test_old_journals_are_read_as_before(project: Folder, journal: Path) -> None:
    run_file(journal, datetime.now(UTC))
    (run,) = project.json("history")["runs"]
    assert (run["verb"], run["by"], run["commit"], run["seconds"]) == (None, None, None, 0.0)
    assert project("history", "-v")[0] == 0


def test_the_commit_of_the_repository_is_told(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith(("GITHUB_", "CI_", "GIT_"))]:
        monkeypatch.delenv(name)
    project.shop()

    def git(*words: str) -> str:
        said = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *said, *words], cwd=project.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    project.write(".gitignore", ".reconciler/\n")
    git("add", ".")
    git("commit", "-qm", "all")
    commit = git("rev-parse", "HEAD")
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "beta", name="Beta")
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    assert project("apply", "--yes")[0] == 0
    assert [run["commit"] for run in project.json("history")["runs"]] == [f"{commit}-dirty", commit]
