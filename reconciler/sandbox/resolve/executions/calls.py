"""Why this exists: calling flows through the API: tests of a draft, tests of an instance, replays."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..content.completeness import unfilled
from ..content.flows import Flow, flow_by_id, flow_config_by_id
from ..frame.context import Context
from ..frame.errors import NotFoundError, RefusedError
from ..frame.ids import from_global
from ..frame.inputs import json_object
from ..frame.kinds import Kind
from ..frame.mutation import Run
from ..frame.rows import target
from .run import DEFAULT_TYPE, Call, Outcome, run


def _flow(context: Context, identifier: str) -> Flow:
    found = flow_by_id(context, identifier)
    if found is None:
        raise NotFoundError
    return found


def _call(given: dict[str, Any], state: dict[str, Any], invoke_type: str) -> Call:
    """What the input says, and in its place what was saved with the flow for tests."""
    headers = json_object("headers", given.get("headers") or state.get("test_headers"))
    payload = given["payload"] if given.get("payload") is not None else state.get("test_payload")
    content_type = given.get("contentType") or state.get("test_content_type") or DEFAULT_TYPE
    texts = {name: str(value) for name, value in headers.items()}
    return Call(invoke_type, payload or "", content_type, texts)


def _result(outcome: Outcome, **more: Any) -> dict[str, Any]:
    headers = {"content-type": DEFAULT_TYPE, "prismatic-executionid": outcome.id}
    return {
        "statusCode": outcome.status,
        "body": outcome.body,
        "headers": json.dumps(headers),
        "execution": outcome.execution,
        **more,
    }


def _test_draft(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    flow = _flow(context, from_global("IntegrationFlow", given.get("id") or ""))
    if unfilled(context, context.system_instance(flow.record["sequence"])):
        raise RefusedError("__all__", "The test instance is not fully configured.")
    outcome = run(context, flow, None, _call(given, flow.state, "INTEGRATION_FLOW_TEST"))
    if given.get("asynchronous"):
        outcome = outcome.acknowledged()
    return _result(outcome, flow=_flow(context, flow.id))


def _test_instance(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    config = flow_config_by_id(context, from_global("InstanceFlowConfig", given.get("id") or ""))
    if config is None:
        raise NotFoundError
    if config.instance["last_deployed_at"] is None:
        raise RefusedError("__all__", "The instance is not deployed.")
    if not config.instance["enabled"]:
        raise RefusedError("__all__", "The instance is not enabled.")
    call = _call(given, config.state, "INTEGRATION_FLOW_TEST")
    return _result(run(context, config.flow, config, call), flowConfig=flow_config_by_id(context, config.id))


def _replay(context: Context, given: dict[str, Any]) -> Row:
    """The same call again, with the flow as it is now."""
    before = target(context, "execution", "InstanceExecutionResult", given)
    flow = flow_by_id(context, before["flow"])
    config = flow_config_by_id(context, before["flow_config"])
    if flow is None:
        raise RefusedError("id", "The flow of this execution is gone.")
    headers = json.loads(before["headers"])
    call = Call(before["invoke_type"], before["payload"], before["content_type"], headers, before["id"])
    return run(context, config.flow if config else flow, config, call).execution


KINDS = (
    Kind("TestIntegrationFlowResult", mapping=True),
    Kind("TestInstanceFlowConfigResult", mapping=True),
)
MUTATIONS: dict[str, Run] = {
    "testIntegrationFlow": _test_draft,
    "testInstanceFlowConfig": _test_instance,
    "replayExecution": _replay,
}
