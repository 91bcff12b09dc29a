"""`get`: one of the tenant's lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.lists.listing import Row
from reconciler.lists.reading import Reading, Wanted, column_of
from reconciler.verbs.session import Session, connect


async def get(session: Session, wanted: Wanted, emit: Callable[[Row], None]) -> str:
    """Reads what is wanted and hands out its rows, sorted if that is asked for. Returns the cursor after a
    page that is not the last, "" otherwise.

    Raises InvalidInput, NotThere, NotAuthenticated, Unreachable or ApiError.
    """
    sort = column_of(wanted.listing, wanted.sort.removeprefix("-")) if wanted.sort else None
    columns = (*wanted.columns, sort) if sort else wanted.columns
    async with connect(session, read_only=True) as client:
        reading = Reading(client, wanted, columns)
        if sort is None:
            return await reading.run(emit)
        rows: list[Row] = []
        cursor = await reading.run(rows.append, limited=False)
    filled = [row for row in rows if row[sort.name] is not None]
    filled.sort(key=lambda row: _order(row[sort.name]), reverse=wanted.sort.startswith("-"))
    for row in [*filled, *(row for row in rows if row[sort.name] is None)][: wanted.limit]:
        emit(row)
    return cursor


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers before texts, texts whatever their case."""
    if isinstance(value, int | float):
        return (False, value)
    return (True, str(value).casefold())
