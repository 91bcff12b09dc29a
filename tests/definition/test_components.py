"""One walker finds every reference to a component, wherever it may stand."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definition import Definition
from reconciler.manifests.dump import dump
from reconciler.model.secret import Secret

HTTP: dict[str, Any] = {"key": "http", "isPublic": True, "version": "LATEST"}
OWN: dict[str, Any] = {"key": "own", "isPublic": False, "signature": "ab"}


def step(component: Any, **more: Any) -> dict[str, Any]:
    return {"name": "S", "action": {"key": "a", "component": component}, **more}


def found(tree: Any) -> list[tuple[str, bool, Any]]:
    return [(one.key, one.is_public, one.wanted) for one in Definition("", tree).components]


@pytest.mark.parametrize(
    "tree",
    [
        {"flows": [{"steps": [step(HTTP)]}]},
        {"flows": [{"steps": [step(None, steps=[step(HTTP)])]}]},
        {"flows": [{"steps": [step(None, branches=[{"name": "Else", "steps": [step(HTTP)]}])]}]},
        {"flows": [{"supplementalComponents": [HTTP]}]},
        {"supplementalComponents": [HTTP]},
        {"requiredConfigVars": [{"key": "C", "connection": {"key": "k", "component": HTTP}}]},
        {"requiredConfigVars": [{"key": "D", "dataSource": {"key": "k", "component": HTTP}}]},
        {"somethingNew": {"of": [{"component": HTTP}]}},
        {"somethingNew": [HTTP]},
    ],
)
def test_wherever_it_stands(tree: Any) -> None:
    assert found(tree) == [("http", True, "LATEST")]


@pytest.mark.parametrize(
    ("component", "wanted"),
    [
        (HTTP, ("http", True, "LATEST")),
        ({**HTTP, "version": 7}, ("http", True, 7)),
        (OWN, ("own", False, "ab")),
        ({"key": "bare"}, ("bare", False, None)),
        ({**HTTP, "version": [1]}, ("http", True, None)),
    ],
)
def test_what_it_says(component: Any, wanted: Any) -> None:
    assert found({"flows": [{"steps": [step(component)]}]}) == [wanted]


@pytest.mark.parametrize(
    "tree",
    [
        {"flows": [{"schemas": {"invoke": {"properties": {"component": HTTP}}}}]},
        {"configuration": {"schema": {"component": HTTP}}},
        {"importMetadata": {"component": HTTP}},
        {"flows": [{"steps": [step({"key": 1}), step("http"), step({})]}]},
        {"requiredConfigVars": [{"key": "V"}]},
    ],
)
def test_what_is_none(tree: Any) -> None:
    assert found(tree) == []


def test_each_has_its_place() -> None:
    tree = {"flows": [{"steps": [step(HTTP), step(OWN)]}]}
    assert [one.path for one in Definition("", tree).components] == [
        ("flows", 0, "steps", 0, "action", "component"),
        ("flows", 0, "steps", 1, "action", "component"),
    ]


def test_a_bundles_component_is_put_in_everywhere() -> None:
    tree = {"flows": [{"steps": [step(OWN), step(HTTP)], "supplementalComponents": [OWN]}]}
    definition = Definition('"signature": "ab"', tree, key="own", signature="ab")
    there = definition.numbered(4)
    assert there.text == '"version": 4'
    assert there.component_versions == {"http": "LATEST", "own": 4}
    assert definition.versions_of("own") == {"ab"}
    assert definition.without_version_of("own").same(there.without_version_of("own"))
    assert not definition.same(there)


def test_a_bundle_is_numbered_in_the_text_with_its_secrets_too():
    tree = {
        "definitionVersion": 7,
        "name": "${secret:NAME}",
        "flows": [{"action": {"component": {"key": "own", "isPublic": False, "signature": "abc"}}}],
    }
    made = Definition(dump(tree), tree, key="own", signature="abc")
    sent = made.with_secrets({"NAME": Secret("s-1")}, dump).numbered(3).outgoing
    assert isinstance(sent, Secret)
    assert '"version": 3' in sent.reveal()
    assert "abc" not in sent.reveal()
