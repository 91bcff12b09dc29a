"""`test`: runs flows that are live, and tells what came back, what their steps did and what they logged."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from reconciler.kinds.executions import on_draft
from reconciler.kinds.flow_run import FlowResult, ended, failures, parse_run, run_flow
from reconciler.kinds.listings import Row, page_of
from reconciler.kinds.listings_tables import FLOWS
from reconciler.manifests.messages import listed
from reconciler.model.address import Address
from reconciler.model.errors import ApiError, GraphQLError, InvalidInput
from reconciler.model.operation import Operation
from reconciler.model.state import Desired
from reconciler.verbs import executions
from reconciler.verbs.lookups import every
from reconciler.verbs.owned import INSTANCE, addressed, as_written, integration_of
from reconciler.verbs.session import Session, connect, load_desired

if TYPE_CHECKING:
    from reconciler.api import Client

_INTEGRATION = "Integration"


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent to a flow, and what must come back. Payloads that are no text are sent as JSON."""

    flow: str
    payload: Any = None
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is sent but the call itself."""
        return self.payload is None and not self.content_type and not self.headers


@dataclass(frozen=True, slots=True)
class Tested:
    """One run. `problems` says in what it is not as expected; steps and logs are None where the token may not
    see them.
    """

    call: Call
    result: FlowResult
    problems: tuple[str, ...]
    steps: Sequence[Row] | None
    logs: Sequence[Row] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is tested: its flows' names, each with the id that runs it."""

    address: Address
    flows: Mapping[str, str]
    draft: bool = False


async def test(
    session: Session, address: str, call: Call, limit: float, listener: Callable[[str], None]
) -> list[Tested]:
    """Runs the flow that `call` names; where it names none, the tests of the instance's manifest, or else the
    only flow that there is. An integration's address means its draft. `listener` is told what is under way,
    and `limit` is how many seconds each run may take.

    Raises InvalidInput, Refused, NotEnded, NotAuthenticated, Unreachable or ApiError.
    """
    # What is to be tested stands in the manifests, unless it was said; then they need not even be valid.
    asked = bool(call.flow) or not call.is_empty
    written = (as_written(session) if asked else load_desired(session))[0]
    async with connect(session, read_only=False) as client:
        subject = await _subject(client, written, address)
        calls = _calls(subject, written, call)
        return [await _run(client, subject, one, limit, listener) for one in calls]


test.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it


async def _subject(client: Client, written: Desired, text: str) -> _Subject:
    kind, _, name = text.partition("/")
    if kind != _INTEGRATION or not name:
        found = await addressed(client, written, [text])
        address, live = next(iter(found.items()))
        return _Subject(address, live.facts["flowConfigs"])
    address = Address(kind, name)
    draft = (await integration_of(client, written, address)).id
    columns = [column for column in FLOWS.columns if column.name in ("id", "name")]

    def page(first: int, after: str | None) -> Operation:
        return page_of(FLOWS, columns, {}, {"first": first, "after": after}, draft)

    flows = {node["name"]: node["id"] async for node in every(client, page, FLOWS.root)}
    return _Subject(address, flows, draft=True)


def _calls(subject: _Subject, written: Desired, call: Call) -> list[Call]:
    names = list(subject.flows)
    if call.flow:
        if call.flow not in names:
            message = f'{subject.address} has no flow "{call.flow}"'
            raise InvalidInput.of("unknown-flow", message, hint=f"the flows are {listed(names)}")
        return [call]
    resource = written.resources.get(subject.address)
    tests = resource.fields.get("tests") if resource and subject.address.kind == INSTANCE else ()
    if tests and call.is_empty:
        return [_written(test) for test in tests]
    if len(names) == 1:
        return [replace(call, flow=names[0])]
    why = "several flows" if names else "no flow"
    without = "" if tests else ", and its manifest no tests"
    hint = f"give --flow: one of {listed(names)}" if names else "deploy it first"
    raise InvalidInput.of("no-tests", f"{subject.address} has {why}{without}", hint=hint)


def _written(test: Mapping[str, Any]) -> Call:
    return Call(
        test["flow"],
        test.get("payload"),
        test.get("contentType") or "",
        test.get("headers") or {},
        test.get("expect") or {},
    )


async def _run(
    client: Client, subject: _Subject, call: Call, limit: float, listener: Callable[[str], None]
) -> Tested:
    identifier = subject.flows.get(call.flow)
    if identifier is None:
        message = f'{subject.address} has no flow "{call.flow}", which its manifest tests'
        raise InvalidInput.of("unknown-flow", message, hint=f"the flows are {listed(subject.flows)}")
    listener(f'flow "{call.flow}" runs')
    began = monotonic()
    op = run_flow(identifier, call.payload, call.content_type, call.headers, address=str(subject.address))
    result = parse_run(await _send(client, replace(on_draft(op) if subject.draft else op, timeout=limit)))
    steps = logs = None
    if run := result.execution:
        left = limit - (monotonic() - began)
        state = await executions.ended(
            client, run, max(left, 0.0), lambda status: listener(f'flow "{call.flow}" is {status}')
        )
        result = ended(result, state)
        steps = await _permitted(executions.steps(client, run))
        logs = await _permitted(executions.logs(client, run, executions.LATE))
    problems = tuple(failures(call.expect, result))
    return Tested(call, result, problems, steps, logs, monotonic() - began)


async def _send(client: Client, op: Operation) -> Mapping[str, Any]:
    try:
        return dict(await client.execute(op))
    except ApiError as error:
        if error.doubtful:
            error.hint = "the flow may have run: see reconciler get executions --started-after 10m"
        raise


async def _permitted(parts: Awaitable[list[Row]]) -> list[Row] | None:
    try:
        return await parts
    except GraphQLError:  # some roles see no logs and no results of steps
        return None


def payload_of(text: str) -> tuple[Any, str]:
    """A payload as it is sent, and its content type: JSON where it is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return text, "text/plain"
    return text, "application/json"
