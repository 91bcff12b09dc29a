"""Why this exists: the schema with every resolver bound, built once a process.

A field that nothing resolves answers with an error that names it. Guessing would be worse: a client that
passes on made-up data passes for the wrong reason.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from ariadne import ObjectType, make_executable_schema
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema

from . import (
    alert,
    component,
    config_variable,
    customer,
    execution,
    flow,
    instance,
    instance_profile,
    integration,
    log,
    mutate_component,
    mutate_connection,
    mutate_customer,
    mutate_execution,
    mutate_instance,
    mutate_instance_profile,
    mutate_integration,
    mutate_scoped_variable,
    mutate_version,
    scoped_variable,
    stream,
    user,
    user_org,
)
from .fields import Resolver, may_write
from .scalars import SCALARS

_KINDS = (
    alert,
    component,
    config_variable,
    customer,
    execution,
    flow,
    instance,
    instance_profile,
    integration,
    log,
    mutate_component,
    mutate_connection,
    mutate_customer,
    mutate_execution,
    mutate_instance,
    mutate_instance_profile,
    mutate_integration,
    mutate_scoped_variable,
    mutate_version,
    scoped_variable,
    stream,
    user,
    user_org,
)
_PERMISSION = re.compile("allow[A-Z]")  # what the asking role permits
_CONNECTION: dict[str, Resolver] = {
    "nodes": lambda connection, _: connection.nodes(),
    "edges": lambda connection, _: connection.edges(),
    "pageInfo": lambda connection, _: connection.page_info(),
    "totalCount": lambda connection, _: connection.total(),
}


@cache
def schema() -> GraphQLSchema:
    """The executable schema."""
    query, mutation = ObjectType("RootQuery"), ObjectType("RootMutation")
    bindings: list[Any] = [query, mutation, *SCALARS]
    for module in _KINDS:
        bindings += getattr(module, "BINDINGS", ())
        for name, resolver in getattr(module, "ROOT", {}).items():
            query.set_field(name, resolver)
        for name, resolver in getattr(module, "MUTATIONS", {}).items():
            mutation.set_field(name, resolver)
    folder = Path(__file__).parents[1]
    sdl = "\n".join(
        (folder / name).read_text("utf-8") for name in ("schema.graphql", "schema_additions.graphql")
    )
    built = make_executable_schema(sdl, *bindings)
    for name, kind in built.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            _complete(kind, known=any(name == getattr(bound, "name", None) for bound in bindings))
    return built


def _complete(kind: GraphQLObjectType, *, known: bool) -> None:
    """Resolvers for what is alike in many types, and a refusal for the rest."""
    is_connection = "pageInfo" in kind.fields and "nodes" in kind.fields
    for name, field in kind.fields.items():
        if field.resolve is not None:
            continue
        if is_connection and name in _CONNECTION:
            field.resolve = _CONNECTION[name]
        elif known and _PERMISSION.match(name):
            field.resolve = may_write
        elif kind.name.endswith(("Payload", "Edge", "PageInfo", "ErrorType", "FormResult")):
            field.resolve = _item(name)
        else:
            field.resolve = _refusal(f"{kind.name}.{name}")


def _item(name: str) -> Resolver:
    return lambda value, _: value[name]


def _refusal(path: str) -> Resolver:
    def resolve(_: Any, __: Any, **___: Any) -> Any:
        raise GraphQLError(f"the sandbox does not implement {path}")

    return resolve
