"""Runs a verb, and lets whatever shows its progress look up each second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def run(work: Callable[..., Awaitable[T]], *arguments: object, tick: Callable[[], None] | None = None) -> T:
    """What `work` returns; `tick` is called each second meanwhile."""
    import anyio  # costs more than the help of all verbs together

    async def look_up() -> None:
        while tick is not None:
            await anyio.sleep(1.0)
            with suppress(Exception):  # it only shows
                tick()

    async def both() -> T:
        async with anyio.create_task_group() as group:
            group.start_soon(look_up)
            result = await work(*arguments)
            group.cancel_scope.cancel()
        return result

    return anyio.run(both) if tick else anyio.run(work, *arguments)
