"""Which live object is which resource: by our mark first, then by what identifies an unmarked object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from reconciler.kinds import all_kinds
from reconciler.kinds.answers import could_be
from reconciler.kinds.capabilities import Foretells, LookedUp, PartlyProvided, Scoped, live_scope_of, scope_of
from reconciler.kinds.protocol import Kind, Policy, Request
from reconciler.kinds.table.marks import mark_named, marks_in, marks_of, owned_name
from reconciler.kinds.unique import identities
from reconciler.model.address import Address, Ref
from reconciler.model.errors import NotUnderstood
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, Live, LiveObject, Resource, Unreadable
from reconciler.plan.unmatched import owned_otherwise, same_name, several


class Matched(Struct):
    """Resources and their objects. `orphans` are owned objects that no manifest names; `sharing` holds, for
    an address whose mark several objects bear, all of them; `strangers` are those that bear no mark and
    match nothing.
    """

    desired: Desired
    live: Live
    objects: dict[Address, LiveObject] = {}
    adopting: set[Address] = set()
    """The resources whose objects bear no mark yet."""
    likely: set[Address] = set()
    """Those of them whose key proves nothing: only what equals its manifest is taken for its object."""
    alike: set[Address] = set()
    """The resources whose objects bear no mark, and are just as the manifests say."""
    refusals: list[Refusal] = []
    orphans: dict[Address, LiveObject] = {}
    sharing: dict[Address, dict[str, LiveObject]] = {}
    known: dict[Address, LiveObject] = {}
    """What resources may name without a manifest of its own, by kind and name."""
    odd: set[Address] = set()
    """The resources whose objects cannot be understood: they are there, and nobody knows how."""
    unmet: dict[Address, list[Refusal]] = {}
    """What resources would need of the tenant, and is not there."""
    strangers: list[LiveObject] = []
    unclear: set[Address] = set()
    """The resources of which it is not known which object is theirs: what is noted in `refusals`, and no
    more can be said of them.
    """
    chosen: Mapping[Address, str] = {}
    """The ids of the objects that are said to be these resources', where several could be."""
    owned: int = 0
    _foretold: dict[Ref, Any] = {}

    @property
    def unmanaged(self) -> int:
        """How many strangers there are."""
        return len(self.strangers)

    @property
    def within_reach(self) -> dict[Address, LiveObject]:
        """The objects that a run may come to, by their addresses."""
        return {**self.known, **self.objects, **self.orphans}

    def resolve(self, ref: Ref) -> Any:
        """The value of a Ref as far as the tenant knows it now, else the Ref itself."""
        live = self.objects.get(ref.address) or self.known.get(ref.address)
        value = all_kinds()[ref.address.kind].value(live, ref) if live else None
        value = self._will_be(ref) if value is None else value
        return ref if value is None else value

    def request(self, address: Address, policy: Policy | None = None) -> Request:
        """What steps of the resource of an address are about."""
        resource, live = self.desired.resources[address], self.objects.get(address)
        return Request(self.desired.project, resource, live, self.resolve, policy or Policy())

    def learn(self, address: Address, live: LiveObject) -> None:
        """Puts an object of which more is known in its own place."""
        self.objects[address] = live
        self._foretold.clear()

    def know(self, address: Address, live: LiveObject) -> None:
        """Puts what was asked of an object that others name to what is known of it."""
        before = self.known.get(address)
        self.known[address] = structs.replace(before, notes=before.notes or live.notes) if before else live

    def puzzled(self, address: Address, error: NotUnderstood) -> None:
        """Takes note that a resource's object cannot be understood, as was seen only when more was asked."""
        self.objects.pop(address, None)
        self.adopting.discard(address)
        self.pass_over(address, error.unreadable)

    def pass_over(self, address: Address, odd: Unreadable) -> None:
        """Refuses what is done to a resource of which an object that cannot be understood may be the one: it
        would be made a second time.
        """
        self.odd.add(address)
        self.refuse(
            address,
            Refusal(
                "unreadable",
                f"{odd}, which may be this resource, cannot be understood: {odd.reason}",
                str(address),
                f"look at it in the web app; to go on without it, give --exclude {address}",
            ),
        )

    def refuse(self, address: Address, refusal: Refusal) -> None:
        """Takes note of why it is not known which object is a resource's."""
        self.unclear.add(address)
        self.refusals.append(refusal)

    def _will_be(self, ref: Ref) -> Any:
        if ref.address not in self.objects or ref.address not in self.desired.resources:
            return None
        kind = all_kinds()[ref.address.kind]
        if ref not in self._foretold and isinstance(kind, Foretells):
            self._foretold[ref] = kind.will_be(self.request(ref.address), ref)
        return self._foretold.get(ref)


