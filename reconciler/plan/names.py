"""Who gives a name up, and who takes it: of what the server keeps unique, the one has to go before the other,
and where all wait for one another, one of them makes way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import KeepsUnique, live_scope_of, scope_of
from reconciler.kinds.protocol import Steps, ignored
from reconciler.kinds.unique import Wish, wishes
from reconciler.model.address import Address
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject, Resource
from reconciler.plan.match import Matched, listed
from reconciler.plan.tangle import Handover, Tangle, may_pass, spoken

Value = tuple[str, str, object, str]
"""A kind, a field, what it is unique in, and the value without regard to its case: nobody knows whether a
server minds that, and an order that was not needed does no harm.
"""


class Order(Struct, frozen=True):
    """Which values change hands, none of them in a circle any more: those of the resources that `make_way`
    are free as soon as these have a name for the moment. What goes round and cannot be helped is refused.
    """

    handovers: tuple[Handover, ...] = ()
    make_way: tuple[Address, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def is_freed_early(self, one: Handover) -> bool:
        """Whether the value is there to be taken once its giver has made way."""
        return one.giver in self.make_way and may_pass(one.giver, one.field)


class Names(Struct):
    """The unique values of both sides. `steps` says what would be done to a resource, and `leaving` which
    owned objects that no manifest names are to be deleted, by their ids.
    """

    matched: Matched
    steps: Callable[[Address], Steps]
    leaving: Mapping[str, Address] = {}
    _bearers: dict[Value, list[LiveObject]] | None = None
    _owners: dict[str, Address] = {}
    _left: dict[str, Address] = {}
    _asking: dict[tuple[object, ...], list[Resource]] | None = None
    _contending: set[Address] = set()
    """The resources that ask for what another one asks for, too."""
    _found: dict[Address, tuple[Handover, ...]] = {}

    def handovers(self, address: Address) -> tuple[Handover, ...]:
        """The values that a resource takes from others."""
        if not self.steps(address).steps:
            return ()
        if address not in self._found:
            self._found[address] = tuple(self._handovers(address))
        return self._found[address]

    def awaited(self, address: Address) -> tuple[Handover, ...]:
        """Those of them without which it cannot be mended, and that only another resource can give."""
        resources = self.matched.desired.resources
        return tuple(one for one in self.handovers(address) if _surely(address) and one.giver in resources)

    def stay(self, leaving: Collection[str]) -> bool:
        """Takes note that no others are deleted; whether some more had been expected to be."""
        staying = self.leaving.keys() - leaving
        if staying:
            self.leaving = {one: address for one, address in self.leaving.items() if one in leaving}
            self._found.clear()
        return bool(staying)

    def refusals(self, address: Address) -> Iterable[Refusal]:
        """Why a resource cannot have its values: another manifest asks for one, too, or whoever has it keeps
        it.
        """
        return self._against(address) if _surely(address) else ()

    def _against(self, address: Address) -> Iterator[Refusal]:
        yield from self._asked_twice(address)
        for name, value in self._taken(address):
            for live in self._others(address, name, value):
                owner = self._owner(live)
                if live.fields.get(name) != value or (owner and self._asks(owner, name, value)):
                    continue
                if self._giver(address, name, value, live) is None:
                    yield self._kept(address, name, value, live)

    def order(self, planned: Collection[Address], late: Collection[Address] = ()) -> Order:
        """How the values of these resources change hands. Those that are `late` cannot be waited for."""
        leaving = set(self.leaving.values())
        within = {*planned, *leaving}
        every = [one for a in planned for one in self.handovers(a) if one.giver in within]
        ways = {one.giver for one in every if one.giver in late and self._may_make_way(one)}
        ways |= {one.giver for one in every if one.giver in leaving}
        every = [one for one in every if one.giver in ways or one.giver not in late]
        tangle = Tangle(every, ways)
        refusals: list[Refusal] = []
        while circle := tangle.circle():
            ways_out = [one.giver for one in circle if self._may_make_way(one)]
            if ways_out:
                tangle.free(min(ways_out))
                continue
            if any(_surely(one.taker) for one in circle):
                refusals += _goes_round(circle)
            tangle.cut(circle)
        return Order(tuple(tangle.left), tuple(sorted(tangle.ways)), tuple(refusals))

    def _handovers(self, address: Address) -> Iterator[Handover]:
        for name, value in self._taken(address):
            for live in self._others(address, name, value):
                if giver := self._giver(address, name, value, live):
                    yield Handover(address, giver, name, value)

    def _giver(self, address: Address, name: str, value: str, live: LiveObject) -> Address | None:
        """Whose object it is that gives the value up; None where it keeps it. What is to be deleted goes
        last, so that it can only make way.
        """
        if live.id in self.leaving and may_pass(address, name):
            return self.leaving[live.id]
        owner = self._owner(live)
        return owner if owner is not None and self._gives(owner, name, value) else None

    def _kept(self, address: Address, name: str, value: str, live: LiveObject) -> Refusal:
        owner = self._owner(live)
        left = self._left.get(live.id)
        if left is None:
            return _taken(address, name, value, str(owner or f"{live.kind.lower()} {live.id}"))
        return Refusal(
            "taken",
            f'the {spoken(name)} "{value}" is that of {left}, which no manifest names',
            str(address),
            f"delete it first: apply --prune --exclude {address}; or give {address} another one",
        )

    def _taken(self, address: Address) -> Iterator[tuple[str, str]]:
        """The unique values that a resource's own steps would give its object."""
        kind = all_kinds()[address.kind]
        if isinstance(kind, KeepsUnique):
            for step in self.steps(address).steps:
                for change in step.changes:
                    if change.path in kind.unique and isinstance(change.after, str) and change.after:
                        yield change.path, change.after

    def _gives(self, address: Address, name: str, value: str) -> bool:
        """Whether a resource's own steps would give its object another value."""
        changes = (change for step in self.steps(address).steps for change in step.changes)
        after = [str(one.after or "").casefold() for one in changes if one.path == name]
        return bool(after) and value.casefold() not in after

    def _others(self, address: Address, name: str, value: str) -> Iterator[LiveObject]:
        """The objects besides its own that bear a value which it is to have."""
        own, within = self.matched.objects.get(address), self._within(address)
        for live in self._bearing().get((address.kind, name, within, value.casefold()), ()):
            if own is None or own.id != live.id:
                yield live

    def _within(self, address: Address) -> object:
        resource = self.matched.desired.resources[address]
        return scope_of(all_kinds()[address.kind], resource, self.matched.resolve)

    def _bearing(self) -> Mapping[Value, list[LiveObject]]:
        if self._bearers is None:
            self._bearers = {}
            self._owners = {live.id: address for address, live in self.matched.objects.items()}
            self._left = {live.id: address for address, live in self.matched.orphans.items()}
            for name, kind in all_kinds().items():
                for live in self.matched.live.objects.get(name, ()) if isinstance(kind, KeepsUnique) else ():
                    within = live_scope_of(kind, live)
                    for one in kind.unique if isinstance(kind, KeepsUnique) else ():
                        if isinstance(value := live.fields.get(one), str) and value:
                            key = (name, one, within, value.casefold())
                            self._bearers.setdefault(key, []).append(live)
        return self._bearers

    def _owner(self, live: LiveObject) -> Address | None:
        return self._owners.get(live.id)

    def _may_make_way(self, one: Handover) -> bool:
        """Whether the giver's object is ours, and may be called otherwise for a moment."""
        owned = one.giver in self.matched.objects and one.giver not in self.matched.adopting
        return owned and may_pass(one.giver, one.field)

    def _asked_twice(self, address: Address) -> Iterator[Refusal]:
        if self._asking is None:
            self._asking = {}
            resources = self.matched.desired.resources
            for resource in [one for a, one in resources.items() if _surely(a)]:
                for wish in self._wishes(resource):
                    self._asking.setdefault((resource.kind, wish.field, wish.form), []).append(resource)
            several = (asking for asking in self._asking.values() if len(asking) > 1)
            self._contending = {resource.address for asking in several for resource in asking}
        if address not in self._contending:
            return
        for wish in self._wishes(self.matched.desired.resources[address]):
            asking = self._asking[address.kind, wish.field, wish.form]
            if len(asking) > 1:
                yield _asked_twice(address, wish, asking)

    def _wishes(self, resource: Resource) -> Iterator[Wish]:
        """The unique values that a manifest asks for, but for those that it leaves as they are."""
        for wish in wishes(resource):
            if resource.address not in self.matched.objects or not ignored(resource, wish.field):
                yield wish

    def _asks(self, address: Address, name: str, value: str) -> bool:
        resource = self.matched.desired.resources[address]
        return any((one.field, one.written) == (name, value) for one in self._wishes(resource))


