"""What decides a plan and no list shows: asked for once it is known which objects are whose."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import anyio

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.kinds.base import Request
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.errors import NotFound
from reconciler.model.state import LiveObject


async def look_further(
    client: Client,
    addresses: Iterable[Address],
    request: Callable[[Address], Request],
    learn: Callable[[Address, LiveObject], None],
) -> None:
    """Reads what plans for these resources need besides, until nothing is left to be known. `request` gives
    what is known of one, `learn` takes more. Raises ApiError, Unreachable or NotAuthenticated.
    """
    tenant = Tenant(client)

    async def look(address: Address) -> None:
        kind = all_kinds()[address.kind]
        while (live := (about := request(address)).live) and (op := kind.unknown(about)):
            try:
                node = await tenant.ask(op)
            except NotFound:
                node = None
            learn(address, kind.learned(live, await tenant.whole(kind, node) if node else None))

    async with anyio.create_task_group() as group:
        for address in addresses:
            group.start_soon(look, address)
