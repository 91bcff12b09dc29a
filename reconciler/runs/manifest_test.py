"""A test of a manifest, after a deploy: runs a flow, compares, and puts the instance back if it is to."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.kinds.instance.calls import back_to
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.tests import tests_of
from reconciler.kinds.protocol import Request, address_of
from reconciler.model.errors import ApiError, TestFailed
from reconciler.model.state import LiveObject
from reconciler.runs.execution import Ask
from reconciler.runs.expectation import failures
from reconciler.runs.flow import TIMEOUT, Call, operation, run_flow
from reconciler.runs.poll import Poll

_IN_DOUBT = "the flow may have run; apply again to run the test once more"


async def run_test(
    name: str,
    request: Request,
    *,
    before: LiveObject | None,
    send: Ask,
    ask: Ask,
    poll: Poll,
    tell: Callable[[str], None],
) -> None:
    """Runs the test that the step `name` stands for. Raises TestFailed, and ApiError where the answer leaves
    in doubt whether the flow ran: it is not run again by itself. `before` is the instance as it was before
    this run changed it.
    """
    live, test = request.live, tests_of(request.resource)[name]
    assert live is not None
    call, address = Call.written(test), address_of(request.resource)
    op = operation(call, facts_of(live).flow_configs.get(call.flow), address=address, timeout=TIMEOUT)
    result = await run_flow(send, ask, op, poll, tell, in_doubt=_IN_DOUBT)
    if result.execution and not result.ended:  # a status may only say that the call was taken
        problems = [f"the execution {result.execution} has not ended after {poll.limit:.0f} s"]
    else:
        problems = list(failures(call.expect, result))
    if not problems:
        return
    said = f'test of flow "{call.flow}" failed: {"; ".join(problems[:3])}'
    said += f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    look = f"see its logs: reconciler get executions {result.execution} --logs" if result.execution else ""
    if test.get("onFailure") != "rollback":
        raise TestFailed(said, address=address, hint=look or f"run it by hand: reconciler test {address}")
    back = back_to(before, request)
    try:
        for op in back:
            await send(op)
    except ApiError as error:
        said += f"; putting the instance back failed: {error.message}"
        hint = "apply again, or name the earlier release"
        raise TestFailed(said, address=address, hint=hint, doubtful=error.doubtful) from error
    done = (
        "the instance was put back on its earlier version"
        if back
        else "there is no earlier version to go back to"
    )
    raise TestFailed(said, address=address, hint="; ".join(filter(None, (done, look))))
