"""Why this exists: connections page by position, with the limits and habits of Django's GraphQL library."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

from ...store import Store

LIMIT = 100
_CURSOR = "arrayconnection:"


@lru_cache(maxsize=8192)
def cursor(position: int) -> str:
    """The cursor of a position."""
    return b64encode(f"{_CURSOR}{position}".encode()).decode()


def position_of(value: str | None) -> int | None:
    """The position in a cursor; what is no cursor counts as none."""
    if not value:
        return None
    try:
        text = b64decode(value, validate=True).decode()
        return max(-1, int(text.removeprefix(_CURSOR))) if text.startswith(_CURSOR) else None
    except (Error, ValueError):
        return None


class Connection:
    """A window on a list; reads its rows and its length only when they are asked for."""

    def __init__(
        self,
        info: Any,
        arguments: Mapping[str, Any],
        fetch: Callable[[int, int], Sequence[Any]],
        count: Callable[[], int],
    ) -> None:
        self._first, self._last = (_limited(info, side, arguments.get(side)) for side in ("first", "last"))
        offset, before = arguments.get("offset"), arguments.get("before")
        if offset is not None and before:
            raise GraphQLError(
                "You can't provide a `before` value at the same time as an `offset` value to properly "
                f"paginate the `{info.field_name}` connection."
            )
        after = position_of(arguments.get("after"))
        self._after = max(0, (-1 if after is None else after) + 1 + (offset or 0))
        self._before = position_of(before)
        self._fetch, self._count = fetch, count
        self._total: int | None = None
        self._nodes: Sequence[Any] | None = None
        self._start = self._upper = 0

    def total(self) -> int:
        """How many there are beyond the window too."""
        if self._total is None:
            self._total = self._count()
        return self._total

    def nodes(self) -> Sequence[Any]:
        """What is in the window."""
        if self._nodes is not None:
            return self._nodes
        self._start = self._after
        if self._before is None and self._last is None:
            size = LIMIT if self._first is None else self._first
            rows = self._fetch(self._start, size + 1)  # one more tells whether there is a next page
            self._upper = self._start + len(rows)
            self._nodes = rows[:size]
            return self._nodes
        self._upper = self.total() if self._before is None else min(self.total(), self._before)
        end = self._upper if self._first is None else min(self._upper, self._start + self._first)
        if self._last is not None:
            self._start = max(self._start, end - self._last)
        elif self._first is None:
            end = min(end, self._start + LIMIT)
        self._nodes = self._fetch(self._start, end - self._start) if end > self._start else []
        return self._nodes

    def edges(self) -> list[dict[str, Any]]:
        """The nodes with their cursors."""
        nodes = self.nodes()
        return [{"node": node, "cursor": cursor(self._start + at)} for at, node in enumerate(nodes)]

    def page_info(self) -> dict[str, Any]:
        """Where the window is."""
        size = len(self.nodes())
        end = self._start + size
        return {
            "hasNextPage": end < self._upper,
            "hasPreviousPage": self._last is not None and self._start > self._after,
            "startCursor": cursor(self._start) if size else None,
            "endCursor": cursor(end - 1) if size else None,
        }


def _limited(info: Any, side: str, value: int | None) -> int | None:
    if value is None:
        return None
    name = info.field_name
    if value < 0:
        raise GraphQLError(f"Argument `{side}` of the `{name}` connection must be a non-negative integer.")
    if value > LIMIT and info.context.rules["page_overflow"] == "error":
        raise GraphQLError(
            f"Requesting {value} records on the `{name}` connection "
            f"exceeds the `{side}` limit of {LIMIT} records."
        )
    return min(value, LIMIT)


def of_list(info: Any, items: Sequence[Any], arguments: Mapping[str, Any]) -> Connection:
    """A connection over things already at hand."""
    return Connection(info, arguments, lambda start, size: items[start : start + size], lambda: len(items))


def of_table(
    info: Any,
    table: str,
    where: Sequence[str],
    parameters: Sequence[Any],
    order: str,
    arguments: Mapping[str, Any],
) -> Connection:
    """A connection over the rows of a table."""
    store: Store = info.context.store

    def fetch(start: int, size: int) -> Sequence[Any]:
        rows = store.select(table, where, parameters, order, size, start)
        info.context.expect(table, rows)
        return rows

    return Connection(info, arguments, fetch, lambda: store.count(table, where, parameters))


def empty(_: Any, info: Any, **arguments: Any) -> Connection:
    """A list that is truly empty in this tenant."""
    return of_list(info, (), arguments)
