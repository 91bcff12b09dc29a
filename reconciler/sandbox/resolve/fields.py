"""Why this exists: most fields are a column or an attribute, so a kind lists them in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ariadne import ObjectType

from .errors import NotFoundError
from .ids import from_global, to_global

Resolver = Callable[..., Any]


def column(name: str) -> Resolver:
    """A column of the row."""
    return lambda row, _: row[name]


def boolean(name: str) -> Resolver:
    """A column that holds 0 or 1."""
    return lambda row, _: row[name] != 0


def attribute(name: str) -> Resolver:
    """An attribute of the object."""
    return lambda value, _: getattr(value, name)


def body(name: str) -> Resolver:
    """A key of the object's body."""
    return lambda value, _: value.body[name]


def constant(value: Any) -> Resolver:
    """The same for every object of every tenant."""
    return lambda _, __, **___: value


def global_id(kind: str, name: str = "id") -> Resolver:
    """The global id of a row."""
    return lambda row, _: to_global(kind, row[name])


def attribute_id(kind: str) -> Resolver:
    """The global id of an object."""
    return lambda value, _: to_global(kind, value.id)


def may_write(_: Any, info: Any) -> bool:
    """Every allow… field: what the asking role permits."""
    allowed: bool = info.context.may_write
    return allowed


def labels(row: Any, info: Any) -> Any:
    """The labels of a row, as the rules read them back."""
    return info.context.labels(row["labels"])


def relation(table: str, name: str) -> Resolver:
    """The row of another table that a column refers to."""

    def resolve(row: Any, info: Any) -> Any:
        return info.context.row(table, row[name]) if row[name] else None

    return resolve


def by_id(table: str, kind: str) -> Resolver:
    """A root field that looks a row up; what is not found is for the request's rules to show."""

    def resolve(_: Any, info: Any, id: str) -> Any:
        row = info.context.store.get(table, from_global(kind, id))
        return row if row is not None else not_found(info)

    return resolve


def not_found(info: Any) -> Any:
    """Null or an error, as the rule has it."""
    if info.context.rules["not_found"] != "null":
        raise NotFoundError
    return None


def bind(kind: str, resolvers: Mapping[str, Resolver]) -> ObjectType:
    """The resolvers of a type."""
    bound = ObjectType(kind)
    for name, resolver in resolvers.items():
        bound.set_field(name, resolver)
    return bound
