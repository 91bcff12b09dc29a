"""What a loop counts, in Prometheus' text format. It is a dozen gauges that are made from the board when they
are asked for; a client library would keep a second copy of them in global state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model.watching import Board, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BY_KIND = {
    "managed": "Resources that the manifests ask for",
    "drifted": "Resources that the tenant changed, or that are gone there",
    "pending": "Resources to which something is to be done",
    "failed": "Resources of which an action failed in the last apply",
    "unmanaged": "Objects of the tenant that nobody manages, of the kinds that are read",
}
_Sample = tuple[dict[str, str], float]


def metrics(board: Board, now: datetime) -> str:
    """All of them, as of `now`."""
    about = {"project": board.project, "environment": board.environment}
    lines: list[str] = []
    for name, kind, meaning, samples in _families(board, now):
        shown = [f"{name}{_labels({**about, **more})} {value:.15g}" for more, value in samples]
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", *shown]
    return "\n".join(lines) + "\n"


def _families(board: Board, now: datetime) -> Iterator[tuple[str, str, str, list[_Sample]]]:
    good, turn = board.good, board.turn
    for name, meaning in BY_KIND.items():
        kinds = good.kinds if good else {}
        samples: list[_Sample] = [({"kind": kind}, float(some[name])) for kind, some in kinds.items()]
        yield f"reconciler_{name}", "gauge", meaning, samples
    if turn:
        states: list[_Sample] = [({"state": one.value}, float(one is turn.state)) for one in State]
        yield "reconciler_state", "gauge", "1 for the present state", states
        yield "reconciler_turn_duration_seconds", "gauge", "How long the last turn took", [({}, turn.seconds)]
    if good:
        for name, meaning in (
            ("refused", "What the last plan refuses"),
            ("orphans", "Owned, in no manifest"),
        ):
            yield f"reconciler_{name}", "gauge", meaning, [({}, float(good.summary[name]))]
    if board.success:
        at, age = board.success.timestamp(), (now - board.success).total_seconds()
        meaning = "When a turn last did not fail"
        yield "reconciler_last_success_timestamp_seconds", "gauge", meaning, [({}, at)]
        yield "reconciler_last_success_age_seconds", "gauge", "How long ago that was", [({}, age)]
    counts = (
        ("turns", "Turns of the loop", board.turns),
        ("failed_turns", "Turns that failed", board.failed),
        ("requests", "Calls that the tenant answered; several may travel together", board.calls),
    )
    for name, meaning, count in counts:
        yield f"reconciler_{name}_total", "counter", meaning, [({}, float(count))]


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
