from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.journal import FileJournal, GatheredJournal, is_running, read_journal
from reconciler.model.errors import JournalFailed
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
    return list(read_journal(journal.path).entries)


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


def test_where_calls_travel_together_their_lines_are_on_disk_before_the_request_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    journal, synced = GatheredJournal(tmp_path / "journal", now), list[int]()
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(len(journal.path.read_bytes().splitlines())))
    journal.begin(plan(desired(resource(ACME)), world()))
    for _ in range(10):
        journal.before(ACTION, OP)
    assert synced == [1]
    journal.make_safe()
    journal.make_safe()
    assert synced == [1, 11]
    journal.after(ACTION, OP, "")
    journal.end("finished")
    assert synced == [1, 11, 13]


def test_a_disk_that_does_not_take_what_was_written_stops_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    journal = GatheredJournal(tmp_path / "journal", now)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    journal.before(ACTION, OP)
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(JournalFailed, match="input/output error"):
        journal.make_safe()


def test_what_was_not_begun_waits_for_no_disk(journal: FileJournal, monkeypatch: pytest.MonkeyPatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(len(journal.path.read_bytes().splitlines())))
    for _ in range(2_000):  # as an interrupt leaves them
        journal.ended(Result(ACTION, Status.SKIPPED, because="interrupted"))
    journal.end("interrupted")
    assert synced == [2_001]


def test_an_existing_file_is_only_added_to(tmp_path: Path):
    FileJournal(tmp_path, now).end("first")
    FileJournal(tmp_path, now).end("second")
    (path,) = tmp_path.iterdir()
    assert [entry["status"] for entry in read_journal(path).entries] == ["first", "second"]


@pytest.mark.parametrize("tail", [b'{"event": "se', b"\xff\xfe", b"", b"null\n", b"[1]\n"])
def test_a_half_written_end_is_passed_over(journal: FileJournal, tail: bytes):
    whole_run(journal)
    with journal.path.open("ab") as file:
        file.write(tail)
    found = read_journal(journal.path)
    assert [entry["event"] for entry in found.entries] == ["begin", "send", "answer", "end", "finish"]
    assert found.damaged == tail.count(b"\n")


@pytest.mark.parametrize("line", [b"\xff\n", b"{\n", b"7\n", b'{"event": "answer"}{"event": "end"}\n'])
def test_a_line_in_the_middle_that_says_nothing_is_counted(journal: FileJournal, line: bytes):
    whole_run(journal)
    first, *rest = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([first, line, *rest]))
    found = read_journal(journal.path)
    assert [entry["event"] for entry in found.entries] == ["begin", "send", "answer", "end", "finish"]
    assert found.damaged == 1


def test_text_that_is_no_unicode_is_written_all_the_same(journal: FileJournal):
    journal.ended(Result(ACTION, Status.FAILED, "bad \udcff"))
    assert journal.path.read_bytes().count(b"\n") == 1


def test_its_folder_is_its_owners_alone(tmp_path: Path):
    folder = tmp_path / "journal"
    folder.mkdir(mode=0o755)
    FileJournal(folder, now)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_run_is_seen_to_last_until_its_process_is_gone(journal: FileJournal):
    assert is_running(journal.path)
    whole_run(journal)
    assert not is_running(journal.path)


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path):
    (tmp_path / "journal").write_text("a file")
    with pytest.raises(JournalFailed, match="the journal cannot be written"):
        FileJournal(tmp_path / "journal", now)


class Disk:
    """A disk that takes so many bytes, and then none until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self._write = 10**9, os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: bytes) -> int:
        if not self.left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(file, data[: self.left])
        self.left -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 60])
def test_a_full_disk_is_told_and_spoils_no_later_entry(
    journal: FileJournal, room: int, monkeypatch: pytest.MonkeyPatch
):
    disk = Disk(monkeypatch)
    journal.before(ACTION, OP)
    disk.left = room
    with pytest.raises(JournalFailed, match="no space left"):
        journal.after(ACTION, OP, "")
    disk.left = 10**9
    journal.end("finished")
    found = read_journal(journal.path)
    assert [entry["event"] for entry in found.entries] == ["send", "finish"]
    assert found.damaged == (room > 0)


TEXT = "name: Orders\nkey: typed in by someone\n"


def test_a_draft_is_kept_before_the_journal_says_so(journal: FileJournal, monkeypatch: pytest.MonkeyPatch):
    synced: list[tuple[bool, bool]] = []
    draft = journal.path.with_suffix(".drafts") / "Customer-acme.yml"
    seen = lambda _: synced.append((draft.exists() and draft.stat().st_size > 0, bool(entries(journal))))  # noqa: E731
    monkeypatch.setattr(os, "fsync", seen)
    assert journal.keep(ACTION, TEXT) == str(draft)
    assert synced[0] == (True, False)
    assert synced[-1] == (True, True)
    assert draft.read_text() == TEXT
    assert [stat.S_IMODE(path.stat().st_mode) for path in (draft, draft.parent)] == [0o600, 0o700]
    (entry,) = entries(journal)
    assert entry["file"] == f"{draft.parent.name}/Customer-acme.yml"
    assert entry["digest"] == f"sha256:{sha256(TEXT.encode()).hexdigest()}"
    assert "someone" not in journal.path.read_text()


def test_another_text_of_one_action_is_kept_too_but_the_same_once(journal: FileJournal):
    places = [journal.keep(ACTION, text) for text in (TEXT, TEXT, "other")]
    assert places[0] == places[1] != places[2]
    assert [Path(place).read_text() for place in places] == [TEXT, TEXT, "other"]
    assert len(entries(journal)) == 2


def test_a_draft_that_finds_no_room_is_not_kept_by_half(
    journal: FileJournal, monkeypatch: pytest.MonkeyPatch
):
    Disk(monkeypatch).left = 5
    with pytest.raises(JournalFailed, match="no space left"):
        journal.keep(ACTION, TEXT)
    assert list(journal.path.with_suffix(".drafts").iterdir()) == []
    assert entries(journal) == ()


def entries(journal: FileJournal) -> tuple[dict[str, Any], ...]:
    return read_journal(journal.path).entries
