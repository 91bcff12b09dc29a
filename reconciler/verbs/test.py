"""`test`: runs flows that are live, and tells what came back, what their steps did and what they logged."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

import anyio
from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.instance.facts import facts_of
from reconciler.lists.listing import Row, page_of
from reconciler.lists.lookups import by_id, every, is_id, type_of
from reconciler.lists.parts import column
from reconciler.lists.tables import FLOW_SETTINGS, FLOWS, INTEGRATIONS
from reconciler.model.address import Address
from reconciler.model.errors import GraphQLError, InvalidInput
from reconciler.model.hints import listed
from reconciler.model.operation import Operation
from reconciler.model.state import Desired, Resource
from reconciler.runs.expectation import failures
from reconciler.runs.flow import Call, FlowResult, operation, run_flow
from reconciler.runs.poll import Poll
from reconciler.verbs import executions
from reconciler.verbs.owned import INSTANCE, addressed, as_written, owned_at
from reconciler.verbs.session import Session, connect, load_desired

if TYPE_CHECKING:
    from reconciler.api import Client

_INTEGRATION = "Integration"
_FLOW = (column("flow", "flow { name }"),)
_IN_DOUBT = "the flow may have run: see reconciler get executions --started-after 10m"


class Tested(Struct, frozen=True):
    """One run. `problems` says in what it is not as expected; steps and logs are None where the token may not
    see them.
    """

    call: Call
    result: FlowResult
    problems: tuple[str, ...]
    steps: Sequence[Row] | None
    logs: Sequence[Row] | None
    seconds: float


class _Subject(Struct, frozen=True):
    """What is tested: its flows' names, each with the id that runs it."""

    name: str
    flows: Mapping[str, str]
    draft: bool = False
    resource: Resource | None = None


async def test(
    session: Session, address: str, call: Call, limit: float, listener: Callable[[str], None]
) -> list[Tested]:
    """Runs the flow that `call` names; where it names none, the tests of the instance's manifest, or else the
    only flow that there is. An integration's address means its draft, and an id may be a flow's. `listener`
    is told what is under way, and `limit` is how many seconds each run may take.

    Raises InvalidInput, Refused, NotEnded, NotAuthenticated, Unreachable or ApiError.
    """
    # What is to be tested stands in the manifests, unless it was said; then they need not even be valid.
    asked = bool(call.flow) or not call.is_empty
    written = (as_written(session) if asked else load_desired(session))[0]
    async with connect(session, read_only=False) as client:
        subject = await _subject(client, written, address)
        calls = _calls(subject, call)
        return [await _run(client, subject, one, limit, listener) for one in calls]


test.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it


async def _subject(client: Client, written: Desired, text: str) -> _Subject:
    if is_id(text):
        return await _identified(client, written, text)
    kind, _, name = text.partition("/")
    if kind != _INTEGRATION or not name:
        ((address, live),) = (await addressed(client, written, [text])).items()
        return _Subject(str(address), facts_of(live).flow_configs, resource=written.resources.get(address))
    address = Address(kind, name)
    draft = (await owned_at(client, written, address)).id
    return _Subject(str(address), await _flows_of(client, draft), draft=True)


async def _identified(client: Client, written: Desired, identifier: str) -> _Subject:
    """What an id means: an instance, an integration's draft, a flow of an instance, or one of a draft."""
    kind = type_of(identifier)
    if kind == INSTANCE:
        ((address, live),) = (await addressed(client, written, [identifier])).items()
        return _Subject(identifier, facts_of(live).flow_configs, resource=written.resources.get(address))
    if kind == _INTEGRATION and await by_id(client, INTEGRATIONS, (), identifier):
        return _Subject(identifier, await _flows_of(client, identifier), draft=True)
    if kind == "IntegrationFlow":  # whose name the API does not tell by its id
        return _Subject(identifier, {identifier: identifier}, draft=True)
    if kind == FLOW_SETTINGS.node and (node := await by_id(client, FLOW_SETTINGS, _FLOW, identifier)):
        return _Subject(identifier, {node["flow"]["name"]: identifier})
    raise InvalidInput.of(
        "unknown-id",
        f'"{identifier}" is the id of no flow, instance or integration that is there',
        hint="see: reconciler get instances",
    )


async def _flows_of(client: Client, integration: str) -> dict[str, str]:
    columns = [column for column in FLOWS.columns if column.name in ("id", "name")]

    def page(first: int, after: str | None) -> Operation:
        return page_of(FLOWS, columns, {}, {"first": first, "after": after}, integration)

    return {node["name"]: node["id"] async for node in every(client, page, FLOWS.root)}


def _calls(subject: _Subject, call: Call) -> list[Call]:
    names = list(subject.flows)
    if call.flow:
        if call.flow not in names:
            message = f'{subject.name} has no flow "{call.flow}"'
            raise InvalidInput.of("unknown-flow", message, hint=f"the flows are {listed(names)}")
        return [call]
    tests = subject.resource.fields.get("tests") if subject.resource else ()
    if tests and call.is_empty:
        return [Call.written(test) for test in tests]
    if len(names) == 1:
        return [replace(call, flow=names[0])]
    why = "several flows" if names else "no flow"
    without = "" if tests else ", and its manifest no tests"
    hint = f"give --flow: one of {listed(names)}" if names else "deploy it first"
    raise InvalidInput.of("no-tests", f"{subject.name} has {why}{without}", hint=hint)


async def _run(
    client: Client, subject: _Subject, call: Call, limit: float, listener: Callable[[str], None]
) -> Tested:
    identifier = subject.flows.get(call.flow)
    if identifier is None:
        message = f'{subject.name} has no flow "{call.flow}", which its manifest tests'
        raise InvalidInput.of("unknown-flow", message, hint=f"the flows are {listed(subject.flows)}")
    listener(f'flow "{call.flow}" runs')
    began = monotonic()
    op = operation(call, identifier, address=subject.name, timeout=limit, draft=subject.draft)
    poll = Poll(limit, anyio.sleep, pause=executions.FIRST_PAUSE)

    def tell(status: str) -> None:
        listener(f'flow "{call.flow}" is {status}')

    result = await run_flow(client.execute, client.execute, op, poll, tell, in_doubt=_IN_DOUBT)
    steps = logs = None
    if result.execution:
        if not result.ended:
            raise executions.still_running(result.execution, limit)
        steps = await _permitted(executions.steps(client, result.execution))
        logs = await _permitted(executions.logs(client, result.execution, executions.LATE))
    problems = tuple(failures(call.expect, result))
    return Tested(call, result, problems, steps, logs, monotonic() - began)


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