def match(desired: Desired, live: Live, chosen: Mapping[Address, str] | None = None) -> Matched:
    """Pairs all resources of `desired` with the objects of `live`, kind by kind in the order of their
    dependencies.
    """
    matched = Matched(desired, live, chosen=chosen or {}, owned=live.owned_beside)
    of_kind: dict[str, list[Resource]] = {}
    for resource in desired.resources.values():
        of_kind.setdefault(resource.kind, []).append(resource)
    for kind in all_kinds().values():
        objects, resources = live.objects.get(kind.name, ()), of_kind.get(kind.name, [])
        if isinstance(kind, LookedUp):
            matched.known |= {Address(kind.name, str(o.fields[kind.lookup])): o for o in objects}
        if kind.declared:
            _match_kind(kind, desired.project, resources, objects, matched)
            _pass_over_unreadable(kind, desired.project, resources, live.unreadable, matched)
    return matched


def _pass_over_unreadable(
    kind: Kind, project: str, resources: list[Resource], unreadable: Iterable[Unreadable], matched: Matched
) -> None:
    unreadable = [odd for odd in unreadable if odd.kind == kind.name]
    for resource in resources if unreadable else ():
        if resource.address in matched.objects:
            continue
        found = next((o for o in unreadable if could_be(o, project, resource, kind, matched.resolve)), None)
        if found is not None:
            matched.pass_over(resource.address, found)


def _match_kind(
    kind: Kind, project: str, resources: list[Resource], objects: Iterable[LiveObject], matched: Matched
) -> None:
    by_mark = _by_marks(kind, objects)
    taken: set[str] = set()
    unmarked: list[Resource] = []
    for resource in resources:
        found = _by_mark(kind, project, resource, by_mark, matched)
        if found is None:
            unmarked.append(resource)
        elif found.id in taken:
            _refuse_both(kind, resource, found, matched)
        else:
            matched.objects[resource.address] = found
            taken.add(found.id)
    keys = _Keys(kind, [o for o in objects if o.id not in taken])
    _refuse_alike(kind, unmarked, keys, matched)
    unpaired = [
        one for one in _by_strength(kind, unmarked, keys, matched) if one.address not in matched.unclear
    ]
    named = Counter(key for one in unpaired for key in kind.natural_key(one, matched.resolve))
    for resource in unpaired:
        _by_natural_key(kind, project, resource, keys, matched, taken, named)
    _count(kind, project, objects, taken, matched)


def _by_marks(kind: Kind, objects: Iterable[LiveObject]) -> dict[tuple[str, object], list[LiveObject]]:
    """The objects by each of their marks, and by what it is unique within."""
    scope = kind.live_scope if isinstance(kind, Scoped) else lambda _: None
    found: dict[tuple[str, object], list[LiveObject]] = {}
    for live in objects:
        for one in marks_of(live):
            found.setdefault((one, scope(live)), []).append(live)
    return found


def _by_mark(
    kind: Kind,
    project: str,
    resource: Resource,
    by_mark: Mapping[tuple[str, object], list[LiveObject]],
    matched: Matched,
) -> LiveObject | None:
    scope = scope_of(kind, resource, matched.resolve)
    if isinstance(scope, Ref):
        return None
    for name in (resource.address.leaf, *resource.was):
        label = mark_named(project, kind.name, name)
        found = by_mark.get((label, scope), ())
        if len(found) > 1:
            # A mark that only the metadata remembers must not compete with one that is worn.
            found = [one for one in found if label in one.labels] or found
        if len(found) > 1:
            sharing = matched.sharing[resource.address] = {o.id: o for o in found}
            matched.refuse(resource.address, ambiguous(resource.address, sharing))
            said = structs.replace(found[0].record.memory, written=None)  # whose record it is, nobody knows
            return structs.replace(found[0], record=said)
        if found:
            return found[0]
    return None


