"""Tasks that outlast whoever started them: others may wait for what they bring, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVarTuple

import anyio
from anyio.abc import TaskGroup

Given = TypeVarTuple("Given")


class Background:
    """Those of one client, from when it is opened until it is closed."""

    def __init__(self) -> None:
        self._group: TaskGroup | None = None

    async def open(self) -> None:
        """To be called before anything is started, in the task that closes it."""
        self._group = anyio.create_task_group()
        await self._group.__aenter__()

    async def close(self) -> None:
        """Waits for nothing any more."""
        if self._group is not None:
            self._group.cancel_scope.cancel()
            # Nothing that was asked for is still waited for, and an error of the body's is not this group's.
            await self._group.__aexit__(None, None, None)

    def start(self, work: Callable[[*Given], Coroutine[Any, Any, None]], *given: *Given) -> None:
        """Starts a task, which tells its errors itself."""
        assert self._group is not None
        self._group.start_soon(work, *given)
