"""`history`: what was done when, as the journal tells it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.apply.journal import is_running, read_journal
from reconciler.model.errors import InvalidInput
from reconciler.model.plan import Refusal
from reconciler.verbs.session import Session

CUT_OFF = "cut off"
RUNNING = "running"
REFUSED = "refused"
_FOLDER = "journal"
_SUFFIX = ".jsonl"
_SHORTEST = 15  # a stamp to the second


class Kept(Struct, frozen=True):
    """A draft that a run replaced: its integration's address and id, and the file with its text."""

    address: str
    target: str
    at: str
    path: Path
    digest: str


class Past(Struct, frozen=True):
    """One run. `id` is as short as tells it from the others; `status` is running, done, failed, stale,
    refused, interrupted, or cut off where the process ended before the run did. `refusals` are those of its
    plan. `damaged` counts lines that say nothing.
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
    refusals: tuple[Refusal, ...]
    seconds: float | None = None
    """How long it took; None where it did not come to its end."""

    @property
    def begun(self) -> dict[str, Any]:
        """What it began with: its tenant, and the actions that it was to carry out."""
        return _begun(self.entries)

    @property
    def origin(self) -> dict[str, str]:
        """What began it: `verb`, `by` and `commit`, as far as its journal tells; old ones do not."""
        begun = self.begun
        return {name: str(begun.get(name) or "") for name in ("verb", "by", "commit")}

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Who approved it."""
        named = self.begun.get("approvedBy")
        return tuple(str(one) for one in named) if isinstance(named, list) else ()

    @property
    def overridden(self) -> tuple[tuple[str, str], ...]:
        """Which of the project's rules were overridden for it, each with why."""
        found = self.begun.get("overridden")
        return tuple(
            (str(one.get("rule") or ""), str(one.get("reason") or ""))
            for one in (found if isinstance(found, list) else ())
            if isinstance(one, dict)
        )

    @property
    def went_wrong(self) -> bool:
        """Whether an action failed, or the run ended before all was done."""
        return self.status in (CUT_OFF, "failed") or bool(self.statuses.get("failed"))

    def concerns(self, pattern: str) -> bool:
        """Whether it did, or refused, anything to an address; `*` in it stands for any text."""
        planned = self.begun.get("actions")
        named = [*(planned if isinstance(planned, list) else ()), *(e.get("action") for e in self.entries)]
        addresses = {str(one).partition("#")[0] for one in named if one}
        return any(fnmatchcase(one, pattern) for one in addresses | {r.address for r in self.refusals})

    def began_since(self, since: datetime) -> bool:
        """Whether it began at this moment or later."""
        at = _moment(self.at)
        return at is not None and at >= since


def history(session: Session, environment: str | None = None) -> list[Past]:
    """The project's runs, the newest first; of one environment if it is named."""
    return list(runs(session, environment))


def runs(session: Session, environment: str | None = None) -> Iterator[Past]:
    """The same one after another, each read when it is its turn."""
    names = _names(session)
    for index, name in enumerate(names):
        run = _past(_folder(session) / name, _short(names, index))
        if environment in (None, run.environment):
            yield run


def past(session: Session, identifier: str) -> Past:
    """The run whose id begins so; `latest` is the newest. Raises InvalidInput where it is none or several."""
    names = _names(session)
    wanted = names[0] if identifier == "latest" and names else identifier
    found = [index for index, name in enumerate(names) if name.startswith(wanted)]
    if len(found) != 1:
        what = (
            f'"{identifier}" begins the ids of several runs' if found else f'there is no run "{identifier}"'
        )
        raise InvalidInput.of("unknown-run", what, hint="see their ids with: reconciler history")
    return _past(_folder(session) / names[found[0]], _short(names, found[0]))


def _folder(session: Session) -> Path:
    return session.state / _FOLDER


def _names(session: Session) -> list[str]:
    """The journals' names, the newest first."""
    try:
        names = os.listdir(_folder(session))
    except FileNotFoundError:
        return []
    return sorted((name for name in names if name.endswith(_SUFFIX)), reverse=True)


def _short(names: list[str], index: int) -> str:
    """The shortest beginning of a name, from a whole stamp on, that no other has: in their order, its
    neighbours are the likest.
    """
    stem = names[index].removesuffix(_SUFFIX)
    around = [*names[max(0, index - 1) : index], *names[index + 1 : index + 2]]
    alike = (
        sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(stem, o, strict=False))) for o in around
    )
    return stem[: max([_SHORTEST, *(length + 1 for length in alike)])]


def _past(path: Path, identifier: str) -> Past:
    running = is_running(path)  # before it is read, since it may end meanwhile
    recorded = read_journal(path)
    entries = recorded.entries
    begun = _begun(entries)
    finish = next((entry for entry in entries if entry.get("event") == "finish"), None)
    statuses = Counter(str(entry.get("status")) for entry in entries if entry.get("event") == "end")
    at = str(entries[0].get("at", "")) if entries else ""
    refusals = tuple(_refusals(begun))
    return Past(
        id=identifier,
        path=path,
        at=at,
        environment=str(begun.get("environment", "")),
        actions=len(actions) if isinstance(actions := begun.get("actions"), list) else 0,
        statuses=dict(statuses),
        status=_status(finish, statuses, refusals, running=running),
        entries=entries,
        damaged=recorded.damaged,
        seconds=_seconds(at, str(finish.get("at", ""))) if finish else None,
        drafts=tuple(kept for entry in entries if (kept := _kept(entry, path.parent))),
        refusals=refusals,
    )


def _seconds(began: str, ended: str) -> float | None:
    first, last = _moment(began), _moment(ended)
    return round((last - first).total_seconds(), 3) if first and last else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _begun(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return next((entry for entry in entries if entry.get("event") == "begin"), {})


def _refusals(begun: Mapping[str, Any]) -> Iterator[Refusal]:
    found = begun.get("refusals")
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield Refusal(*(str(one.get(name) or "") for name in ("code", "message", "address", "hint")))


def _kept(entry: dict[str, Any], folder: Path) -> Kept | None:
    """The draft that an entry tells of, if its file is still there."""
    if entry.get("event") != "keep":
        return None
    address, target, at, file, digest = (
        str(entry.get(name, "")) for name in ("address", "target", "at", "file", "digest")
    )
    path = folder / file
    return Kept(address, target, at, path, digest) if path.is_file() else None


def _status(
    finish: Mapping[str, Any] | None,
    statuses: Counter[str],
    refusals: Sequence[Refusal],
    *,
    running: bool,
) -> str:
    if finish is None:
        return RUNNING if running else CUT_OFF
    if finish.get("status") in ("interrupted", CUT_OFF):
        return str(finish["status"])
    ended = next((status for status in ("failed", "stale") if statuses[status]), "")
    return ended or (REFUSED if refusals else "done")
