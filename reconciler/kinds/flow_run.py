"""One run of an instance's flow: what is sent, how the result reads, and whether it is what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.kinds import documents
from reconciler.model.digest import canonical
from reconciler.model.operation import Operation

TIMEOUT = 300.0
"""Seconds that a synchronous flow may take to answer."""


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What a run brought. `body` is parsed where it is JSON; `status` is None where the flow does not answer
    by itself; `ended` says whether the execution is over, `error` how it failed.
    """

    execution: str = ""
    status: int | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    ended: bool = False
    error: str = ""


def run_flow(
    flow_config: Any,
    payload: Any = None,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    address: str = "",
) -> Operation:
    """Runs a flow of an instance, by the id of its settings there. Anything but text is sent as JSON.

    It is not repeated after an answer that leaves doubt: what the flow does, it would do twice.
    """
    values: dict[str, Any] = {"id": flow_config}
    if payload is not None:
        values["payload"] = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        values["contentType"] = content_type or (
            "text/plain" if isinstance(payload, str) else "application/json"
        )
    elif content_type:
        values["contentType"] = content_type
    if headers:
        values["headers"] = json.dumps(dict(headers), ensure_ascii=False)
    return Operation(
        "testInstanceFlowConfig",
        documents.load("flowrun")["testInstanceFlowConfig"],
        {"input": values},
        result="testInstanceFlowConfigResult",
        repeatable=False,
        address=address,
        timeout=TIMEOUT,
    )


def read_execution(execution: str) -> Operation:
    """Reads how far an execution is."""
    return Operation("executionResult", documents.load("flowrun")["execution"], {"id": execution})


def parse_run(node: Mapping[str, Any]) -> FlowResult:
    """The answer to `run_flow`."""
    headers = _json_or_text(node.get("headers"))
    return FlowResult(
        execution=(node.get("execution") or {}).get("id") or "",
        status=node.get("statusCode"),
        headers=headers if isinstance(headers, Mapping) else {},
        body=_json_or_text(node.get("body")),
    )


def ended(result: FlowResult, node: Mapping[str, Any] | None) -> FlowResult:
    """The result with what `read_execution` told; an execution that is not there yet has not ended."""
    if not node:
        return result
    return replace(result, ended=bool(node.get("endedAt")), error=node.get("error") or "")


def failures(expect: Mapping[str, Any], result: FlowResult) -> Iterator[str]:
    """In what a result is not as expected. Without an expected status, one below 400 will do.

    A body is compared as a subset: maps may hold more keys, lists hold just these items.
    """
    if result.error:
        yield f"the execution failed: {result.error}"
    if "status" in expect:
        if result.status != expect["status"]:
            yield f"status {result.status} instead of {expect['status']}"
    elif result.status is not None and result.status >= 400:
        yield f"status {result.status}"
    if "body" in expect:
        yield from _missing(expect["body"], result.body, "body")
    if "schema" in expect:
        from jsonschema import Draft202012Validator  # slow to import, and few tests need it

        for problem in Draft202012Validator(expect["schema"]).iter_errors(result.body):
            where = "".join(f".{part}" for part in problem.absolute_path)
            yield f"body{where} does not fit the schema ({problem.validator})"


def _missing(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            if key in found:
                yield from _missing(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _missing(one, other, f"{path}[{index}]")
    elif canonical(wanted) != canonical(found):
        yield f"{path} is {_kind_of(found)} instead of {_short(wanted)}"


def _kind_of(found: Any) -> str:
    """A value as a report may show it: a flow's answer can hold secrets, and reports are read by many."""
    if isinstance(found, str):
        return f"a text of {len(found)} characters"
    if isinstance(found, Mapping | list):
        return f"a {'map' if isinstance(found, Mapping) else 'list'} of {len(found)}"
    return json.dumps(found)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _json_or_text(body: Any) -> Any:
    try:
        return json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return body
