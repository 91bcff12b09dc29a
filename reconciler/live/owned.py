"""How much a project owns beside what was read of a part of a tenant: guards weigh against it what a plan
changes.
"""

from __future__ import annotations

import anyio
from msgspec import Struct

from reconciler.api.client import Client
from reconciler.api.pages import stream
from reconciler.kinds import all_kinds
from reconciler.kinds.answers import understood
from reconciler.kinds.bearing import bearing
from reconciler.kinds.customer import CustomerKind
from reconciler.kinds.instance.kind import InstanceKind
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.marks import PREFIX, owned_name
from reconciler.live.tenant import Tenant
from reconciler.model.errors import ApiError, NotUnderstood
from reconciler.model.state import Desired, Live

_ASKED = (CustomerKind.name, InstanceKind.name)
"""The kinds of which there are many, and whose marks stand nowhere but in labels."""


class _Count(Struct):
    """What was found so far: the ids, and whether nothing is known to be missing."""

    client: Client
    live: Live
    project: str
    wanted: int
    found: set[tuple[str, str]] = set()
    proven: bool = False
    """Whether the tenant was seen to find labels by their beginning."""
    whole: bool = True

    async def of(self, kind: Kind) -> None:
        """Counts the objects of a kind that bear a mark, until there are enough. Each is read whole: one that
        cannot be understood counts for no plan.
        """
        tenant, read = Tenant(self.client), {one.id for one in self.live.objects.get(kind.name, ())}
        text = f"{PREFIX}{self.project}/{kind.name}/".lower()
        try:
            async for node in stream(self.client, bearing(kind, text), page=kind.page_size):
                try:
                    one = understood(kind, await tenant.whole(kind, node))
                except NotUnderstood:
                    continue
                if owned_name(one.labels, self.project, kind.name) is not None:
                    self.proven = True
                    if one.id not in read:
                        self.found.add((kind.name, one.id))
                if len(self.found) >= self.wanted:
                    return
        except ApiError:  # whoever reads all hears of it, if it stays so
            self.whole = False


async def owned_beside(client: Client, live: Live, desired: Desired, wanted: int) -> int | None:
    """How many objects bear a mark of the project beside those in `live`: as many as are `wanted` or more, or
    else all of them. None where there may be more than can be asked for.

    Raises Unreachable or NotAuthenticated.
    """
    count = _Count(client, live, desired.project, wanted)
    asked, others = live.partial.intersection(_ASKED), live.partial.difference(_ASKED)
    async with anyio.create_task_group() as group:
        for name in sorted(asked):
            group.start_soon(count.of, all_kinds()[name])
    told = count.whole and (count.proven or not asked)
    is_all = told and not any(_may_be_owned(name, desired) for name in others)
    return len(count.found) if is_all or len(count.found) >= wanted else None


def _may_be_owned(name: str, desired: Desired) -> bool:
    """Whether objects of a kind may count as the project's: by a mark, or since a manifest is about them."""
    kind = all_kinds()[name]
    return kind.declared and (kind.marked or any(one.kind == name for one in desired.resources))
