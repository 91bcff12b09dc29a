from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import catalogue, definition
from reconciler.sandbox.definition_check import component_refs, steps_of

FILES = sorted((Path(__file__).resolve().parents[3] / "shared" / "definitions").glob("*.y*ml"))
COMPONENTS = {component["key"]: component for component in catalogue.load()}


def named(component: str, part: str) -> dict[str, dict[str, Any]]:
    return {item["key"]: item for item in COMPONENTS[component][part]}


@pytest.mark.skipif(not FILES, reason="the folder of real definitions is not on this machine")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_definitions_find_everything(path: Path) -> None:
    loaded = definition.load(path.read_text())
    assert {ref["key"] for ref in component_refs(loaded)} <= COMPONENTS.keys()
    for flow in loaded["flows"]:
        for step in steps_of(flow["steps"]):
            action = step["action"]
            found = named(action["component"]["key"], "actions")[action["key"]]
            assert found["is_trigger"] == bool(step.get("isTrigger")), action
    for variable in definition.config_variables(loaded):
        if connection := variable["connection"]:
            known = named(connection["component_key"], "connections")[connection["key"]]
            assert {i["name"] for i in variable["inputs"]} <= {i["key"] for i in known["inputs"]}
        if source := variable["data_source"]:
            found = named(source["component_key"], "data_sources")[source["key"]]
            assert found["type"].upper() == variable["data_type"]


def test_versions_have_a_past_and_differ() -> None:
    newest = [component["versions"][-1] for component in COMPONENTS.values()]
    assert len(set(newest)) == len(newest)
    for component in COMPONENTS.values():
        assert component["versions"] == sorted(set(component["versions"]))
        assert len(component["versions"]) >= 4


def test_common_components_are_there() -> None:
    expected = (
        "slack http hubspot salesforce shopify schedule-triggers webhook-triggers code branch loop log "
        "collection-tools data-mapper sendgrid postgres google-sheets"
    )
    assert set(expected.split()) <= COMPONENTS.keys()


def test_some_input_is_write_only() -> None:
    (key,) = named("sendgrid", "connections")["apiKey"]["inputs"]
    assert key["write_only"] is True


def test_each_load_is_a_copy() -> None:
    catalogue.load()[0]["actions"].clear()
    assert catalogue.load()[0]["actions"]
