"""What a loop counts, in Prometheus' text format. They are made from the board when they are asked
for; a client library would keep a second copy of them in global state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.model.outcome import Status
from reconciler.model.watching import Board, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BY_KIND = {
    "managed": "Resources that the manifests ask for",
    "synced": "Resources that are as the manifests ask for, of which nothing drifts",
    "drifted": "Resources that the tenant changed, or that are gone there",
    "pending": "Resources to which something is to be done",
    "failed": "Resources of which an action failed in the last apply",
    "unmanaged": "Objects of the tenant that nobody manages, of the kinds that are read",
}
_Sample = tuple[dict[str, str], float]
_Family = tuple[str, str, str, list[_Sample]]


def metrics(board: Board, now: datetime) -> str:
    """All of them, as of `now`."""
    about = {"project": board.project, "environment": board.environment}
    lines: list[str] = []
    for name, kind, meaning, samples in _families(board, now):
        shown = [f"{name}{_labels({**about, **more})} {value:.15g}" for more, value in samples]
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", *shown]
    return "\n".join(lines) + "\n"


def _families(board: Board, now: datetime) -> Iterator[_Family]:
    yield from _resources(board, now)
    yield from _turns(board, now)
    yield from _counters(board)


def _resources(board: Board, now: datetime) -> Iterator[_Family]:
    """What the last turn that could look found."""
    good = board.good
    for name, meaning in BY_KIND.items():
        kinds = good.kinds if good else {}
        samples: list[_Sample] = [({"kind": kind}, float(some[name])) for kind, some in kinds.items()]
        yield f"reconciler_{name}", "gauge", meaning, samples
    oldest: dict[str, float] = {}
    for address, since in board.adrift.items():
        kind = address.partition("/")[0]
        oldest[kind] = max(oldest.get(kind, 0.0), (now - since).total_seconds())
    ages: list[_Sample] = [({"kind": kind}, age) for kind, age in sorted(oldest.items())]
    meaning = "Since when the oldest drift of a kind is seen"
    yield "reconciler_drift_age_seconds", "gauge", meaning, ages
    if good is None:
        return
    for name, meaning in (("refused", "What the last plan refuses"), ("orphans", "Owned, in no manifest")):
        yield f"reconciler_{name}", "gauge", meaning, [({}, float(good.summary[name]))]
    open_: list[_Sample] = [
        ({"set": one.set, "wave": str(one.number)}, float(sum(bool(word) for _, word in one.members)))
        for one in good.waves
    ]
    yield "reconciler_wave_open", "gauge", "Instances of a wave that are not as the manifests say", open_


def _turns(board: Board, now: datetime) -> Iterator[_Family]:
    """The last turn, and how long ago things were."""
    turn = board.turn
    yield _gauge("start_timestamp_seconds", "When the loop began", board.begun.timestamp())
    if turn:
        states: list[_Sample] = [({"state": one.value}, float(one is turn.state)) for one in State]
        yield "reconciler_state", "gauge", "1 for the present state", states
        yield _gauge("turn_duration_seconds", "How long the last turn took", turn.seconds)
        phases: list[_Sample] = [({"phase": name}, took) for name, took in turn.phases.items()]
        meaning = "How long the parts of the last turn took"
        yield "reconciler_turn_phase_duration_seconds", "gauge", meaning, phases
        yield _gauge("last_turn_age_seconds", "How long ago the last turn began", _age(turn.at, now))
    if board.since:
        yield _gauge("state_age_seconds", "For how long the state is the present one", _age(board.since, now))
    if board.success:
        at = board.success.timestamp()
        yield _gauge("last_success_timestamp_seconds", "When a turn last did not fail", at)
        yield _gauge("last_success_age_seconds", "How long ago that was", _age(board.success, now))


def _counters(board: Board) -> Iterator[_Family]:
    """What all turns come to together."""
    counts = (
        ("turns", "Turns of the loop", board.turns),
        ("failed_turns", "Turns that failed", board.failed),
        ("turn_seconds", "Seconds that all turns took", board.spent),
        ("requests", "Calls that the tenant answered; several may travel together", board.calls),
        ("request_errors", "Those of them that it answered with an error", board.faults),
    )
    for name, meaning, count in counts:
        yield f"reconciler_{name}_total", "counter", meaning, [({}, float(count))]
    ended: list[_Sample] = [
        ({"status": status.value}, float(board.actions.get(status.value, 0))) for status in Status
    ]
    yield "reconciler_actions_total", "counter", "Actions that the loop carried out, by how they ended", ended


def _gauge(name: str, meaning: str, value: float) -> _Family:
    return f"reconciler_{name}", "gauge", meaning, [({}, value)]


def _age(then: datetime, now: datetime) -> float:
    return (now - then).total_seconds()


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
