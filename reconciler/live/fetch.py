"""A tenant into Live: the kinds that a run is about, all at once, each list read until it is consistent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial

import anyio
from msgspec.structs import replace

from reconciler.api.client import Client
from reconciler.kinds import CORE, all_kinds
from reconciler.kinds.capabilities import NamesDeclared
from reconciler.kinds.component import described, inputs_of
from reconciler.kinds.protocol import Kind
from reconciler.live.tenant import Listed, Tenant
from reconciler.model.errors import GraphQLError, Misfit
from reconciler.model.state import Desired, Live, LiveObject

Listing = Callable[[Kind], Awaitable[Listed]]
DESCRIBED_AT_ONCE = 25
"""Components that are asked together what they call their inputs: each has many."""


def kinds_named(desired: Desired) -> set[str]:
    """The kinds that `desired` declares or names, and the core ones: without them there is no plan."""
    named = {address.kind for address in desired.resources}.union(CORE)
    asking = {name: kind for name, kind in all_kinds().items() if not isinstance(kind, NamesDeclared)}
    for address, resource in desired.resources.items():
        if kind := asking.get(address.kind):
            named.update([ref.address.kind for ref in kind.needs(resource)])
    return named


def kinds_to_read(desired: Desired, *, prune: bool, every: bool = False) -> list[Kind]:
    """The kinds that are named; to delete what git no longer declares, all that bear marks; to list what
    nobody manages, `every` one. What a project does not use costs no request and needs no permission.
    """
    return readable(kinds_named(desired), prune=prune, every=every)


def readable(named: Collection[str], *, prune: bool, every: bool = False) -> list[Kind]:
    """The same where it is known which kinds are named."""
    return [
        kind
        for kind in all_kinds().values()
        if kind.name in named
        or (kind.declared and ((prune and kind.marked) or (every and kind.stands_alone)))
    ]


def together(keys: Collection[str], most: int) -> Iterator[list[str]]:
    """The keys in order, at most so many at a time."""
    named = sorted(keys)
    for start in range(0, len(named), most):
        yield named[start : start + most]


async def with_inputs(client: Client, keys: Collection[str]) -> list[LiveObject]:
    """What the components of these keys call the inputs of their actions, as far as the tenant tells it."""
    tenant = Tenant(client)
    found: list[LiveObject] = []
    for some in together(keys, DESCRIBED_AT_ONCE):
        with suppress(GraphQLError, Misfit):
            answer = await tenant.ask(described(some))
            nodes = answer.get("nodes") if isinstance(answer, Mapping) else None
            found += [inputs_of(node) for node in nodes or () if node]
    return found


async def fetch(
    client: Client,
    kinds: Iterable[Kind] | None = None,
    *,
    needed: Collection[str] | None = None,
    concurrency: int = 8,
    listing: Listing | None = None,
) -> Live:
    """The snapshot of the client's tenant, of the core kinds where none are given. The list of a kind that is
    not among those `needed` (absent: all are) may be refused: the kind is then `unread`. `listing` is how a
    list is read; absent: page by page.

    Raises ApiError, Unreachable or NotAuthenticated.
    """
    wanted = [all_kinds()[name] for name in CORE] if kinds is None else list(kinds)
    identity = await client.identity()
    tenant = Tenant(client)
    listed: dict[str, Listed] = {}
    read_list = listing or partial(tenant.list, concurrency=concurrency)

    async def read(kind: Kind) -> None:
        try:
            listed[kind.name] = await read_list(kind)
        except GraphQLError:
            if needed is None or kind.name in needed:
                raise

    async with anyio.create_task_group() as group:
        for kind in wanted:
            group.start_soon(read, kind)
    return Live(
        tenant=identity.tenant,
        objects={kind.name: tuple(listed[kind.name].objects) for kind in wanted if kind.name in listed},
        requests=client.stats.reads,
        unread=tuple(kind.name for kind in wanted if kind.name not in listed),
        unreadable=tuple(
            odd for kind in wanted if kind.name in listed for odd in listed[kind.name].unreadable
        ),
    )


def with_beside(live: Live, more: Live) -> Live:
    """A snapshot with the objects of another one beside it."""
    return replace(
        live,
        beside={**live.beside, **more.objects},
        unread=(*live.unread, *more.unread),
        unreadable=(*live.unreadable, *more.unreadable),
    )
