"""`list`: the whole tenant by address."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.inventory import Inventory, Row, Standing
from reconciler.plan.inventory import inventory as made
from reconciler.plan.match import match
from reconciler.verbs.session import Session, connect, load_desired

if TYPE_CHECKING:
    from reconciler.api import Client


async def inventory(session: Session, *, parallelism: int = 8) -> Inventory:
    """Reads the lists of all kinds, page by page, and tells what each object is to this project. Nothing can
    be written. Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    from reconciler.live.fetch import fetch, kinds_named, kinds_to_read

    desired, _ = load_desired(session)
    async with connect(session, read_only=True, parallelism=parallelism) as client:
        kinds = kinds_to_read(desired, prune=True, every=True)
        live = await fetch(client, kinds, needed=kinds_named(desired), concurrency=parallelism)
        found = made(match(desired, live), session.project.by_hand)
        return await _with_people(client, found)


async def _with_people(client: Client, found: Inventory) -> Inventory:
    """The inventory with who deleted what is missing, where the tenant's log tells. One query, and none where
    nothing is missing.
    """
    from reconciler.live.activities import about, read_log, tells_deletion

    bearing = Counter((row.address.kind, row.name) for row in found.rows)
    gone = [
        row
        for row in found.rows
        if row.standing is Standing.MISSING and row.name and bearing[row.address.kind, row.name] == 1
    ]
    if not gone:
        return found
    log = await read_log(client, [row.name for row in gone])

    def told(row: Row) -> str:
        entries = (one for one in log.entries.get(row.name, ()) if about(one, row.address.kind, row.name))
        newest = next(entries, None)
        return str(newest) if newest and tells_deletion(newest) else ""

    said = {row.address: text for row in gone if (text := told(row))}
    rows = tuple(replace(row, told=said.get(row.address, row.told)) for row in found.rows)
    return replace(found, rows=rows)
