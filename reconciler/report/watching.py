"""What a loop tells: a line for each state, as text or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reconciler.model.few import few
from reconciler.model.moment import stamp
from reconciler.model.watching import Board, State, Turn, Wave
from reconciler.report.document import touched_document
from reconciler.report.sanitize import json_text, terminal

FORMAT = "reconciler.watch/v1"
_FEW = 3
WORDS = {
    State.IN_SYNC: "in sync",
    State.PENDING: "pending",
    State.DRIFTED: "drifted",
    State.REFUSED: "refused",
    State.APPLIED: "applied",
    State.FAILED: "failed",
}


def turn_document(board: Board, turn: Turn) -> dict[str, Any]:
    """A turn as JSON."""
    return {
        "format": FORMAT,
        "project": board.project,
        "environment": board.environment,
        "at": stamp(turn.at),
        "state": turn.state.value,
        "checksum": turn.plan or None,
        "seconds": round(turn.seconds, 3),
        "summary": dict(turn.summary),
        "drift": [_drift(board, one) for one in turn.drift],
        "waves": [_wave(one) for one in turn.waves],
        "held": turn.held,
        "errors": [
            {"code": one.code, "message": one.message, "address": one.address, "hint": one.hint}
            for one in turn.told
        ],
    }


def _drift(board: Board, address: str) -> dict[str, Any]:
    touched = board.touched.get(address)
    told = touched_document(touched) if touched else {}
    return {"address": address, "since": stamp(board.drifting[address]), **told}


def _wave(wave: Wave) -> dict[str, Any]:
    words = Counter(word for _, word in wave.members)
    counts = {name: words[name] for name in ("begun", "failed", "refused")}
    return {
        "set": wave.set,
        "wave": wave.number,
        "instances": len(wave.members),
        "pending": words["pending"] + words["begun"],
        **counts,
        "stands": wave.stands.value,
    }


def json_line(board: Board, turn: Turn) -> str:
    """The turn as one line of JSON."""
    return json_text(json.dumps(turn_document(board, turn), ensure_ascii=False, allow_nan=False))


def text_line(board: Board, turn: Turn) -> str:
    """The turn as one line for people and logs."""
    return f"{stamp(turn.at)} {terminal(sentence(board, turn))}"


def sentence(board: Board, turn: Turn) -> str:
    """What a turn found, in a sentence that names project and environment."""
    names = ("done", "drifted", "pending", "failed", "refused")
    parts = [f"{turn.summary[name]:,} {name}" for name in names if turn.summary.get(name)]
    if turn.drift:
        parts.append(f"drift in {few(turn.drift)}")
    if turn.held:
        parts.append(f"nothing is carried out: {turn.held}")
    parts += [one.message for one in turn.told[:_FEW]]
    if len(turn.told) > _FEW:
        parts.append(f"and {len(turn.told) - _FEW:,} more")
    about = f": {'; '.join(parts)}" if parts else ""
    return f"{board.project} in {board.environment} is {WORDS[turn.state]}{about}"
