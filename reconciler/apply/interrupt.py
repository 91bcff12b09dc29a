"""Ctrl-C in two stages: the first starts nothing new, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import anyio
from anyio.abc import TaskStatus

Signals = Callable[[], AbstractContextManager[AsyncIterator[int]]]
"""Opens the stream of the signals that ask a run to end, for as long as it is listened to."""
HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
SIGNALS = {signal.SIGINT, signal.SIGTERM, HANGUP}


async def watch_signals(
    stop: Callable[[], None],
    scope: anyio.CancelScope,
    say: Callable[[str], None],
    received: Signals | None = None,
    *,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Calls `stop` at the first SIGINT, SIGTERM or SIGHUP and cancels `scope` at the next SIGINT or SIGTERM:
    those of this process, unless others are `received`.
    """
    with (received or of_this_process)() as signals:
        task_status.started()
        told = False
        async for number in signals:
            if told and number == HANGUP != signal.SIGTERM:
                continue  # a terminal that closes tells it more than once
            if told:
                scope.cancel()
                return
            told = True
            say("finishing what is under way; interrupt again to stop at once")
            stop()


@contextmanager
def of_this_process(*more: signal.Signals) -> Iterator[AsyncIterator[int]]:
    """What this process is sent, of `more` signals, too. Where it was told to pass SIGHUP over, as by
    `nohup`, it does.
    """
    handlers = {number: signal.getsignal(number) for number in (*SIGNALS, *more)}
    if handlers.get(HANGUP) is signal.SIG_IGN:
        del handlers[HANGUP]
    try:
        with anyio.open_signal_receiver(*handlers) as signals:
            yield signals
    finally:
        # The event loop leaves the system's own behind, and SIGTERM would end the process without a word.
        for number, handler in handlers.items():
            signal.signal(number, handler)
