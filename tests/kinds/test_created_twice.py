"""Two runs make the same object at once, where it has no place for a mark: both are left, and it is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import anyio
import httpx
import pytest

from reconciler.apply.run import Walk
from reconciler.apply.running import Run
from reconciler.kinds.protocol import Policy
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Status
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.sandbox import Sandbox, transport
from tests.harness import Silent, client_of, no_sleep, plan_for, snapshot
from tests.worlds import desired

POLICY = Policy(guard_minimum=1000)
GROUP = Address("AlertGroup", "night")


class Twice(httpx.AsyncBaseTransport):
    """Another run creates the same just before or just after ours."""

    def __init__(self, sandbox: Sandbox, *, first: bool) -> None:
        self._inner, self._sandbox, self._first = transport(sandbox), sandbox, first

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if "mutation createAlertGroup(" not in body["query"]:
            return await self._inner.handle_async_request(request)
        if self._first:
            self._sandbox.execute(body["query"], body["variables"])
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if not self._first:
            self._sandbox.execute(body["query"], body["variables"])
        return response


def applied(sandbox: Sandbox, wanted: Desired, wire: httpx.AsyncBaseTransport) -> Outcome:
    live = snapshot(sandbox, wanted)
    plan, matched = make_plan(wanted, live, POLICY), match(wanted, live)

    async def work() -> Outcome:
        async with client_of(sandbox, wire=wire) as client:
            run = Run(
                project=wanted.project,
                resources=wanted.resources,
                observed={**matched.known, **matched.objects},
                policy=POLICY,
                tenant=Tenant(client),
                journal=Silent(),
                listener=lambda _: None,
                sleep=no_sleep,
            )
            return await Walk(plan, run, parallelism=1, now=lambda: datetime.now(UTC)).outcome()

    return anyio.run(work)


@pytest.mark.parametrize("first", [True, False])
def test_both_are_left_and_the_run_does_not_end_as_if_all_were_well(first: bool):
    with Sandbox() as sandbox:
        wanted = desired([Resource(GROUP, {"name": "Night"})])
        (result,) = applied(sandbox, wanted, Twice(sandbox, first=first)).results
        objects = snapshot(sandbox, wanted).objects["AlertGroup"]
        assert len(objects) == 2
        assert result.status is Status.STALE
        assert all(one.id in result.error for one in objects)
        (refusal,) = plan_for(sandbox, wanted).refusals
        assert refusal.code == "ambiguous"
        assert f"--use {GROUP}=" in refusal.hint


def test_what_is_created_alone_is_done():
    with Sandbox() as sandbox:
        wanted = desired([Resource(GROUP, {"name": "Night"})])
        (result,) = applied(sandbox, wanted, transport(sandbox)).results
        assert (result.status, plan_for(sandbox, wanted).actions) == (Status.DONE, ())
