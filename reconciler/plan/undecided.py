"""What a plan cannot decide before the tenant is asked once more: which inputs components call passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.meaning import component_versions
from reconciler.model.plan import Change, Plan
from reconciler.model.secret import Unproven
from reconciler.model.state import Definition, Desired
from reconciler.plan.match import Matched


def undecided(plan: Plan, desired: Desired, matched: Matched) -> set[str]:
    """The keys of the components of which a definition that differs holds inputs that may be passwords."""
    keys: set[str] = set()
    for action in plan.actions:
        if any(change.path.startswith("definition.") and _is_open(change) for change in action.changes):
            resource, live = desired.resources.get(action.address), matched.objects.get(action.address)
            for fields in (resource.fields if resource else {}, live.fields if live else {}):
                definition = fields.get("definition")
                keys |= (
                    set(component_versions(definition.data)) if isinstance(definition, Definition) else set()
                )
    return keys


def _is_open(change: Change) -> bool:
    return any(isinstance(one, Unproven) for value in (change.before, change.after) for one in _values(value))


def _values(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _values(inner)
