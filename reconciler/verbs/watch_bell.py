"""What reaches a loop from outside: it is to end, or to look at once."""

from __future__ import annotations

import math
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import anyio
from anyio.abc import TaskStatus
from anyio.streams.memory import MemoryObjectSendStream

from reconciler.apply.interrupt import Signals, of_this_process

SETTLES = 2.0
"""Seconds between a request to look and the look: what comes meanwhile is one with it."""
WAKE: signal.Signals | None = getattr(signal, "SIGUSR1", None)  # Windows has none


class Bell:
    """Hears the signals for as long as the loop runs. The first that asks it to end cancels `scope`, unless
    an apply has them meanwhile: that finishes what is under way.
    """

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.stopping = False
        self._rung, self._asked = anyio.Event(), anyio.Event()
        self._lent: MemoryObjectSendStream[int] | None = None

    async def listen(
        self, received: Signals | None, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Listens to the signals of this process, unless others are `received`, until it is cancelled."""
        with received() if received else of_this_process(*([WAKE] if WAKE else [])) as signals:
            task_status.started()
            async for number in signals:
                self._hear(number)

    def _hear(self, number: int) -> None:
        if number == WAKE:
            self._rung.set()
            return
        self.stopping = True
        if self._lent is not None:
            self._lent.send_nowait(number)
        else:
            self.scope.cancel()

    @contextmanager
    def lend(self) -> Iterator[AsyncIterator[int]]:
        """The signals that ask a run to end, for an apply."""
        sending, receiving = anyio.create_memory_object_stream[int](math.inf)
        self._lent = sending
        try:
            with sending, receiving:
                yield receiving
        finally:
            self._lent = None

    def ask(self) -> None:
        """Somebody who is not on this machine asks for a look."""
        self._asked.set()

    async def rest(self, sleep: Callable[[float], Awaitable[None]], seconds: float) -> None:
        """Sleeps, unless the loop is to look at once or was asked to."""
        async with anyio.create_task_group() as group:

            async def wake(called: anyio.Event, after: float) -> None:
                await called.wait()
                await anyio.sleep(after)
                group.cancel_scope.cancel()

            group.start_soon(wake, self._rung, 0.0)
            group.start_soon(wake, self._asked, SETTLES)
            await sleep(seconds)
            group.cancel_scope.cancel()
        self._rung, self._asked = anyio.Event(), anyio.Event()
