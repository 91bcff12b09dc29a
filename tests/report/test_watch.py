"""What takes long is named: at most one line in half a minute, on a terminal and elsewhere."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.model.outcome import Ended, Result, Started, Status, Waiting
from reconciler.model.plan import Action, Verb
from reconciler.report.progress import Progress, Reading

from .rendering import console, written

DEPLOY = Action("Instance/acme/x#deploy", Address("Instance", "acme/x"), Verb.DEPLOY, "is new")
OTHER = Action("Instance/acme/y#deploy", Address("Instance", "acme/y"), Verb.DEPLOY, "is new")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """Lines with the seconds at which they were written."""

    def __init__(self, shown: Progress | Reading, to, clock: Clock) -> None:
        self.shown, self.to, self.clock = shown, to, clock
        self.lines: list[tuple[int, str]] = []
        self._length = 0
        self._begun = clock.now

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.now += 1
            self.shown.tick()
            self.collect()

    def collect(self) -> None:
        text = written(self.to)
        new, self._length = text[self._length :], len(text)
        self.lines += [(int(self.clock.now - self._begun), line) for line in new.splitlines()]


def progress(*, enabled: bool = True) -> Told:
    clock, to = Clock(), console(200)
    return Told(Progress(to, [DEPLOY, OTHER], enabled=enabled, clock=clock), to, clock)


def test_an_action_without_an_answer_is_named_after_a_while() -> None:
    told = progress()
    told.shown(Started(DEPLOY))
    told.run(80)
    assert told.lines == [
        (15, "Instance/acme/x#deploy: waiting for an answer (15 s)"),
        (45, "Instance/acme/x#deploy: waiting for an answer (45 s)"),
        (75, "Instance/acme/x#deploy: waiting for an answer (75 s)"),
    ]


def test_what_is_polled_for_is_named_with_its_limit() -> None:
    told = progress()
    told.shown(Started(DEPLOY))
    told.run(5)
    for _ in range(8):
        told.shown(Waiting(DEPLOY, "version 12 to become live", 300.0))
        told.run(5)
    told.shown(Ended(Result(DEPLOY, Status.DONE, seconds=45)))
    told.run(60)
    assert told.lines == [
        (6, "waiting deploy Instance/acme/x: version 12 to become live"),
        (20, "Instance/acme/x#deploy: waiting for version 12 to become live (15 s of 300 s)"),
        (46, "done    deploy Instance/acme/x (45.0 s)"),
    ]


def test_of_many_the_longest_is_named() -> None:
    told = progress()
    told.shown(Started(OTHER))
    told.run(1)
    told.shown(Started(DEPLOY))
    told.run(40)
    assert told.lines == [
        (15, "Instance/acme/y#deploy: waiting for an answer (15 s)"),
    ]
    told.run(5)
    assert told.lines[1:] == [(45, "Instance/acme/y#deploy: waiting for an answer (45 s), and 1 more")]


def test_quick_actions_are_not_named() -> None:
    told = progress()
    for _ in range(20):
        told.shown(Started(DEPLOY))
        told.run(10)
        told.shown(Ended(Result(DEPLOY, Status.DONE, seconds=10)))
    assert {line for _, line in told.lines} == {"done    deploy Instance/acme/x (10.0 s)"}


def reading(*, enabled: bool = True) -> Told:
    clock, to = Clock(), console(200)
    return Told(Reading(to, enabled=enabled, clock=clock), to, clock)


def test_reading_that_takes_long_is_named_with_its_reason() -> None:
    told = reading()
    told.run(2)
    told.shown.notice("instances: trying again in 8 s, after: HTTP 503")
    told.run(10)
    told.shown.notice("instances: trying again in 12 s, after: HTTP 503")
    told.run(60)
    assert told.lines == [
        (1, "reading the tenant"),
        (3, "instances: trying again in 8 s, after: HTTP 503"),
        (
            32,
            "reading the tenant: waiting for answers (32 s); "
            "instances: trying again in 12 s, after: HTTP 503",
        ),
        (62, "reading the tenant: waiting for answers (62 s)"),
    ]


@pytest.mark.parametrize("make", [progress, reading])
def test_quiet_when_it_is_switched_off(make) -> None:
    told = make(enabled=False)
    if isinstance(told.shown, Progress):
        told.shown(Started(DEPLOY))
    told.shown.notice("instances: trying again in 8 s")
    told.run(100)
    assert told.lines == []


def test_beside_errors_as_json_only_what_takes_long_is_told() -> None:
    clock, to = Clock(), console(200)
    told = Told(Reading(to, at_once=False, clock=clock), to, clock)
    told.run(16)
    assert told.lines == [(15, "reading the tenant: waiting for answers (15 s)")]


def test_hostile_reasons_are_shown_not_obeyed() -> None:
    told = reading()
    told.shown.notice("\x1b]0;owned\x07[bold]")
    told.collect()
    assert told.lines == [(0, r"\x1b]0;owned\x07[bold]")]
