"""Why this exists: calling flows through the API: tests of a draft, tests of an instance, replays."""

from __future__ import annotations

import json
from typing import Any

from ..store import Row
from .context import Context
from .errors import NotFoundError, RefusedError
from .execution import flow_of
from .fields import Resolver, bind, column
from .flow import flow_config
from .ids import PREFIX, from_global
from .mutation import mutation, target
from .parts import Flow, flows_of, is_configured
from .run import DEFAULT_TYPE, Call, Outcome, run


def draft_flow(context: Context, identifier: str) -> Flow:
    """The flow with this uuid."""
    record = context.store.by_prefix("integration", identifier[:PREFIX])
    found = next((one for one in flows_of(context, record) if one.id == identifier), None) if record else None
    if found is None:
        raise NotFoundError
    return found


def _call(given: dict[str, Any], state: dict[str, Any], invoke_type: str) -> Call:
    """What the input says, and in its place what was saved with the flow for tests."""
    text = given.get("headers") or state.get("test_headers") or "{}"
    try:
        headers = json.loads(text)
    except ValueError as error:
        raise RefusedError("headers", f"Value must be valid JSON: {error}.") from error
    if not isinstance(headers, dict):
        raise RefusedError("headers", "Value must be a JSON object.")
    payload = given["payload"] if given.get("payload") is not None else state.get("test_payload")
    content_type = given.get("contentType") or state.get("test_content_type") or DEFAULT_TYPE
    return Call(
        invoke_type, payload or "", content_type, {name: str(value) for name, value in headers.items()}
    )


def _result(outcome: Outcome, **more: Any) -> dict[str, Any]:
    headers = {"content-type": DEFAULT_TYPE, "prismatic-executionid": outcome.id}
    return {
        "statusCode": outcome.status,
        "body": outcome.body,
        "headers": json.dumps(headers),
        "execution": outcome.execution,
        "flow": None,
        "flowConfig": None,
        **more,
    }


def _test_draft(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    flow = draft_flow(context, from_global("IntegrationFlow", given.get("id") or ""))
    if not is_configured(context, context.system_instance(flow.record["sequence"])):
        raise RefusedError("__all__", "The test instance is not fully configured.")
    outcome = run(context, flow, None, _call(given, flow.state, "INTEGRATION_FLOW_TEST"))
    if given.get("asynchronous"):
        outcome = outcome.acknowledged()
    return _result(outcome, flow=draft_flow(context, flow.id))


def _test_instance(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    config = flow_config(context, from_global("InstanceFlowConfig", given.get("id") or ""))
    if config is None:
        raise NotFoundError
    if config.instance["last_deployed_at"] is None:
        raise RefusedError("__all__", "The instance is not deployed.")
    if not config.instance["enabled"]:
        raise RefusedError("__all__", "The instance is not enabled.")
    call = _call(given, config.state, "INTEGRATION_FLOW_TEST")
    return _result(run(context, config.flow, config, call), flowConfig=flow_config(context, config.id))


def _replay(context: Context, given: dict[str, Any]) -> Row:
    """The same call again, with the flow as it is now."""
    before = target(context, "execution", "InstanceExecutionResult", given)
    flow = flow_of(context, before)
    config = flow_config(context, before["flow_config"]) if before["flow_config"] else None
    if flow is None:
        raise RefusedError("id", "The flow of this execution is gone.")
    headers = json.loads(before["headers"])
    call = Call(before["invoke_type"], before["payload"], before["content_type"], headers, before["id"])
    return run(context, config.flow if config else flow, config, call).execution


_RESULT: dict[str, Resolver] = {
    name: column(name) for name in ("body", "execution", "flow", "flowConfig", "headers", "statusCode")
}
_OF_FLOW = {name: resolver for name, resolver in _RESULT.items() if name != "flowConfig"}
_OF_CONFIG = {name: resolver for name, resolver in _RESULT.items() if name != "flow"}
BINDINGS = [
    bind("TestIntegrationFlowResult", _OF_FLOW),
    bind("TestInstanceFlowConfigResult", _OF_CONFIG),
]
MUTATIONS: dict[str, Resolver] = {
    "testIntegrationFlow": mutation("testIntegrationFlowResult", _test_draft),
    "testInstanceFlowConfig": mutation("testInstanceFlowConfigResult", _test_instance),
    "replayExecution": mutation("instanceExecutionResult", _replay),
}
