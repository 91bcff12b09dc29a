"""What the actions of one run share: both sides, the tenant, the ports, and what was observed so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

from msgspec import Struct, field

from reconciler.apply.journal import Journal
from reconciler.apply.listening import harmless
from reconciler.apply.look import Objects
from reconciler.apply.pages import Pages
from reconciler.apply.unsent import Unsent
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Foretells
from reconciler.kinds.protocol import Policy, Request
from reconciler.model.address import Address, Ref
from reconciler.model.outcome import Event
from reconciler.model.plan import Verb
from reconciler.model.state import Live, LiveObject, Resource


class Run(Struct):
    """What the actions of one run share: both sides, the tenant, the ports, and what was observed so far."""

    project: str
    resources: Mapping[Address, Resource]
    observed: dict[Address, LiveObject]
    policy: Policy
    tenant: Objects
    journal: Journal
    listener: Callable[[Event], None]
    sleep: Callable[[float], Awaitable[None]]
    attributes: Mapping[str, str] = {}
    wait_seconds: float = 300.0
    clock: Callable[[], float] = monotonic
    looked: set[Address] = set()
    kept: dict[str, str] = {}
    """Where the text is that an action destroyed, by the action's id."""
    before: dict[Address, LiveObject] = {}
    """The objects as they were before this run changed them."""
    sent: dict[Address, dict[str, Verb]] = {}
    """What this run did to them: the steps, and their verbs."""
    seen: Mapping[str, LiveObject] = {}
    """All objects of the tenant that the plan was made from, by id."""
    pages: Pages = field(default_factory=lambda: Pages((), Live("", {})))
    """How the objects are looked at before they are changed."""
    unsent: Unsent = field(default_factory=Unsent)
    """The actions that can still be called off."""
    _foretold: dict[Ref, tuple[LiveObject, Any]] = {}

    def __post_init__(self) -> None:
        self.listener = harmless(self.listener)

    def resolve(self, ref: Ref) -> Any:
        """A Ref's value from what was observed, else the Ref itself."""
        live = self.observed.get(ref.address)
        value = all_kinds()[ref.address.kind].value(live, ref) if live else None
        value = self._will_be(ref, live) if value is None and live else value
        return ref if value is None else value

    def _will_be(self, ref: Ref, live: LiveObject) -> Any:
        resource = self.resources.get(ref.address)
        if resource is None:
            return None
        known = self._foretold.get(ref)
        if known is None or known[0] is not live:
            request = Request(self.project, resource, live, self.resolve, self.policy)
            kind = all_kinds()[ref.address.kind]
            value = kind.will_be(request, ref) if isinstance(kind, Foretells) else None
            known = self._foretold[ref] = (live, value)
        return known[1]
