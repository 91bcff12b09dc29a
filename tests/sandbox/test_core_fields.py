"""Fidelity to the schema: every field, filter and order of the kinds that are served is tried by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    validate_schema,
)
from test_core_world import REGION, SLACK, World, definition

from reconciler.sandbox.resolve.executable import published, schema

LISTS = (
    "integrations",
    "customers",
    "instances",
    "instanceProfiles",
    "components",
    "users",
    "instanceFlowConfigs",
)
# What the sandbox says that it does not implement: nothing that can be planned on is among them.
ABSENT = {
    "Organization.theme",
    "Integration.validationRules",
    "Component.versions",
    "Role.objType",
    "Role.permissions",
}
# Of these only what the catalogue knows is served.
BRIEF = {
    "Action": "{ id key label description isTrigger isPollingTrigger isDataSource component { key } }",
}
SAMPLES: dict[str, str] = {
    "String": '"a"',
    "Boolean": "true",
    "Int": "1",
    "ID": '""',
    "UUID": '"12a7cb62-fff5-44a0-af68-fc09b7be64b8"',
    "DateTime": '"2020-01-01T00:00:00+02:00"',
    "JSONString": '"[\\"in\\", \\"key\\", \\"slack\\"]"',
}


@pytest.fixture(scope="module")
def world() -> World:
    w = World()
    version = w.version(definition(variables=REGION + SLACK, flows="A,B"))
    w.instance(version)
    return w


def test_the_schema_is_valid_which_no_command_takes_the_time_to_check():
    assert validate_schema(build_schema(published())) == []


def selection(field: GraphQLField) -> str:
    """The leaves below a field, or below the nodes of a connection."""
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return ""
    assert isinstance(kind, GraphQLObjectType)
    if kind.name in BRIEF:
        return BRIEF[kind.name]
    if "nodes" in kind.fields:
        return f"{{ nodes {selection(kind.fields['nodes'])} }}"
    leaves = [name for name, part in kind.fields.items() if is_leaf_type(get_named_type(part.type))]
    served = [name for name in leaves if f"{kind.name}.{name}" not in ABSENT and not needs(kind.fields[name])]
    return "{ " + " ".join(served) + " }"


def needs(field: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field.args.values())


def every_field() -> Iterator[tuple[str, str, str]]:
    root = schema().query_type
    assert root is not None
    for name in LISTS:
        connection = get_named_type(root.fields[name].type)
        assert isinstance(connection, GraphQLObjectType)
        node = get_named_type(connection.fields["nodes"].type)
        assert isinstance(node, GraphQLObjectType)
        for part, field in node.fields.items():
            if f"{node.name}.{part}" not in ABSENT:
                yield name, part, f"{{ {name}(first: 3) {{ nodes {{ {part} {selection(field)} }} }} }}"


@pytest.mark.parametrize(("kind", "field", "query"), list(every_field()), ids=lambda value: str(value)[:30])
def test_a_field_answers(world: World, kind: str, field: str, query: str) -> None:
    world.ask(query)


def test_parts_answer(world: World) -> None:
    fields: dict[str, Any] = {
        name: schema().type_map[name]
        for name in (
            "IntegrationFlow",
            "IntegrationAction",
            "RequiredConfigVariable",
            "InstanceConfigVariable",
        )
    }

    def parts(name: str) -> str:
        return " ".join(f"{part} {selection(field)}" for part, field in fields[name].fields.items())

    world.ask(f"{{ integrations {{ nodes {{ flows {{ nodes {{ {parts('IntegrationFlow')} }} }} }} }} }}")
    world.ask(f"{{ integrations {{ nodes {{ actions {{ nodes {{ {parts('IntegrationAction')} }} }} }} }} }}")
    required = parts("RequiredConfigVariable")
    world.ask(f"{{ integrations {{ nodes {{ requiredConfigVariables {{ nodes {{ {required} }} }} }} }} }}")
    values = parts("InstanceConfigVariable")
    world.ask(f"{{ instances {{ nodes {{ configVariables {{ nodes {{ {values} }} }} }} }} }}")
    organization = schema().type_map["Organization"]
    assert isinstance(organization, GraphQLObjectType)
    for name, field in organization.fields.items():
        if f"Organization.{name}" not in ABSENT:
            world.ask(f"{{ organization {{ {name} {selection(field)} }} }}")


@pytest.mark.parametrize("name", LISTS)
def test_arguments_answer(world: World, name: str) -> None:
    root = schema().query_type
    assert root is not None
    for argument, described in root.fields[name].args.items():
        if argument in ("first", "last", "after", "before", "offset"):
            continue
        kind = get_named_type(described.type)
        samples = [SAMPLES.get(kind.name, "")]
        if isinstance(kind, GraphQLInputObjectType):
            fields = kind.fields["field"].type
            orders = get_named_type(fields)
            assert isinstance(orders, GraphQLEnumType)
            samples = [f"{{field: {field}, direction: DESC}}" for field in orders.values]
        elif isinstance(kind, GraphQLEnumType):
            samples = list(kind.values)
        elif isinstance(described.type, GraphQLList):
            samples = [f"[{sample}]" for sample in samples]
        for sample in samples:
            world.ask(f"{{ {name}({argument}: {sample}) {{ totalCount nodes {{ id }} }} }}")
