"""Why this exists: a flow that is called makes an execution, with results of its steps and logs, at once.

Nothing is executed. Each step succeeds with the payload, unless markers say otherwise (see markers). An
execution that takes a while is written whole all the same, and shows its end from a later request on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ...store import Row
from ..alerts.monitors import set_off
from ..alerts.streams import SEVERITIES
from ..content.flows import Flow, FlowConfig, flow_configs_of
from ..frame import rows
from ..frame.context import Context
from ..frame.ids import to_global
from . import markers

DEFAULT_TYPE = "application/json"


@dataclass(frozen=True)
class Call:
    """What a flow is called with."""

    invoke_type: str
    payload: str = ""
    content_type: str = DEFAULT_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    replay_for: str | None = None


@dataclass(frozen=True)
class Outcome:
    """An execution and what its caller is answered."""

    execution: Row
    status: int
    body: str

    @property
    def id(self) -> str:
        """The execution's global id."""
        return to_global("InstanceExecutionResult", self.execution["id"])

    def acknowledged(self) -> Outcome:
        """The answer to a caller who does not wait for the flow's own."""
        return Outcome(self.execution, 200, json.dumps({"executionId": self.id}))


def run(context: Context, flow: Flow, config: FlowConfig | None, call: Call) -> Outcome:
    """Call a flow: of an instance, or of a draft when there is no flow config."""
    instance = config.instance if config else None
    owner = instance or context.system_instance(flow.record["sequence"])
    found = markers.of_flow(context, flow, owner)
    steps, failing = flow.body["steps"], _failing(flow, found)
    done = steps if failing is None else steps[: failing + 1]
    status, body = _response(found, steps, failing, call)
    polls = found.number("polls", 0)
    execution = rows.create(
        context,
        "execution",
        {
            "integration": flow.record["id"],
            "sequence": flow.record["sequence"],
            "flow": flow.id,
            "flow_config": config.id if config else None,
            "instance": owner["id"],
            "is_test": int(call.invoke_type.endswith("_TEST")),
            "invoke_type": call.invoke_type,
            "replay_for": call.replay_for,
            "ready": context.requests + polls,
            "error": None if failing is None else f'Step "{steps[failing]["name"]}" failed: {_REASON}',
            "status_code": status,
            "response": body,
            "payload": call.payload,
            "content_type": call.content_type,
            "headers": json.dumps(call.headers),
            "step_count": len(done),
            "ended_at": context.store.now(),
        },
    )
    if not owner["results_disabled"]:
        _write_steps(context, execution, done)
    if not owner["logs_disabled"]:
        _write_logs(context, execution, done)
    if execution["error"]:
        set_off(context, execution)
    outcome = Outcome(execution, status, body)
    return outcome.acknowledged() if polls else outcome


_REASON = "the sandbox was asked to fail here."


def _failing(flow: Flow, found: markers.Markers) -> int | None:
    """Which step fails: the one that has the marker, or else the last."""
    if "fail" not in found:
        return None
    steps = flow.body["steps"]
    marked = (
        index
        for index, step in enumerate(steps)
        if any("sandbox:fail" in text for text in markers.texts(step))
    )
    return next(marked, len(steps) - 1)


def _response(found: markers.Markers, steps: list[Any], failing: int | None, call: Call) -> tuple[int, str]:
    if failing is not None:
        error = {"error": f'Step "{steps[failing]["name"]}" failed: {_REASON}'}
        return found.number("status", 500), found.get("body") or json.dumps(error)
    return found.number("status", 200), found.get("body", call.payload)


def _write_steps(context: Context, execution: Row, steps: list[dict[str, Any]]) -> None:
    last = len(steps) - 1
    for index, step in enumerate(steps):
        whole = {"body": {"data": execution["payload"]}, "headers": json.loads(execution["headers"])}
        rows.create(
            context,
            "step_result",
            {
                "execution": execution["id"],
                "instance": execution["instance"],
                "ready": execution["ready"],
                "name": step["name"],
                "action": step["action"]["key"],
                "stable_key": step.get("stableKey"),
                "failed": int(index == last and bool(execution["error"])),
                "body": json.dumps(whole) if index == 0 else execution["response"],
                "content_type": DEFAULT_TYPE,
                "is_root": int(index == 0),
                "ended_at": context.store.now(),
            },
        )


def _write_logs(context: Context, execution: Row, steps: list[dict[str, Any]]) -> None:
    """What the platform logs of each run; clients wait for the last of these messages."""
    said: list[tuple[str, str, str | None]] = [("INFO", "Starting Instance Execution", None)]
    said += [("INFO", f"{step['name']}: {step['action']['key']}", step["name"]) for step in steps[1:]]
    if execution["error"]:
        said.append(("ERROR", execution["error"], steps[-1]["name"]))
    said.append(("INFO", "Ending Instance Execution", None))
    now = context.store.now()
    made = [
        {
            "id": context.store.new_id(),
            "execution": execution["id"],
            "instance": execution["instance"],
            "ready": execution["ready"],
            "severity": SEVERITIES.index(level),
            "message": message,
            "step": step,
            "type": "EXECUTION",
            "created_at": context.store.now(),
            "updated_at": now,
        }
        for level, message, step in said
    ]
    context.store.insert_many("log", made)


def after_deploy(context: Context, instance: Row) -> None:
    """Flows with an instance-deploy trigger run after each deploy; their failure undoes nothing."""
    for config in flow_configs_of(context, instance):
        action = config.flow.body["steps"][0]["action"]
        if action["component"]["key"] == "management-triggers" and "deploy" in action["key"].lower():
            run(context, config.flow, config, Call("DEPLOY_FLOW"))
