"""Whole lists out of pages, checked: positions shift when rows come and go while they are read.

Facts: transport.md, section 4. A page holds at most 100; a cursor is a position and not a key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import anyio
from msgspec import Struct

from reconciler.api.wire import Connection
from reconciler.model.digest import sha256
from reconciler.model.errors import ApiError, ReconcilerError, TooCostly
from reconciler.model.operation import Operation

LARGEST = 100
_SMALLER = (50, 20, 10, 5, 2, 1)
"""What is asked for instead, where the server finds that a page costs too much."""
_TRIES = 5
_MANY = 1000


class Executor(Protocol):
    """What executes an operation: the Client, or a test's stand-in. One that has `sizes` keeps there how
    large a page its server finds affordable, by what is asked for.
    """

    async def execute(self, op: Operation) -> Any:
        """The connection that `op` asks for."""
        ...


Kept = Callable[[Any], Any]
"""What is kept of a node."""


def _as_it_is(node: Any) -> Any:
    return node


class _Page(Struct, frozen=True):
    rows: list[Any]  # with the null nodes, which count as rows
    keys: list[str | int]  # the ids of those that have one
    total: int | None
    more: bool
    cursor: str | None


async def read_all(
    client: Executor,
    make: Callable[[int, int], Operation],
    *,
    page: int = LARGEST,
    concurrency: int = 8,
    kept: Kept = _as_it_is,
) -> list[Any]:
    """Every node of a list, in the server's order; `make(first, offset)` gives the operation for a page, and
    `kept` what is kept of a node: of a long list, all nodes at once take much room.

    The first page is read alone, the others at the same time. The list is read again if it changed
    meanwhile. Raises ApiError if it keeps changing, and what `execute` raises.
    """
    first = min(page, LARGEST)
    for _ in range(_TRIES):
        rows = await _read_once(client, make, first, concurrency, kept)
        if rows is not None:
            return [row for row in rows if row is not None]
    op = make(first, 0)
    raise ApiError(
        f"{op.name}: the list keeps changing while it is read ({_TRIES} times)",
        operation=op.name,
        address=op.address,
        hint="wait until whatever changes it is done, then run again",
    )


async def read_short(
    client: Executor,
    make: Callable[[int, int], Operation],
    *,
    page: int = LARGEST,
    concurrency: int = 8,
    kept: Kept = _as_it_is,
) -> list[Any] | int:
    """Every node of a list that fits into one page, or would if the server did not find that too costly; of a
    longer one how many pages it has, many where the server does not tell. Raises what `execute` does.
    """
    head, _ = await _affordable(client, lambda size: make(size, 0), min(page, LARGEST), kept)
    whole = not head.more if head.total is None else head.total <= len(head.rows)
    if whole:
        return [row for row in head.rows if row is not None]
    if head.total and head.rows and head.total <= page:
        step = len(head.rows)
        rest = [make(step, offset) for offset in range(step, head.total, step)]
        rows = _whole([head, *await _together(client, rest, concurrency, kept)])
        if rows is None:
            return await read_all(client, make, page=page, concurrency=concurrency, kept=kept)
        return [row for row in rows if row is not None]
    return -(-head.total // len(head.rows)) if head.total and head.rows else _MANY


async def stream(
    client: Executor,
    make: Callable[[int, str | None], Operation],
    *,
    page: int = LARGEST,
) -> AsyncIterator[dict[str, Any]]:
    """The nodes of a list as they are read, page after page; `make(first, after)` gives the operation.

    A node that shifted onto the next page is not given twice. Raises ApiError where the server says that
    there is more without saying where, and what `execute` raises.
    """
    first = min(page, LARGEST)
    after: str | None = None
    seen: set[str | int] = set()
    cursors: set[str] = set()
    while True:

        def page_of(size: int, after: str | None = after) -> Operation:
            return make(size, after)

        part, first = await _affordable(client, page_of, first)
        op = make(first, after)
        for row in part.rows:
            key = id_of(row)
            if row is not None and key not in seen:
                yield row
            if key is not None:
                seen.add(key)
        if not part.more:
            return
        if not part.cursor or part.cursor in cursors:
            raise ApiError(
                f"{op.name}: the server says that there are more pages, but not where they begin",
                operation=op.name,
                address=op.address,
            )
        cursors.add(part.cursor)
        after = part.cursor


async def _read_once(
    client: Executor,
    make: Callable[[int, int], Operation],
    first: int,
    concurrency: int,
    kept: Kept,
) -> list[Any] | None:
    """All rows, or None if the pages do not fit together."""
    head, first = await _affordable(client, lambda size: make(size, 0), first, kept)
    if head.total is None:
        return await _follow(client, make, first, head, kept)
    # A server that gives fewer than were asked for sets the step.
    step = len(head.rows)
    if step == 0 or step >= head.total:
        return _whole([head])
    operations = [make(step, offset) for offset in range(step, head.total, step)]
    return _whole([head, *await _together(client, operations, concurrency, kept)])


async def _affordable(
    client: Executor,
    make: Callable[[int], Operation],
    size: int,
    kept: Kept = _as_it_is,
) -> tuple[_Page, int]:
    """The largest page that the server does not find too costly, and the size that was asked for: of what was
    found too costly before, no more is asked for again.
    """
    # Whether it is one that remembers is not asked of its type: that takes longer than all the rest.
    sizes: dict[str, int] = getattr(client, "sizes", {})
    asked = size
    size = min(size, sizes.get(_asked(make(size)), size)) if sizes else size
    while True:
        op = make(size)
        try:
            found = _page(op, await client.execute(op), kept), size
            if size < asked:
                sizes[_asked(op)] = size
            return found
        except TooCostly:
            smaller = next((one for one in _SMALLER if one < size), None)
            if smaller is None:
                raise
            size = smaller


def _asked(op: Operation) -> str:
    """What tells apart what is asked for, whatever page of it."""
    return f"{op.name} {sha256(op.document)[:12]}"


async def _follow(
    client: Executor,
    make: Callable[[int, int], Operation],
    first: int,
    head: _Page,
    kept: Kept,
) -> list[Any] | None:
    """The rows of a list without a totalCount (some have none): page after page, by position."""
    rows, keys, part = list(head.rows), list(head.keys), head
    while part.more and part.rows:
        op = make(first, len(rows))
        part = _page(op, await client.execute(op), kept)
        rows += part.rows
        keys += part.keys
    return rows if _are_unique(keys) else None


async def _together(
    client: Executor, operations: Sequence[Operation], concurrency: int, kept: Kept
) -> list[_Page]:
    pages: dict[int, _Page] = {}
    failures: list[ReconcilerError] = []
    left = iter(enumerate(operations))

    async def work() -> None:
        for index, op in left:
            try:
                pages[index] = _page(op, await client.execute(op), kept)
            except ReconcilerError as error:
                # Kept, so that callers see the error itself and not a group around it.
                failures.append(error)
                group.cancel_scope.cancel()
                return

    async with anyio.create_task_group() as group:
        for _ in range(min(concurrency, len(operations))):
            group.start_soon(work)
    if failures:
        raise failures[0]
    return [pages[index] for index in range(len(operations))]


def _whole(parts: Sequence[_Page]) -> list[Any] | None:
    rows = [row for part in parts for row in part.rows]
    keys = [key for part in parts for key in part.keys]
    agree = all(part.total == len(rows) for part in parts)
    return rows if agree and _are_unique(keys) else None


def _are_unique(keys: Sequence[str | int]) -> bool:
    return len(keys) == len(set(keys))


def id_of(row: Any) -> str | int | None:
    """The id of a node, be it typed or not; None where it has none."""
    found = row.get("id") if isinstance(row, dict) else getattr(row, "id", None)
    return found if isinstance(found, str | int) else None


def _page(op: Operation, connection: Any, kept: Kept) -> _Page:
    if isinstance(connection, Connection):
        return _Page(
            *_rows(connection.nodes, kept),
            total=connection.total_count,
            more=connection.page_info.has_next_page,
            cursor=connection.page_info.end_cursor,
        )
    if isinstance(connection, list):  # not every list of the API comes in pages
        return _Page(*_rows(connection, kept), total=len(connection), more=False, cursor=None)
    if not isinstance(connection, dict) or not isinstance(connection.get("nodes"), list):
        raise ApiError(f"{op.name}: the answer is not a list", operation=op.name, address=op.address)
    info = connection.get("pageInfo")
    info = info if isinstance(info, dict) else {}
    total = connection.get("totalCount")
    return _Page(
        *_rows(connection["nodes"], kept),
        total=total if isinstance(total, int) else None,
        more=bool(info.get("hasNextPage")),
        cursor=cursor if isinstance(cursor := info.get("endCursor"), str) else None,
    )


def _rows(nodes: list[Any], kept: Kept) -> tuple[list[Any], list[str | int]]:
    keys = [key for row in nodes if (key := id_of(row)) is not None]
    return [None if row is None else kept(row) for row in nodes], keys
