"""Which resources a run is about: what was selected, what that cannot do without as things stand live, and
what has to be left out since only an excluded resource would provide what it needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Affects, Redeploys
from reconciler.kinds.protocol import Policy, Request, Step, Steps
from reconciler.model.address import Address, Ref
from reconciler.model.errors import Unforeseen
from reconciler.model.plan import LeftOut, Refusal, Verb
from reconciler.model.state import Desired, Resource
from reconciler.plan.match import Matched
from reconciler.plan.select import Selection


@dataclass(frozen=True, slots=True)
class Mended:
    """What mends one resource, and what that rests on."""

    steps: Steps
    basis: str = ""


@dataclass(slots=True)
class Mending:
    """What would mend each resource's differences, asked once. A live object counts as it is now."""

    desired: Desired
    matched: Matched
    policy: Policy
    _known: dict[Address, Mended] = field(default_factory=dict)

    def steps(self, address: Address) -> Steps:
        """The steps of a resource, in order, and what there is to say about it."""
        return self._mended(address).steps

    def basis(self, address: Address) -> str:
        """A digest of what these steps rest on; empty where there is nothing yet."""
        return self._mended(address).basis

    def impact(self, address: Address, followers: Sequence[Address]) -> Steps:
        """What there is to say about a release, for those that will run it. It makes no step."""
        kind, asked = all_kinds()[address.kind], [self.request(one) for one in followers]
        try:
            found = kind.impact(self.request(address), asked) if isinstance(kind, Affects) else ()
        except Exception as error:
            return Steps(refusals=(self._odd(address, error),))
        return Steps(warnings=tuple(found))

    def _mended(self, address: Address) -> Mended:
        if address not in self._known:
            self._known[address] = self._asked(address)
        return self._known[address]

    def _asked(self, address: Address) -> Mended:
        kind, request = all_kinds()[address.kind], self.request(address)
        try:
            steps = kind.steps(request, adopt=address in self.matched.adopting)
            return Mended(steps, kind.basis(request.live, request.resource) if request.live else "")
        except Exception as error:
            return Mended(Steps(refusals=(self._odd(address, error),)))

    def _odd(self, address: Address, error: Exception) -> Refusal:
        """Why nothing is done to a resource whose object is not as we know such objects."""
        live, what = self.matched.objects.get(address), Unforeseen(error).what
        named = f"{live.kind.lower()} {live.id}" if live else "what this resource needs"
        return Refusal(
            "unreadable",
            f"{named} cannot be understood, and not compared: {what}",
            str(address),
            f"look at it in the web app; to go on without it, give --exclude {address}",
        )

    def request(self, address: Address) -> Request:
        """What a step of the resource is about, before anything was done."""
        return self.matched.request(address, self.policy)

    def provider(self, ref: Ref) -> Step | None:
        """The step that would bring about what a Ref names; None where none would."""
        kind, resource = all_kinds()[ref.address.kind], self.desired.resources.get(ref.address)
        if resource is None or not kind.promises(resource, ref):
            return None
        steps = self.steps(ref.address).steps
        return next((step for step in reversed(steps) if step.verb in kind.provides), None)

    def unknown(self, address: Address) -> Address | None:
        """Which of the resources that it needs something of cannot be understood, if one is."""
        refs = all_kinds()[address.kind].needs(self.desired.resources[address]) if self.matched.odd else ()
        odd = (ref for ref in refs if ref.address in self.matched.odd)
        return next((ref.address for ref in odd if isinstance(self.matched.resolve(ref), Ref)), None)

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
    """The resources to plan, in the order of the manifests, and those that are left out of them. Of the
    `unjudged` ones it cannot even be said how they differ.
    """

    resources: Mapping[Address, Resource]
    left_out: Mapping[Address, LeftOut]
    unjudged: Collection[Address] = ()


def within_reach(desired: Desired, selection: Selection) -> Desired:
    """What is asked for, cut down to what a run may come to: what `selection` names, and whatever that refers
    to, near or far.
    """
    named = [a for a, resource in desired.resources.items() if selection.about(resource)]
    return replace(desired, resources=_reached(desired.resources, named))


def _reached(resources: Mapping[Address, Resource], named: Iterable[Address]) -> dict[Address, Resource]:
    """These resources, and all that they refer to, near or far."""
    waiting = list(named)
    found = set(waiting)
    while waiting:
        resource = resources[waiting.pop()]
        for ref in all_kinds()[resource.kind].needs(resource):
            if ref.address in resources and ref.address not in found:
                found.add(ref.address)
                waiting.append(ref.address)
    return {a: r for a, r in resources.items() if a in found}


def scope(mending: Mending, selection: Selection) -> Scope:
    """What `selection` names, and what that cannot do without. What could only be done after something that
    is not to be done is left out, and so is what depends on it.
    """
    resources = mending.desired.resources
    named = {a for a, resource in resources.items() if selection.about(resource)}
    if len(named) == len(resources) and not mending.matched.odd:
        return Scope(resources, {})
    search = _Search(mending, selection, named)
    left_out = {a: why for a in resources if a in named and (why := search.obstacle(a))}
    unjudged = {a for a in left_out if mending.unknown(a)} | mending.matched.odd
    chosen = {a for a in named if a not in left_out}
    waiting = list(chosen)
    while waiting:
        for ref, _ in mending.awaited(waiting.pop()):
            if ref.address not in chosen:
                chosen.add(ref.address)
                waiting.append(ref.address)
    return Scope({a: r for a, r in resources.items() if a in chosen}, left_out, unjudged)


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
        if odd := self.mending.unknown(address):
            return LeftOut(address, f"needs {odd}, which cannot be understood")
        if other := self._deploys_excluded(address):
            return LeftOut(address, f"may have the platform deploy excluded {other} again")
        for ref, step in self.mending.awaited(address):
            why = self._barred(ref.address)
            if why:
                return LeftOut(address, f"needs {_what(ref, step, why)}")
        return None

    def _deploys_excluded(self, address: Address) -> Address | None:
        """An excluded resource whose object the resource's own steps would have deployed again."""
        resources = self.mending.desired.resources
        own = all_kinds()[address.kind]
        if not self.selection.exclude or not isinstance(own, Redeploys):
            return None
        for step in self.mending.steps(address).steps:
            kind, named = own.redeploys(resources[address], step)
            if not kind:
                continue
            for other, resource in resources.items():
                barred = other.kind == kind and self.selection.bars(resource)
                if barred and set(named) <= set(_reached(resources, [other])):
                    return other
            # What an object that no manifest names refers to is not known.
            orphans = (a for a in sorted(self.mending.matched.orphans) if a.kind == kind)
            if found := next((a for a in orphans if self.selection.bars_orphan(a)), None):
                return found
        return None

    def _barred(self, address: Address) -> str:
        """In a word, why nothing of what others need is done; empty where it is."""
        if self.selection.bars(self.mending.desired.resources[address]):
            return "excluded"
        if address not in self.named and not self.selection.needed:
            return "unselected"
        return "left-out" if self.obstacle(address) else ""


def _what(ref: Ref, step: Step, why: str) -> str:
    if step.verb is Verb.AVAILABILITY:
        return f"the release that {why} {ref.address} would make available"
    what = "the release that" if step.verb is Verb.PUBLISH else "what"
    return f"{what} {why} {ref.address} would {step.verb.value}"
