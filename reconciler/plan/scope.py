"""Which resources a run is about: what was selected, what that cannot do without as things stand live, and
what has to be left out since only an excluded resource would provide what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Policy, Request, Step, Steps
from reconciler.model.address import Address, Ref
from reconciler.model.plan import LeftOut, Verb
from reconciler.model.state import Desired, Resource
from reconciler.plan.match import Matched
from reconciler.plan.select import Selection


@dataclass(slots=True)
class Mending:
    """What would mend each resource's differences, asked once. A live object counts as it is now."""

    desired: Desired
    matched: Matched
    policy: Policy
    _known: dict[Address, Steps] = field(default_factory=dict)

    def steps(self, address: Address) -> Steps:
        """The steps of a resource, in order, and what there is to say about it."""
        if address not in self._known:
            adopt = address in self.matched.adopting
            self._known[address] = all_kinds()[address.kind].steps(self.request(address), adopt=adopt)
        return self._known[address]

    def request(self, address: Address) -> Request:
        """What a step of the resource is about, before anything was done."""
        live = self.matched.objects.get(address)
        resource = self.desired.resources[address]
        return Request(self.desired.project, resource, live, self.matched.resolve, self.policy)

    def provider(self, ref: Ref) -> Step | None:
        """The step that would bring about what a Ref names; None where none would."""
        kind, resource = all_kinds()[ref.address.kind], self.desired.resources.get(ref.address)
        if resource is None or not kind.promises(resource, ref.field):
            return None
        steps = self.steps(ref.address).steps
        return next((step for step in reversed(steps) if step.verb in kind.provides), None)

    def awaited(self, address: Address) -> Iterator[tuple[Ref, Step]]:
        """What the resource's own steps need and do not find in the tenant, with the steps of others that
        would bring it: a value that is not known, and a version that cannot be chosen yet.
        """
        steps = self.steps(address).steps
        for ref in all_kinds()[address.kind].needs(self.desired.resources[address]) if steps else ():
            step = self.provider(ref)
            if step is None:
                continue
            waits = step.verb is Verb.AVAILABILITY and any(map(_takes_up, steps))
            if waits or isinstance(self.matched.resolve(ref), Ref):
                yield ref, step


def _takes_up(step: Step) -> bool:
    """Whether a step chooses a version: one that is in use goes on when it cannot be chosen any more."""
    return step.verb is Verb.CREATE or any(change.path == "release" for change in step.changes)


@dataclass(frozen=True, slots=True)
class Scope:
    """The resources to plan, in the order of the manifests, and those that are left out of them."""

    resources: Mapping[Address, Resource]
    left_out: Mapping[Address, LeftOut]


def scope(mending: Mending, selection: Selection) -> Scope:
    """What `selection` names, and what that cannot do without. What could only be done after something that
    is not to be done is left out, and so is what depends on it.
    """
    resources = mending.desired.resources
    named = {a for a, resource in resources.items() if selection.names(a, resource.labels)}
    if len(named) == len(resources):
        return Scope(resources, {})
    search = _Search(mending, selection, named)
    left_out = {a: why for a in resources if a in named and (why := search.obstacle(a))}
    chosen = {a for a in named if a not in left_out}
    waiting = list(chosen)
    while waiting:
        for ref, _ in mending.awaited(waiting.pop()):
            if ref.address not in chosen:
                chosen.add(ref.address)
                waiting.append(ref.address)
    return Scope({a: r for a, r in resources.items() if a in chosen}, left_out)


@dataclass(slots=True)
class _Search:
    """Finds what stands in a resource's way, also at second hand."""

    mending: Mending
    selection: Selection
    named: set[Address]
    _known: dict[Address, LeftOut | None] = field(default_factory=dict)

    def obstacle(self, address: Address) -> LeftOut | None:
        """Why nothing of the resource can be done; None where nothing stands in the way."""
        if address not in self._known:
            self._known[address] = None  # resources that wait for one another are another error
            self._known[address] = self._of(address)
        return self._known[address]

    def _of(self, address: Address) -> LeftOut | None:
        for ref, step in self.mending.awaited(address):
            why = self._barred(ref.address)
            if why:
                return LeftOut(address, f"needs {_what(ref, step, why)}")
        return None

    def _barred(self, address: Address) -> str:
        """In a word, why nothing of what others need is done; empty where it is."""
        if self.selection.excludes(address, self.mending.desired.resources[address].labels):
            return "excluded"
        if address not in self.named and not self.selection.needed:
            return "unselected"
        return "left-out" if self.obstacle(address) else ""


def _what(ref: Ref, step: Step, why: str) -> str:
    if step.verb is Verb.AVAILABILITY:
        return f"the release that {why} {ref.address} would make available"
    what = "the release that" if step.verb is Verb.PUBLISH else "what"
    return f"{what} {why} {ref.address} would {step.verb.value}"
