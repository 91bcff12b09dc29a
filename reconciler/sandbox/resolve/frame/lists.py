"""Why this exists: lists of rows are many and alike, so a kind describes its own, and others narrow it.

A field that lists objects of another kind says only which of them (``Those``): the schema joins it with the
description of the kind that is listed. So two kinds may list each other without knowing of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import filters, paging
from .context import Context
from .filters import Filter
from .resolvers import Resolver, identity

Narrow = Callable[[Any, Any], tuple[Sequence[str], Sequence[Any]]]
"""(parent, info) to conditions on the rows, with their parameters."""
Arguments = Mapping[str, Any]
_DEFAULTS = {
    "created": "created_at",
    "newest": "created_at DESC",
    "updated": "updated_at DESC",
    "name": "name",
}


@dataclass(frozen=True, slots=True)
class Those:
    """The objects of another kind that a field lists."""

    narrow: Narrow


def where(condition: str, read: Callable[[Any], Any] = identity) -> Those:
    """Those that fulfil a condition on what is read of the parent, its id if nothing is said."""
    return Those(lambda parent, _: ((condition,), (read(parent),)))


def of_parent(column: str) -> Those:
    """Rows with a column that is the parent's id."""
    return where(f"{column} = ?")


def that_list(column: str) -> Those:
    """Rows with a column that lists the parent's id."""
    return where(f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = ?)")


def listed_in(column: str) -> Those:
    """Rows whose ids a column of the parent lists."""
    return where("id IN (SELECT value FROM json_each(?))", lambda parent: parent[column])


ALL = Those(lambda _, __: ((), ()))


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a table are listed.

    Orders are named for their columns, in capitals; order holds those that are not. Without default_order the
    rule decides. shown tells the conditions that hold whatever is asked for.
    """

    table: str
    filters: Mapping[str, Filter]
    order: Mapping[str, str | Callable[[Context], str]] = field(default_factory=dict)
    default_order: str | None = None
    shown: Callable[[Context, Arguments], Sequence[str]] = lambda _, __: ()

    def listed(self, those: Those = ALL) -> Resolver:
        """A field that lists those."""

        def resolve(parent: Any, info: Any, **arguments: Any) -> paging.Connection:
            return self.select(info, arguments, *those.narrow(parent, info))

        return resolve

    def select(
        self, info: Any, arguments: Arguments, conditions: Sequence[str] = (), extra: Sequence[Any] = ()
    ) -> paging.Connection:
        """Rows by what is asked for and by further conditions."""
        asked, parameters = filters.build(info.context, self.filters, arguments)
        every = [*conditions, *asked, *self.shown(info.context, arguments)]
        order = self._order(info.context, arguments)
        return paging.of_table(info, self.table, every, [*extra, *parameters], order, arguments)

    def _order(self, context: Context, arguments: Arguments) -> str:
        """An ORDER BY; created_at decides between equals, so that positions are certain."""
        parts = []
        for name, down in keys_of(arguments):
            found = self.order.get(name, name.lower())
            parts.append((found if isinstance(found, str) else found(context)) + (" DESC" if down else ""))
        default = _DEFAULTS[self.default_order or context.rules["default_order"]]
        return ", ".join([*(parts or [default]), "created_at"])


def keys_of(arguments: Arguments) -> list[tuple[str, bool]]:
    """The fields to sort by, each with whether it descends; orderBy counts when sortBy is absent."""
    wanted = arguments.get("sortBy") or arguments.get("orderBy") or []
    wanted = wanted if isinstance(wanted, list) else [wanted]
    return [(key["field"], key["direction"] == "DESC") for key in wanted if key]


def ordered(
    items: Sequence[Any], readers: Mapping[str, Callable[[Any], Any]], arguments: Arguments
) -> Sequence[Any]:
    """A list in the order asked for; what has no value comes first."""
    for name, down in reversed(keys_of(arguments)):
        read = readers[name]
        items = sorted(items, key=lambda item: ((value := read(item)) is not None, value or 0), reverse=down)
    return items
