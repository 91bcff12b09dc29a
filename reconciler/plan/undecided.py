"""What no plan can decide before the tenant is asked once more: which inputs components call passwords."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.definition import Definition
from reconciler.model.address import Address
from reconciler.model.plan import Change
from reconciler.model.secret import Unproven
from reconciler.plan.mending import Mending


def undecided(mending: Mending, concerned: Collection[Address]) -> set[str]:
    """The keys of the components of which a definition that differs holds inputs that may be passwords."""
    keys: set[str] = set()
    for address, live in mending.matched.objects.items():
        if address not in concerned or not isinstance(live.fields.get("definition"), Definition):
            continue
        changes = mending.steps(address).changes
        if any(change.path.startswith("definition.") and _is_open(change) for change in changes):
            sides = (mending.desired.resources[address].fields, live.fields)
            definitions = (fields.get("definition") for fields in sides)
            keys.update(
                key for one in definitions if isinstance(one, Definition) for key in one.component_versions
            )
    return keys


def _is_open(change: Change) -> bool:
    return any(isinstance(one, Unproven) for value in (change.before, change.after) for one in _values(value))


def _values(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _values(inner)
