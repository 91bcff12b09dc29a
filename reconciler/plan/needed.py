"""What an apply will need of the tenant beside what manifests declare: looked for before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.kinds.integration.needs import Component, Found, Need, needs
from reconciler.model.address import Address
from reconciler.model.plan import Refusal, Verb
from reconciler.model.state import Desired
from reconciler.plan.mending import Mending

_SENDING = {Verb.IMPORT, Verb.PUBLISH}


@dataclass(frozen=True, slots=True)
class Needed:
    """What is needed, each with the resources that need it. `declared` has manifests of its own: where it is
    not there at all, that is said of them.
    """

    by: Mapping[Need, list[Address]] = field(default_factory=dict)
    declared: Collection[tuple[str, bool]] = ()


def needed(mending: Mending, concerned: Collection[Address]) -> Needed:
    """What those of the `concerned` need of which a definition is to be imported, or a release published.
    What is not to be sent needs nothing.
    """
    connections, components = _declared(mending.desired)
    by: dict[Need, list[Address]] = {}
    for address in concerned:
        asked = needs(mending.desired.resources[address])
        if not asked or not any(step.verb in _SENDING for step in mending.steps(address).steps):
            continue
        for one in asked:
            if isinstance(one, Component) or one.stable_key not in connections:
                by.setdefault(one, []).append(address)
    return Needed(by, components)


def lacking(needed: Needed, found: Found) -> Iterator[tuple[Address, Refusal]]:
    """What is not there, by the resources that need it. Those that need the same say the same."""
    for need, addresses in needed.by.items():
        why = found.lacks(need)
        if why is None or (isinstance(need, Component) and _is_told(need, needed, found)):
            continue
        code, message, hint = why
        named = sorted(map(str, addresses))
        for address in addresses:
            yield address, Refusal(code, f"{message}; needed by {', '.join(named)}", str(address), hint)


def _is_told(need: Component, needed: Needed, found: Found) -> bool:
    """Whether another resource is refused for it, or brings it."""
    return need.name in needed.declared and need.name not in found.newest


def _declared(desired: Desired) -> tuple[set[str], set[tuple[str, bool]]]:
    """The stable keys of connections, and the components, that manifests are about."""
    connections: set[str] = set()
    components: set[tuple[str, bool]] = set()
    for resource in desired.resources.values():
        if resource.kind == "Connection":
            connections.add(resource.fields["stableKey"])
        elif resource.kind == "Component":
            components.add((resource.fields["key"], resource.fields.get("isPublic", True)))
        elif resource.kind == "Bundle":
            components.add((resource.fields["key"], False))
    return connections, components
