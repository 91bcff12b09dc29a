"""Why this exists: a flow is called at an address that names it, its instance or its integration."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error

from graphql import GraphQLError

from .. import definitions
from ..content.flows import Flow, FlowConfig, flow_by_id, flow_config_by_id, flow_configs_of
from ..frame.context import Context
from ..frame.ids import from_global
from .run import DEFAULT_TYPE, Call, run

Answer = tuple[int, str, dict[str, str]]
_JSON = {"content-type": DEFAULT_TYPE}


def _refusal(status: int, message: str) -> Answer:
    return status, json.dumps({"error": message}), dict(_JSON)


def invoke(context: Context, address: str, payload: str, headers: dict[str, str]) -> Answer:
    """Call the flow at an address: what it answers, or, if it is asynchronous, that it was started."""
    try:
        flow, config = _at(context, address, headers)
    except GraphQLError:
        flow, config = None, None
    if flow is None:
        return _refusal(404, "There is no flow at this address.")
    if config is not None and not (config.instance["enabled"] and config.instance["last_deployed_at"]):
        return _refusal(404, "The instance is not deployed and enabled.")
    keys = config.state.get("api_keys") if config else None
    if keys and headers.get("api-key") not in keys:
        return _refusal(401, "An API key is required.")
    kind = headers.get("content-type", DEFAULT_TYPE)
    invoke_type = "WEBHOOK" if config else "INTEGRATION_FLOW_TEST"
    outcome = run(context, flow, config, Call(invoke_type, payload, kind, headers))
    wanted = headers.get("prismatic-synchronous", "").lower()
    if wanted != "true" and (wanted == "false" or not flow.body["is_synchronous"]):
        outcome = outcome.acknowledged()
    return outcome.status, outcome.body, {**_JSON, "prismatic-executionid": outcome.id}


def _at(context: Context, address: str, headers: dict[str, str]) -> tuple[Flow | None, FlowConfig | None]:
    """The flow, with its settings if an instance's is meant."""
    kind = _kind_of(address)
    identifier = from_global(kind, address)
    if kind == "IntegrationFlow":
        return flow_by_id(context, identifier), None
    if kind == "InstanceFlowConfig":
        config = flow_config_by_id(context, identifier)
        return (config.flow if config else None), config
    if kind == "Instance":
        instance = context.store.get("instance", identifier)
        configs = flow_configs_of(context, instance) if instance else []
        wanted = headers.get("prismatic-flow") or _preprocess(context, configs)
        chosen = next((one for one in configs if one.flow.body["name"] == wanted), None)
        return (chosen.flow if chosen else None), chosen
    return None, None


def _preprocess(context: Context, configs: list[FlowConfig]) -> str | None:
    """The flow that takes the calls of a whole instance; the first if none is named."""
    if not configs:
        return None
    body = definitions.of(context, configs[0].flow.record).body
    name: str = body.get("preprocessFlowName") or configs[0].flow.body["name"]
    return name


def _kind_of(address: str) -> str:
    try:
        return b64decode(address, validate=True).decode().partition(":")[0]
    except (Error, ValueError) as error:
        raise GraphQLError("This is no address of a flow.") from error


def result(context: Context, kind: str, owner: str, part: str) -> tuple[str, str] | None:
    """The text behind a link to a step's result or an execution's payloads, with its content type."""
    if kind == "step":
        row = context.store.get("step_result", owner)
        return (row["body"], row["content_type"]) if row else None
    row = context.store.get("execution", owner) if kind == "execution" else None
    if row is None:
        return None
    if part.startswith("request"):
        return row["payload"], row["content_type"]
    return row["response"], DEFAULT_TYPE
