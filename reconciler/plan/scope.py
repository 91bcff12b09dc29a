"""Which resources a run is about: what was selected, what that cannot do without as things stand live, what
is refused, and what has to be left out since only a refused or excluded resource would provide what it needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Deployed, Redeploys
from reconciler.kinds.protocol import Step
from reconciler.model.address import Address, Ref
from reconciler.model.plan import LeftOut, Refusal, Verb
from reconciler.model.state import Desired, Resource
from reconciler.plan.mending import Mending
from reconciler.plan.select import Selection


class Scope(Struct, frozen=True):
    """The resources to plan, in the order of the manifests; those to which nothing must be done, with why;
    and those that are left out for them, or for what is excluded. Of the `unjudged` ones it cannot even be
    said how they differ.
    """

    resources: Mapping[Address, Resource]
    left_out: Mapping[Address, LeftOut]
    refused: Mapping[Address, tuple[Refusal, ...]]
    unjudged: Collection[Address] = ()

    def is_about(self, address: Address) -> bool:
        """Whether the run is about a resource, even if nothing is done to it."""
        return address in self.resources or address in self.left_out or address in self.refused


def within_reach(desired: Desired, selection: Selection) -> Desired:
    """What is asked for, cut down to what a run may come to: what `selection` names, and whatever that refers
    to, near or far.
    """
    if selection.is_all:
        return desired
    named = [a for a, resource in desired.resources.items() if selection.about(resource)]
    reached = _reached(desired.resources, named)
    return replace(desired, resources={a: r for a, r in desired.resources.items() if a in reached})


def _reached(resources: Mapping[Address, Resource], named: Iterable[Address]) -> set[Address]:
    """These resources, and all that they refer to, near or far."""
    waiting = list(named)
    found = set(waiting)
    while waiting:
        resource = resources[waiting.pop()]
        for ref in all_kinds()[resource.kind].needs(resource):
            if ref.address in resources and ref.address not in found:
                found.add(ref.address)
                waiting.append(ref.address)
    return found


def scope(mending: Mending, selection: Selection) -> Scope:
    """What `selection` names, and what that cannot do without. What could only be done after something that
    is not to be done is left out, and so is what depends on it.
    """
    resources = mending.desired.resources
    mending.learn(_deployed_along(mending))
    named = set(resources if selection.is_all else (a for a, r in resources.items() if selection.about(r)))
    if len(named) == len(resources) and not any(map(mending.refusals, resources)):
        return Scope(resources, {}, {})
    search = _Search(mending, selection, named)
    left_out = search.obstacles([a for a in resources if a in named])
    refused = {a for a in named if a not in left_out and mending.refusals(a)} | search.met
    unclear = mending.matched.unclear
    unjudged = {a for a in left_out if mending.stands_on(a) in unclear} | unclear
    chosen = {a for a in named if a not in left_out and a not in refused}
    waiting = list(chosen)
    while waiting:
        address = waiting.pop()
        values = (ref.address for ref, _ in mending.awaited(address))
        names = (one.giver for one in mending.names.awaited(address))
        for other in (*values, *names):
            if other not in chosen:
                chosen.add(other)
                waiting.append(other)
    return Scope(
        {a: r for a, r in resources.items() if a in chosen},
        left_out,
        {a: mending.refusals(a) for a in resources if a in refused},
        unjudged,
    )


def _deployed_along(mending: Mending) -> Iterator[Refusal]:
    """Why nothing is done that may have the platform deploy what a person has not deployed."""
    resources = mending.desired.resources
    if mending.policy.deploy_pending:
        return
    waiting: dict[str, list[Address]] = {}
    redeploying = {name: kind for name, kind in all_kinds().items() if isinstance(kind, Redeploys)}
    for address, resource in resources.items():
        kind = redeploying.get(address.kind)
        if kind is None:
            continue
        for step in mending.steps(address).steps:
            of, named = kind.redeploys(resource, step)
            if of and of not in waiting:  # asked only where something is deployed along at all
                waiting[of] = [a for a in resources if a.kind == of and _waits(a, mending)]
            reached = (a for a in waiting.get(of, ()) if set(named) <= _reached(resources, [a]))
            if (found := next(reached, None)) is not None:
                yield Refusal(
                    "undeployed-changes",
                    f"may have the platform deploy {found}, which waits for a person's deploy",
                    str(address),
                    "let them deploy or undo it, or give --deploy-pending",
                )


def _waits(address: Address, mending: Mending) -> bool:
    kind = all_kinds()[address.kind]
    return isinstance(kind, Deployed) and bool(kind.waits(mending.request(address)))


class _Search(Struct):
    """Finds what stands in a resource's way, also at second hand."""

    mending: Mending
    selection: Selection
    named: set[Address]
    met: set[Address] = set()
    """The refused resources that stand in the way of others."""
    _known: dict[Address, LeftOut | None] = {}

    def obstacles(self, addresses: Sequence[Address]) -> dict[Address, LeftOut]:
        """What stands in the way of each. Names may be waited for in a circle, so that what is found for one
        is asked once more of those that were looked at before it.
        """
        found: dict[Address, LeftOut] | None = None
        while found != (now := {a: why for a in addresses if (why := self.obstacle(a))}):
            found = now
            self._known = dict(now)
        return now

    def obstacle(self, address: Address) -> LeftOut | None:
        """Why nothing of the resource can be done; None where nothing stands in the way."""
        if address not in self._known:
            self._known[address] = None  # resources that wait for one another are another error
            self._known[address] = self._of(address)
        return self._known[address]

    def _of(self, address: Address) -> LeftOut | None:
        if self.mending.refusals(address):
            return None  # it is refused itself
        other = self.mending.stands_on(address)
        if other and other in self.mending.matched.unclear:
            return self._without(address, other)
        if kept := self._deploys_along(address):
            why, other = kept
            return LeftOut(address, f"may have the platform deploy {why} {other} again", why == "refused")
        for ref, step in self.mending.awaited(address):
            why = self._barred(ref.address)
            if why:
                return LeftOut(address, f"needs {_what(ref, step, why)}", self._waits(why, ref.address))
        for one in self.mending.names.awaited(address):
            if why := self._barred(one.giver):
                what = f'the {one.said} "{one.value}", which {why} {one.giver} would give up'
                return LeftOut(address, f"needs {what}", self._waits(why, one.giver))
        return self._without(address, other) if other else None

    def _waits(self, why: str, other: Address) -> bool:
        """Whether what bars another resource is a refusal, near or far."""
        behind = self.obstacle(other) if why == "left-out" else None
        return why == "refused" or (behind is not None and behind.refused)

    def _without(self, address: Address, other: Address) -> LeftOut:
        why, odd = self._barred(other), other in self.mending.matched.odd
        what = f"{other}, which cannot be understood" if odd else f"{why} {other}"
        return LeftOut(address, f"needs {what}", why == "refused")

    def _deploys_along(self, address: Address) -> tuple[str, Address] | None:
        """An excluded or refused resource whose object the resource's own steps would have deployed again."""
        resources, own = self.mending.desired.resources, all_kinds()[address.kind]
        if not isinstance(own, Redeploys):
            return None
        for step in self.mending.steps(address).steps:
            kind, named = own.redeploys(resources[address], step)
            if not kind:
                continue
            for other in (a for a in resources if a.kind == kind):
                if (why := self._kept(other)) and set(named) <= _reached(resources, [other]):
                    self.met |= {other} if why == "refused" else set()
                    return why, other
            # What an object that no manifest names refers to is not known.
            orphans = (a for a in sorted(self.mending.matched.orphans) if a.kind == kind)
            if found := next((a for a in orphans if self.selection.bars_orphan(a)), None):
                return "excluded", found
        return None

    def _kept(self, address: Address) -> str:
        """In a word, why an object must stay as it is; empty where it need not, or is not there."""
        if self.selection.bars(self.mending.desired.resources[address]):
            return "excluded"
        there = address in self.mending.matched.objects
        return "refused" if there and self.mending.refusals(address) else ""

    def _barred(self, address: Address) -> str:
        """In a word, why nothing of what others need is done; empty where it is."""
        if self.selection.bars(self.mending.desired.resources[address]):
            return "excluded"
        if address not in self.named and not self.selection.needed:
            return "unselected"
        if self.obstacle(address):
            return "left-out"
        if self.mending.refusals(address):
            self.met.add(address)
            return "refused"
        return ""


def _what(ref: Ref, step: Step, why: str) -> str:
    if step.verb is Verb.AVAILABILITY:
        return f"the release that {why} {ref.address} would make available"
    what = "the release that" if step.verb is Verb.PUBLISH else "what"
    return f"{what} {why} {ref.address} would {step.verb.value}"
