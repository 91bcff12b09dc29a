"""Why this exists: most fields are read in one of a few ways, so a kind says which, and by which name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .errors import NotFoundError
from .ids import from_global, to_global

Resolver = Callable[..., Any]
_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def snake(name: str) -> str:
    """How the tables and definitions spell a name of the schema."""
    return _INNER_CAPITAL.sub("_", name).lower()


def identity(value: Any) -> str:
    """The uuid of a row or of a part of one."""
    found: str = value["id"] if isinstance(value, dict) else value.id
    return found


def column(name: str) -> Resolver:
    """A column of the row, or a key of a mapping."""
    return lambda row, _: row[name]


def boolean(name: str) -> Resolver:
    """A column that holds 0 or 1."""
    return lambda row, _: row[name] != 0


def json_column(name: str) -> Resolver:
    """A column that holds JSON, or nothing, read as what it stands for."""
    return lambda row, _: json.loads(row[name]) if row[name] else None


def attribute(name: str) -> Resolver:
    """An attribute of the object."""
    return lambda value, _: getattr(value, name)


def body(name: str) -> Resolver:
    """A key of the object's body."""
    return lambda value, _: value.body[name]


def alike(make: Callable[[str], Resolver], *names: str) -> dict[str, Resolver]:
    """Fields that are read alike, each from what bears its name."""
    return {name: make(snake(name)) for name in names}


def constants(value: Any, *names: str) -> dict[str, Resolver]:
    """Fields that are the same for every object of every tenant."""
    return dict.fromkeys(names, lambda _, __, **___: value)


def global_id(kind: str, name: str = "id") -> Resolver:
    """The global id of a row."""
    return lambda row, _: to_global(kind, row[name])


def may_write(_: Any, info: Any) -> bool:
    """Every allow… field: what the asking role permits."""
    allowed: bool = info.context.may_write
    return allowed


def labels(row: Any, info: Any) -> Any:
    """The labels of a row, as the rules read them back."""
    return info.context.labels(row["labels"])


def relation(table: str, name: str) -> Resolver:
    """The row of another table that a column refers to."""
    return lambda row, info: info.context.row(table, row[name]) if row[name] else None


def always(_: Any, __: Any) -> bool:
    """A row that shows as soon as it is there."""
    return True


def by_id(table: str, kind: str, shows: Callable[[Any, Any], bool] = always) -> Resolver:
    """A root field that looks a row up; what is not found is for the request's rules to show."""

    def resolve(_: Any, info: Any, id: str) -> Any:
        row = info.context.store.get(table, from_global(kind, id))
        return row if row is not None and shows(row, info) else not_found(info)

    return resolve


def not_found(info: Any) -> Any:
    """Null or an error, as the rule has it."""
    if info.context.rules["not_found"] != "null":
        raise NotFoundError
    return None


def secret(read: Resolver) -> Resolver:
    """A field that the rules may keep from being read back."""
    return lambda value, info: (
        None if info.context.rules["secrets_read_back"] == "hidden" else read(value, info)
    )
