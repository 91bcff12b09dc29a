"""Headless configuration: what it asks for, and when instances must be configured anew."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definition.configuration import Configuration, configuration

REGION = {"type": "object", "properties": {"region": {"type": "string"}}, "required": ["region"]}
NESTED = {
    "type": "object",
    "properties": {
        "account": {"$ref": "#/$defs/account"},
        "limit": {"type": "number", "default": 10},
        "note": {"type": "string"},
    },
    "allOf": [{"required": ["owner"]}],
    "required": ["account", "limit"],
    "$defs": {"account": {"properties": {"id": {"type": "string"}}, "required": ["id"]}},
}
LOOP: dict[str, Any] = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
SELF: dict[str, Any] = {"properties": {"next": {"$ref": "#"}}, "required": ["next"]}


def read(said: Any) -> Configuration:
    found = configuration({"configuration": said})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ({"schema": REGION, "uiSchema": {}, "eTag": "b7"}, "b7"),
        ({"instance": {"schema": REGION, "version": 3, "ui": {}}, "userLevel": {"schema": {}}}, "3"),
        ({"schema": REGION}, ""),
    ],
)
def test_both_forms_are_read(said: Any, version: str) -> None:
    assert read(said) == Configuration(version, REGION)


@pytest.mark.parametrize(
    "tree",
    [{}, {"configuration": None}, {"configuration": "x"}, {"configuration": {}},
     {"configuration": {"userLevel": {"schema": REGION, "version": 1}, "instance": {}}}],
)  # fmt: skip
def test_most_have_none(tree: Any) -> None:
    assert configuration(tree) is None


@pytest.mark.parametrize(
    ("schema", "required"),
    [
        (REGION, ("region",)),
        (NESTED, ("owner", "account", "account.id")),
        ({}, ()),
        ({"required": "region", "properties": []}, ()),
        (LOOP, ()),
        ({"$ref": "#/nowhere"}, ()),
    ],
)
def test_what_must_be_given(schema: Any, required: tuple[str, ...]) -> None:
    assert read({"schema": schema, "eTag": "1"}).required == required


def test_a_schema_that_holds_itself_ends() -> None:
    assert read({"schema": SELF}).required == ("next",)


@pytest.mark.parametrize(
    ("before", "renewed", "new"),
    [
        (None, True, ("owner", "account", "account.id")),
        (Configuration("1", NESTED), True, ()),
        (Configuration("2", NESTED), False, ()),
        (Configuration("2", {"required": ["owner"]}), False, ("account", "account.id")),
    ],
)
def test_what_a_move_asks_for(before: Configuration | None, renewed: bool, new: tuple[str, ...]) -> None:
    after = Configuration("2", NESTED)
    assert after.renewed_from(before) is renewed
    assert after.newly_required(before) == new
