"""Reads of a tenant only what a selection takes: lists of one page whole, and of longer ones what may be, or
may stand in the way of, the resources that a run may come to. `docs/decisions/0027` says why this is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import anyio
from msgspec import Struct

from reconciler.api.client import Client
from reconciler.api.pages import read_all
from reconciler.kinds import all_kinds
from reconciler.kinds.answers import understood
from reconciler.kinds.customer import CustomerKind
from reconciler.kinds.instance.kind import CUSTOMER, InstanceKind
from reconciler.kinds.integration.kind import IntegrationKind
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.marks import mark, marks_of
from reconciler.live.called import Customers
from reconciler.live.tenant import Listed, Tenant
from reconciler.model.address import Address
from reconciler.model.errors import GraphQLError, NotFound, NotUnderstood
from reconciler.model.state import Desired, Live, LiveObject

_LOOKS_FOR_A_PAGE = 5
"""Looks that cost about as much as a page of a hundred objects, since they are small."""
Paired = Callable[[Sequence[LiveObject]], Mapping[Address, LiveObject]]
"""Which customers of a tenant are which resources."""


class _Reading(Struct):
    """What was read so far, by kind. `partial` are the kinds of which only a part was, or nothing."""

    client: Client
    desired: Desired
    reach: Collection[Address]
    paired: Paired
    concurrency: int
    listed: dict[str, Listed] = {}
    partial: set[str] = set()
    pages: dict[str, int] = {}
    """How many pages the longer lists have."""

    @property
    def tenant(self) -> Tenant:
        """What reads whole objects."""
        return Tenant(self.client)

    def names(self, kind: str) -> bool:
        """Whether some resource that the run may come to is of a kind, or refers to one that is."""
        resources = [self.desired.resources[address] for address in self.reach]
        refs = (ref for one in resources for ref in all_kinds()[one.kind].needs(one))
        return any(one.kind == kind for one in resources) or any(ref.address.kind == kind for ref in refs)

    def is_cheaper(self, kind: Kind, looks: int) -> bool:
        """Whether so many looks are cheaper than the whole list."""
        return looks <= self.pages[kind.name] * _LOOKS_FOR_A_PAGE

    def of(self, name: str) -> list[Address]:
        """The resources of a kind that the run may come to."""
        return [address for address in self.reach if address.kind == name]


async def fetch_part(
    client: Client,
    kinds: Iterable[Kind],
    desired: Desired,
    reach: Collection[Address],
    paired: Paired,
    *,
    needed: Collection[str],
    concurrency: int = 8,
) -> tuple[Live, frozenset[Address]]:
    """The snapshot of what a run about the resources in `reach` takes, and of which resources it tells: these
    and whoever has what they are to have. Lists of no longer than a page are whole.

    Raises ApiError, Unreachable or NotAuthenticated.
    """
    wanted = list(kinds)
    identity = await client.identity()
    reading = _Reading(client, desired, reach, paired, concurrency)
    longer: dict[str, Kind] = {}

    async def short(kind: Kind) -> None:
        try:
            listed = await reading.tenant.short(kind, concurrency)
        except GraphQLError:
            if kind.name in needed:
                raise
            return
        if isinstance(listed, int):
            longer[kind.name] = kind
            reading.pages[kind.name] = listed
        else:
            reading.listed[kind.name] = listed

    async with anyio.create_task_group() as group:
        for kind in wanted:
            group.start_soon(short, kind)
    covered = await _of_longer(reading, longer)
    found = {kind.name: reading.listed[kind.name] for kind in wanted if kind.name in reading.listed}
    live = Live(
        tenant=identity.tenant,
        objects={name: tuple(listed.objects) for name, listed in found.items()},
        requests=client.stats.reads,
        unread=tuple(kind.name for kind in wanted if kind.name not in found),
        unreadable=tuple(odd for listed in found.values() for odd in listed.unreadable),
        partial=frozenset(reading.partial),
    )
    return live, covered


async def _of_longer(reading: _Reading, longer: Mapping[str, Kind]) -> frozenset[Address]:
    """Reads what the run takes of the longer lists; the resources of which enough is known: all of them where
    no list was skipped or cut.
    """
    covered = set(reading.reach)

    async def read(kind: Kind) -> None:
        if not reading.names(kind.name):
            reading.listed[kind.name] = Listed([], [])
            reading.partial.add(kind.name)
        elif isinstance(kind, CustomerKind) and reading.is_cheaper(kind, len(reading.of(kind.name))):
            covered.update(await _customers(reading, kind))
        elif isinstance(kind, IntegrationKind):
            await _integrations(reading, kind)
        else:
            reading.listed[kind.name] = await reading.tenant.list(kind, reading.concurrency)

    async with anyio.create_task_group() as group:
        for name, kind in longer.items():
            if name != InstanceKind.name:
                group.start_soon(read, kind)
    instances = longer.get(InstanceKind.name)
    if isinstance(instances, InstanceKind):
        await _instances(reading, instances)
    return frozenset(covered if reading.partial else reading.desired.resources)


async def _customers(reading: _Reading, kind: CustomerKind) -> set[Address]:
    """By their marks; where these do not settle it, by what they are called, and so on for whoever that
    brings in.
    """
    sought = Customers(reading.desired, reading.of(kind.name))
    odd = Listed([], [])

    async def ask(by: str, text: str) -> None:
        found = await reading.tenant.some(kind, kind.sought(by, text))
        sought.take(by, text, found.objects)
        odd.unreadable.extend(one for one in found.unreadable if one not in odd.unreadable)

    while asked := sought.open():
        async with anyio.create_task_group() as group:
            for by, text in asked:
                group.start_soon(ask, by, text)
    reading.listed[kind.name] = Listed(sought.found, odd.unreadable)
    reading.partial.add(kind.name)
    return sought.wanted


async def _integrations(reading: _Reading, kind: IntegrationKind) -> None:
    """By a glance at all: a mark that an import cleared is only remembered, and cannot be asked for."""
    rows = await read_all(reading.client, lambda _, offset: kind.glance(offset))
    listed, found = Listed([], []), dict[str, LiveObject]()
    ids = _concerned(reading, kind, list(reversed(rows)))

    async def get(object_id: str) -> None:
        try:
            live = await reading.tenant.read(kind, kind.get(object_id))
        except NotUnderstood as error:
            listed.unreadable.append(error.unreadable)
            return
        except NotFound:
            return  # it is gone since
        if live is not None:
            found[object_id] = live

    async with anyio.create_task_group() as group:
        for one in ids:
            group.start_soon(get, one)
    listed.objects.extend(found[one] for one in ids if one in found)
    reading.listed[kind.name] = listed
    reading.partial.add(kind.name)


def _concerned(reading: _Reading, kind: IntegrationKind, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of those that bear a mark, or the name, of a resource that the run may come to or that is
    called like one, and of those of which nothing can be told.
    """
    resources = reading.desired.resources
    named = {_name(resources[a].fields) for a in reading.of(kind.name)} - {""}
    wanted = [one for a, one in resources.items() if a.kind == kind.name]
    wanted = [one for one in wanted if one.address in reading.reach or _name(one.fields) in named]
    leaves = {name for one in wanted for name in (one.address.leaf, *one.was)}
    marks = {mark(reading.desired.project, Address(kind.name, name)) for name in leaves}
    odd, glanced = set[str](), dict[str, LiveObject]()
    for row in rows:
        try:
            glanced[str(row["id"])] = understood(kind, row)
        except NotUnderstood:
            odd.add(str(row["id"]))
    while True:
        found = {i for i, o in glanced.items() if _name(o.fields) in named or marks & set(marks_of(o))}
        worn = {text for one in found for text in marks_of(glanced[one])}
        if worn <= marks:
            return [i for row in rows if (i := str(row["id"])) in found | odd]
        marks |= worn


def _name(fields: Mapping[str, Any]) -> str:
    return str(fields.get("name") or "").strip()


async def _instances(reading: _Reading, kind: InstanceKind) -> None:
    """All of each customer that is concerned: their marks and names are unique within it alone."""
    resources = reading.desired.resources
    customers = sorted({resources[a].fields["customer"] for a in reading.of(kind.name)})
    objects = reading.paired(reading.listed[CUSTOMER.kind].objects) if customers else {}
    ids = [objects[a].id for a in customers if a in objects]
    if not reading.is_cheaper(kind, len(ids)):
        reading.listed[kind.name] = await reading.tenant.list(kind, reading.concurrency)
        return
    found: dict[str, Listed] = {}

    async def read(customer: str) -> None:
        found[customer] = await reading.tenant.some(kind, kind.within(CUSTOMER, customer))

    async with anyio.create_task_group() as group:
        for one in ids:
            group.start_soon(read, one)
    reading.listed[kind.name] = Listed(
        [live for one in ids for live in found[one].objects],
        [odd for one in ids for odd in found[one].unreadable],
    )
    reading.partial.add(kind.name)
