"""Why this exists: the flows of an integration, their steps, and an instance's settings for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..address import link
from ..definition_rows import expression_type
from ..store import Row
from . import ordering, paging
from .component import Part, part_of
from .definitions import parsed
from .errors import NotFoundError
from .fields import Resolver, attribute, attribute_id, bind, body, not_found
from .ids import derived, from_global, to_global
from .last_run import in_failed_state, last_executed
from .parts import Flow, FlowConfig, flow_configs_of, flows_of, instance_of


class Expression:
    """An input: a name, a type, a value."""

    __slots__ = ("has_value", "id", "meta", "name", "type", "value")

    def __init__(self, owner: str, name: str, kind: str, value: str, meta: dict[str, Any] | None) -> None:
        self.id = derived(owner, f"input/{name}")
        self.name, self.type, self.value = name, kind, value
        self.has_value = value != ""
        self.meta = meta


class Step:
    """A step of a flow."""

    __slots__ = ("body", "flow", "id")

    def __init__(self, flow: Flow, described: dict[str, Any], path: str) -> None:
        self.flow, self.body = flow, described
        self.id = derived(flow.id, f"step/{path}")


def steps_of(flow: Flow) -> Iterator[Step]:
    """Every step of a flow, those of branches and loops after their own."""

    def walk(steps: list[dict[str, Any]], path: str) -> Iterator[Step]:
        for index, described in enumerate(steps):
            here = f"{path}/{index}"
            yield Step(flow, described, here)
            yield from walk(described.get("steps") or [], here)
            for number, branch in enumerate(described.get("branches") or []):
                yield from walk(branch.get("steps") or [], f"{here}/{number}")

    return walk(flow.body["steps"], "")


def expression(value: Any) -> str | None:
    """An input of a definition as text, whatever it holds."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _step_inputs(step: Step, info: Any, **arguments: Any) -> paging.Connection:
    inputs = (step.body.get("inputs") or {}).items()
    found = [
        Expression(
            step.id, name, expression_type(value), expression(value.get("value")) or "", value.get("meta")
        )
        for name, value in inputs
    ]
    return paging.of_list(info, found, arguments)


def _action(step: Step, info: Any) -> Part:
    action = step.body["action"]
    component = action["component"]
    reference = {
        "component_key": component["key"],
        "is_public": bool(component.get("isPublic")),
        "version": component.get("version"),
        "key": action["key"],
    }
    found = part_of(info, "actions", reference)
    if found is None:
        raise NotFoundError
    return found


def _error(name: str) -> Resolver:
    return lambda step, _: (step.body.get("errorConfig") or {}).get(name)


def _error_handler(step: Step, _: Any) -> str | None:
    kind = (step.body.get("errorConfig") or {}).get("errorHandlerType")
    return kind.upper() if kind else None


def _test_url(flow: Flow, _: Any) -> str:
    """Where the draft's flow can be called."""
    return link("trigger", to_global("IntegrationFlow", flow.id))


def webhook_url(config: FlowConfig, info: Any) -> str:
    """Where the deployed flow can be called; the endpoint type says whose id is in it."""
    record = info.context.row("integration", config.instance["integration"])
    kind = parsed(info.context.store, record["definition"]).body.get("endpointType")
    if kind == "instance_specific":
        return link("trigger", to_global("Instance", config.instance["id"]))
    if kind == "shared_instance":
        return link("trigger", to_global("Integration", info.context.draft(record["sequence"])["id"]))
    return link("trigger", to_global("InstanceFlowConfig", config.id))


def setting(name: str, default: Any = None) -> Resolver:
    """A setting of a flow or flow config, kept as JSON in its row."""
    return lambda part, _: part.state.get(name, default)


def _api_keys(config: FlowConfig, info: Any) -> list[str] | None:
    keys: list[str] = config.state.get("api_keys", [])
    return None if keys and info.context.rules["secrets_read_back"] == "hidden" else keys


def _organization_keys(flow: Flow, info: Any) -> list[str] | None:
    keys: list[str] | None = flow.state.get("api_keys", flow.body["organization_api_keys"])
    return None if info.context.rules["secrets_read_back"] == "hidden" else keys


def _schemas(flow: Flow, _: Any) -> str | None:
    return None if flow.body["schemas"] is None else json.dumps(flow.body["schemas"])


def _queue_expression(name: str) -> Resolver:
    def resolve(flow: Flow, _: Any) -> Expression | None:
        value = flow.body[name]
        if not value:
            return None
        said = value if isinstance(value, dict) else {"value": value}
        return Expression(flow.id, name, expression_type(said), expression(said.get("value")) or "", None)

    return resolve


def _trigger(flow: Flow, _: Any) -> Step:
    return next(steps_of(flow))


