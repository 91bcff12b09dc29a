"""Why this exists: what instances are configured with arrives as text and JSON, by a variable's key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...store import Row
from ..frame.context import Context
from ..frame.errors import RefusedError, missing
from ..frame.ids import from_global
from ..frame.inputs import without_nulls
from .flows import flows_of
from .variables import Variable, variables_of

Config = dict[str, dict[str, Any]]
_TYPES = ("COMPLEX", "CONFIGVAR", "REFERENCE", "TEMPLATE", "VALUE")
_SCHEDULES = ("CUSTOM", "DAY", "HOUR", "MINUTE", "NONE", "WEEK")
TEST_DATA = {"testPayload": "test_payload", "testContentType": "test_content_type"}


def merge(
    context: Context,
    instance: Row,
    given: Sequence[dict[str, Any] | None],
    *,
    reset: bool = False,
    field: str = "configVariables",
) -> str:
    """An instance's configuration after an update; with reset what is not named goes back to its default."""
    record = context.row("integration", instance["integration"])
    variables = {variable.key: variable for variable in variables_of(context, record)}
    before: Config = json.loads(instance["config"])
    config: Config = {} if reset else dict(before)
    for one in given:
        if one is None:
            continue
        variable = variables.get(one["key"])
        if variable is None:
            raise RefusedError(field, f"Config variable {one['key']!r} does not exist.")
        _put(config, variable.stable_id, _entry(context, variable, before, one, field))
    return stored(config)


def stored(config: Config) -> str:
    """As the store keeps it; equal configurations give equal texts."""
    return json.dumps(config, sort_keys=True)


def _put(config: Config, stable_id: str, entry: dict[str, Any]) -> None:
    """An entry in its place; none when only defaults hold."""
    config.pop(stable_id, None)
    if entry:
        config[stable_id] = entry


def _entry(
    context: Context, variable: Variable, config: Config, given: dict[str, Any], field: str
) -> dict[str, Any]:
    """What is stored for one variable; nothing when only defaults hold."""
    if given.get("onPremiseResourceId"):
        raise missing("onPremiseResourceId")  # the tenant has none
    given = without_nulls(context, given)
    before = config.get(variable.stable_id, {})
    entry = dict(before)
    if "customerConfigVariableId" in given:
        entry["customer_variable"] = _shared(context, variable, given["customerConfigVariableId"])
    if "values" in given:
        entry["inputs"] = _inputs(context, variable, before, given["values"], field)
    if "value" in given:
        if variable.is_connection and given["value"] is not None:
            raise RefusedError(field, f"Config variable {variable.key!r} is a connection: give values.")
        entry["value"] = given["value"]
    if "scheduleType" in given:
        schedule = given["scheduleType"]
        if schedule is not None and schedule.upper() not in _SCHEDULES:
            raise RefusedError(field, f"Value {schedule!r} is not a valid schedule type.")
        entry["schedule_type"] = schedule and schedule.upper()
    if "timeZone" in given:
        entry["time_zone"] = given["timeZone"]
    return {name: value for name, value in entry.items() if value not in (None, {})}


def _shared(context: Context, variable: Variable, value: str | None) -> str | None:
    """The customer's own value of a shared connection, which must be of the one that the variable names."""
    if not value:
        return None
    row = context.store.get("customer_variable", from_global("CustomerConfigVariable", value))
    if row is None:
        raise missing("customerConfigVariableId")
    scoped = context.row("scoped_variable", row["scoped"])
    if scoped["stable_key"] != variable.body["scoped"]:
        raise RefusedError(
            "customerConfigVariableId", f"Config variable {variable.key!r} takes another connection."
        )
    return str(row["id"])


def _inputs(
    context: Context, variable: Variable, before: dict[str, Any], given: Any, field: str
) -> dict[str, dict[str, str]]:
    """The inputs of a connection; those left out are kept or go back to their defaults."""
    if given is None:
        return {}
    if not isinstance(given, list) or not all(isinstance(one, dict) and "name" in one for one in given):
        raise RefusedError(field, f"The values of {variable.key!r} must be a list of names and values.")
    if not variable.is_connection and not variable.inputs:
        raise RefusedError(field, f"Config variable {variable.key!r} has no inputs: give a value.")
    kept = context.rules["connection_inputs_omitted"] == "kept"
    inputs: dict[str, dict[str, str]] = dict(before.get("inputs", {})) if kept else {}
    for one in given:
        if variable.inputs and one["name"] not in variable.inputs:
            raise RefusedError(field, f"Connection {variable.key!r} has no input {one['name']!r}.")
        kind, value = str(one.get("type") or "value").upper(), one.get("value")
        if kind not in _TYPES:
            raise RefusedError(field, f"Value {one['type']!r} is not a valid type of an input.")
        inputs[one["name"]] = {
            "type": kind,
            "value": "" if value is None else value if isinstance(value, str) else json.dumps(value),
        }
    return inputs


def merge_flows(context: Context, instance: Row, given: Sequence[dict[str, Any] | None]) -> str:
    """An instance's flow settings after an update; flows that are not named keep theirs."""
    record = context.row("integration", instance["integration"])
    flows = {flow.id: flow for flow in flows_of(context, record)}
    config: Config = json.loads(instance["flow_configs"])
    for one in given:
        if one is None:
            continue
        flow = flows.get(from_global("IntegrationFlow", one["flowId"]))
        if flow is None:
            raise missing("flowConfigs")
        one = without_nulls(context, one)
        state = dict(config.get(flow.stable_id, {}))
        if "apiKeys" in one:
            state["api_keys"] = [key for key in one["apiKeys"] or () if key is not None]
        if "testHeaders" in one:
            state["test_headers"] = None if one["testHeaders"] is None else json.dumps(one["testHeaders"])
        state |= {
            key: one[name] for name, key in (TEST_DATA | {"usesLre": "uses_lre"}).items() if name in one
        }
        state = {name: value for name, value in state.items() if value not in (None, [], False)}
        _put(config, flow.stable_id, state)
    return stored(config)
