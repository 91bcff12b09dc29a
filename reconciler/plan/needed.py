"""What an apply will need of the tenant beside what manifests declare: looked for before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import NeedsOfTenant, Supplies
from reconciler.model.address import Address
from reconciler.model.needs import Component, Need
from reconciler.model.plan import Refusal, Verb
from reconciler.model.state import Desired
from reconciler.plan.mending import Mending

_SENDING = {Verb.IMPORT, Verb.PUBLISH}


class Found(Protocol):
    """What the tenant was found to have."""

    def knows(self, component: Component) -> bool:
        """Whether any version of the component is there."""
        ...

    def lacks(self, need: Need) -> tuple[str, str, str] | None:
        """Why what is needed is not there: a code, a message, a hint. None where it is."""
        ...


class Needed(Struct, frozen=True):
    """What is needed, each with the resources that need it. The components that are `declared` have manifests
    of their own: where one is not there at all, that is said of them.
    """

    by: Mapping[Need, list[Address]] = {}
    declared: Collection[tuple[str, bool]] = ()


def needed(mending: Mending, concerned: Collection[Address]) -> Needed:
    """What those of the `concerned` need of which a definition is to be imported, or a release published.
    What is not to be sent needs nothing.
    """
    supplied = _supplied(mending.desired)
    by: dict[Need, list[Address]] = {}
    asking = {name: kind for name, kind in all_kinds().items() if isinstance(kind, NeedsOfTenant)}
    for address in concerned:
        if address.kind not in asking:
            continue
        asked = asking[address.kind].needs_of_tenant(mending.desired.resources[address])
        if not asked or not any(step.verb in _SENDING for step in mending.steps(address).steps):
            continue
        for one in asked:
            if isinstance(one, Component) or one not in supplied:
                by.setdefault(one, []).append(address)
    return Needed(by, {one.name for one in supplied if isinstance(one, Component)})


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
    return need.name in needed.declared and not found.knows(need)


def _supplied(desired: Desired) -> set[Need]:
    """What manifests are about."""
    supplying = {name: kind for name, kind in all_kinds().items() if isinstance(kind, Supplies)}
    return {
        supplying[address.kind].supplies(resource)
        for address, resource in desired.resources.items()
        if address.kind in supplying
    }
