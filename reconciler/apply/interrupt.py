"""Ctrl-C in two stages: the first starts nothing new, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import anyio
from anyio.abc import TaskStatus


async def watch_signals(
    stop: Callable[[], None],
    scope: anyio.CancelScope,
    say: Callable[[str], None],
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Calls `stop` at the first SIGINT or SIGTERM and cancels `scope` at the second."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with anyio.open_signal_receiver(*handlers) as signals:
            task_status.started()
            told = False
            async for _ in signals:
                if told:
                    scope.cancel()
                    return
                told = True
                say("finishing what is under way; interrupt again to stop at once")
                stop()
    finally:
        # The event loop leaves the system's own behind, and SIGTERM would end the process without a word.
        for number, handler in handlers.items():
            signal.signal(number, handler)
