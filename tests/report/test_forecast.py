"""How long a run will go on, held against what it then takes: the client's limits under a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from reconciler.api.limits import Limiter
from reconciler.model.address import Address
from reconciler.model.outcome import Ended, Result, Started, Status
from reconciler.model.plan import Action, Rollout, Verb
from reconciler.report.forecast import Forecast
from reconciler.report.progress import Progress
from reconciler.report.status import Standing, span
from tests.simulation.loop import Loop

from .rendering import console, written

U, D, T = Verb.UPDATE, Verb.DEPLOY, Verb.TEST
Throttle = Callable[[float], float | None]
"""How long a request of a moment is to wait, as a 429 says it; None where it is answered."""


def chains(number: int, *verbs: Verb) -> list[Action]:
    """Instances of which each is taken through these verbs."""
    addresses = [Address("Instance", f"c{n}/orders") for n in range(number)]
    return [
        Action(f"{one}#{verb.value}", one, verb, "is behind", reads=verb is D)
        for one in addresses
        for verb in verbs
    ]


def never(_: float) -> float | None:
    return None


def windowed(most: int, seconds: float) -> Throttle:
    """So many requests in each window of time; who asks for more waits for the next one."""
    counts: dict[int, int] = {}

    def throttle(now: float) -> float | None:
        window = int(now // seconds)
        counts[window] = counts.get(window, 0) + 1
        return seconds - now % seconds if counts[window] > most else None

    return throttle


def once(at: float, seconds: float) -> Throttle:
    """One pause at a moment."""
    left = [seconds]
    return lambda now: left.pop() if now >= at and left else None


class Applied:
    """Actions carried out one request after the other, by eight at once, and what was foretold meanwhile."""

    def __init__(self, actions: list[Action], throttle: Throttle, rate: float | None) -> None:
        self.loop, self.throttle = Loop(len(actions)), throttle
        self.limiter = Limiter(rate, 8, clock=self.loop.time, sleep=anyio.sleep)
        self.waiting: dict[Address, list[Action]] = {}
        for action in actions:
            self.waiting.setdefault(action.address, []).append(action)
        self.forecast, self.all, self.done = Forecast(actions, 0.0), len(actions), 0
        self.foretold: list[tuple[float, float, float | None]] = []
        try:
            self.seconds = self.loop.run_until_complete(self._run())
        finally:
            self.loop.close()

    async def _run(self) -> float:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            for _ in range(8):
                group.start_soon(self._work)
        return self.loop.time()

    async def _watch(self) -> None:
        while self.done < self.all:
            await anyio.sleep(1.0)
            self.foretold.append((self.loop.time(), self.done / self.all, self.forecast.seconds()))

    async def _work(self) -> None:
        while self.waiting:
            for action in self.waiting.pop(next(iter(self.waiting))):
                for _ in range(1 + action.reads):
                    await self._request()
                self.forecast.ended(action, self.loop.time())
                self.done += 1

    async def _request(self) -> None:
        wait: float | None = 0.0
        while wait is not None:
            async with self.limiter.slot() as slot:
                await anyio.sleep(0.3)
                wait = self.throttle(self.loop.time())
                slot.answered(0.3) if wait is None else slot.throttled(wait)


@pytest.mark.parametrize(
    ("actions", "throttle", "rate"),
    [
        (chains(3_000, U), never, None),
        (chains(1_500, U), never, 10.0),
        (chains(400, U, D, T), never, 10.0),
        (chains(2_000, U), windowed(50, 10.0), 10.0),
        (chains(500, U, D, T), windowed(30, 8.0), 10.0),
        (chains(1_000, U), windowed(6, 1.0), 10.0),
        (chains(1_500, U), once(3.0, 30.0), 10.0),
    ],
    ids=["steady", "limit", "chains", "pauses", "chains-pauses", "hidden-limit", "one-pause"],
)
def test_from_the_first_tenth_on_an_estimate_is_right_to_a_fifth(
    actions: list[Action], throttle: Throttle, rate: float | None
) -> None:
    run = Applied(actions, throttle, rate)
    told = [(share, left, run.seconds - at) for at, share, left in run.foretold if share > 0.12]
    assert len(told) > 90
    for share, left, then in told:
        # Below a minute nothing is told but that.
        assert left == pytest.approx(then, rel=0.2 if then > 60 else None, abs=None if then > 60 else 15), (
            share
        )
    assert all(left is None for _, share, left in run.foretold if share < 0.1)


def test_what_is_skipped_takes_no_time() -> None:
    actions = chains(200, U)
    forecast = Forecast(actions, 0.0)
    for number, action in enumerate(actions[:100], 1):
        forecast.ended(action, float(number))
    assert forecast.seconds() == pytest.approx(100)
    for action in actions[100:150]:
        forecast.ended(action, 100.0, was_done=False)
    assert forecast.seconds() == pytest.approx(50)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (31, "about 1 min"),
        (240, "about 4 min"),
        (5_930, "about 99 min"),
        (6_100, "about 1 h 50 min"),
        (7_200, "about 2 h 0 min"),
    ],
)
def test_a_time_is_told_in_minutes(seconds: float, told: str) -> None:
    assert span(seconds) == told


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_has_one_line_in_half_a_minute_that_says_how_far_it_is() -> None:
    actions, clock, to = chains(600, U), Clock(), console(200)
    waves = tuple(tuple(one.address for one in actions[n : n + 300]) for n in (0, 300))
    progress = Progress(to, actions, (Rollout("orders", waves, 1),), clock=clock)
    for number, action in enumerate(actions):
        clock.now += 0.5
        progress(Started(action))
        progress(Ended(Result(action, Status.FAILED if number % 100 == 99 else Status.DONE)))
        progress.tick()
    lines = written(to).splitlines()
    assert len(lines) == 10
    assert lines[0] == "applying 1/600: 1 done, 599 left; wave 1 of 2 of orders"
    assert (
        lines[3] == "applying 181/600: 180 done, 1 failed, 419 left; wave 1 of 2 of orders; about 3 min left"
    )
    assert lines[-1].endswith("wave 2 of 2 of orders; less than a minute left")


def test_a_terminal_shows_the_same_and_each_failure() -> None:
    actions, clock, to = chains(100, U), Clock(), console(120, terminal=True)
    with Progress(to, actions, clock=clock) as progress:
        for number, action in enumerate(actions):
            clock.now += 3
            progress(Started(action))
            progress(Ended(Result(action, Status.FAILED if number == 30 else Status.DONE, "no")))
            progress.tick()
    out = written(to)
    assert "applying 50/100: 1 failed, 50 left; about 2 min left" in out
    assert out.count("update Instance/c30/orders (0.0 s)") == 1
    assert "update Instance/c31/orders (0.0 s)" not in out


def test_what_an_interrupt_left_to_do_is_no_line_each() -> None:
    actions, to = chains(3, U), console(120)
    progress = Progress(to, actions)
    for action in actions:
        progress(Ended(Result(action, Status.SKIPPED, because="interrupted")))
    assert written(to) == ""


def test_what_turns_out_on_the_way_is_counted() -> None:
    standing = Standing(chains(1, U), (), 0.0)
    for action in chains(2, U):
        standing.end(Result(action, Status.DONE), 1.0)
    assert (standing.ended, standing.total) == (2, 2)
    assert standing.line() == "applying 2/2: 2 done, 0 left"
