"""Why this exists: an instance's settings for the flows of its version, as they are read."""

from __future__ import annotations

from typing import Any

from ...address import link
from ...store import Row
from .. import definitions
from ..content.flows import FlowConfig, flow_config_by_id, flow_configs_of
from ..executions.last_run import in_failed_state, last_executed
from ..frame import paging
from ..frame.ids import from_global, to_global
from ..frame.kinds import Kind
from ..frame.lists import of_parent, ordered, where
from ..frame.resolvers import Resolver, alike, attribute, not_found

_failed = in_failed_state("flow_config")


def _webhook_url(config: FlowConfig, info: Any) -> str:
    """Where the deployed flow can be called; the endpoint type says whose id is in it."""
    record = info.context.row("integration", config.instance["integration"])
    kind = definitions.of(info.context, record).body.get("endpointType")
    if kind == "instance_specific":
        return link("trigger", to_global("Instance", config.instance["id"]))
    if kind == "shared_instance":
        return link("trigger", to_global("Integration", info.context.draft(record["sequence"])["id"]))
    return link("trigger", to_global("InstanceFlowConfig", config.id))


def _setting(name: str, default: Any = None) -> Resolver:
    return lambda config, _: config.state.get(name, default)


def _api_keys(config: FlowConfig, info: Any) -> list[str] | None:
    keys: list[str] = config.state.get("api_keys", [])
    return None if keys and info.context.rules["secrets_read_back"] == "hidden" else keys


def _wanted(configs: list[FlowConfig], info: Any, arguments: dict[str, Any]) -> paging.Connection:
    name, failed = arguments.get("flow_Name"), arguments.get("inFailedState")
    if name is not None:
        configs = [config for config in configs if config.flow.body["name"] == name]
    if failed is not None:
        configs = [config for config in configs if _failed(config, info) is failed]
    readers = {"SORT_ORDER": lambda config: config.flow.body["sort_order"]}
    return paging.of_list(info, ordered(configs, readers, arguments), arguments)


def flow_configs(instance: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The flow configs of an instance."""
    return _wanted(flow_configs_of(info.context, instance), info, arguments)


def _all(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    context = info.context
    instances = context.store.select("instance", [], [])
    context.expect("instance", instances)
    return _wanted([c for instance in instances for c in flow_configs_of(context, instance)], info, arguments)


def _one(_: Any, info: Any, id: str) -> FlowConfig | None:
    return flow_config_by_id(info.context, from_global("InstanceFlowConfig", id)) or not_found(info)


KINDS = (
    Kind(
        "InstanceFlowConfig",
        fields={
            **alike(attribute, "flow", "instance"),
            **alike(_setting, "testPayload", "testHeaders", "testContentType"),
            "usesLre": _setting("uses_lre", False),
            "apiKeys": _api_keys,
            "webhookUrl": _webhook_url,
            "inFailedState": _failed,
            "lastExecutedAt": last_executed("flow_config"),
            "executionResults": of_parent("flow_config"),
            "logs": where("execution IN (SELECT e.id FROM execution e WHERE e.flow_config = ?)"),
            "monitors": of_parent("flow_config"),
        },
    ),
)
ROOT: dict[str, Resolver] = {"instanceFlowConfig": _one, "instanceFlowConfigs": _all}
