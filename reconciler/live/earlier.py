"""What is known of a list from an earlier read, brought up to date by what changed since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.errors import ReconcilerError
from reconciler.model.state import LiveObject, Unreadable

OVERLAP = timedelta(minutes=15)
"""A change may bear an earlier moment than the one at which it could be seen: a deploy takes minutes."""
MOST_LOOKS = 20
"""If one of so many objects had to be looked at by itself, reading the list would be cheaper."""


class Uncertain(ReconcilerError):
    """Nothing can be built on what is known; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a list. `made` is when, as the tenant writes it; `found` is None of one of which only
    that it is there is known. `print` tells what is kept of it from anything else that may be, and `kept` is
    that, where it is not kept already. Of a `vague` one it is not known what may be a secret.
    """

    id: str
    made: str
    found: LiveObject | Unreadable | None
    print: int
    kept: bytes = field(default=b"", repr=False)
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """A list as it was: what has changed since bears the moment `since`, or a later one."""

    since: str
    rows: Sequence[Row] = field(repr=False)


def since(newest: str, told_at: datetime | None = None) -> str:
    """The moment from which on to ask for changes after a read that began when the newest one bore this, and
    the tenant's clock showed `told_at`: a moment that is still to come hides what changes before it. Empty
    where there was none. Raises Uncertain.
    """
    if not newest:
        return ""
    moment = _moment(newest)
    return (min(moment, told_at or moment) - OVERLAP).isoformat()


def news(known: Sequence[Row], changed: Sequence[Row]) -> list[Row]:
    """Of what is said to have changed, what is not as it was: the overlap shows much again."""
    prints = {row.id: row.print for row in known if row.found is not None and not row.vague}
    return [row for row in changed if prints.get(row.id) != row.print]


def is_same(known: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether what is kept of the one is what would be of the other."""
    return [row.print for row in known] == [row.print for row in rows]


def joined(known: Sequence[Row], changed: Sequence[Row], total: int) -> list[Row] | None:
    """The rows that there are by now, in order of creation. None where only their ids tell: somebody deleted
    some, or two were made in the same moment. `total` must be older than `changed`. Raises Uncertain.
    """
    fresh = {row.id: row for row in changed}
    rows = [fresh.pop(row.id, row) for row in known]
    if len(rows) + len(fresh) != total:
        return None
    if not fresh:
        return rows
    moments = {row.id: _moment(row.made) for row in (*rows, *fresh.values())}
    if {moments[one] for one in fresh} & {moments[row.id] for row in rows}:
        return None
    return sorted((*rows, *fresh.values()), key=lambda row: moments[row.id])


def those_there(known: Sequence[Row], changed: Sequence[Row], ids: Sequence[str]) -> list[Row]:
    """The same, where the ids of those that there are were read, in order. Raises Uncertain."""
    rows = {row.id: row for row in (*known, *changed)}
    if strangers := [one for one in ids if one not in rows]:
        raise Uncertain(f"{strangers[0]} is there, and did not show among what changed")
    return [rows[one] for one in ids]


def is_cheaper(looks: Collection[object], rows: Collection[object]) -> bool:
    """Whether so many looks cost less than reading the whole list."""
    return len(looks) * MOST_LOOKS <= max(len(rows), 5 * MOST_LOOKS)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Uncertain(f'"{text}" is no moment')
    return found
