"""Objects of which what may be a secret was not kept, read where a plan has something to say of them."""

from __future__ import annotations

from collections.abc import Iterable

import anyio
from msgspec import Struct, structs

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Steps
from reconciler.live.earlier import Uncertain, is_cheaper
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.errors import GraphQLError, NotUnderstood
from reconciler.model.state import LiveObject
from reconciler.plan.match import Matched
from reconciler.plan.mending import Mending

NOTHING = Steps()


class Closer(Struct):
    """Looks closer at the objects whose ids are in `vague`: in some places of theirs stands what only says
    that something stands there. It is another value than any of git's, so no difference is overlooked.
    """

    client: Client
    matched: Matched
    vague: set[str] = set()

    async def look_at_unmarked(self) -> None:
        """Those of which it must be found out whether they equal their manifests. Raises Uncertain."""
        await self._look(self.matched.adopting)

    async def look_where_it_matters(self, mending: Mending) -> None:
        """Those that a plan has something to say of. Raises Uncertain."""
        if await self._look(self._mattering(mending)):
            mending.renew()

    def check(self, mending: Mending) -> None:
        """Raises Uncertain where more came to matter since."""
        if self._mattering(mending):
            raise Uncertain("more has to be known of what may be a secret")

    def _mattering(self, mending: Mending) -> list[Address]:
        objects = self.matched.objects if self.vague else {}
        return [a for a, live in objects.items() if live.id in self.vague and mending.steps(a) != NOTHING]

    async def _look(self, addresses: Iterable[Address]) -> bool:
        """Reads the vague ones among these; whether there were any."""
        objects = self.matched.objects
        found = {a: objects[a] for a in addresses if a in objects and objects[a].id in self.vague}
        for kind in {live.kind for live in found.values()}:
            some = [live for live in found.values() if live.kind == kind]
            if not is_cheaper(some, self.matched.live.objects[kind]):
                raise Uncertain(f"{len(some)} of its {all_kinds()[kind].list_name} hold what may be a secret")
        failed: list[Address] = []

        async def look(address: Address, known: LiveObject) -> None:
            live = await _read(self.client, known)
            if live is None:
                failed.append(address)
                return
            self.matched.learn(address, structs.replace(live, notes=known.notes))
            self.vague.discard(live.id)

        async with anyio.create_task_group() as group:
            for address, known in found.items():
                group.start_soon(look, address, known)
        if failed:
            raise Uncertain(f"{failed[0]} changes while it is read")
        return bool(found)


async def _read(client: Client, known: LiveObject) -> LiveObject | None:
    kind = all_kinds()[known.kind]
    try:
        return await Tenant(client).read(kind, kind.get(known.id))
    except (GraphQLError, NotUnderstood):  # a full read tells what is odd about it
        return None