def _surely(address: Address) -> bool:
    return address.kind in _surely_unique()


@cache
def _surely_unique() -> frozenset[str]:
    """The kinds of which it is known that no two objects can have one value."""
    kinds = all_kinds().items()
    return frozenset(n for n, kind in kinds if isinstance(kind, KeepsUnique) and kind.surely_unique)


def _asked_twice(address: Address, wish: Wish, asking: Sequence[Resource]) -> Refusal:
    return Refusal(
        "ambiguous",
        f'{listed(sorted(one.address for one in asking))} ask for the {spoken(wish.field)} "{wish.written}", '
        "which only one object can have",
        str(address),
        "change it in all but one of these manifests",
    )


def _taken(address: Address, name: str, value: str, owner: str) -> Refusal:
    return Refusal(
        "taken",
        f'the {spoken(name)} "{value}" is that of {owner}, which keeps it',
        str(address),
        f"give {address} another one; or change that of {owner}, or delete it, first",
    )


def _goes_round(circle: Sequence[Handover]) -> Iterator[Refusal]:
    members = sorted({one.taker for one in circle})
    one = next((o for o in circle if not may_pass(o.giver, o.field)), circle[0])
    kind = all_kinds()[one.giver.kind]
    because = kind.unique[one.field] if isinstance(kind, KeepsUnique) else ""
    why = f"{because}, so that none can have another one for a moment" if because else "none is owned yet"
    said = spoken(one.field)
    for address in members:
        yield Refusal(
            "in-a-circle",
            f"{listed(members)} wait for one another's {said}: {why}",
            str(address),
            f"let one of them have another {said} first, apply, and then give it the one that it is to have"
            if because
            else f"adopt them first: reconciler adopt {address} ID",
        )
