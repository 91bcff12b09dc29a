"""`list`: the whole tenant by address."""

from __future__ import annotations

from reconciler.model.inventory import Inventory
from reconciler.plan.inventory import inventory as made
from reconciler.plan.match import match
from reconciler.verbs.session import Session, connect, load_desired


async def inventory(session: Session, *, parallelism: int = 8) -> Inventory:
    """Reads the lists of all kinds, page by page, and tells what each object is to this project. Nothing can
    be written. Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    from reconciler.live.fetch import fetch, kinds_named, kinds_to_read

    desired, _ = load_desired(session)
    async with connect(session, read_only=True, parallelism=parallelism) as client:
        kinds = kinds_to_read(desired, prune=True, every=True)
        live = await fetch(client, kinds, needed=kinds_named(desired), concurrency=parallelism)
    return made(match(desired, live), session.project.by_hand)
