"""The lease keeps others out, is kept alive and given back; the journal is there before what it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.simulation.ledger import Deed
from tests.simulation.process import EPOCH
from tests.simulation.run import Run, token_of

_NOTICED = 16.0
"""Seconds until a run notices that its lease has run out."""
_RENEWED = 216.0
"""Seconds until a run notices that somebody else took it: it looks with each renewal."""


@dataclass(slots=True)
class _Held:
    token: str
    until: float
    lost_at: float = float("inf")
    ended: bool = False


def leased(run: Run) -> Iterable[str]:
    """Where the project asks for a lease, a run writes while it holds it, and only then."""
    if not (run.lease and run.right) or run.adopts:
        return
    mine: _Held | None = None
    there: tuple[str, float, int] | None = None
    for deed in run.deeds:
        if deed.is_lease:
            if not deed.done:
                continue
            yield from _taken(run, deed, there)
            token, until = token_of(deed)
            if deed.name.startswith("delete"):
                if mine and there and there[0] == mine.token:
                    mine.ended, mine.lost_at = deed.sender == run.number, deed.at
                there = None
            else:
                there = (token, _seconds(until), deed.sender)
                if deed.sender == run.number:
                    mine = mine if mine and mine.token == token else _Held(token, 0.0)
                    mine.until = there[1]
        elif deed.sender == run.number and deed.done:
            yield from _outside(run, deed, mine)
    if mine and there and there[0] == mine.token and run.process.alive:
        said = any("the lease was not given back" in line for line in run.ended.said)
        if not said:
            yield "it ended, and its lease is still there"


def _taken(run: Run, deed: Deed, there: tuple[str, float, int] | None) -> Iterable[str]:
    if deed.sender != run.number or not deed.name.startswith("delete") or there is None:
        return
    _, until, holder = there
    if holder != run.number and until > deed.left and not run.attempt.take:
        yield f"the lease of run {holder} was taken away {until - deed.left:.0f} s before its end"


def _outside(run: Run, deed: Deed, mine: _Held | None) -> Iterable[str]:
    longest = _NOTICED if not run.trouble else 4 * _NOTICED
    if mine is None:
        yield f"{deed.name} without a lease"
    elif mine.ended and deed.left > mine.lost_at:
        yield f"{deed.name} after the lease was given back"
    elif deed.left > mine.lost_at + _RENEWED * (3 if run.trouble else 1):
        yield f"{deed.name} {deed.left - mine.lost_at:.0f} s after the lease was lost"
    elif deed.left > mine.until + longest:
        yield f"{deed.name} {deed.left - mine.until:.0f} s after the lease had run out"


def _seconds(moment: str) -> float:
    return (datetime.fromisoformat(moment) - EPOCH).total_seconds()


def noted(run: Run) -> Iterable[str]:
    """No mutation leaves a run that is not in its journal."""
    yield from run.unnoted[:3]
