"""`get components --outdated`: which of our integrations use an old version of a component."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.lists.components import outdated_in, outdated_pages
from reconciler.lists.listing import Column, Row, row_of
from reconciler.lists.lookups import every
from reconciler.verbs.session import Session, connect


async def outdated(
    session: Session,
    columns: Sequence[Column],
    filters: Mapping[str, Any],
    emit: Callable[[Row], None],
    limit: int | None = None,
) -> None:
    """Hands out a row for each integration and each component of which it uses an old version, as they
    arrive, at most `limit`. `filters` may hold a component's `key`, and whether it is `public`.

    Raises NotAuthenticated, Unreachable or ApiError.
    """
    count = 0
    async with connect(session, read_only=True) as client:
        async for integration in every(client, outdated_pages(filters)):
            used = integration["components"]
            if used["pageInfo"]["hasNextPage"]:
                rest = every(client, outdated_in(integration["id"], filters), "components")
                found = [component async for component in rest]
            else:
                found = used["nodes"]
            for component in found:
                if count == limit:
                    return
                count += 1
                emit(row_of(columns, {"integration": integration, "component": component}))