def ambiguous(address: Address, sharing: Mapping[str, LiveObject]) -> Refusal:
    """The refusal to do anything to objects of which any may be the one that is meant."""
    return Refusal(
        "ambiguous",
        f"{len(sharing)} live objects bear the mark of {address}: {', '.join(sorted(sharing))}",
        str(address),
        f"take the mark off all but one of them: reconciler forget {address}@ID",
    )


class _Keys:
    """Finds unpaired objects by natural key, with one pass over them for each key."""

    def __init__(self, kind: Kind, objects: list[LiveObject]) -> None:
        self._kind, self._objects = kind, objects
        self._index: dict[str, dict[Any, list[LiveObject]]] = {}

    def find(self, key: str, value: Any) -> list[LiveObject]:
        if key not in self._index:
            index: dict[Any, list[LiveObject]] = {}
            for live in self._objects:
                index.setdefault(self._kind.live_key(live, key), []).append(live)
            self._index[key] = index
        return self._index[key].get(value, [])


def _by_strength(kind: Kind, resources: list[Resource], keys: _Keys, matched: Matched) -> list[Resource]:
    """Those first whose strongest key finds an object: nobody takes by a weaker one what is theirs."""

    def found_nearly(resource: Resource) -> bool:
        return not any(keys.find(one.field, one.form) for one in identities(kind, resource, matched.resolve))

    return resources if kind.marked else sorted(resources, key=found_nearly)


def _refuse_alike(kind: Kind, resources: list[Resource], keys: _Keys, matched: Matched) -> None:
    """Refuses what is done to resources of which any may be the one that an object stands for, or that no
    mark will ever tell apart: which is which would depend on the order of the manifests.
    """
    claims: dict[object, dict[Address, tuple[str, str]]] = {}
    for resource in resources:
        if resource.address not in matched.unclear:
            for what, said, hint in _claims(kind, resource, keys, matched):
                claims.setdefault(what, {})[resource.address] = (said, hint)
    for claim in claims.values():
        for address, (said, hint) in claim.items() if len(claim) > 1 else ():
            if address not in matched.unclear:
                message = f"{listed(sorted(claim))} {said}"
                matched.refuse(address, Refusal("ambiguous", message, str(address), hint))


def _claims(
    kind: Kind, resource: Resource, keys: _Keys, matched: Matched
) -> Iterator[tuple[object, str, str]]:
    """What no other resource may lay claim to: what it is, and what is said, and advised, where one does."""
    for wish in identities(kind, resource, matched.resolve):
        said = f"are told apart by nothing: they have the same {wish.field}"
        yield (wish.field, wish.form), said, "change it in one of them"
    for key, value in kind.natural_key(resource, matched.resolve) if kind.marked else ():
        for live in keys.find(key, value) if kind.adoptable(key) else ():
            if not marks_in(live.labels, kind.name):
                said = f'match the live object {live.id} ("{live.fields.get("name")}")'
                yield live.id, said, f"say whose it is: reconciler adopt {resource.address} {live.id}"


def listed(addresses: Sequence[Address]) -> str:
    """Addresses in words."""
    *rest, last = map(str, addresses)
    return f"{', '.join(rest)} and {last}" if rest else last


