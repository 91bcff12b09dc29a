"""A tenant into Live: all kinds at once, each list read until it agrees with itself."""

from __future__ import annotations

import anyio

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.kinds.base import Kind
from reconciler.live.tenant import Tenant
from reconciler.model.state import Live, LiveObject


async def fetch(client: Client, *, concurrency: int = 8) -> Live:
    """The snapshot of the client's tenant. Raises ApiError, Unreachable or NotAuthenticated."""
    identity = await client.identity()
    tenant, before = Tenant(client), client.stats.reads
    objects: dict[str, tuple[LiveObject, ...]] = {}

    async def read(kind: Kind) -> None:
        objects[kind.name] = tuple(await tenant.list(kind, concurrency))

    async with anyio.create_task_group() as group:
        for kind in all_kinds().values():
            group.start_soon(read, kind)
    return Live(
        tenant=identity.tenant,
        objects={name: objects[name] for name in all_kinds()},
        requests=client.stats.reads - before,
    )
