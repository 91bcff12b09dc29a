"""Why this exists: variables of an integration, and an instance's values for them, live inside rows.

A value is found by the variable's stable id, which is the same in every version of an integration.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ...store import Row
from .. import definitions
from ..components.versions import of
from ..frame.context import Context
from ..frame.ids import derived

_SECRET_NAME = re.compile(r"password|secret|token|api_?key|private|credential|signing", re.IGNORECASE)


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
        known = of(context).connection(body["connection"]) if self.is_connection else None
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


def variables_of(context: Context, record: Row) -> list[Variable]:
    """The config variables of a record, in the definition's order."""
    found: list[Variable] | None = record.get("_variables")
    if found is None:
        bodies = definitions.of(context, record).variables
        states = json.loads(record["variables"])
        found = record["_variables"] = [
            Variable(context, record, body, state["s"]) for body, state in zip(bodies, states, strict=True)
        ]
    return found


def in_order(variables: list[Variable]) -> list[Variable]:
    """Variables as the wizard asks for them."""
    return sorted(variables, key=lambda variable: variable.body["sort_order"])


def values_of(context: Context, instance: Row) -> list[Value]:
    """An instance's values, one for each variable of its version, in the wizard's order."""
    found: list[Value] | None = instance.get("_values")
    if found is None:
        record = context.row("integration", instance["integration"])
        entries = json.loads(instance["config"])
        found = instance["_values"] = [
            Value(instance, variable, entries.get(variable.stable_id, {}))
            for variable in in_order(variables_of(context, record))
        ]
    return found
