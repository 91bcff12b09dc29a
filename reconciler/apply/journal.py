"""The journal: what was about to be sent, and what came of it, on disk before anything else happens.

It helps to resume and to tell what happened; losing it loses no correctness. Values never enter it: it names
actions, operations, ids, errors and what was refused, as the plan told it. The drafts that a run replaces are
kept in a folder beside it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct, structs

from reconciler.apply.disk import Disk
from reconciler.model.errors import JournalFailed
from reconciler.model.operation import Operation
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Action, Plan
from reconciler.model.policy import Waivers

_LINE = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()


class Journal(Protocol):
    """What apply calls around each send. A method that returns has written its entry, and before a call
    leaves what was written is safe; one that cannot raises JournalFailed.
    """

    def begin(self, plan: Plan) -> None:
        """A run starts."""

    def keep(self, action: Action, text: str) -> str:
        """A text is about to be destroyed; gives the place where it is safe now."""

    def before(self, action: Action, op: Operation) -> None:
        """A mutation is about to be sent."""

    def after(self, action: Action, op: Operation, error: str) -> None:
        """Its answer arrived (`error` empty), or it failed."""

    def ended(self, result: Result) -> None:
        """An action ended."""

    def end(self, status: str) -> None:
        """The run ended."""


class FileJournal:
    """An append-only file of JSON lines, readable by its owner alone; each line is on disk when its method
    returns. The file is locked as long as the run lasts, so that others see that it does.
    """

    _later: tuple[str, ...] = ()
    """The events whose entries are safe only later."""

    def __init__(
        self,
        folder: Path,
        now: Callable[[], datetime],
        tenant: str = "",
        *,
        pid: int | None = None,
        disk: Disk | None = None,
        origin: Mapping[str, str] | None = None,
    ) -> None:
        self._now, self._tenant, self._disk = now, tenant, disk or Disk()
        self._origin = dict(origin or {})
        stamp = now().strftime("%Y%m%dT%H%M%S.%fZ")
        self.path = folder / f"{stamp}-{os.getpid() if pid is None else pid}.jsonl"
        self._torn = self._unsafe = False
        self._kept: dict[tuple[str, str], str] = {}
        with _telling(self.path):
            _make_private(folder)
            self._file = self._disk.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            _lock(self._file)
            _sync_folder(folder)

    def begin(self, plan: Plan) -> None:
        """Writes the run's head: what began it, project, environment, tenant, checksum, the actions' ids, who
        approved it, which rules were overridden and why, and refusals.
        """
        self._write(
            "begin",
            **self._origin,
            project=plan.project,
            environment=plan.environment,
            **({"tenant": self._tenant} if self._tenant else {}),
            checksum=plan.checksum,
            actions=[action.id for action in plan.actions],
            **_waivers(plan.waivers),
            **({"refusals": [structs.asdict(refusal) for refusal in plan.refusals]} if plan.refusals else {}),
        )

    def keep(self, action: Action, text: str) -> str:
        """Writes the text to a file of its own, and then where that is; the file's path. The same text of
        one action is kept once.
        """
        data = text.encode("utf-8", "surrogatepass")
        digest = sha256(data).hexdigest()
        known = self._kept.get((action.id, digest))
        if known:
            return known
        path = self._write_draft(str(action.address), data)
        self._write(
            "keep",
            action=action.id,
            address=str(action.address),
            target=action.target,
            file=f"{path.parent.name}/{path.name}",
            digest=f"sha256:{digest}",
        )
        self._kept[action.id, digest] = str(path)
        return str(path)

    def before(self, action: Action, op: Operation) -> None:
        """Writes that a mutation is about to be sent."""
        self._write("send", action=action.id, operation=op.name, target=action.target)

    def after(self, action: Action, op: Operation, error: str) -> None:
        """Writes what came of it."""
        self._write("answer", action=action.id, operation=op.name, **({"error": error} if error else {}))

    def ended(self, result: Result) -> None:
        """Writes an action's end. Where it was not begun, nothing is lost if that gets lost."""
        entry = {"action": result.action.id, "verb": result.action.verb.value, "status": result.status.value}
        known = (("error", result.error), ("because", result.because), ("object", result.object_id))
        for name, value in known:
            if value:
                entry[name] = value
        told = {"seconds": round(result.seconds, 3), "doubtful": result.doubtful, **entry}
        self._put("end", told, safe=result.status is not Status.SKIPPED)

    def end(self, status: str) -> None:
        """Writes the run's end and closes the file."""
        try:
            self._write("finish", status=status)
        finally:
            self._disk.close(self._file)
            self._file = -1  # the number may soon be another file's
            self._unsafe = False

    def _write(self, event: str, **entry: Any) -> None:
        self._put(event, entry, safe=True)

    def _put(self, event: str, entry: Mapping[str, Any], *, safe: bool) -> None:
        line = _line({"at": self._now().isoformat(), "event": event, **entry})
        # What a full disk left of the entry before must not spoil this one.
        start = b"\n" if self._torn else b""
        with _telling(self.path):
            self._torn = True
            self._disk.write_all(self._file, start + line + b"\n")
            self._torn = False
            self._unsafe = not safe or event in self._later
            if not self._unsafe:
                self._disk.sync(self._file)

    def _write_draft(self, address: str, data: bytes) -> Path:
        folder, name = self.path.with_suffix(".drafts"), address.replace("/", "-")
        path = folder / f"{name}.yml"
        while path.exists():
            path = folder / f"{name}-{len(self._kept) + 1}.yml"
        with _telling(path):
            _make_private(folder)
            file = self._disk.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            try:
                self._disk.write_all(file, data)
                self._disk.sync(file)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            finally:
                self._disk.close(file)
            _sync_folder(folder)
            _sync_folder(folder.parent)
        return path


