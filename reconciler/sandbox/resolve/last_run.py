"""Why this exists: instances and flows show when they ran last, and whether that failed."""

from __future__ import annotations

from typing import Any

from .context import Context
from .fields import Resolver
from .filters import Condition, Filter


def last_executed(column_name: str) -> Resolver:
    """When what this column refers to ran last."""

    def resolve(value: Any, info: Any) -> str | None:
        identifier = value["id"] if isinstance(value, dict) else value.id
        sql = f"SELECT max(created_at) AS at FROM execution WHERE {column_name} = ?"
        found: str | None = info.context.store.all(sql, [identifier])[0]["at"]
        return found

    return resolve


_FAILED_LAST = (
    "coalesce((SELECT e.error IS NOT NULL FROM execution e WHERE e.{} = {} AND e.ready <= {}"
    " ORDER BY e.created_at DESC LIMIT 1), 0)"
)


def in_failed_state(column_name: str) -> Resolver:
    """Whether what this column refers to failed when it ran last."""

    def resolve(value: Any, info: Any) -> bool:
        identifier = value["id"] if isinstance(value, dict) else value.id
        sql = f"SELECT {_FAILED_LAST.format(column_name, '?', info.context.requests)} AS failed"
        return bool(info.context.store.all(sql, [identifier])[0]["failed"])

    return resolve


def failed_filter(column_name: str, own: str) -> Filter:
    """The filter inFailedState of a table."""

    def make(context: Context, value: Any) -> Condition:
        return f"{_FAILED_LAST.format(column_name, own, context.requests)} = ?", [int(value)]

    return make
