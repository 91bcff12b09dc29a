"""A tenant that goes away while a plan is carried out: the run ends at once, and says what is in doubt."""

from __future__ import annotations

import itertools
import json

import anyio
import httpx
import pytest

from reconciler.model.address import Address
from reconciler.model.errors import Unreachable
from reconciler.model.outcome import Outcome, Status
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import make_plan
from reconciler.sandbox import Sandbox, transport
from tests.harness import POLICY, client_of, run_of, snapshot, walk_of
from tests.worlds import definition, desired


class Outage(httpx.AsyncBaseTransport):
    """Carries out mutations up to the `last`, whose answer is lost; from then on nobody is there."""

    def __init__(self, inner: httpx.AsyncBaseTransport, last: int, *, down: Exception | int) -> None:
        self.inner, self.left, self.down, self.in_vain = inner, last, down, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.left <= 0:
            self.in_vain += 1
            if isinstance(self.down, int):
                return httpx.Response(self.down)
            raise self.down
        self.left -= json.loads(request.content)["query"].lstrip().startswith("mutation")
        response = await self.inner.handle_async_request(request)
        await response.aread()
        if self.left <= 0:
            raise httpx.ReadError("connection reset")
        return response


def customers(count: int) -> Desired:
    return desired([Resource(Address("Customer", f"c{n}"), {"name": f"Customer {n}"}) for n in range(count)])


def applied(last: int, parallelism: int, down: Exception | int) -> tuple[Outcome, Outage]:
    sandbox, wanted = Sandbox(), customers(30)
    plan = make_plan(wanted, snapshot(sandbox), POLICY)
    wire = Outage(transport(sandbox), last, down=down)

    async def work() -> Outcome:
        async with client_of(sandbox, wire=wire, parallelism=parallelism) as client:
            run = run_of(client, wanted, {})
            return await walk_of(plan, run, parallelism).outcome()

    try:
        return anyio.run(work), wire
    finally:
        sandbox.close()


@pytest.mark.parametrize("down", [httpx.ConnectError("refused"), 503], ids=["refused", "503"])
def test_nothing_new_starts_once_nobody_answers(down: Exception | int) -> None:
    outcome, wire = applied(last=10, parallelism=4, down=down)
    assert isinstance(outcome.fatal, Unreachable)
    assert outcome.fatal.exit_code == 4
    ends = [result.status for result in outcome.results]
    assert ends.count(Status.DONE) == 9
    assert ends.count(Status.FAILED) <= 4
    assert {r.because for r in outcome.results if r.status is Status.SKIPPED} == {"unreachable"}
    # At most four in flight, each with its six attempts.
    assert wire.in_vain <= 4 * 6


def test_a_call_that_nobody_can_be_asked_about_stays_in_doubt() -> None:
    outcome, _ = applied(last=3, parallelism=1, down=httpx.ConnectError("refused"))
    assert [r.doubtful for r in outcome.results[:4]] == [False, False, True, False]
    assert isinstance(outcome.fatal, Unreachable)


def test_slow_answers_use_up_the_time_for_an_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sandbox.resolve.content.versions.DELAY", 100)
    sandbox, seconds = Sandbox(rules={"published_available": "after_delay"}), itertools.count(0, 200)
    wanted = desired([_integration()])
    live = snapshot(sandbox)
    plan = make_plan(wanted, live, POLICY)

    async def work() -> Outcome:
        async with client_of(sandbox) as client:
            run = run_of(client, wanted, {}, wait_seconds=150, clock=lambda: next(seconds))
            return await walk_of(plan, run).outcome()

    try:
        last = anyio.run(work).results[-1]
    finally:
        sandbox.close()
    assert (last.status, last.error) == (
        Status.FAILED,
        'waited 150 s in vain for release "1.0.0" (version 1) to become available',
    )


def _integration() -> Resource:
    component = {"key": "webhook-triggers", "isPublic": True, "version": "LATEST"}
    action = {"key": "webhook", "component": component}
    step = {"name": "Trigger", "isTrigger": True, "action": action, "inputs": {}}
    data = {
        "definitionVersion": 7,
        "name": "alpha",
        "description": "",
        "flows": [{"name": "Flow", "description": "", "isSynchronous": False, "steps": [step]}],
        "configPages": [],
        "requiredConfigVars": [],
    }
    fields = {"name": "Alpha", "definition": definition(data), "release": "1.0.0"}
    return Resource(Address("Integration", "alpha"), fields)
