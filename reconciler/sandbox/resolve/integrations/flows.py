"""Why this exists: the flows of an integration and their steps, as they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...address import link
from ...store import Row
from ..components.shown import Part, part_of
from ..content.expressions import Expression, of_definition
from ..content.flows import Flow, flows_of
from ..executions.last_run import last_executed
from ..frame import paging
from ..frame.errors import NotFoundError
from ..frame.ids import derived, to_global
from ..frame.kinds import Kind
from ..frame.lists import where
from ..frame.resolvers import Resolver, alike, attribute, body, secret


class Step:
    """A step of a flow."""

    __slots__ = ("body", "flow", "id")

    def __init__(self, flow: Flow, described: dict[str, Any], path: str) -> None:
        self.flow, self.body = flow, described
        self.id = derived(flow.id, f"step/{path}")


def _steps_of(flow: Flow) -> Iterator[Step]:
    """Every step of a flow, those of branches and loops after their own."""

    def walk(steps: list[dict[str, Any]], path: str) -> Iterator[Step]:
        for index, described in enumerate(steps):
            here = f"{path}/{index}"
            yield Step(flow, described, here)
            yield from walk(described.get("steps") or [], here)
            for number, branch in enumerate(described.get("branches") or []):
                yield from walk(branch.get("steps") or [], f"{here}/{number}")

    return walk(flow.body["steps"], "")


def flows(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The flows of an integration."""
    return paging.of_list(info, flows_of(info.context, record), arguments)


def actions(record: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The steps of all flows of an integration."""
    steps = [step for flow in flows_of(info.context, record) for step in _steps_of(flow)]
    return paging.of_list(info, steps, arguments)


def _inputs(step: Step, info: Any, **arguments: Any) -> paging.Connection:
    inputs = (step.body.get("inputs") or {}).items()
    return paging.of_list(info, [of_definition(step.id, name, value) for name, value in inputs], arguments)


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


def _test(name: str) -> Resolver:
    """What was saved with a flow for its tests."""
    return lambda flow, _: flow.state.get(name)


def _schemas(flow: Flow, _: Any) -> str | None:
    return None if flow.body["schemas"] is None else json.dumps(flow.body["schemas"])


def _expression(name: str) -> Resolver:
    def resolve(flow: Flow, _: Any) -> Expression | None:
        value = flow.body[name]
        said = value if isinstance(value, dict) else {"value": value}
        return of_definition(flow.id, name, {**said, "meta": None}) if value else None

    return resolve


KINDS = (
    Kind(
        "IntegrationFlow",
        fields={
            **alike(body, "name", "description", "stableKey", "sortOrder", "isSynchronous", "isAgentFlow"),
            **alike(body, "endpointSecurityType", "singletonExecutions", "usesFifoQueue"),
            **alike(body, "retryDelayMinutes", "retryMaxAttempts", "retryUsesExponentialBackoff"),
            **alike(_expression, "retryUniqueRequestIdField", "queueDedupeIdField"),
            **alike(_test, "testPayload", "testHeaders", "testContentType"),
            "stableId": attribute("stable_id"),
            "organizationApiKeys": secret(
                lambda flow, _: flow.state.get("api_keys", flow.body["organization_api_keys"])
            ),
            "schemas": _schemas,
            "testUrl": lambda flow, _: link("trigger", to_global("IntegrationFlow", flow.id)),
            "testExecutionResults": where("flow = ? AND is_test"),
            "lastExecutedAt": last_executed("flow"),
            "trigger": lambda flow, _: next(_steps_of(flow)),
        },
    ),
    Kind(
        "IntegrationAction",
        fields={
            **alike(body, "name"),
            "description": lambda step, _: step.body.get("description") or "",
            "stableKey": lambda step, _: step.body.get("stableKey"),
            "action": _action,
            "inputs": _inputs,
            "integration": lambda step, _: step.flow.record,
            "errorHandlerType": _error_handler,
            "retryDelaySeconds": _error("delaySeconds"),
            "retryIgnoreFinalError": _error("ignoreFinalError"),
            "retryMaxAttempts": _error("maxAttempts"),
            "retryUsesExponentialBackoff": _error("usesExponentialBackoff"),
        },
    ),
)
