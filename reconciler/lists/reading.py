"""One of the tenant's lists, row by row as its pages arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from reconciler.api.pages import LARGEST, stream
from reconciler.lists.components import COMPONENTS
from reconciler.lists.executions import EXECUTIONS
from reconciler.lists.listing import Column, Filter, Listing, Place, Row, one_of, page_of, row_of
from reconciler.lists.lookups import (
    SEARCHED,
    NotThere,
    Rows,
    by_id,
    check_sequence,
    check_type,
    draft_of,
    flow_filters,
    identifier_of,
    is_id,
    missing,
    sequence_of,
    with_names,
)
from reconciler.lists.tables import CUSTOMERS, FLOW_SETTINGS, INSTANCES, INTEGRATIONS
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.hints import suggest
from reconciler.model.operation import Operation

if TYPE_CHECKING:
    from reconciler.api import Client

PARENTS = {
    **{one.kind: one for one in (CUSTOMERS, INTEGRATIONS, INSTANCES, COMPONENTS, EXECUTIONS)},
    "flow settings": FLOW_SETTINGS,
}
"""The lists that filters refer to."""


class Wanted(Struct, frozen=True):
    """What is asked for. `filters` are arguments of the API, `page` its paging arguments: with any of them
    just that page is read. `parent` is the integration that versions and flows belong to.
    """

    listing: Listing
    columns: tuple[Column, ...]
    name: str = ""
    filters: Mapping[str, Any] = {}
    page: Mapping[str, Any] = {}
    limit: int | None = None
    sort: str = ""
    parent: str = ""


def columns(listing: Listing, names: str, *, every: bool = False) -> tuple[Column, ...]:
    """The columns that `names` asks for, with commas; else those that are shown, or all with `every`.
    Raises InvalidInput.
    """
    if names:
        return tuple(column_of(listing, name.strip()) for name in names.split(","))
    return listing.columns if every else listing.shown


def column_of(listing: Listing, name: str) -> Column:
    """The list's column of this name. Raises InvalidInput."""
    found = listing.column(name)
    if found is None:
        known = [column.name for column in listing.columns]
        hint = suggest(name, known, f"the columns of {listing.kind} are {', '.join(known)}")
        raise InvalidInput.of("unknown-column", f'{listing.kind} have no column "{name}"', hint=hint)
    return found


