"""`get`: one of the tenant's lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.lists.listing import Listing, Place, Row
from reconciler.lists.reading import PARENTS, Reading, Wanted, column_of
from reconciler.lists.tables import ADDRESSED, INTEGRATIONS
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput
from reconciler.verbs.owned import as_written, owned_at
from reconciler.verbs.session import Session, connect

if TYPE_CHECKING:
    from reconciler.api import Client


async def get(session: Session, wanted: Wanted, emit: Callable[[Row], None]) -> Place | None:
    """Reads what is wanted and hands out its rows, sorted if that is asked for. Addresses may stand for
    names. Returns where the rows lie, if one page was asked for; without cursors where rows of it were left
    out, since nobody could go on from there.

    Raises InvalidInput, Refused, NotThere, NotAuthenticated, Unreachable or ApiError.
    """
    sort = column_of(wanted.listing, wanted.sort.removeprefix("-")) if wanted.sort else None
    columns = (*wanted.columns, sort) if sort else wanted.columns
    async with connect(session, read_only=True) as client:
        reading = Reading(client, await _with_ids(client, session, wanted), columns)
        if sort is None:
            return await reading.run(emit)
        rows: list[Row] = []
        place = await reading.run(rows.append, limited=False)
    filled = [row for row in rows if row[sort.name] is not None]
    filled.sort(key=lambda row: _order(row[sort.name]), reverse=wanted.sort.startswith("-"))
    shown = [*filled, *(row for row in rows if row[sort.name] is None)][: wanted.limit]
    for row in shown:
        emit({column.name: row[column.name] for column in wanted.columns})
    return replace(place, start=None, end=None) if place and len(shown) < len(rows) else place


async def _with_ids(client: Client, session: Session, wanted: Wanted) -> Wanted:
    """What is wanted, with ids in place of addresses."""
    refers = {one.argument: PARENTS[one.refers] for one in wanted.listing.filters if one.refers}

    async def id_of(listing: Listing, text: str) -> str:
        kind = text.partition("/")[0]
        if kind == text or kind not in ADDRESSED:
            return text
        if kind != listing.node:
            raise InvalidInput.of("address", f'"{text}" is the address of no {listing.singular}')
        return (await owned_at(client, as_written(session)[0], Address.parse(text))).id

    filters: dict[str, Any] = dict(wanted.filters)
    for argument, given in filters.items():
        if isinstance(given, str) and argument in refers:
            filters[argument] = await id_of(refers[argument], given)
    return replace(
        wanted,
        name=await id_of(wanted.listing, wanted.name),
        parent=await id_of(INTEGRATIONS, wanted.parent),
        filters=filters,
    )


def _order(value: Any) -> tuple[bool, Any]:
    """Numbers before texts, texts whatever their case."""
    if isinstance(value, int | float):
        return (False, value)
    return (True, str(value).casefold())
