"""Why this exists: small kinds are a row each, made, changed, listed and removed alike."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..store import Row
from . import filters, ordering, paging
from .context import Context
from .errors import RefusedError, missing
from .fields import Resolver
from .filters import Filter
from .ids import from_global
from .mutation import mutation, target

TIMES_ORDER = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "NAME": "name"}


def read(context: Context, table: str, identifier: str) -> Row:
    """A row that is there, as it is now."""
    context.forget()
    row = context.store.get(table, identifier)
    assert row is not None
    return row


def create(context: Context, table: str, changes: Row) -> Row:
    """A new row."""
    identifier, now = str(uuid.uuid4()), context.store.now()
    context.store.insert(table, {"id": identifier, **changes, "created_at": now, "updated_at": now})
    return read(context, table, identifier)


def change(context: Context, table: str, row: Row, changes: Row) -> Row:
    """A row after a change."""
    context.store.update(table, row["id"], {**changes, "updated_at": context.store.now()})
    return read(context, table, row["id"])


def removal(table: str, kind: str, result: str) -> Resolver:
    """The mutation that deletes a row by its id."""

    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        context.store.delete(table, "id", row["id"])
        return row

    return mutation(result, run)


def once(context: Context, table: str, column: str, value: Any, own: str, refusal: tuple[str, str]) -> None:
    """Refuse a value that another row has already; refusal is the input's field and the message."""
    if value and context.store.select(table, [f"{column} = ?", "id <> ?"], [value, own]):
        raise RefusedError(*refusal)


def referred(context: Context, table: str, kind: str, value: str | None, field: str) -> str | None:
    """The uuid behind a reference to a row, which must be there."""
    if not value:
        return None
    identifier = from_global(kind, value)
    if context.store.get(table, identifier) is None:
        raise missing(field)
    return identifier


def referred_all(
    context: Context, table: str, kind: str, values: Sequence[str | None] | None, field: str
) -> str:
    """A list of references, as it is stored: as a set in the order given."""
    found = (referred(context, table, kind, value, field) for value in values or ())
    return json.dumps([identifier for identifier in dict.fromkeys(found) if identifier])


Narrow = Callable[[Any], tuple[Sequence[str], Sequence[Any]]]


def listing(
    table: str,
    tests: Mapping[str, Filter],
    order: Mapping[str, str],
    narrow: Narrow | None = None,
    default: str | None = None,
) -> Resolver:
    """A list of rows with filters; narrow adds what the parent object asks for."""

    def resolve(parent: Any, info: Any, **arguments: Any) -> paging.Connection:
        where, parameters = filters.build(info.context, tests, arguments)
        more, extra = narrow(parent) if narrow else ((), ())
        by = ordering.sql(order, arguments, default or info.context.rules["default_order"])
        return paging.of_table(info, table, [*more, *where], [*extra, *parameters], by, arguments)

    return resolve


def listed_in(name: str) -> Narrow:
    """Rows whose ids a column of the parent lists."""
    return lambda parent: (("id IN (SELECT value FROM json_each(?))",), (parent[name],))


def that_list(name: str) -> Narrow:
    """Rows with a column that lists the parent's id."""
    return lambda parent: ((f"EXISTS (SELECT 1 FROM json_each({name}) WHERE value = ?)",), (parent["id"],))


def of_parent(name: str) -> Narrow:
    """Rows with a column that is the parent's id."""
    return lambda parent: ((f"{name} = ?",), (parent["id"],))


def json_column(name: str) -> Resolver:
    """A column that holds JSON, read as what it stands for."""
    return lambda row, _: json.loads(row[name])
