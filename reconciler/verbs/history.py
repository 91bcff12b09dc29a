"""`history`: what was done when, as the journal tells it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.apply.journal import is_running, read_journal
from reconciler.model.errors import InvalidInput
from reconciler.verbs.session import Session

CUT_OFF = "cut off"
RUNNING = "running"
_FOLDER = "journal"
_SHORTEST = 15  # a stamp to the second


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that a run replaced: its integration's address and id, and the file with its text."""

    address: str
    target: str
    at: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Past:
    """One run. `id` is as short as tells it from the others; `status` is running, done, failed, stale,
    interrupted, or cut off where the process ended before the run did. `damaged` counts lines that say
    nothing.
    """

    id: str
    path: Path
    at: str
    environment: str
    actions: int
    statuses: dict[str, int]
    status: str
    entries: tuple[dict[str, Any], ...]
    damaged: int
    drafts: tuple[Kept, ...]


def history(session: Session, environment: str | None = None) -> list[Past]:
    """The project's runs, the newest first; of one environment if it is named."""
    paths = sorted((session.state / _FOLDER).glob("*.jsonl"), reverse=True)
    names = [path.stem for path in paths]
    runs = [_past(path, _short(path.stem, names)) for path in paths]
    return [run for run in runs if environment in (None, run.environment)]


def past(session: Session, identifier: str) -> Past:
    """The run whose id begins so; `latest` is the newest. Raises InvalidInput where it is none or several."""
    runs = history(session)
    found = runs[:1] if identifier == "latest" else [r for r in runs if r.path.stem.startswith(identifier)]
    if len(found) != 1:
        what = (
            f'"{identifier}" begins the ids of several runs' if found else f'there is no run "{identifier}"'
        )
        raise InvalidInput.of("unknown-run", what, hint="see their ids with: reconciler history")
    return found[0]


def _past(path: Path, identifier: str) -> Past:
    running = is_running(path)  # before it is read, since it may end meanwhile
    recorded = read_journal(path)
    entries = recorded.entries
    begun = next((entry for entry in entries if entry.get("event") == "begin"), {})
    finish = next((entry for entry in entries if entry.get("event") == "finish"), None)
    statuses = Counter(str(entry.get("status")) for entry in entries if entry.get("event") == "end")
    at = str(entries[0].get("at", "")) if entries else ""
    return Past(
        id=identifier,
        path=path,
        at=at,
        environment=str(begun.get("environment", "")),
        actions=len(actions) if isinstance(actions := begun.get("actions"), list) else 0,
        statuses=dict(statuses),
        status=_status(finish, statuses, running=running),
        entries=entries,
        damaged=recorded.damaged,
        drafts=tuple(kept for entry in entries if (kept := _kept(entry, path.parent))),
    )


def _kept(entry: dict[str, Any], folder: Path) -> Kept | None:
    """The draft that an entry tells of, if its file is still there."""
    if entry.get("event") != "keep":
        return None
    address, target, at, file, digest = (
        str(entry.get(name, "")) for name in ("address", "target", "at", "file", "digest")
    )
    path = folder / file
    return Kept(address, target, at, path, digest) if path.is_file() else None


def _status(finish: dict[str, Any] | None, statuses: Counter[str], *, running: bool) -> str:
    if finish is None:
        return RUNNING if running else CUT_OFF
    if finish.get("status") in ("interrupted", CUT_OFF):
        return str(finish["status"])
    return next((status for status in ("failed", "stale") if statuses[status]), "done")


def _short(stem: str, names: list[str]) -> str:
    """The shortest beginning of `stem`, from a whole stamp on, that no other name has."""
    for length in range(_SHORTEST, len(stem)):
        if sum(name.startswith(stem[:length]) for name in names) == 1:
            return stem[:length]
    return stem
