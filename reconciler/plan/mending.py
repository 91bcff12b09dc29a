"""What would mend each resource, asked once, and what stands against that."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Affects, Likens, why_absent
from reconciler.kinds.protocol import NOTHING, Policy, Request, Step, Steps
from reconciler.kinds.table.absent import Place, absent_anew
from reconciler.model.address import Address, Ref
from reconciler.model.errors import Unforeseen
from reconciler.model.plan import Refusal, Verb
from reconciler.model.state import Desired
from reconciler.plan.alike import untouched
from reconciler.plan.guards import denials
from reconciler.plan.interim import own_interim
from reconciler.plan.match import Matched
from reconciler.plan.names import Names


class Mended(Struct, frozen=True):
    """What mends one resource, and what that rests on."""

    steps: Steps
    basis: str = ""


_UNTOUCHED = Mended(NOTHING)
"""One for all resources that equal their manifests: of most plans these are nearly all."""


@dataclass(slots=True)
class Mending:
    """What would mend each resource's differences, asked once: whoever learns more of either side meanwhile
    says so with `renew`. A live object counts as it is now.
    """

    matched: Matched
    policy: Policy
    names: Names = field(init=False)
    _known: dict[Address, Mended] = field(default_factory=dict)
    _refusals: dict[Address, tuple[Refusal, ...]] = field(default_factory=dict)
    _idle: set[Hashable] = field(default_factory=set)
    """The likenesses of resources to which nothing is to be done."""
    _lacking: dict[str, frozenset[Place]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was worked out, since more is known by now."""
        leaving = {live.id: a for a, live in self.matched.orphans.items() if self.policy.prune}
        self.names = Names(self.matched, self.steps, leaving)
        self._known.clear()
        self._idle.clear()
        self._refusals.clear()

    @property
    def desired(self) -> Desired:
        """What git says."""
        return self.matched.desired

    def steps(self, address: Address) -> Steps:
        """The steps of a resource, in order, and what there is to say about it."""
        return self._mended(address).steps

    def is_untouched(self, address: Address) -> bool:
        """Whether there is nothing to do to a resource, and nothing to say about it."""
        return self._mended(address) is _UNTOUCHED

    def basis(self, address: Address) -> str:
        """A digest of what its steps rest on; empty where there are none, or nothing is there yet."""
        return self._mended(address).basis

    def impact(self, address: Address, followers: Sequence[Address]) -> Steps:
        """What there is to say about the version that others take up, for these. It makes no step."""
        kind, asked = all_kinds()[address.kind], [self.request(one) for one in followers]
        try:
            return kind.impact(self.request(address), asked) if isinstance(kind, Affects) else Steps()
        except Exception as error:
            return Steps(refusals=(self._odd(address, error),))

    def followers(self, concerned: Iterable[Address]) -> dict[Address, list[Address]]:
        """Those of the `concerned` that take up another version, by the resources that they refer to."""
        found: dict[Address, list[Address]] = {}
        for address in concerned:
            if any(map(_takes_up, self.steps(address).steps)):
                for ref in self._needs(address):
                    if ref.address in self.desired.resources:
                        found.setdefault(ref.address, []).append(address)
        return found

    def _mended(self, address: Address) -> Mended:
        known = self._known.get(address)
        if known is None:
            known = self._known[address] = self._asked(address)
        return known

    def _asked(self, address: Address) -> Mended:
        kind, request = all_kinds()[address.kind], self.request(address)
        adopt = address in self.matched.adopting
        try:
            likens = None if adopt else _likens().get(address.kind)
            likeness = likens.likeness(request) if likens else None
            if likeness is not None and likeness in self._idle:
                return _UNTOUCHED
            steps = kind.steps(request, adopt=adopt)
            steps = own_interim(steps, self.desired.project, address)
            if address in self.matched.alike:
                steps = untouched(steps)
            if steps == NOTHING:
                if likeness is not None:
                    self._idle.add(likeness)
                return _UNTOUCHED
            rested = kind.basis(request.live, request.resource) if request.live and steps.steps else ""
            return Mended(steps, rested)
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

    def refusals(self, address: Address) -> tuple[Refusal, ...]:
        """Why nothing must be done to a resource: its own reasons, not those that only follow from another's.
        Of a resource whose object is not known for sure nothing else is said.
        """
        known = self._refusals.get(address)
        if known is None:
            self._refusals[address] = ()  # resources that wait for one another are another error
            found = self._refused(address)
            known = self._refusals[address] = tuple(dict.fromkeys(found)) if found else ()
        return known

    def learn(self, refusals: Iterable[Refusal]) -> bool:
        """Takes note of what speaks against resources only in view of the others; whether it is new."""
        new = False
        for one in refusals:
            address = Address.parse(one.address)
            known = self.refusals(address)
            if one not in known:
                self._refusals[address], new = (*known, one), True
        return new

    def _refused(self, address: Address) -> Sequence[Refusal]:
        unclear = self.matched.unclear
        if address in unclear:
            return [one for one in self.matched.refusals if one.address == str(address)]
        if unclear and any(ref.address in unclear for ref in self._needs(address)):
            return ()  # whatever was held against it would be about somebody else's object
        steps, live = self.steps(address), self.matched.objects.get(address)
        found = list(steps.refusals)
        if live is None:
            found += absent_anew(self.desired.resources[address], self._absent(address.kind))
        found += self.names.refusals(address)
        found += self.matched.unmet.get(address, ())
        if not steps.steps:
            return found
        found += denials(address, [step.verb for step in steps.steps], live.denied if live else ())
        for ref in self._needs(address):
            nowhere = isinstance(self.matched.resolve(ref), Ref) and self.provider(ref) is None
            if nowhere and not self.withheld(ref):
                found.append(self._not_there(ref, address))
        return found

    def _absent(self, kind: str) -> frozenset[Place]:
        """The fields of a kind that the tenant does not know, as far as its objects tell."""
        if kind not in self._lacking:
            objects = self.matched.live.objects.get(kind, ())
            self._lacking[kind] = frozenset[Place]().union(*(live.facts.absent for live in objects))
        return self._lacking[kind]

    def _not_there(self, ref: Ref, address: Address) -> Refusal:
        live = self.matched.objects.get(ref.address) or self.matched.known.get(ref.address)
        code, message, hint = why_absent(all_kinds()[ref.address.kind], ref, live)
        return Refusal(code, message, str(address), hint)

    def withheld(self, ref: Ref) -> bool:
        """Whether what a Ref names cannot be counted on, since the resource that it is of is refused: it is
        not known which object that is, it only says what the platform has to have, or it promises what is
        not there yet.
        """
        named, kind = self.desired.resources.get(ref.address), all_kinds()[ref.address.kind]
        if named is None or not self.refusals(ref.address):
            return False
        if ref.address in self.matched.unclear or not kind.promises(named, Ref(ref.address)):
            return True
        return kind.promises(named, ref) and isinstance(self.matched.resolve(ref), Ref)

    def stands_on(self, address: Address) -> Address | None:
        """A resource of which it needs something that is withheld, if there is one. One that is to be left as
        it is needs nothing but to know which objects it is about.
        """
        idle = not self.steps(address).steps
        return next(
            (
                ref.address
                for ref in self._needs(address)
                if self.withheld(ref) and (ref.address in self.matched.unclear or not idle)
            ),
            None,
        )

    def _needs(self, address: Address) -> Sequence[Ref]:
        return all_kinds()[address.kind].needs(self.desired.resources[address])

    def awaited(self, address: Address) -> Iterator[tuple[Ref, Step]]:
        """What the resource's own steps need and do not find in the tenant, with the steps of others that
        would bring it: a value that is not known, and a version that cannot be chosen yet.
        """
        steps = self.steps(address).steps
        for ref in self._needs(address) if steps else ():
            step = self.provider(ref)
            if step is None:
                continue
            waits = step.verb is Verb.AVAILABILITY and any(map(_takes_up, steps))
            if waits or isinstance(self.matched.resolve(ref), Ref):
                yield ref, step


@cache
def _likens() -> Mapping[str, Likens]:
    """The kinds that tell likenesses."""
    return {name: kind for name, kind in all_kinds().items() if isinstance(kind, Likens)}


def _takes_up(step: Step) -> bool:
    """Whether a step chooses a version: one that is in use goes on when it cannot be chosen any more."""
    return step.verb is Verb.CREATE or any(change.path == "release" for change in step.changes)
