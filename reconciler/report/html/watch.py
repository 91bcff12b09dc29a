"""The status page of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice

from msgspec import Struct

from reconciler.model.moment import stamp
from reconciler.model.watching import Board, Stands, State, Told, Turn, Wave
from reconciler.report.document import touched_document
from reconciler.report.html.page import rendered
from reconciler.report.metrics import BY_KIND
from reconciler.report.values import count, touched_line
from reconciler.report.watching import WORDS

_MOST = 500
_WELL = (State.IN_SYNC, State.APPLIED)
_STANDS = {
    Stands.DONE: "done",
    Stands.NEXT: "a run goes on here",
    Stands.LATER: "waits for the one before it",
    Stands.STOPPED: "stopped: too many failed or are refused",
}


class Table(Struct, frozen=True):
    """A table with its heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Step(Struct, frozen=True):
    """A wave: its instances, of which those with a word are not as the manifests say."""

    number: int
    line: str
    stands: str
    word: str
    members: tuple[tuple[str, str], ...]
    left: int
    """How many instances are not named."""
    is_open: bool


class Rollout(Struct, frozen=True):
    """A set and its waves."""

    name: str
    steps: tuple[Step, ...]


class Status(Struct, frozen=True):
    """What the page shows."""

    title: str
    line: str
    bad: bool
    under_way: str
    named: dict[str, str]
    level: str
    alerts: tuple[Told, ...]
    drift: Table
    rollouts: tuple[Rollout, ...]
    tables: tuple[Table, ...]


def status_page(board: Board, now: datetime) -> str:
    """The page as one file."""
    styles = ("page.css", "watch.css")
    return rendered("watch.html.j2", status(board, now), styles=styles, script="watch.js", connects="'self'")


def status(board: Board, now: datetime) -> Status:
    """What the page says as of `now`."""
    turn = board.turn
    line = "has not looked yet"
    if turn and board.since:
        line = f"{WORDS[turn.state]} since {stamp(board.since)}"
    alerts = list(turn.told) if turn else []
    if turn and turn.held:
        alerts.insert(0, Told("held", f"nothing is carried out: {turn.held}"))
    return Status(
        f"{board.project} in {board.environment}",
        line,
        turn is not None and turn.state not in _WELL,
        _under_way(board),
        _named(board, now),
        turn.state.value if turn and turn.told else "held",
        tuple(alerts),
        _drift(board),
        _rollouts(board.good),
        tuple(one for one in _tables(board) if one.rows),
    )


def _under_way(board: Board) -> str:
    if board.looking is None:
        return ""
    if board.begun_actions:
        return f"carrying out: {count(board.ended_actions, 'action')} ended, {board.begun_actions:,} begun"
    return f"looking since {stamp(board.looking)}"


def _named(board: Board, now: datetime) -> dict[str, str]:
    turn = board.turn
    named = {"now": stamp(now), "running since": stamp(board.begun), "turns": f"{board.turns:,}"}
    if board.failed:
        named["failed"] = f"{board.failed:,}"
    if turn:
        named |= {"last look": stamp(turn.at), "took": f"{turn.seconds:.1f} s"}
    if board.success:
        named["last success"] = stamp(board.success)
    if board.due:
        named["next look"] = stamp(board.due)
    return named


def _rollouts(turn: Turn | None) -> tuple[Rollout, ...]:
    """The sets with waves. Of a wave that is done nobody looks for one: it is folded."""
    by_set = groupby(turn.waves if turn else (), key=lambda one: one.set)
    return tuple(Rollout(name, tuple(map(_step, waves))) for name, waves in by_set)


def _step(wave: Wave) -> Step:
    words = [word for _, word in wave.members if word]
    counts = [
        f"{words.count(word):,} {word}" for word in ("pending", "begun", "failed", "refused") if word in words
    ]
    line = ", ".join((count(len(wave.members), "instance"), *counts))
    shown = tuple(islice(sorted(wave.members, key=lambda one: not one[1]), _MOST))
    stands = wave.stands
    is_open = stands in (Stands.NEXT, Stands.STOPPED)
    left = len(wave.members) - len(shown)
    return Step(wave.number, line, stands.value, _STANDS[stands], shown, left, is_open)


def _drift(board: Board) -> Table:
    """What drifts, the oldest first."""
    drift = sorted(board.adrift.items(), key=lambda one: (one[1], one[0]))
    rows = tuple((address, stamp(since), _who(board, address)) for address, since in drift[:_MOST])
    title = "Drift" if len(drift) <= _MOST else f"Drift: the first {_MOST} of {len(drift):,}"
    return Table(title, ("address", "seen since", "what the tenant tells"), rows)


def _who(board: Board, address: str) -> str:
    touched = board.touched.get(address)
    return touched_line([touched_document(touched)]) if touched else ""


def _tables(board: Board) -> Iterator[Table]:
    kinds = board.good.kinds if board.good else {}
    counted = tuple((kind, *(f"{some[name]:,}" for name in BY_KIND)) for kind, some in kinds.items())
    yield Table("Resources", ("kind", *("in sync" if n == "synced" else n for n in BY_KIND)), counted)
    names = ("drifted", "pending", "done", "failed", "refused")
    runs = tuple(
        (
            stamp(one.at),
            WORDS[one.state],
            f"{one.seconds:.1f} s",
            *(f"{one.summary[name]:,}" if one.summary else "" for name in names),
        )
        for one in reversed(board.runs)
    )
    yield Table("Last turns", ("at", "state", "took", *names), runs)
