"""Values that are not shown since they may be secrets: why, and to whom they are shown all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from reconciler.model.nested import leaves, with_leaves
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
    return WHY if any(leaf == NOT_SHOWN for _, leaf in leaves(values)) else ""


def _opened(change: Change) -> Change:
    return replace(change, before=_open(change.before), after=_open(change.after))


def _open(value: object) -> object:
    return with_leaves(value, lambda leaf: leaf.reveal() if isinstance(leaf, Unproven) else leaf)
