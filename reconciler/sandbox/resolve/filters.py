"""Why this exists: filters are many and alike, so a kind lists its own in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .context import Context
from .ids import from_global

Condition = tuple[str, list[Any]]
Filter = Callable[[Context, Any], Condition | None]


def build(
    context: Context, table: Mapping[str, Filter], arguments: Mapping[str, Any]
) -> tuple[list[str], list[Any]]:
    """The conditions that these arguments ask for; null means not asked."""
    where: list[str] = []
    parameters: list[Any] = []
    for name, value in arguments.items():
        make = table.get(name)
        if make is None or value is None:
            continue
        condition = make(context, value)
        if condition is not None:
            where.append(condition[0])
            parameters.extend(condition[1])
    return where, parameters


def exact(column: str) -> Filter:
    """The same value."""
    return lambda _, value: (f"{column} = ?", [value])


def iexact(column: str) -> Filter:
    """The same text in any case."""
    return lambda _, value: (f"fold({column}) = fold(?)", [value])


def icontains(column: str) -> Filter:
    """A part of the text in any case."""
    return lambda _, value: (f"instr(fold({column}), fold(?)) > 0", [value])


def istartswith(column: str) -> Filter:
    """The beginning of the text in any case."""
    return lambda _, value: (f"instr(fold({column}), fold(?)) = 1", [value])


def from_on(column: str) -> Filter:
    """This or greater."""
    return lambda _, value: (f"{column} >= ?", [value])


def up_to(column: str) -> Filter:
    """This or less."""
    return lambda _, value: (f"{column} <= ?", [value])


def is_null(column: str) -> Filter:
    """Absent or present."""
    return lambda _, value: (f"{column} IS {'' if value else 'NOT '}NULL", [])


def flag(expression: str) -> Filter:
    """Whether an expression is true."""
    return lambda _, value: (expression if value else f"NOT ({expression})", [])


def one_of(column: str) -> Filter:
    """Any of these texts."""
    return lambda _, values: (f"{column} IN ({','.join('?' * len(values))})", list(values))


def reference(column: str, kind: str) -> Filter:
    """A row of another table; an empty id means not asked."""
    return lambda _, value: (f"{column} = ?", [from_global(kind, value)]) if value else None


def ids(column: str, kind: str) -> Filter:
    """Any of these ids."""

    def make(_: Context, values: list[str | None]) -> Condition:
        wanted = [from_global(kind, value) for value in values if value]
        return f"{column} IN ({','.join('?' * len(wanted))})", wanted

    return make


def label(context: Context, value: str) -> Condition:
    """Bears this label; whether a part of one will do is a rule."""
    same = "value = ?" if context.rules["label_match"] == "whole" else "instr(value, ?) > 0"
    return f"EXISTS (SELECT 1 FROM json_each(labels) WHERE {same})", [value]


def label_part(_: Context, value: str) -> Condition:
    """Bears a label with this in it."""
    return "EXISTS (SELECT 1 FROM json_each(labels) WHERE instr(fold(value), fold(?)) > 0)", [value]


LABELS: Mapping[str, Filter] = {"labels_Contains": label, "labels_Icontains": label_part}
TIMES: Mapping[str, Filter] = {
    "createdAt_Gte": from_on("created_at"),
    "createdAt_Lte": up_to("created_at"),
    "updatedAt_Gte": from_on("updated_at"),
    "updatedAt_Lte": up_to("updated_at"),
}
