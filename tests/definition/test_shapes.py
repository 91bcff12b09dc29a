"""Shapes of definitions that no server takes: `validate` refuses them before one is asked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from reconciler.manifests.definitions import check
from reconciler.model.diagnostic import Diagnostic
from reconciler.sandbox import Sandbox
from reconciler.yaml12.text import parse
from tests.cli.projects import DEFINITION

Edit = Callable[[dict[str, Any]], Any]
IMPORT = "mutation ($d: String!) { importIntegration(input: {definition: $d}) { errors { messages } } }"
EVERY: list[dict[str, str]] = [{}, {"unknown_components": "refused"}, {"unknown_types": "refused"}]


def told(text: str) -> list[Diagnostic]:
    documents, problems = parse(text, "d.yml")
    return problems or check(text, documents, "d.yml")[1]


def edited(edit: Edit) -> str:
    tree = copy.deepcopy(yaml.safe_load(DEFINITION))
    edit(tree)
    return yaml.safe_dump(tree, sort_keys=False)


def at(*path: str | int) -> Callable[[Any], Edit]:
    """What puts a value at a place."""

    def put(value: Any) -> Edit:
        def edit(tree: Any) -> None:
            for part in path[:-1]:
                tree = tree[part]
            tree[path[-1]] = value

        return edit

    return put


STEP = ("flows", 0, "steps", 1)
SHOP = ("requiredConfigVars", 1)
ELEMENT = ("configPages", 0, "elements", 0)
COMPONENT = (*STEP, "action", "component")
REFUSED = [
    ("flows", at("flows")([])),
    ("flows", at("flows")({})),
    ("flows[0]", at("flows", 0)("x")),
    ("name", at("name")("  ")),
    ("description", at("description")(["x"])),
    ("configuration", at("configuration")(["x"])),
    ("preprocessFlowName", at("preprocessFlowName")(["Receive order"])),
    ("name of a flow", at("flows", 0, "name")(" ")),
    ("steps", at("flows", 0, "steps")([])),
    ("name of a step", at(*STEP, "name")("  ")),
    ("not a trigger", at("flows", 0, "steps", 0, "isTrigger")("yes")),
    ("is a trigger", at(*STEP, "isTrigger")("yes")),
    ("key of an action", at(*STEP, "action", "key")(" ")),
    ("key of a component", at(*COMPONENT, "key")(" ")),
    ("isPublic", at(*COMPONENT, "isPublic")("yes")),
    ("version", at(*COMPONENT, "version")(0)),
    ("version", at(*COMPONENT, "version")("1")),
    ("inputs", at(*STEP, "inputs")([])),
    ("url", at(*STEP, "inputs", "url")("https://example.com")),
    ("url", at(*STEP, "inputs", "url")({"type": "configVar", "value": 1})),
    ("url", at(*STEP, "inputs", "url")(None)),
    ("schedule", at("flows", 0, "steps", 0, "schedule")({"type": "configVar", "value": 1})),
    ("branches", at(*STEP, "branches")(["x"])),
    ("steps", at(*STEP, "steps")(["x"])),
    ("connection", at(*SHOP, "connection")({})),
    ("connection", at(*SHOP, "connection")(None)),
    ("connection", at(*SHOP, "connection")("http")),
    ("connection", at(*SHOP, "connection")({"key": "apiKey"})),
    ("connection", at(*SHOP, "connection", "key")(" ")),
    ("dataSource", at(*SHOP, "dataSource")({"key": "x"})),
    ("inputs", at(*SHOP, "inputs")([])),
    ("apiKey", at(*SHOP, "inputs", "apiKey")("k")),
    ("config page", at("configPages", 0, "name")(None)),
    ("elements", at("configPages", 0, "elements")(["Channel"])),
    ("config page", at(*ELEMENT, "value")("")),
    ("config page", at(*ELEMENT, "value")(1)),
]


@pytest.mark.parametrize(("says", "edit"), REFUSED)
def test_what_every_server_refuses_is_an_error(says: str, edit: Edit):
    text = edited(edit)
    errors = [one for one in told(text) if one.severity == "error"]
    assert any(says in one.message for one in errors), errors
    for rules in EVERY:
        _, answer, _ = Sandbox(rules=rules).execute(IMPORT, {"d": text})
        assert answer["data"]["importIntegration"]["errors"], rules


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: None,
        at("version")(3),
        at("configuration")(None),
        at("description")(None),
        at(*SHOP, "dataSource")(None),
        at(*SHOP, "connection")({"template": "x"}),
        at(*STEP, "inputs")(None),
        at(*STEP, "inputs", "inputs")({"type": "value", "value": 5}),
        at(*STEP, "inputs", "url")({"type": "configVar", "value": ""}),
        at(*STEP, "inputs", "url")({"type": "value", "value": True}),
    ],
)
def test_what_a_server_takes_is_no_error(edit: Edit):
    text = edited(edit)
    assert [one for one in told(text) if one.severity == "error"] == []
    _, answer, _ = Sandbox().execute(IMPORT, {"d": text})
    assert answer["data"]["importIntegration"]["errors"] == []
