from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from reconciler.api.limits import Limiter

pytestmark = pytest.mark.anyio


def limiter(time, rate=None, parallelism=8):
    return Limiter(rate, parallelism, clock=time.read, sleep=time.sleep)


async def settle():
    for _ in range(20):
        await checkpoint()


async def test_the_rate_is_kept(time):
    limit, started = limiter(time, rate=10), time.now
    sent = []
    for _ in range(105):
        async with limit.slot():
            sent.append(time.now - started)
    assert sent[4] == 0  # half a second's worth may go at once
    assert sent[-1] == pytest.approx(10.0)
    assert max(sum(begin <= at < begin + 1 for at in sent) for begin in sent) <= 15


async def test_no_rate_is_no_waiting(time):
    limit = limiter(time)
    for _ in range(1000):
        async with limit.slot():
            pass
    assert time.slept == []


async def test_it_starts_low_and_grows_while_answers_are_quick(time):
    limit = limiter(time, parallelism=6)
    assert limit.concurrency == 4
    await _work(limit, 0.1, 10)
    assert limit.concurrency == 5
    await _work(limit, 0.1, 100)
    assert limit.concurrency == 6


async def test_slow_answers_do_not_let_it_grow(time):
    limit = limiter(time)
    await _work(limit, 5.0, 100)
    assert limit.concurrency == 4


async def test_an_idle_width_does_not_grow(time):
    limit = limiter(time)
    for _ in range(50):
        async with limit.slot() as slot:
            slot.answered(0.1)
    assert limit.concurrency == 4


async def test_a_burst_of_429_halves_once_and_holds_everything_back(time):
    limit = limiter(time)
    async with limit.slot() as one, limit.slot() as two:
        one.throttled(30)
        two.throttled(None)
    assert limit.concurrency == 2
    before = time.now
    async with limit.slot() as slot:
        assert time.now - before == 30
        slot.throttled(0)
    assert limit.concurrency == 1
    async with limit.slot() as slot:
        slot.throttled(0)
    assert limit.concurrency == 1


async def test_a_pause_that_comes_while_waiting_counts(time):
    limit = limiter(time, rate=1)
    async with limit.slot() as first:
        pass

    async def sleep(seconds):
        if len(time.slept) == 0:
            first.throttled(10)
        await time.sleep(seconds)

    limit._sleep = sleep
    before = time.now
    async with limit.slot():
        assert time.now - before == 10


async def test_turns_come_in_order_and_cancellation_loses_none(time):
    limit, order, release = limiter(time, parallelism=1), [], anyio.Event()

    async def work(name, scope=None):
        with scope or anyio.CancelScope():
            async with limit.slot():
                order.append(name)
                await release.wait()

    waiting, holding = anyio.CancelScope(), anyio.CancelScope()
    async with anyio.create_task_group() as group:
        for name, scope in (("a", holding), ("b", waiting), ("c", None), ("d", None)):
            group.start_soon(work, name, scope)
            await settle()
        waiting.cancel()
        await settle()
        holding.cancel()
        await settle()
        release.set()
    assert order == ["a", "c", "d"]
    async with limit.slot():
        pass


async def test_a_turn_given_to_a_cancelled_task_is_passed_on(time):
    limit, order = limiter(time, parallelism=1), []
    cancelled = anyio.CancelScope()

    async def work(name, scope):
        with scope:
            async with limit.slot():
                order.append(name)

    async with anyio.create_task_group() as group:
        async with limit.slot():
            group.start_soon(work, "b", cancelled)
            group.start_soon(work, "c", anyio.CancelScope())
            await settle()
        cancelled.cancel()
    assert order[-1] == "c"
    async with limit.slot():
        pass


async def test_a_token_reserved_by_a_cancelled_task_is_returned(time):
    limit = limiter(time, rate=1)
    async with limit.slot():
        pass

    async def stuck(seconds):
        await anyio.sleep_forever()

    limit._sleep = stuck
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with limit.slot():
            raise AssertionError
    limit._sleep = time.sleep
    async with limit.slot():
        pass
    assert time.slept == [1.0]


@pytest.mark.parametrize(("rate", "parallelism"), [(0, 1), (-1, 1), (1, 0)])
def test_bounds_are_positive(time, rate, parallelism):
    with pytest.raises(ValueError, match="positive"):
        limiter(time, rate, parallelism)


async def _work(limit, seconds, count):
    """So many requests, all waiting from the start, each answered after `seconds`."""

    async def send():
        async with limit.slot() as slot:
            await checkpoint()
            slot.answered(seconds)

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(send)
