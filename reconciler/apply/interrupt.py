"""Ctrl-C in two stages: the first starts nothing new, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import anyio
from anyio.abc import TaskStatus

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Windows has no SIGHUP."""


async def watch_signals(
    stop: Callable[[], None],
    scope: anyio.CancelScope,
    say: Callable[[str], None],
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Calls `stop` at the first SIGINT, SIGTERM or SIGHUP and cancels `scope` at the second. What the process
    was told to pass over, as `nohup` does with SIGHUP, is passed over.
    """
    found = {number: signal.getsignal(number) for number in SIGNALS}
    handlers = {number: handler for number, handler in found.items() if handler is not signal.SIG_IGN}
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
