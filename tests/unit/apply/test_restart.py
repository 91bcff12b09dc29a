"""The tenant restarts for 20 s, at any moment of an apply: the same run ends well, and doubles nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from reconciler.api import Client, Credentials, Patience
from reconciler.apply.lease import Claim, Ports, held
from reconciler.apply.run import Walk
from reconciler.model.outcome import Status
from reconciler.model.secret import Secret
from reconciler.plan.build import plan_of
from reconciler.plan.mending import Mending
from reconciler.sandbox import BASE_URL, Sandbox, transport
from tests.harness import POLICY, paired, plan_for, run_of, snapshot
from tests.unit.apply.test_lease import left
from tests.unit.apply.test_publishing import wanted

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
RESTART = 20.0


class Time:
    """A clock that moves when all that goes on at the same time sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        until = self.seconds + seconds
        self._due.append(until)
        try:
            while self.seconds < until:
                for _ in range(20):
                    await anyio.lowlevel.checkpoint()
                if self.seconds < until == min(self._due):
                    self.seconds = until
        finally:
            self._due.remove(until)


class Restarting(httpx.AsyncBaseTransport):
    """Goes away with its n-th request, before or after that was carried out, and refuses connections until it
    is back.
    """

    def __init__(
        self, sandbox: Sandbox, time: Time, at: int, *, after: bool, seconds: float = RESTART
    ) -> None:
        self._inner, self._time, self._at, self._after = transport(sandbox), time, at, after
        self._seconds, self.requests, self.back, self.refused = seconds, 0, 0.0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._time.seconds < self.back:
            self.refused += 1
            raise httpx.ConnectError("connection refused")
        self.requests += 1
        if self.requests != self._at:
            return await self._inner.handle_async_request(request)
        if self._after:
            await (await self._inner.handle_async_request(request)).aread()
        self.back = self._time.seconds + self._seconds
        raise httpx.ReadError("connection reset")


def apply(sandbox: Sandbox, at: int, *, after: bool, seed: int, parallelism: int) -> Restarting:
    """One apply under a lease."""
    time, desired, said = Time(), wanted(), list[str]()
    wire = Restarting(sandbox, time, at, after=after)
    patience = Patience(
        sleep=time.sleep, clock=time.clock, now=lambda: time.now().timestamp(), rng=random.Random(seed)
    )
    live = snapshot(sandbox, desired)
    plan = plan_of(Mending(paired(sandbox, desired, live), POLICY))
    credentials = Credentials(BASE_URL, access_token=Secret(sandbox.token))

    async def work() -> None:
        async with Client(
            BASE_URL, credentials, transport=wire, rate=None, parallelism=parallelism, patience=patience
        ) as client:
            ports = Ports(time.now, time.sleep, said.append)
            async with held(client, Claim("shop", "alice@here", "", "ours"), ports):
                run = run_of(client, desired, {}, sleep=time.sleep, clock=time.clock)
                outcome = await Walk(plan, run, parallelism=parallelism, now=time.now).outcome()
        bad = [(r.action.id, r.status.value, r.error) for r in outcome.results if r.status is not Status.DONE]
        assert not bad, (at, bad)

    anyio.run(work)
    assert said == [], at
    return wire


@pytest.mark.parametrize("parallelism", [1, 8])
@pytest.mark.parametrize("after", [False, True])
def test_a_restart_is_survived_at_every_request(after: bool, parallelism: int):
    at, met = 0, True
    while met:
        at += 1
        with Sandbox(rules={"published_available": "after_delay"}) as sandbox:
            wire = apply(sandbox, at, after=after, seed=at, parallelism=parallelism)
            met = wire.requests >= at
            counts = {kind: len(objects) for kind, objects in snapshot(sandbox).objects.items()}
            assert counts == {"Integration": 1, "Customer": 1, "Instance": 1}, at
            assert plan_for(sandbox, wanted(), POLICY).actions == (), at
            assert len(snapshot(sandbox).objects["Integration"][0].versions) == 1, at
            assert left(sandbox) is None, at
    assert at > 15


@pytest.mark.parametrize("seed", range(50))
def test_it_is_not_by_luck(seed: int):
    with Sandbox() as sandbox:
        wire = apply(sandbox, 6, after=True, seed=seed, parallelism=1)
        assert 0 < wire.refused < 10


def test_many_at_once_survive_it():
    """What is repeated since nobody was there is not what a run may repeat of its requests."""
    time = Time()
    with Sandbox() as sandbox:
        wire = Restarting(sandbox, time, 1, after=False)
        patience = Patience(sleep=time.sleep, clock=time.clock, rng=random.Random(1))
        credentials = Credentials(BASE_URL, access_token=Secret(sandbox.token))

        async def work() -> None:
            async with (
                Client(
                    BASE_URL, credentials, transport=wire, rate=None, parallelism=64, patience=patience
                ) as client,
                anyio.create_task_group() as group,
            ):
                for _ in range(64):
                    group.start_soon(client.raw, "{ customers { totalCount } }")

        anyio.run(work)
        assert wire.refused > 50


@pytest.mark.parametrize("seconds", [3.0, 8.0])
def test_the_lease_is_given_back_although_the_tenant_was_taken_for_down(seconds: float):
    """The run ends with the outage, and the tenant is back a little later."""
    time, said = Time(), list[str]()
    with Sandbox() as sandbox:
        wire = Restarting(sandbox, time, 4, after=False, seconds=1000)
        patience = Patience(sleep=time.sleep, clock=time.clock, rng=random.Random(1))
        credentials = Credentials(BASE_URL, access_token=Secret(sandbox.token))

        async def work() -> None:
            async with (
                Client(
                    BASE_URL, credentials, transport=wire, rate=None, parallelism=8, patience=patience
                ) as client,
                held(
                    client, Claim("shop", "alice@here", "", "ours"), Ports(time.now, time.sleep, said.append)
                ),
            ):
                for _ in range(3):
                    with pytest.raises(Exception, match="cannot reach"):
                        await client.raw("{ customers { totalCount } }")
                wire.back = time.seconds + seconds

        anyio.run(work)
        assert (left(sandbox), said) == (None, [])
