"""A tenant that is ill is not hammered, and one that is down ends the run within a bounded time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import formatdate

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint
from msgspec.structs import replace

from reconciler.api.retries import AttemptError
from reconciler.live.fetch import fetch
from reconciler.model.errors import TransportError, Unreachable
from reconciler.model.secret import Secret
from tests.api.stand_in import Server, Time, create, data, query

pytestmark = pytest.mark.anyio

DONE = data(customer={"id": "1"}, createCustomer={"customer": {"id": "1"}, "errors": []})
AWAY = httpx.Response(503)
HOUR = {"retry-after": "3600"}
TOKEN = httpx.Response(200, json={"access_token": "access-2"})


def timing_out(time: Time, seconds: float):
    def wait(request: httpx.Request) -> httpx.Response:
        time.now += seconds
        raise httpx.ReadTimeout("slow")

    return wait


async def test_repetitions_are_bounded_for_all_requests_together(connect, patience):
    server = Server(AWAY)
    async with connect(server, patience=replace(patience, reserve=7, share=0)) as client:
        for attempts in (6, 3, 1, 1):
            before = len(server.requests)
            with pytest.raises(Unreachable) as caught:
                await client.execute(query())
            assert len(server.requests) - before == attempts
    assert "1 attempt in 0 s, last: HTTP 503; not tried again, since this run has repeated 7" in str(
        caught.value
    )


async def test_requests_pay_for_repetitions(connect, patience):
    server = Server(AWAY, DONE, DONE, AWAY, DONE)
    async with connect(server, patience=replace(patience, reserve=1, share=0.5)) as client:
        for _ in range(3):
            await client.execute(query())
    assert len(server.requests) == 5


async def test_being_slowed_down_costs_no_repetition(connect, patience):
    server = Server(httpx.Response(429), httpx.Response(429), DONE)
    async with connect(server, patience=replace(patience, reserve=0, share=0)) as client:
        assert await client.execute(query()) == {"id": "1"}


async def test_enough_failures_for_long_enough_end_everything(connect, time):
    server = Server(timing_out(time, 10))
    async with connect(server) as client:
        with pytest.raises(Unreachable, match="5 attempts"):
            await client.execute(query())
        for op in (query(), create()):
            with pytest.raises(Unreachable, match=r"no answer to 5 requests in a row for 4\d s") as caught:
                await client.execute(op)
            assert caught.value.exit_code == 4
    assert len(server.requests) == 5


async def test_few_and_slow_failures_end_everything_too(connect, time, patience):
    server, begun = Server(timing_out(time, 60)), time.now
    async with connect(server, patience=replace(patience, streak=1000)) as client:
        for _ in range(20):
            with pytest.raises(Unreachable):
                await client.execute(query())
    assert time.now - begun <= 60 + 120 + 60
    assert len(server.requests) == 3


async def test_reading_a_tenant_that_is_silent_ends_in_time(connect, time):
    begun = time.now
    async with connect(Server(timing_out(time, 60))) as client:
        with pytest.raises(Unreachable):
            await fetch(client)
    assert time.now - begun <= 240


async def test_reading_a_tenant_that_falls_silent_ends_in_time(connect, time):
    user = data(authenticatedUser={"email": "a@b.c", "tenantId": "t", "org": None})
    server = Server(user, timing_out(time, 60))
    begun = time.now
    async with connect(server) as client:
        with pytest.raises((Unreachable, BaseExceptionGroup)) as caught:
            await fetch(client)
    found = caught.value
    assert isinstance(found, Unreachable) or caught.group_contains(Unreachable)
    assert time.now - begun <= 240


@pytest.mark.parametrize(
    "sign_of_life", [DONE, httpx.Response(429), httpx.Response(500), httpx.Response(400)]
)
async def test_any_answer_in_between_is_a_sign_of_life(connect, time, sign_of_life):
    slow = timing_out(time, 10)
    server = Server(*[slow] * 4, sign_of_life, *[slow] * 4, DONE)
    async with connect(server) as client:
        while len(server.requests) < 10:
            try:
                await client.execute(query())
            except (TransportError, Unreachable):
                continue
    assert client._transport._health.outage == ""


async def test_those_that_wait_to_try_again_fail_at_once(connect, time, patience):
    async def sleep(seconds: float) -> None:
        if seconds > 50:
            await anyio.sleep_forever()
        await time.sleep(seconds)

    waits = httpx.Response(503, headers={"retry-after": "60"})
    server, failed = Server(waits, waits, timing_out(time, 10)), []

    async def attempt(op) -> None:
        try:
            await client.execute(op)
        except (Unreachable, TransportError) as error:
            failed.append(error)

    client = connect(server, patience=replace(patience, sleep=sleep))
    async with client, anyio.create_task_group() as group:
        group.start_soon(attempt, query())
        group.start_soon(attempt, create(repeatable=True))
        for _ in range(20):
            await checkpoint()
        await attempt(query())
    assert sorted(type(error).__name__ for error in failed) == [
        "TransportError",
        "Unreachable",
        "Unreachable",
    ]
    doubtful = [error.doubtful for error in failed if isinstance(error, TransportError)]
    assert doubtful == [True], "the first attempt may have been carried out"
    assert len(server.requests) == 2 + 3


async def test_those_that_wait_for_their_turn_fail_at_once(connect, time, patience):
    release, failed = anyio.Event(), []

    async def hold(request: httpx.Request) -> httpx.Response:
        await release.wait()
        return DONE

    async with connect(hold, parallelism=1) as client:
        health = client._transport._health

        async def attempt() -> None:
            try:
                await client.execute(query())
            except Unreachable as error:
                failed.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(attempt)
            for _ in range(20):
                await checkpoint()
            for _ in range(5):
                health.missed(AttemptError("gone", sent=True, reached=False))
                time.now += 10
            for _ in range(20):
                await checkpoint()
            assert len(failed) == 2, "the one on its way is waited for"
            release.set()
    assert health.outage == "", "its answer is a sign of life"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", ["3600", "date"])
async def test_nobody_sleeps_for_an_hour(connect, time, status, header):
    after = formatdate(time.now + 3600, usegmt=True) if header == "date" else header
    server = Server(httpx.Response(status, headers={"retry-after": after}), DONE)
    async with connect(server) as client:
        with pytest.raises(Unreachable, match=r"asks to wait 3600 s, which is too long"):
            await client.execute(query())
    assert time.slept == []


async def test_a_pause_that_is_too_long_is_not_waited_for_by_others_either(connect, time):
    server = Server(httpx.Response(429, headers=HOUR), DONE)
    async with connect(server, rate=10) as client:
        for _ in range(2):
            with pytest.raises(Unreachable, match="3600 s"):
                await client.execute(query())
        assert (len(server.requests), time.slept) == (1, [])
        time.now += 3600
        assert await client.execute(query()) == {"id": "1"}


async def test_the_token_endpoint_may_slow_us_down(connect, time):
    server = Server(httpx.Response(429, headers={"retry-after": "7"}), TOKEN, DONE)
    async with connect(server, tokens={"refresh_token": Secret("refresh")}) as client:
        assert await client.execute(query()) == {"id": "1"}
    assert 7 <= sum(time.slept) <= 7.5


async def test_a_token_endpoint_that_cannot_be_used_is_asked_once_for_all(connect, time):
    server, failed = Server(httpx.Response(429, headers=HOUR)), []

    async def attempt() -> None:
        with pytest.raises(Unreachable, match=r"to authenticate.*asks to wait 3600 s") as caught:
            await client.execute(query())
        failed.append(caught.value)

    client = connect(server, tokens={"refresh_token": Secret("refresh")})
    async with client, anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(attempt)
    assert (len(failed), len(server.requests), time.slept) == (8, 1, [])


async def test_a_failed_exchange_holds_from_its_end(connect, time):
    server = Server(timing_out(time, 50))

    async def attempt() -> None:
        with pytest.raises(Unreachable):
            await client.execute(query())

    client = connect(server, tokens={"refresh_token": Secret("refresh")})
    async with client, anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(attempt)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("rate", "gap", "notice"),
    [(0.5, 2, []), (0.25, 4, ["customer: waiting 4 s for the rate limit"] * 3)],
)
async def test_less_than_one_request_a_second(connect, time, rate, gap, notice):
    sent: list[float] = []
    told: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(time.now)
        return DONE

    async with connect(note, rate=rate, notice=told.append) as client, anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(client.execute, query())
    assert [at - sent[0] for at in sent] == [0, gap, 2 * gap, 3 * gap]
    assert told == notice


async def test_long_waits_are_told(connect):
    told: list[str] = []
    server = Server(httpx.Response(503, headers={"retry-after": "8"}), DONE)
    async with connect(server, notice=told.append) as client:
        await client.execute(create(repeatable=True))
    assert told == ["Customer/acme: createCustomer: trying again in 8 s, after: HTTP 503"]


class Drip(httpx.AsyncByteStream):
    """A byte now and then, for ever."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await anyio.sleep(0.001)


@pytest.mark.parametrize("tokens", [None, {"refresh_token": Secret("refresh")}])
async def test_an_answer_that_drips_for_ever_is_ended(connect, patience, tokens):
    patience = replace(patience, attempts=2, timeout=0.05)
    async with connect(
        lambda request: httpx.Response(200, stream=Drip()), patience=patience, tokens=tokens
    ) as client:
        with pytest.raises(Unreachable, match=r"2 attempts in .*, last: no answer within 0.05 s"):
            await client.execute(query())
