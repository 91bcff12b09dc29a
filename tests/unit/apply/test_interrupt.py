"""Signals while a plan is carried out."""

from __future__ import annotations

import signal

import anyio

from reconciler.apply.interrupt import watch_signals


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
