"""Why this exists: filters are many and alike, so a kind lists its own in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .context import Context
from .ids import from_global
from .resolvers import snake

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


def holds(condition: str) -> Filter:
    """A condition with the value in it."""
    return lambda _, value: (condition, [value])


def is_null(column: str) -> Filter:
    """Absent or present."""
    return lambda _, value: (f"{column} IS {'' if value else 'NOT '}NULL", [])


def among(column: str, values: Sequence[Any]) -> Condition:
    """Any of these values."""
    return f"{column} IN ({','.join('?' * len(values))})", list(values)


def one_of(column: str) -> Filter:
    """Any of these texts."""
    return lambda _, values: among(column, values)


def exact(column: str) -> Filter:
    """The same value."""
    return holds(f"{column} = ?")


_COMPARED = {
    "_Iexact": "fold({}) = fold(?)",
    "_Icontains": "instr(fold({}), fold(?)) > 0",
    "_Istartswith": "instr(fold({}), fold(?)) = 1",
    "_Gt": "{} > ?",
    "_Gte": "{} >= ?",
    "_Lt": "{} < ?",
    "_Lte": "{} <= ?",
}


def on(*names: str, **others: str) -> dict[str, Filter]:
    """Every test that the schema may have on columns that bear the filters' names, or these other columns."""
    found: dict[str, Filter] = {}
    for name, column in ({name: snake(name) for name in names} | others).items():
        found |= {name: exact(column), f"{name}_Isnull": is_null(column), f"{name}_In": one_of(column)}
        found |= {f"{name}{suffix}": holds(test.format(column)) for suffix, test in _COMPARED.items()}
    return found


def flag(expression: str) -> Filter:
    """Whether an expression is true."""
    return lambda _, value: (expression if value else f"NOT ({expression})", [])


def flags(*names: str, **others: str) -> dict[str, Filter]:
    """Columns that hold 0 or 1 and bear the filters' names, or these other expressions."""
    return {name: flag(expression) for name, expression in ({n: snake(n) for n in names} | others).items()}


def never(*names: str) -> dict[str, Filter]:
    """Filters on what no object has."""
    return dict.fromkeys(names, lambda _, __: ("0", []))


def absent(*names: str) -> dict[str, Filter]:
    """Filters on whether something is absent that no object has."""
    return dict.fromkeys(names, lambda _, value: ("1" if value else "0", []))


def upper(column: str) -> Filter:
    """Given in any case, kept in capitals."""
    return lambda _, value: (f"{column} = ?", [value.upper()])


def upper_in(column: str) -> Filter:
    """Any of these, given in any case, kept in capitals."""
    return lambda _, values: among(column, [value.upper() for value in values if value])


def having(condition: str, kind: str | None = None) -> Filter:
    """A condition with the value in it, or the uuid in an id of this kind; nothing means not asked."""

    def make(_: Context, value: Any) -> Condition | None:
        if value in (None, ""):
            return None
        return condition, [from_global(kind, value) if kind else value]

    return make


def reference(column: str, kind: str) -> Filter:
    """A row of another table; an empty id means not asked."""
    return having(f"{column} = ?", kind)


def ids(column: str, kind: str) -> Filter:
    """Any of these ids."""
    return lambda _, values: among(column, [from_global(kind, value) for value in values if value])


def _label(context: Context, value: str) -> Condition:
    """Bears this label; whether a part of one will do is a rule."""
    same = "value = ?" if context.rules["label_match"] == "whole" else "instr(value, ?) > 0"
    return f"EXISTS (SELECT 1 FROM json_each(labels) WHERE {same})", [value]


def _label_part(_: Context, value: str) -> Condition:
    """Bears a label with this in it."""
    return "EXISTS (SELECT 1 FROM json_each(labels) WHERE instr(fold(value), fold(?)) > 0)", [value]


LABELS: Mapping[str, Filter] = {"labels_Contains": _label, "labels_Icontains": _label_part}
TIMES: Mapping[str, Filter] = on("createdAt", "updatedAt")
