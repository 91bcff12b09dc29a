"""Looks up what definitions need of a tenant, in few queries: many keys are asked for together, and older
versions only of what the newest does not settle.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import anyio

from reconciler.api.client import Client
from reconciler.api.pages import LARGEST, read_all
from reconciler.kinds.integration.needs import Found, connections, keys_of, newest, numbered, signed
from reconciler.live.fetch import together
from reconciler.live.tenant import Tenant
from reconciler.model.needs import Component, Need, Shared
from reconciler.model.operation import Operation

AT_ONCE = 50
"""Keys that are asked for together: of each there may be a public and a private component."""


async def look_up(client: Client, needed: Collection[Need]) -> Found:
    """What the tenant has of what is needed. Raises ApiError, Unreachable or NotAuthenticated."""
    found, tenant = Found(), Tenant(client)

    async def ask(op: Operation, take: Callable[[Mapping[str, Any]], None]) -> None:
        take(await tenant.there(op))

    async def packages(keys: Collection[str]) -> None:
        nodes = await read_all(client, lambda first, offset: signed(keys, first, offset), page=LARGEST)
        found.take({"nodes": nodes})

    components = [one for one in needed if isinstance(one, Component)]
    shared = {one.stable_key for one in needed if isinstance(one, Shared)}
    async with anyio.create_task_group() as group:
        for some in together(keys_of(components), AT_ONCE):
            group.start_soon(ask, newest(some), found.take_newest)
        for some in together(shared, AT_ONCE):
            group.start_soon(ask, connections(some), found.take_connections)
    older = [one for one in components if not found.settles(one)]
    async with anyio.create_task_group() as group:
        for number in sorted({one.number for one in older if one.number is not None}):
            for some in together(keys_of(one for one in older if one.number == number), AT_ONCE):
                group.start_soon(ask, numbered(some, number), found.take)
        for some in together(keys_of(one for one in older if one.signature), AT_ONCE):
            group.start_soon(packages, some)
    return found
