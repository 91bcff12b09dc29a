"""Why this exists: the schema with every resolver bound, built once a process.

Every module beside this one may have KINDS, and ROOT and MUTATIONS, the fields that requests begin with, and
TABLES that it alone knows. A field that nothing resolves answers with an error that names it. Guessing would
be worse: a client that passes on made-up data passes for the wrong reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from ..store import columns_of
from ..tables import TABLES
from .frame.ids import to_global
from .frame.kinds import Field, Kind
from .frame.lists import ALL, Those
from .frame.mutation import Run, mutation
from .frame.resolvers import Resolver, boolean, by_id, column, global_id, labels, may_write, relation, snake
from .frame.scalars import SCALARS

_FOLDER = Path(__file__).parent
_PERMISSION = re.compile("allow[A-Z]")  # what the asking role permits
_MAPPINGS = ("Payload", "Edge", "PageInfo", "ErrorType", "FormResult")  # types that end so are mappings
_CONNECTION: dict[str, Resolver] = {
    "nodes": lambda connection, _: connection.nodes(),
    "edges": lambda connection, _: connection.edges(),
    "pageInfo": lambda connection, _: connection.page_info(),
    "totalCount": lambda connection, _: connection.total(),
}


@cache
def schema() -> GraphQLSchema:
    """The executable schema. That it is valid a test sees to: every command would wait for it here."""
    built = build_schema(published(), assume_valid=True, assume_valid_sdl=True)
    for scalar in SCALARS:
        scalar.bind_to_schema(built)
    binder = _Binder(_kinds(built))
    for name, kind in built.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            binder.bind(kind)
    return built


def published() -> str:
    """The schema's text: what the platform publishes, and what our clients may ask besides."""
    files = ("schema.graphql", "schema_additions.graphql")
    return "\n".join((_FOLDER.parent / name).read_text("utf-8") for name in files)


@cache
def tables() -> dict[str, str]:
    """What a tenant is kept in: the tables that several share, and those of which one module knows."""
    found = dict(TABLES)
    for module in _modules():
        found |= getattr(module, "TABLES", {})
    return found


def _modules() -> Iterator[ModuleType]:
    for found in walk_packages([str(_FOLDER)], f"{__package__}."):
        yield import_module(found.name)


def _kinds(built: GraphQLSchema) -> dict[str, Kind]:
    """Every kind by its type, those of the roots among them."""
    kinds: list[Kind] = []
    query: dict[str, Field] = {}
    runs: dict[str, Run] = {}
    for module in _modules():
        kinds += getattr(module, "KINDS", ())
        query |= getattr(module, "ROOT", {})
        runs |= getattr(module, "MUTATIONS", {})
    mutations = {name: mutation(name, _result(built, name), run) for name, run in runs.items()}
    kinds += [Kind("RootQuery", fields=query), Kind("RootMutation", fields=mutations)]
    return {kind.type: kind for kind in kinds}


def _result(built: GraphQLSchema, name: str) -> str:
    """What the payload of a mutation shows beside its errors."""
    assert built.mutation_type is not None
    payload: Any = get_named_type(built.mutation_type.fields[name].type)
    (result,) = payload.fields.keys() - {"clientMutationId", "errors"}
    return str(result)


class _Binder:
    """Puts a resolver on every field of a type."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._columns = columns_of(tables())

    def bind(self, shown: GraphQLObjectType) -> None:
        kind = self._kinds.get(shown.name)
        if kind and (unknown := kind.fields.keys() - shown.fields.keys()):
            raise ValueError(f"{shown.name} has no fields {', '.join(sorted(unknown))}")
        for name, field in shown.fields.items():
            given = kind.fields.get(name) if kind else None
            field.resolve = (
                self._given(given, field)
                or _of_connection(shown, name)
                or (kind and self._by_convention(kind, name, field))
                or (column(name) if shown.name.endswith(_MAPPINGS) else _refusal(f"{shown.name}.{name}"))
            )

    def _given(self, given: Field | None, field: GraphQLField) -> Resolver | None:
        """What the kind says of a field."""
        if isinstance(given, Those):
            lists = self._lists(field)
            assert lists is not None
            return lists(given)
        return self._column(given, field) if isinstance(given, str) else given

    def _by_convention(self, kind: Kind, name: str, field: GraphQLField) -> Resolver | None:
        """What goes without saying."""
        if kind.type == "RootQuery":
            return self._of_root(field)
        if kind.mapping:
            return column(name)
        if name == "id":
            of_object: Resolver = lambda value, _: to_global(kind.type, value.id)  # noqa: E731
            return global_id(kind.type) if kind.table else of_object
        if snake(name) in self._columns.get(kind.table, ()):
            return self._column(snake(name), field)
        return may_write if _PERMISSION.match(name) else None

    def _of_root(self, field: GraphQLField) -> Resolver | None:
        """A list of all of a kind, or one by its id."""
        if lists := self._lists(field):
            return lists(ALL)
        shown = self._kinds.get(get_named_type(field.type).name)
        looked_up = shown is not None and shown.table and field.args.keys() == {"id"}
        return by_id(shown.table, shown.type) if looked_up and shown else None

    def _lists(self, field: GraphQLField) -> Callable[[Those], Resolver] | None:
        """How the kind is listed whose connection a field is."""
        nodes = getattr(get_named_type(field.type), "fields", {}).get("nodes")
        kind = self._kinds.get(get_named_type(nodes.type).name) if nodes else None
        return kind.lists if kind else None

    def _column(self, name: str, field: GraphQLField) -> Resolver:
        """A column, read as its type in the schema asks."""
        shown = get_named_type(field.type).name
        if shown == "Boolean":
            return boolean(name)
        if shown in self._kinds:
            return relation(self._kinds[shown].table, name)
        return labels if name == "labels" else column(name)


def _of_connection(shown: GraphQLObjectType, name: str) -> Resolver | None:
    return _CONNECTION.get(name) if "pageInfo" in shown.fields and "nodes" in shown.fields else None


def _refusal(path: str) -> Resolver:
    def resolve(_: Any, __: Any, **___: Any) -> Any:
        raise GraphQLError(f"the sandbox does not implement {path}")

    return resolve
