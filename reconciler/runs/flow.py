"""One run of a flow, an instance's or a draft's: what is sent, and how its result reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model import documents
from reconciler.model.errors import ApiError
from reconciler.model.operation import Operation
from reconciler.runs.execution import Ask, until_ended
from reconciler.runs.poll import Poll

TIMEOUT = 300.0
"""Seconds that a synchronous flow may take to answer."""


class Call(Struct, frozen=True):
    """What is sent to a flow, and what must come back. A payload that is no text is sent as JSON."""

    flow: str
    payload: Any = None
    content_type: str = ""
    headers: Mapping[str, str] = {}
    expect: Mapping[str, Any] = {}

    @classmethod
    def written(cls, test: Mapping[str, Any]) -> Call:
        """The call of a test in a manifest."""
        return cls(
            test["flow"],
            test.get("payload"),
            test.get("contentType") or "",
            test.get("headers") or {},
            test.get("expect") or {},
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is sent but the call itself."""
        return self.payload is None and not self.content_type and not self.headers


class FlowResult(Struct, frozen=True):
    """What a run brought. `body` is parsed where it is JSON; `status` is None where the flow does not answer
    by itself; `ended` says whether the execution is over, `error` how it failed.
    """

    execution: str = ""
    status: int | None = None
    headers: Mapping[str, Any] = {}
    body: Any = None
    ended: bool = False
    error: str = ""


def operation(call: Call, identifier: Any, *, address: str, timeout: float, draft: bool = False) -> Operation:
    """Runs a flow: an instance's by the id of its settings there, a `draft`'s by the flow's own.

    It is not repeated after an answer that leaves doubt: what the flow does, it would do twice.
    """
    values: dict[str, Any] = {"id": identifier}
    kind, payload = call.content_type, call.payload
    if payload is not None:
        text = isinstance(payload, str)
        values["payload"] = payload if text else json.dumps(payload, ensure_ascii=False)
        kind = kind or ("text/plain" if text else "application/json")
    if kind:
        values["contentType"] = kind
    if call.headers:
        values["headers"] = json.dumps(dict(call.headers), ensure_ascii=False)
    name = "testIntegrationFlow" if draft else "testInstanceFlowConfig"
    return Operation(
        name,
        documents.load("flow", "reconciler.runs")[name],
        {"input": values},
        result=f"{name}Result",
        repeatable=False,
        address=address,
        timeout=timeout,
    )


async def run_flow(
    send: Ask, ask: Ask, op: Operation, poll: Poll, tell: Callable[[str], None], *, in_doubt: str
) -> FlowResult:
    """Sends the call, and waits for the end of its execution as long as `poll` allows; `tell` is given the
    execution's status meanwhile.

    Raises ApiErrors; where it is in doubt whether the flow ran, with the hint `in_doubt`.
    """
    try:
        result = _parse(await send(op))
    except ApiError as error:
        if error.doubtful:
            error.hint = in_doubt
        raise
    if not result.execution:
        return result
    state = await until_ended(ask, result.execution, poll, tell)
    return replace(result, ended=bool(state.get("endedAt")), error=state.get("error") or "")


def _parse(answer: Mapping[str, Any]) -> FlowResult:
    headers = _json_or_text(answer.get("headers"))
    return FlowResult(
        execution=(answer.get("execution") or {}).get("id") or "",
        status=answer.get("statusCode"),
        headers=headers if isinstance(headers, Mapping) else {},
        body=_json_or_text(answer.get("body")),
    )


def _json_or_text(body: Any) -> Any:
    try:
        return json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return body
