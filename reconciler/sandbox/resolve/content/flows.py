"""Why this exists: flows of an integration, and an instance's settings for them, live inside rows.

Here they become objects with ids. Settings are found by the flow's stable id, which is the same in every
version of an integration, so a change of version moves nothing.
"""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from .. import definitions
from ..frame.context import Context
from ..frame.ids import PREFIX, derived


class Flow:
    """A flow of one record of an integration."""

    __slots__ = ("body", "id", "record", "stable_id", "state")

    def __init__(self, record: Row, body: dict[str, Any], state: dict[str, Any]) -> None:
        self.record, self.body, self.state = record, body, state
        self.stable_id: str = state["s"]
        self.id = derived(record["id"], f"flow/{self.stable_id}/{state.get('g', 0)}")


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
        bodies = definitions.of(context, record).flows
        states = json.loads(record["flows"])
        flows = record["_flows"] = [
            Flow(record, body, state) for body, state in zip(bodies, states, strict=True)
        ]
    return flows


def flow_by_id(context: Context, identifier: str) -> Flow | None:
    """The flow with this uuid, unless an import has replaced it since."""
    record = context.store.by_prefix("integration", identifier[:PREFIX])
    flows = flows_of(context, record) if record else []
    return next((flow for flow in flows if flow.id == identifier), None)


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


def flow_config_by_id(context: Context, identifier: str | None) -> FlowConfig | None:
    """The flow config with this uuid."""
    instance = instance_of(context, identifier) if identifier else None
    configs = flow_configs_of(context, instance) if instance else []
    return next((config for config in configs if config.id == identifier), None)


def instance_of(context: Context, part: str) -> Row | None:
    """The instance that the part with this id lives in."""
    return context.store.by_prefix("instance", part[:PREFIX])
