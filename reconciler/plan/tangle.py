"""Who waits for whom to give up a name, until nobody waits in a circle any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import KeepsUnique
from reconciler.model.address import Address


class Handover(Struct, frozen=True):
    """A value of the object of `giver` that `taker` is to have."""

    taker: Address
    giver: Address
    field: str
    value: str

    @property
    def said(self) -> str:
        """The field, in words."""
        return spoken(self.field)


class Tangle:
    """Who waits for whom, with those taken out who wait for nobody: what is left goes round."""

    def __init__(self, handovers: Sequence[Handover], ways: Iterable[Address]) -> None:
        self.left, self.ways = list(handovers), set(ways)
        self._waits: dict[Address, list[Handover]] = {}
        self._followers: dict[Address, list[Address]] = {}
        for one in self.left:
            self._waits.setdefault(one.taker, [])
            self._waits.setdefault(one.giver, [])
            if one.giver not in self.ways or not may_pass(one.giver, one.field):
                self._waits[one.taker].append(one)
                self._followers.setdefault(one.giver, []).append(one.taker)
        self._take_out([a for a, waits in self._waits.items() if not waits])

    def circle(self) -> list[Handover]:
        """Some of them that wait for one another, each for the next; empty when all is in order."""
        if not self._waits:
            return []
        way: list[Handover] = []
        at, seen = next(iter(self._waits)), dict[Address, int]()
        while at not in seen:
            seen[at] = len(way)
            way.append(self._waits[at][0])
            at = way[-1].giver
        return way[seen[at] :]

    def free(self, giver: Address) -> None:
        """Lets one of them make way: nobody waits any longer for what may pass."""
        self.ways.add(giver)
        self._let_go([o for t in self._takers(giver) for o in self._waits[t] if _passes(o, giver)])

    def cut(self, circle: Sequence[Handover]) -> None:
        """Forgets what cannot be brought into an order."""
        self.left = [one for one in self.left if one not in circle]
        self._let_go(circle)

    def _takers(self, giver: Address) -> Iterator[Address]:
        return (a for a in dict.fromkeys(self._followers.get(giver, ())) if a in self._waits)

    def _let_go(self, handovers: Iterable[Handover]) -> None:
        free = []
        for one in list(handovers):
            self._waits[one.taker].remove(one)
            free += [] if self._waits[one.taker] else [one.taker]
        self._take_out(free)

    def _take_out(self, free: list[Address]) -> None:
        while free:
            address = free.pop()
            if self._waits.pop(address, None) is None:
                continue  # it waited for several that went at once
            for taker in self._takers(address):
                self._waits[taker] = [one for one in self._waits[taker] if one.giver != address]
                free += [] if self._waits[taker] else [taker]


def may_pass(address: Address, name: str) -> bool:
    """Whether a field of such a resource may have a value of its own for a moment."""
    kind = all_kinds()[address.kind]
    return isinstance(kind, KeepsUnique) and not kind.unique[name]


def spoken(name: str) -> str:
    """A field's name in words: `externalId` is "external id"."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name)


def _passes(one: Handover, giver: Address) -> bool:
    return one.giver == giver and may_pass(giver, one.field)
