"""One process of the product on a machine of its own: it can be interrupted and killed, its disk can be full.

From the moment of a kill on nothing that the process does reaches disk, tenant or clock.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from reconciler.apply.disk import Disk
from reconciler.verbs.machine import Machine
from tests.simulation.loop import Loop

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


class Killed(AssertionError):
    """What is left of a dead process must not get here."""


class Process:
    """A pid, tasks, a disk, a clock and a wire. `fate` is the number of the step at which it is killed."""

    def __init__(
        self, loop: Loop, pid: int, rng: random.Random, inner: httpx.AsyncBaseTransport, *, fate: int = 0
    ) -> None:
        self.loop, self.pid, self.rng, self._fate = loop, pid, rng, fate
        self.alive, self.steps, self.writes = True, 0, False
        self.skew, self.jumps_at, self._born = 0.0, 0.0, loop.time()
        self.interrupted_at: float | None = None
        self.disk = SimulatedDisk(self)
        self.tasks: list[asyncio.Task[Any]] = []
        self.signals: asyncio.Queue[int] = asyncio.Queue()
        self._over: asyncio.Future[Any] = loop.create_future()
        self.machine = Machine(
            now=self._now,
            clock=loop.time,
            rng=random.Random(rng.random()),
            entropy=rng.randbytes,
            pid=pid,
            disk=self.disk,
            wire=inner,
            signals=self._received,
        )

    async def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the work returns; None where the process was killed."""
        task = self.loop.begin(self, work)
        task.add_done_callback(self._ended)
        return await self._over

    def lives(self) -> bool:
        """Whether it does, now that one more step is due."""
        self.steps += 1
        if self.alive and self.steps == self._fate:
            self.kill()
        return self.alive

    def owns(self, task: asyncio.Task[Any]) -> None:
        """One more task."""
        self.tasks.append(task)

    @property
    def runs(self) -> bool:
        """Whether it is still under way."""
        return self.alive and not self._over.done()

    def kill(self) -> None:
        """SIGKILL."""
        if self.alive and not self._over.done():
            self.alive = False
            self.disk.lose()
            self.loop.outside(lambda: self._over.done() or self._over.set_result(None))

    def interrupt(self) -> None:
        """SIGINT."""
        self.signals.put_nowait(signal.SIGINT)

    def bury(self) -> list[str]:
        """Lets go of what a dead process holds; of one that ended, the tasks that it left behind."""
        left = [task for task in self.tasks if not task.done()]
        for task in left:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            work = task.get_coro()
            try:
                work.close()  # type: ignore[union-attr]
            except BaseException:  # its cleaning up cannot be done: it is dead
                continue
        return [task.get_name() for task in left] if self.alive else []

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if self._over.done():
            return
        if task.cancelled():
            self._over.cancel()
        elif error := task.exception():
            self._over.set_exception(error)
        else:
            self._over.set_result(task.result())

    def _now(self) -> datetime:
        now = self.loop.time()
        wrong = self.skew if now >= self._born + self.jumps_at else 0.0
        return EPOCH + timedelta(seconds=now + wrong)

    @contextmanager
    def _received(self) -> Iterator[AsyncIterator[int]]:
        yield self._signals()

    async def _signals(self) -> AsyncIterator[int]:
        while True:
            number = await self.signals.get()
            self.interrupted_at = self.interrupted_at or self.loop.time()
            yield number


class SimulatedDisk(Disk):
    """A part of the real one. `room` is how many bytes still fit; None is enough for all."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._open: dict[int, Path] = {}
        self.room: int | None = None

    def open(self, path: Path, flags: int) -> int:
        """A real file, as long as the process lives."""
        if not self._process.alive:
            return -1
        file = super().open(path, flags)
        self._open[file] = path
        return file

    def write(self, file: int, data: bytes) -> int:
        """As much as there is room for; of the dead nothing arrives."""
        if not self._process.alive:
            return len(data)
        if self.room is None:
            return super().write(file, data)
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(file, data[: self.room])
        self.room -= written
        return written

    def journals(self) -> Iterator[Path]:
        """Those that are being written."""
        return (path for path in self._open.values() if path.suffix == ".jsonl")

    def sync(self, file: int) -> None:
        """The real disk is as quick as memory here, and outlasts what is simulated."""

    def close(self, file: int) -> None:
        """Lets go of a file, and of its lock."""
        if self._process.alive:
            self._open.pop(file, None)
            super().close(file)

    def lose(self) -> None:
        """The process died: its locks are gone, and a journal may end anywhere."""
        for file, path in self._open.items():
            if path.suffix == ".jsonl" and self._process.rng.random() < 0.5:
                size = path.stat().st_size
                os.truncate(path, self._process.rng.randint(max(0, size - 200), size))
            os.close(file)
        self._open.clear()
