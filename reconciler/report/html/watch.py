"""The status page of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.moment import stamp
from reconciler.model.watching import Board, State, Told
from reconciler.report.html.page import rendered
from reconciler.report.metrics import BY_KIND
from reconciler.report.watching import WORDS

_MOST = 500
_WELL = (State.IN_SYNC, State.APPLIED)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows."""

    title: str
    line: str
    bad: bool
    named: dict[str, str]
    level: str
    alerts: tuple[Told, ...]
    tables: tuple[Table, ...]


def status_page(board: Board, now: datetime) -> str:
    """The page as one file."""
    return rendered("watch.html.j2", status(board, now), styles=("page.css", "watch.css"))


def status(board: Board, now: datetime) -> Status:
    """What the page says as of `now`."""
    turn = board.turn
    line = "has not looked yet"
    if turn and board.since:
        line = f"{WORDS[turn.state]} since {stamp(board.since)}"
    alerts = list(turn.told) if turn else []
    if turn and turn.held:
        alerts.insert(0, Told("held", f"nothing is carried out: {turn.held}"))
    named = {"now": stamp(now), "running since": stamp(board.begun), "turns": f"{board.turns:,}"}
    if turn:
        named |= {"last look": stamp(turn.at), "took": f"{turn.seconds:.1f} s"}
    if board.success:
        named["last success"] = stamp(board.success)
    return Status(
        f"{board.project} in {board.environment}",
        line,
        turn is not None and turn.state not in _WELL,
        named,
        turn.state.value if turn and turn.told else "held",
        tuple(alerts),
        tuple(one for one in _tables(board) if one.rows),
    )


def _tables(board: Board) -> Iterator[Table]:
    drift = sorted(board.drifting.items(), key=lambda one: (one[1], one[0]))
    rows = tuple((address, stamp(since)) for address, since in drift[:_MOST])
    title = "Drift" if len(drift) <= _MOST else f"Drift: the first {_MOST} of {len(drift):,}"
    yield Table(title, ("address", "seen since"), rows)
    kinds = board.good.kinds if board.good else {}
    counted = tuple((kind, *(f"{some[name]:,}" for name in BY_KIND)) for kind, some in kinds.items())
    yield Table("Resources", ("kind", *BY_KIND), counted)
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