def integration_flows(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The flows of an integration."""
    return paging.of_list(info, flows_of(info.context, record), arguments)


def integration_actions(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The steps of all flows of an integration."""
    steps = [step for flow in flows_of(info.context, record) for step in steps_of(flow)]
    return paging.of_list(info, steps, arguments)


_failed = in_failed_state("flow_config")


def _wanted(configs: list[FlowConfig], info: Any, arguments: dict[str, Any]) -> paging.Connection:
    name, failed = arguments.get("flow_Name"), arguments.get("inFailedState")
    if name is not None:
        configs = [config for config in configs if config.flow.body["name"] == name]
    if failed is not None:
        configs = [config for config in configs if _failed(config, info) is failed]
    readers = {"SORT_ORDER": lambda config: config.flow.body["sort_order"]}
    return paging.of_list(info, ordering.ordered(configs, readers, arguments), arguments)


def flow_configs(instance: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The flow configs of an instance."""
    return _wanted(flow_configs_of(info.context, instance), info, arguments)


def _all_flow_configs(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    context = info.context
    instances = context.store.select("instance", [], [])
    context.expect("instance", instances)
    return _wanted([c for instance in instances for c in flow_configs_of(context, instance)], info, arguments)


def flow_config(context: Any, identifier: str) -> FlowConfig | None:
    """The flow config with this uuid."""
    instance = instance_of(context, identifier)
    configs = flow_configs_of(context, instance) if instance else []
    return next((config for config in configs if config.id == identifier), None)


def _flow_config(_: Any, info: Any, id: str) -> FlowConfig | None:
    return flow_config(info.context, from_global("InstanceFlowConfig", id)) or not_found(info)


# These import this module, so they are imported when they are asked for.
def _executions(config: FlowConfig, info: Any, **arguments: Any) -> paging.Connection:
    from .execution import executions

    return executions(info, arguments, ("flow_config = ?",), (config.id,))


def _test_executions(flow: Flow, info: Any, **arguments: Any) -> paging.Connection:
    from .execution import executions

    return executions(info, arguments, ("flow = ?", "is_test"), (flow.id,))


def _logs(config: FlowConfig, info: Any, **arguments: Any) -> paging.Connection:
    from .log import logs

    where = ("execution IN (SELECT e.id FROM execution e WHERE e.flow_config = ?)",)
    return logs(info, arguments, where, (config.id,))


def _monitors(config: FlowConfig, info: Any, **arguments: Any) -> paging.Connection:
    from .alert import monitors_of_flow

    return monitors_of_flow(config, info, **arguments)


def _json(name: str) -> Resolver:
    return lambda value, _: json.dumps(meta) if (meta := getattr(value, name)) else None


_FLOW: dict[str, Resolver] = {
    "id": attribute_id("IntegrationFlow"),
    "name": body("name"),
    "description": body("description"),
    "stableId": attribute("stable_id"),
    "stableKey": body("stable_key"),
    "sortOrder": body("sort_order"),
    "isSynchronous": body("is_synchronous"),
    "isAgentFlow": body("is_agent_flow"),
    "endpointSecurityType": body("endpoint_security_type"),
    "organizationApiKeys": _organization_keys,
    "retryDelayMinutes": body("retry_delay_minutes"),
    "retryMaxAttempts": body("retry_max_attempts"),
    "retryUsesExponentialBackoff": body("retry_uses_exponential_backoff"),
    "retryUniqueRequestIdField": _queue_expression("retry_unique_request_id_field"),
    "queueDedupeIdField": _queue_expression("queue_dedupe_id_field"),
    "singletonExecutions": body("singleton_executions"),
    "usesFifoQueue": body("uses_fifo_queue"),
    "schemas": _schemas,
    "testUrl": _test_url,
    "testPayload": setting("test_payload"),
    "testHeaders": setting("test_headers"),
    "testContentType": setting("test_content_type"),
    "testExecutionResults": _test_executions,
    "lastExecutedAt": last_executed("flow"),
    "trigger": _trigger,
}
_STEP: dict[str, Resolver] = {
    "id": attribute_id("IntegrationAction"),
    "name": body("name"),
    "description": lambda step, _: step.body.get("description") or "",
    "stableKey": lambda step, _: step.body.get("stableKey"),
    "action": _action,
    "inputs": _step_inputs,
    "integration": lambda step, _: step.flow.record,
    "errorHandlerType": _error_handler,
    "retryDelaySeconds": _error("delaySeconds"),
    "retryIgnoreFinalError": _error("ignoreFinalError"),
    "retryMaxAttempts": _error("maxAttempts"),
    "retryUsesExponentialBackoff": _error("usesExponentialBackoff"),
}
_EXPRESSION: dict[str, Resolver] = {
    "id": attribute_id("Expression"),
    "name": attribute("name"),
    "type": attribute("type"),
    "value": attribute("value"),
    "hasValue": attribute("has_value"),
    "meta": _json("meta"),
}
_CONFIG: dict[str, Resolver] = {
    "id": attribute_id("InstanceFlowConfig"),
    "flow": attribute("flow"),
    "instance": attribute("instance"),
    "apiKeys": _api_keys,
    "webhookUrl": webhook_url,
    "usesLre": setting("uses_lre", False),
    "testPayload": setting("test_payload"),
    "testHeaders": setting("test_headers"),
    "testContentType": setting("test_content_type"),
    "inFailedState": _failed,
    "lastExecutedAt": last_executed("flow_config"),
    "executionResults": _executions,
    "logs": _logs,
    "monitors": _monitors,
}
BINDINGS = [
    bind("IntegrationFlow", _FLOW),
    bind("IntegrationAction", _STEP),
    bind("Expression", _EXPRESSION),
    bind("InstanceFlowConfig", _CONFIG),
]
ROOT: dict[str, Resolver] = {"instanceFlowConfig": _flow_config, "instanceFlowConfigs": _all_flow_configs}
