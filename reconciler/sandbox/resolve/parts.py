"""Why this exists: flows and variables of an integration, and an instance's values, live inside rows.

Here they become objects with ids. A value is found by the variable's stable id, a flow's settings by the
flow's; both are the same in every version of an integration, so a change of version moves nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..store import Row
from .context import Context
from .definitions import parsed
from .ids import PREFIX, derived

_SECRET_NAME = re.compile(r"password|secret|token|api_?key|private|credential|signing", re.IGNORECASE)


class Flow:
    """A flow of one record of an integration."""

    __slots__ = ("body", "id", "record", "stable_id", "state")

    def __init__(self, record: Row, body: dict[str, Any], state: dict[str, Any]) -> None:
        self.record, self.body, self.state = record, body, state
        self.stable_id: str = state["s"]
        self.id = derived(record["id"], f"flow/{self.stable_id}/{state.get('g', 0)}")


class Input:
    """An input of a connection or data source: what holds unless an instance says otherwise."""

    __slots__ = ("meta", "name", "required", "secret", "type", "value", "write_only")

    def __init__(self, name: str) -> None:
        self.name = name
        self.type = "VALUE"
        self.value = ""
        self.required = self.write_only = self.secret = False
        self.meta: dict[str, Any] = {}


class Variable:
    """A required config variable of one record of an integration."""

    __slots__ = ("body", "id", "inputs", "is_connection", "is_oauth", "record", "stable_id")

    def __init__(self, context: Context, record: Row, body: dict[str, Any], stable_id: str) -> None:
        self.record, self.body, self.stable_id = record, body, stable_id
        self.id = derived(record["id"], f"variable/{stable_id}")
        self.is_connection = body["data_type"] == "CONNECTION"
        known = context.components.connection(body["connection"]) if self.is_connection else None
        self.is_oauth = bool(known and known["oauth2_type"] == "authorization_code")
        self.inputs = _inputs(body, known)

    @property
    def key(self) -> str:
        """The variable's name."""
        return str(self.body["key"])


def _inputs(body: dict[str, Any], connection: dict[str, Any] | None) -> dict[str, Input]:
    """The component's inputs with their defaults, and over them what the definition says."""
    inputs: dict[str, Input] = {}
    for described in connection["inputs"] if connection else ():
        made = inputs[described["key"]] = Input(described["key"])
        made.value = str(described["default"] or "")
        made.required, made.write_only = described["required"], described["write_only"]
        made.secret = described["type"] == "password"
    for given in body["inputs"]:
        made = inputs.get(given["name"]) or Input(given["name"])
        if given["name"] not in inputs:
            made.secret = bool(_SECRET_NAME.search(made.name))
        made.type, made.value, made.meta = given["type"].upper(), given["value"], given["meta"]
        made.write_only = made.write_only or given["write_only"]
        inputs[given["name"]] = made
    return inputs


class Value:
    """What one instance has for one variable: the stored entry, or defaults."""

    __slots__ = ("entry", "id", "instance", "variable")

    def __init__(self, instance: Row, variable: Variable, entry: dict[str, Any]) -> None:
        self.instance, self.variable, self.entry = instance, variable, entry
        self.id = derived(instance["id"], f"variable/{variable.stable_id}")

    @property
    def text(self) -> str | None:
        """The value of a variable that is no connection."""
        if self.variable.is_connection:
            return None
        default: str | None = self.variable.body["default_value"]
        value: str | None = self.entry.get("value", default)
        return value

    @property
    def status(self) -> str | None:
        """Of a connection: ACTIVE, or PENDING until somebody authorises it."""
        if not self.variable.is_connection:
            return None
        status: str = self.entry.get("status") or ("PENDING" if self.variable.is_oauth else "ACTIVE")
        return status

    def input_value(self, name: str) -> tuple[str, str]:
        """Type and value of an input."""
        given = self.entry.get("inputs", {}).get(name)
        if given is not None:
            return given["type"], given["value"]
        default = self.variable.inputs.get(name)
        return (default.type, default.value) if default else ("VALUE", "")

    def is_complete(self) -> bool:
        """Whether nobody needs to fill anything in; scoped connections are filled in elsewhere."""
        variable = self.variable
        if variable.body["scoped"]:
            return True
        if variable.is_connection:
            return all(self.input_value(made.name)[1] for made in variable.inputs.values() if made.required)
        schedule = self.entry.get("schedule_type") or variable.body["schedule_type"]
        if variable.body["data_type"] == "SCHEDULE" and schedule not in (None, "CUSTOM", "NONE"):
            return True
        return self.text not in (None, "")


class FlowConfig:
    """One instance's settings for one flow."""

    __slots__ = ("flow", "id", "instance", "state")

    def __init__(self, instance: Row, flow: Flow, state: dict[str, Any]) -> None:
        self.instance, self.flow, self.state = instance, flow, state
        self.id = derived(instance["id"], f"flow/{flow.stable_id}")


def flows_of(context: Context, record: Row) -> list[Flow]:
    """The flows of a record, in the definition's order."""
    flows: list[Flow] | None = record.get("_flows")
    if flows is None:
        bodies = parsed(context.store, record["definition"]).flows
        states = json.loads(record["flows"])
        flows = record["_flows"] = [
            Flow(record, body, state) for body, state in zip(bodies, states, strict=True)
        ]
    return flows


def variables_of(context: Context, record: Row) -> list[Variable]:
    """The config variables of a record, in the definition's order."""
    found: list[Variable] | None = record.get("_variables")
    if found is None:
        bodies = parsed(context.store, record["definition"]).variables
        states = json.loads(record["variables"])
        found = record["_variables"] = [
            Variable(context, record, body, state["s"]) for body, state in zip(bodies, states, strict=True)
        ]
    return found


def values_of(context: Context, instance: Row) -> list[Value]:
    """An instance's values, one for each variable of its version, in the wizard's order."""
    found: list[Value] | None = instance.get("_values")
    if found is None:
        record = context.row("integration", instance["integration"])
        entries = json.loads(instance["config"])
        ordered = sorted(variables_of(context, record), key=lambda variable: variable.body["sort_order"])
        found = instance["_values"] = [
            Value(instance, variable, entries.get(variable.stable_id, {})) for variable in ordered
        ]
    return found


def flow_configs_of(context: Context, instance: Row) -> list[FlowConfig]:
    """An instance's flow configs, one for each flow of its version."""
    found: list[FlowConfig] | None = instance.get("_flow_configs")
    if found is None:
        record = context.row("integration", instance["integration"])
        states = json.loads(instance["flow_configs"])
        found = instance["_flow_configs"] = [
            FlowConfig(instance, flow, states.get(flow.stable_id, {})) for flow in flows_of(context, record)
        ]
    return found


def incomplete(context: Context, instance: Row) -> list[Value]:
    """What an instance lacks; what each user sets is not the instance's, unless a rule says so."""
    counts = context.rules["user_level_counts"] == "true"
    lacking = [value for value in values_of(context, instance) if not value.is_complete()]
    return [value for value in lacking if counts or not value.variable.body["user_level_configured"]]


def is_configured(context: Context, instance: Row) -> bool:
    """Whether every variable has what it needs."""
    return not incomplete(context, instance)


def instance_of(context: Context, part: str) -> Row | None:
    """The instance that the part with this id lives in."""
    return context.store.by_prefix("instance", part[:PREFIX])