def _by_natural_key(
    kind: Kind,
    project: str,
    resource: Resource,
    keys: _Keys,
    matched: Matched,
    taken: set[str],
    named: Mapping[tuple[str, Any], int],
) -> None:
    """`named` counts the resources of each key."""
    hits = [
        (key, found)
        for key, value in kind.natural_key(resource, matched.resolve)
        if (found := [o for o in keys.find(key, value) if o.id not in taken])
    ]
    if not hits:
        return
    key, found = hits[0]
    if not kind.marked:
        meant = matched.chosen.get(resource.address)
        found_meant = found if meant is None else [o for o in found if o.id == meant]
        if len(found_meant) == 1:
            matched.objects[resource.address] = found_meant[0]
            taken.add(found_meant[0].id)
        else:
            matched.refuse(resource.address, several(resource, key, found, meant))
        return
    free = [o for o in found if not marks_in(o.labels, kind.name)]
    if not kind.adoptable(key):
        shared = bool(free) and named[key, kind.live_key(free[0], key)] > 1
        if len(free) == 1 and not shared:
            matched.objects[resource.address] = free[0]
            matched.adopting.add(resource.address)
            matched.likely.add(resource.address)
            taken.add(free[0].id)
        elif free:
            matched.refuse(resource.address, same_name(resource, key, free))
        return
    everything = list({o.id: o for _, some in hits for o in some}.values())
    if free and len(everything) == 1:
        matched.objects[resource.address] = free[0]
        matched.adopting.add(resource.address)
        taken.add(free[0].id)
    else:
        both = " or ".join(key for key, _ in hits)
        matched.refuse(resource.address, owned_otherwise(project, resource, both, everything))


def _count(
    kind: Kind, project: str, objects: Iterable[LiveObject], taken: set[str], matched: Matched
) -> None:
    adopting = {matched.objects[a].id for a in matched.adopting if a.kind == kind.name}
    orphans: list[tuple[str, LiveObject]] = []
    for live in objects:
        if live.id in taken:
            matched.owned += live.id not in adopting
        elif (name := owned_name(live.labels, project, kind.name)) is not None:
            orphans.append((name, live))
        elif _is_anybodys(kind, live) and not marks_in(live.labels, kind.name):
            matched.strangers.append(live)
    if orphans:
        _leave_over(kind, orphans, matched)


def _leave_over(kind: Kind, orphans: Iterable[tuple[str, LiveObject]], matched: Matched) -> None:
    """Takes in the owned objects of a kind that no manifest names, each with the name that its mark gives."""
    known = (*matched.objects.items(), *matched.orphans.items())
    names = {live.id: address.leaf for address, live in known}
    for name, live in orphans:
        matched.owned += 1
        scope = live_scope_of(kind, live)
        prefix = f"{names.get(scope, scope)}/" if scope is not None else ""
        address = Address(kind.name, prefix + name)
        first = matched.objects.get(address) or matched.orphans.get(address)
        if first is not None:
            matched.sharing.setdefault(address, {first.id: first})[live.id] = live
            address = address_of_one(address, live.id)
        matched.orphans[address] = live


def _is_anybodys(kind: Kind, live: LiveObject) -> bool:
    """Whether an object is one that somebody may want to manage."""
    return kind.stands_alone and not (isinstance(kind, PartlyProvided) and kind.is_provided(live))


def address_of_one(address: Address, object_id: str) -> Address:
    """Names one of several objects that bear the same mark: `Customer/acme@ID`."""
    return Address(address.kind, f"{address.name}@{object_id}")


def let_go(address: Address, matched: Matched) -> None:
    """Takes back that an object is a resource's, where only its key spoke for it."""
    live = matched.objects.pop(address)
    kind, resource = all_kinds()[address.kind], matched.desired.resources[address]
    matched.adopting.discard(address)
    matched.likely.discard(address)
    if _is_anybodys(kind, live):
        matched.strangers.append(live)
    key = next(iter(kind.natural_key(resource, matched.resolve)))[0]
    matched.refuse(address, same_name(resource, key, [live]))


def _refuse_both(kind: Kind, resource: Resource, live: LiveObject, matched: Matched) -> None:
    """Either may be the one whose object it is."""
    first = next(a for a, o in matched.objects.items() if a.kind == kind.name and o.id == live.id)
    for address in (first, resource.address):
        if address not in matched.unclear:
            matched.refuse(address, _shared(address, live))


def _shared(address: Address, live: LiveObject) -> Refusal:
    return Refusal(
        "ambiguous",
        f"the live object {live.id} bears marks of two resources",
        str(address),
        "take one of the marks off (its labels, in the web app)",
    )
