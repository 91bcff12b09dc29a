"""An event loop whose time passes only when nothing else is left to do, and whose order is drawn from a seed.

It has no selector, no socket, no thread and no signal: what would wait for the world outside fails.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from heapq import heappop
from itertools import count
from typing import Any, NoReturn, Protocol

LONGEST = 2 * 24 * 3600.0
"""Virtual seconds after which nobody expects a drill to end."""
_SERIAL: ContextVar[int] = ContextVar("serial", default=0)
_OWNER: ContextVar[Mortal | None] = ContextVar("owner", default=None)


class Mortal(Protocol):
    """A process: all its tasks end at one moment, and run no instruction more."""

    def lives(self) -> bool:
        """Asked before each step of one of its tasks."""

    def owns(self, task: asyncio.Task[Any]) -> None:
        """Told of each of its tasks."""


class Deadlock(AssertionError):
    """Everybody waits, and nobody is waited for."""


class Loop(asyncio.BaseEventLoop):
    """Virtual time from zero on. What is ready goes in a drawn order; the steps of one task keep theirs."""

    def __init__(self, seed: object, longest: float = LONGEST) -> None:
        super().__init__()
        self._longest = longest
        self._rng = random.Random(f"order {seed}")
        self._now = 0.0
        self._serials = count(1)
        self.steps = 0
        self.set_task_factory(self._task)
        self.failures: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, context: self.failures.append(context))

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def begin(self, owner: Mortal, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """The first task of a process; the tasks that it starts are the process's, too."""
        context = copy_context()
        context.run(_OWNER.set, owner)
        return self.create_task(work, context=context)

    def nobodys(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that no process's end concerns."""
        return self.create_task(work, context=Context())

    def outside(self, callback: Callable[[], object], delay: float = 0.0) -> None:
        """Calls it as nobody's."""
        self.call_later(delay, callback, context=Context())

    def _task(
        self, _: asyncio.AbstractEventLoop, work: Any, context: Context | None = None
    ) -> asyncio.Task[Any]:
        context = copy_context() if context is None else context
        context.run(_SERIAL.set, next(self._serials))
        task = asyncio.Task(work, loop=self, context=context)
        if owner := context.get(_OWNER):
            owner.owns(task)
        return task

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        scheduled: Any = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            self._forget(scheduled)
        if not ready:
            if not scheduled:
                raise Deadlock("everybody waits, and nobody is waited for")
            self._now = max(self._now, scheduled[0]._when)
            if self._now > self._longest:
                raise Deadlock("there is no end to it")
        while scheduled and scheduled[0]._when <= self._now:
            ready.append(self._forget(scheduled))
        handles = list(ready)
        ready.clear()
        if len(handles) > 1:
            # A set of tasks has no order of its own: the draw must not depend on that in which they came.
            serials = sorted({handle._context.get(_SERIAL, 0) for handle in handles})
            drawn = {serial: self._rng.random() for serial in serials}
            handles.sort(key=lambda handle: drawn[handle._context.get(_SERIAL, 0)])
        for handle in handles:
            owner = handle._context.get(_OWNER)
            if not handle._cancelled and (owner is None or owner.lives()):
                self.steps += 1
                handle._run()

    def _forget(self, scheduled: Any) -> Any:
        handle = heappop(scheduled)
        handle._scheduled = False
        return handle

    def _process_events(self, _: Any) -> None:
        """There are none."""

    def _write_to_self(self) -> NoReturn:
        raise AssertionError("another thread speaks to the loop")

    def run_in_executor(self, *_: Any) -> NoReturn:
        """There are no threads."""
        raise AssertionError("a thread was asked for")

    def add_signal_handler(self, *_: Any) -> NoReturn:
        """There are no signals."""
        raise AssertionError("a signal of the real process was asked for")
