"""A test after a deploy: runs a flow, waits for its end, compares, and puts the instance back if it is to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from reconciler.kinds.base import Request
from reconciler.kinds.flow_run import FlowResult, ended, parse_run, read_execution
from reconciler.kinds.instance_tests import back_to, flow_of, rolls_back, test_operation, unexpected
from reconciler.model.errors import ApiError, TestFailed
from reconciler.model.operation import Operation
from reconciler.model.outcome import Event, Waiting
from reconciler.model.plan import Action
from reconciler.model.state import LiveObject

FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
Call = Callable[[Operation], Awaitable[Mapping[str, Any]]]


class Asks(Protocol):
    """The part of a tenant that answers questions."""

    async def ask(self, op: Operation) -> Any:
        """The value at the operation's root field."""


async def run_test(
    name: str,
    action: Action,
    request: Request,
    *,
    before: LiveObject | None,
    call: Call,
    tenant: Asks,
    sleep: Callable[[float], Awaitable[None]],
    listener: Callable[[Event], None],
    limit: float,
) -> None:
    """Runs one test. Raises TestFailed, and ApiError where the answer leaves in doubt whether the flow ran:
    it is not run again by itself. `before` is the instance as it was before this run changed it.
    """
    try:
        result = parse_run(await call(test_operation(name, request)))
    except ApiError as error:
        if error.doubtful:
            error.hint = "the flow may have run; apply again to run the test once more"
        raise
    problems = []
    if result.execution:  # a status may only say that the call was taken
        result = await _until_ended(result, action, tenant, sleep, listener, limit)
        if not result.ended:
            problems = [f"the execution {result.execution} has not ended after {limit:.0f} s"]
    problems = problems or list(unexpected(name, request, result))
    if not problems:
        return
    said = f'test of flow "{flow_of(name, request)}" failed: {"; ".join(problems[:3])}'
    said += f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    steps = back_to(before, request) if rolls_back(name, request) else ()
    try:
        for op in steps:
            await call(op)
    except ApiError as error:
        said += f"; putting the instance back failed: {error.message}"
        raise TestFailed(
            said,
            address=str(action.address),
            hint="apply again, or name the earlier release",
            doubtful=error.doubtful,
        ) from error
    raise TestFailed(said, address=str(action.address), hint=_hint(result, name, request, bool(steps)))


async def _until_ended(
    result: FlowResult,
    action: Action,
    tenant: Asks,
    sleep: Callable[[float], Awaitable[None]],
    listener: Callable[[Event], None],
    limit: float,
) -> FlowResult:
    waited, pause = 0.0, FIRST_WAIT
    result = ended(result, await tenant.ask(read_execution(result.execution)))
    while not result.ended and waited < limit:
        listener(Waiting(action, "the test's execution to end", limit))
        await sleep(pause)
        waited, pause = waited + pause, min(pause * 2, LONGEST_WAIT)
        result = ended(result, await tenant.ask(read_execution(result.execution)))
    return result


def _hint(result: FlowResult, name: str, request: Request, put_back: bool) -> str:
    look = f"see its logs: reconciler get executions {result.execution} --logs" if result.execution else ""
    if put_back:
        return "; ".join(filter(None, ("the instance was put back on its earlier version", look)))
    if rolls_back(name, request):
        return "; ".join(filter(None, ("there is no earlier version to go back to", look)))
    return look or f"run it by hand: reconciler test {request.resource.address}"
