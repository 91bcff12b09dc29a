"""Signals while a plan is carried out."""

from __future__ import annotations

import signal

import anyio
import pytest
from msgspec import structs

from reconciler.apply.interrupt import watch_signals
from reconciler.kinds.protocol import Policy
from reconciler.model.outcome import Ended, Event
from reconciler.model.plan import Verb
from reconciler.model.state import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.sandbox import Sandbox
from tests.harness import client_of, converge, run_of, snapshot, walk_of
from tests.unit.apply.test_called_off import STOPS
from tests.unit.apply.test_two_runs import wanted
from tests.unit.samples import copy


def test_two_signals_stop_at_once_and_the_handlers_are_as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    mine = lambda *_: None  # noqa: E731
    signal.signal(signal.SIGTERM, mine)
    said: list[str] = []

    async def work() -> bool:
        async with anyio.create_task_group() as group:

            def second() -> None:
                said.append("stopped")
                signal.raise_signal(signal.SIGINT)

            await group.start(watch_signals, second, group.cancel_scope, said.append)
            signal.raise_signal(signal.SIGTERM)
            await anyio.sleep_forever()
        return group.cancel_scope.cancel_called

    try:
        assert anyio.run(work)
        assert signal.getsignal(signal.SIGTERM) is mine
        assert said == ["finishing what is under way; interrupt again to stop at once", "stopped"]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_terminal_that_closes_stops_nothing_at_once():
    said: list[str] = []

    async def work() -> bool:
        async with anyio.create_task_group() as group:
            await group.start(watch_signals, lambda: said.append("stopped"), group.cancel_scope, said.append)
            for number in (signal.SIGHUP, signal.SIGHUP):
                signal.raise_signal(number)
                await anyio.sleep(0.05)
            cut_off = group.cancel_scope.cancel_called
            group.cancel_scope.cancel()
        return cut_off

    before = signal.getsignal(signal.SIGHUP)
    try:
        assert anyio.run(work) is False
        assert said == ["finishing what is under way; interrupt again to stop at once", "stopped"]
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert anyio.run(work) is False
        assert len(said) == 2
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("because", STOPS)
def test_what_was_paused_is_paused_again_though_the_run_is_stopped_after_the_deploy(because: str):
    def desired(value: str) -> Desired:
        plain = copy()
        fields = {k: v for k, v in plain.fields.items() if k != "enabled"}
        return wanted(structs.replace(plain, fields={**fields, "config": {"Channel": value}}))

    with Sandbox() as sandbox:
        converge(sandbox, desired("#first"))
        (instance,) = snapshot(sandbox).objects["Instance"]
        sandbox.execute(
            "mutation ($id: ID) { updateInstance(input: {id: $id, enabled: false}) { instance { id } } }",
            {"id": instance.id},
        )
        other, live = desired("#other"), snapshot(sandbox)
        plan, matched = make_plan(other, live, Policy()), match(other, live)
        assert [a.verb for a in plan.actions][-2:] == [Verb.DEPLOY, Verb.DISABLE]

        async def work() -> None:
            def listen(event: Event) -> None:
                if isinstance(event, Ended) and event.result.action.verb is Verb.DEPLOY:
                    STOPS[because](walk)

            async with client_of(sandbox) as client:
                run = run_of(client, other, matched.objects, policy=Policy(), listener=listen)
                walk = walk_of(plan, run)
                assert (await walk.outcome()).interrupted is (because == "interrupted")

        anyio.run(work)
        (instance,) = snapshot(sandbox).objects["Instance"]
        assert instance.fields["enabled"] is False