class Reading:
    """One list being read. Also the executor of its pages, which takes nested lists out of their parent."""

    def __init__(self, client: Client, wanted: Wanted, columns: Sequence[Column]) -> None:
        self._client = client
        self._wanted = wanted
        self._listing = wanted.listing
        self._columns = columns
        self._filters: dict[str, Any] = dict(wanted.filters)
        self._rows = Rows(client)
        self._parent = ""
        self._draft = ""
        self._names: Mapping[str, Sequence[str]] = {}

    async def execute(self, op: Operation) -> Any:
        """A page's connection."""
        answer = await self._client.execute(op)
        if not self._listing.nested:
            return answer
        if not isinstance(answer, Mapping):
            raise NotThere(f'integration "{self._wanted.parent}" does not exist')
        return answer.get(self._listing.root)

    async def run(self, emit: Callable[[Row], None], *, limited: bool = True) -> Place | None:
        """Emits the rows; where they lie, if one page was asked for."""
        if not self._listing.named and not self._listing.nested:
            emit(row_of(self._columns, await self._client.execute(one_of(self._listing, self._columns, ""))))
            return None
        await self._resolve()
        name, limit = self._wanted.name, self._wanted.limit if limited else None
        if self._wanted.page and not name:
            return await self._page(emit, limit)
        if not name:
            await self._all(emit, self._filters, limit)
        elif not await self._named(name, emit, limit):
            raise await self._missing(name)
        return None

    async def _resolve(self) -> None:
        """Ids in place of the names that filters and the parent may be."""
        for one in self._listing.filters:
            if one.refers and one.argument in self._filters:
                await self._refer(one, PARENTS[one.refers])
        flow = str(self._filters.get("flow") or "")
        if flow and not is_id(flow):  # whose name says nothing without what was resolved before
            del self._filters["flow"]
            self._filters |= await flow_filters(self._client, flow, self._filters)
        if self._listing.nested:
            parent = self._wanted.parent  # whose id need not be looked for: the list tells if it is none
            check_type(INTEGRATIONS, parent)
            named = not is_id(parent)
            self._parent = await identifier_of(self._client, INTEGRATIONS, parent) if named else parent
            if self._listing.kind == "versions":
                self._draft, self._names = await draft_of(self._client, self._parent)

    async def _refer(self, one: Filter, parent: Listing) -> None:
        given = self._filters.pop(one.argument)
        if one.type == "UUID":
            await check_sequence(self._client, parent, given)
            self._filters[one.argument] = given
            return
        if isinstance(given, list):
            self._filters[one.argument] = [await identifier_of(self._client, parent, each) for each in given]
            return
        identifier = await identifier_of(self._client, parent, given)
        sequence = await sequence_of(self._client, identifier) if one.by_sequence else ""
        if sequence:
            self._filters.setdefault(one.by_sequence, sequence)
        else:
            self._filters[one.argument] = identifier

    async def _page(self, emit: Callable[[Row], None], limit: int | None) -> Place | None:
        """The one page. A limit makes it smaller, so that the next begins where this one ends."""
        page = dict(self._wanted.page)
        if limit is not None:
            side = "last" if "last" in page else "first"
            page[side] = min(page.get(side, LARGEST), limit)
        if limit == 0:
            return None
        connection = await self.execute(
            page_of(self._listing, self._columns, self._filters, page, self._parent)
        )
        for node in connection.get("nodes") or ():
            if node is not None and node.get("id") != self._draft:
                emit(await self._rows.row(self._columns, with_names(node, self._names)))
        return Place.of(connection)

    async def _all(
        self,
        emit: Callable[[Row], None],
        filters: Mapping[str, Any],
        limit: int | None,
        fits: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    ) -> int:
        """Emits the rows of all pages that fit, and counts them."""

        def make(first: int, after: str | None) -> Operation:
            paging = {"first": first, **({"after": after} if after else {})}
            return page_of(self._listing, self._columns, filters, paging, self._parent)

        count = 0
        if limit == 0:
            return count
        pages = cast(
            AsyncGenerator[dict[str, Any], None], stream(self, make, page=min(limit or LARGEST, LARGEST))
        )
        async with aclosing(pages) as nodes:
            async for node in nodes:
                if node.get("id") != self._draft and fits(one := with_names(node, self._names)):
                    emit(await self._rows.row(self._columns, one))
                    count += 1
                if count == limit:
                    break
        return count

    async def _named(self, name: str, emit: Callable[[Row], None], limit: int | None) -> int:
        """Emits what has this name or this id, and counts it."""
        listing = self._listing
        if listing.named:
            if is_id(name):
                node = await by_id(self._client, listing, self._columns, name)
                if node is not None:
                    emit(await self._rows.row(self._columns, node))
                return int(node is not None)
            if listing.named == "id":
                return 0
            return await self._all(emit, {**self._filters, listing.named: name}, limit)
        # The API does not look for names in these lists, so their columns must be there to be looked at.
        needed = [column_of(listing, column) for column in ("id", listing.name, *listing.also_named)]
        shown = self._columns
        self._columns = (*shown, *needed)

        def keep(row: Row) -> None:
            emit({column.name: row[column.name] for column in shown})

        def fits(node: Mapping[str, Any]) -> bool:
            return any(name in str(column.value(node)).split(", ") for column in needed)

        return await self._all(keep, self._filters, limit, fits)

    async def _missing(self, name: str) -> ReconcilerError:
        """The error for a name that nothing has, with those that are near to it."""
        listing = self._listing
        if listing.named == "id":
            return missing(listing, name, ())
        wanted = [column_of(listing, column) for column in (listing.name, *listing.also_named)]
        self._columns = wanted
        rows: list[Row] = []
        await self._all(rows.append, {}, SEARCHED)
        names = dict.fromkeys(str(row[c.name]) for row in rows for c in wanted if row[c.name] is not None)
        return missing(listing, name, list(names))
