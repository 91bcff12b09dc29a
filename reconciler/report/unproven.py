"""Values that are not shown since they may be secrets: why, and to whom they are shown all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.model.plan import Change, Plan
from reconciler.model.secret import NOT_SHOWN, Unproven

WHY = f"{NOT_SHOWN}: no record proves that it never was one; on a terminal --show-values shows it"


def with_values(plan: Plan) -> Plan:
    """The plan for a person's eyes alone: with the values that may be secrets, but not those that are."""
    actions = tuple(replace(a, changes=tuple(map(_opened, a.changes))) for a in plan.actions)
    drift = tuple(replace(d, applied=_open(d.applied), live=_open(d.live)) for d in plan.drift)
    return replace(plan, actions=actions, drift=drift)


def why(document: Mapping[str, Any]) -> str:
    """Why values of a document are not shown, in one line; empty where all are."""
    changes = [change for action in document.get("actions", ()) for change in action["changes"]]
    values = [(change["before"], change["after"]) for change in changes]
    values += [(drift["applied"], drift["live"]) for drift in document.get("drift", ())]
    return WHY if NOT_SHOWN in _texts(values) else ""


def _opened(change: Change) -> Change:
    return replace(change, before=_open(change.before), after=_open(change.after))


def _open(value: Any) -> Any:
    if isinstance(value, Unproven):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: _open(inner) for key, inner in value.items()}
    return [_open(inner) for inner in value] if isinstance(value, list | tuple) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
