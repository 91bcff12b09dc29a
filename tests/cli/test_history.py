"""history in a folder that has seen many runs, and what of it is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
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