class GatheredJournal(FileJournal):
    """The same where calls travel together: what is told of them outlasts a loss of power from when
    `make_safe` returns, which is to be called right before a request leaves. To wait for the disk at each
    entry takes longer than the calls. What came of the last ones a loss of power may take; the next run
    looks, as it does after an answer that was lost.
    """

    _later = ("send", "answer", "end")

    def make_safe(self) -> None:
        """Comes back once all that was written is on disk. Raises JournalFailed."""
        if self._unsafe:
            with _telling(self.path):
                self._disk.sync(self._file)
            self._unsafe = False


class Recorded(Struct, frozen=True):
    """What a journal file holds: its entries, and how many whole lines of it say nothing."""

    entries: tuple[dict[str, Any], ...]
    damaged: int


def read_journal(path: Path) -> Recorded:
    """Reads a journal file, also one that is being written. A last line without its end is what a crash
    leaves, and is passed over.
    """
    *lines, rest = path.read_bytes().split(b"\n")
    whole = [_entry(line) for line in lines if line]
    entries = [entry for entry in (*whole, _entry(rest)) if entry is not None]
    return Recorded(tuple(entries), whole.count(None))


def is_running(path: Path) -> bool:
    """Whether a process is still writing the file, as far as its lock can be seen from here."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the file system has no locks
        return False
    return False


def _line(entry: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.format(_ENCODER.encode(entry), indent=0)
    except UnicodeEncodeError:  # half a character of two: only the slower encoder writes that
        return json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _waivers(waivers: Waivers) -> dict[str, Any]:
    overridden = [{"rule": name, "reason": waivers.reason} for name in waivers.overridden]
    return {
        **({"approvedBy": list(waivers.approved_by)} if waivers.approved_by else {}),
        **({"overridden": overridden} if overridden else {}),
    }


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _odd_entry(line)
    return entry if isinstance(entry, dict) else None


def _odd_entry(line: bytes) -> dict[str, Any] | None:
    """What only the slower reader takes: halves of characters, which texts of a server may hold."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _lock(file: int) -> None:
    with suppress(OSError):  # without locks, a run that lasts looks like one that was cut off
        fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise JournalFailed(
            f'the journal cannot be written: "{path}": {why}',
            hint="nothing is sent without it: make room, or make the folder writable, then apply again",
        ) from error


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        with suppress(PermissionError):  # someone else's folder; the files in it are private all the same
            folder.chmod(mode & 0o700)


def _sync_folder(folder: Path) -> None:
    """A new file is safe once its folder is, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
