from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.journal import FileJournal, read_journal
from reconciler.model.operation import Operation
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Action, Verb
from reconciler.model.secret import Secret
from tests.unit.samples import ACME, desired, plan, resource, world

ACTION = Action("Customer/acme#create", ACME, Verb.CREATE, "does not exist")
OP = Operation("createCustomer", "mutation", {"input": {"name": "a secret name", "key": Secret("s")}})


def now() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / "journal", now)


def whole_run(journal: FileJournal) -> list[dict[str, Any]]:
    journal.begin(plan(desired(resource(ACME)), world()))
    journal.before(ACTION, OP)
    journal.after(ACTION, OP, "")
    journal.ended(Result(ACTION, Status.FAILED, "refused", because="x", seconds=1.23456, doubtful=True))
    journal.end("finished")
    return list(read_journal(journal.path))


def test_what_is_written_is_read_back_in_order(journal: FileJournal):
    entries = whole_run(journal)
    assert [entry.pop("event") for entry in entries] == ["begin", "send", "answer", "end", "finish"]
    assert {entry.pop("at") for entry in entries} == {"2026-01-02T03:04:05+00:00"}
    assert entries[0]["actions"] == ["Customer/acme#create"]
    assert entries[1] == {"action": "Customer/acme#create", "operation": "createCustomer", "target": ""}
    assert entries[3]["error"] == "refused"
    assert (entries[3]["seconds"], entries[3]["doubtful"]) == (1.235, True)
    assert entries[4] == {"status": "finished"}


def test_no_value_enters_it(journal: FileJournal):
    whole_run(journal)
    assert "secret name" not in journal.path.read_text()


def test_only_its_owner_reads_it(journal: FileJournal):
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_each_line_is_on_disk_when_its_method_returns(journal: FileJournal, monkeypatch: pytest.MonkeyPatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(len(journal.path.read_bytes().splitlines())))
    whole_run(journal)
    assert synced == [1, 2, 3, 4, 5]


def test_an_existing_file_is_only_added_to(tmp_path: Path):
    FileJournal(tmp_path, now).end("first")
    FileJournal(tmp_path, now).end("second")
    (path,) = tmp_path.iterdir()
    assert [entry["status"] for entry in read_journal(path)] == ["first", "second"]


@pytest.mark.parametrize("tail", [b'{"event": "se', b"\xff\xfe", b"", b"\n\n", b"null\n", b"[1]\n"])
def test_a_half_written_end_is_passed_over(journal: FileJournal, tail: bytes):
    entries = whole_run(journal)
    with journal.path.open("ab") as file:
        file.write(tail)
    found = list(read_journal(journal.path))
    assert [entry["event"] for entry in found] == ["begin", "send", "answer", "end", "finish"]
    assert json.dumps(found) != json.dumps(entries)[:-1]


def test_text_that_is_no_unicode_is_written_all_the_same(journal: FileJournal):
    journal.ended(Result(ACTION, Status.FAILED, "bad \udcff"))
    assert journal.path.read_bytes().count(b"\n") == 1
