"""Why this exists: instances and flows show when they ran last, and whether that failed."""

from __future__ import annotations

from typing import Any

from ..frame.context import Context
from ..frame.filters import Filter
from ..frame.resolvers import Resolver, identity

_FAILED_LAST = (
    "coalesce((SELECT e.error IS NOT NULL FROM execution e WHERE e.{} = {} AND e.ready <= {}"
    " ORDER BY e.created_at DESC LIMIT 1), 0)"
)


def last_executed(column: str) -> Resolver:
    """When what this column refers to ran last."""

    def resolve(value: Any, info: Any) -> str | None:
        sql = f"SELECT max(created_at) AS at FROM execution WHERE {column} = ?"
        found: str | None = info.context.store.all(sql, [identity(value)])[0]["at"]
        return found

    return resolve


def in_failed_state(column: str) -> Resolver:
    """Whether what this column refers to failed when it ran last."""

    def resolve(value: Any, info: Any) -> bool:
        sql = f"SELECT {_FAILED_LAST.format(column, '?', info.context.requests)} AS failed"
        return bool(info.context.store.all(sql, [identity(value)])[0]["failed"])

    return resolve


def failed_filter(column: str, own: str) -> Filter:
    """The filter inFailedState of a table."""

    def make(context: Context, value: Any) -> tuple[str, list[Any]]:
        return f"{_FAILED_LAST.format(column, own, context.requests)} = ?", [int(value)]

    return make
