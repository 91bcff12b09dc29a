"""Which config variables an instance must be given a value for: one answer, for validate and for impact."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definition import Definition

CONNECTION = {"dataType": "connection", "connection": {"key": "basic", "component": {"key": "http"}}}


def given(value: Any) -> dict[str, Any]:
    return {"inputs": {"user": {"type": "value", "value": "x"}, "key": {"type": "value", "value": value}}}


@pytest.mark.parametrize(
    ("says", "needed"),
    [
        ({"dataType": "string"}, True),
        ({"dataType": "string", "defaultValue": None}, True),
        # An export writes this where the customer chooses: there is no default.
        ({"dataType": "picklist", "defaultValue": ""}, True),
        ({"dataType": "string", "defaultValue": "x"}, False),
        ({"dataType": "boolean", "defaultValue": False}, False),
        ({"dataType": "number", "defaultValue": 0}, False),
        ({"defaultValue": ""}, True),
        # A data source offers choices, and makes none.
        ({"dataType": "picklist", "dataSource": {"key": "selectRepo"}}, True),
        ({"dataType": "picklist", "dataSource": {"key": "selectRepo"}, "defaultValue": "main"}, False),
        ({"dataType": "string", "userLevelConfigured": True}, False),
        ({"dataType": "htmlElement"}, False),
        ({"dataType": "schedule", "scheduleType": "none"}, False),
        ({"dataType": "schedule"}, False),
        ({"dataType": "schedule", "scheduleType": "custom"}, True),
        ({"useScopedConfigVar": "shared"}, False),
        ({**CONNECTION}, True),
        ({**CONNECTION, **given("secret")}, False),
        ({**CONNECTION, **given("")}, True),
        ({**CONNECTION, **given(None)}, True),
        ({**CONNECTION, **given(""), "onPremiseConnectionConfig": "required"}, False),
        ({"connection": CONNECTION["connection"], **given("x")}, False),
        ({"dataType": "connection", "inputs": [1]}, True),
    ],
)
def test_what_must_be_given(says: dict[str, Any], needed: bool) -> None:
    definition = Definition("", {"requiredConfigVars": [{"key": "V", **says}]})
    assert bool(definition.variables_to_set) is needed


def test_what_a_page_of_users_shows_is_theirs() -> None:
    page = {"userLevelConfigured": True, "elements": [{"type": "configVar", "value": "A"}]}
    variables = [{"key": "A", "dataType": "string"}, {"key": "B", "dataType": "string"}]
    definition = Definition("", {"requiredConfigVars": variables, "configPages": [page, "odd"]})
    assert [one.key for one in definition.variables_to_set] == ["B"]


def test_renames_keep_identity() -> None:
    pairs = [{"oldName": "A", "newName": "B"}, {"oldName": "C"}, "odd"]
    assert Definition("", {"renameAttributes": {"requiredConfigVars": pairs}}).renamed_variables == {"A": "B"}


ODD = [None, 1, "x", [], {}, [None, 1, "x", [], {}], {"key": 1, "name": [], "steps": 3, "type": {}}]
PLACES = ("flows", "requiredConfigVars", "configPages", "configuration", "renameAttributes", "endpointType")


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_a_tenant_says_breaks_it(place: str, value: Any) -> None:
    for said in (value, [value], {"instance": value, "schema": value}):
        definition = Definition("", {place: said})
        assert all(variable.key for variable in definition.variables.values())
        for step in (step for flow in definition.flows for step in flow.every_step()):
            assert [one.value for _, one in step.inputs()] == []
        assert definition.same(definition)
        assert definition.differences(definition) == []
        assert definition.component_versions == {}
        assert len(definition.digest) == len(definition.meaning_digest) == 64
        assert definition.own_fields == {}
        assert definition.configuration is None or definition.configuration.required == ()
