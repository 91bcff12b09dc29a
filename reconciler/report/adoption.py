"""What is taken over: a document's part that tells it, and the lists that people read before they agree."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from reconciler.model.adoption import Adoption, Doubt, Match
from reconciler.model.few import few
from reconciler.report import values
from reconciler.report.document import plain
from reconciler.report.sanitize import terminal
from reconciler.report.tables import render_table

Document = dict[str, Any]

_COLUMNS = ("address", "name", "matched by", "differs", "id")
_FIELDS = 3


def adoption_document(adoption: Adoption) -> Document:
    """What matches, of kinds without a mark too, and what may be several objects."""
    found = [*adoption.found, *adoption.unmarked]
    return {
        "matches": [_match(one) for one in found],
        "undecided": [_doubt(one) for one in adoption.doubts],
    }


def show_adoption(console: Console, adoption: Adoption) -> None:
    """The same as tables."""
    if adoption.found:
        render_table(console, [_row(one) for one in adoption.found], _COLUMNS)
        console.out("")
    if adoption.unmarked:
        console.out("Matched, of kinds that bear no mark:")
        render_table(console, [_row(one) for one in adoption.unmarked], _COLUMNS)
        console.out("")
    for one in adoption.doubts:
        console.out(terminal(f"left out: {one.address}: {one.why}"), highlight=False)
        for live in one.candidates:
            console.out(terminal(f"  {live.title}"), highlight=False)
        if one.hint:
            console.out(terminal(f"  hint: {one.hint}"), highlight=False)
    if adoption.doubts:
        console.out("")


def adoption_line(adoption: Adoption) -> str:
    """The same in numbers."""
    parts = [f"{values.count(len(adoption.found), 'object')} to adopt", f"{adoption.owned:,} adopted already"]
    parts += [f"{len(adoption.unmarked):,} of kinds without a mark"] if adoption.unmarked else []
    parts += [f"{adoption.absent:,} not there"] if adoption.absent else []
    parts += [f"{len(adoption.doubts):,} left out"] if adoption.doubts else []
    return ", ".join(parts)


def _row(match: Match) -> Document:
    shown = few(match.differs, _FIELDS)
    return {
        "address": str(match.address),
        "id": match.live.id,
        "name": _called(match.live.fields),
        "matched by": match.by,
        "differs": shown,
    }


def _match(match: Match) -> Document:
    return {
        "address": str(match.address),
        "id": match.live.id,
        "name": _called(match.live.fields),
        "by": match.by,
        "marked": match.action is not None,
        "differs": list(match.differs),
    }


def _doubt(doubt: Doubt) -> Document:
    return {
        "address": str(doubt.address),
        "reason": doubt.why,
        "hint": doubt.hint,
        "candidates": [{"id": live.id, "name": _called(live.fields)} for live in doubt.candidates],
    }


def _called(fields: Any) -> str:
    texts = (fields.get(name) for name in ("name", "key", "email"))
    return next((str(plain(text)) for text in texts if isinstance(text, str) and text), "")
