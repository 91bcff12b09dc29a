"""Runs a verb, and lets whatever shows its progress look up within a second, and then each second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_FIRST = 0.9  # people wonder after a second


def run(work: Callable[..., Awaitable[T]], *arguments: object, tick: Callable[[], None] | None = None) -> T:
    """What `work` returns; `tick` is called about each second meanwhile.

    The result is not the task's own: when the signal handler is put back, asyncio turns that into text, which
    for a large plan takes longer than planning.
    """
    import anyio  # costs more than the help of all verbs together

    results: list[T] = []

    async def look_up() -> None:
        wait = _FIRST
        while tick is not None:
            await anyio.sleep(wait)
            wait = 1.0
            with suppress(Exception):  # it only shows
                tick()

    async def both() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(look_up)
            results.append(await work(*arguments))
            group.cancel_scope.cancel()

    async def alone() -> None:
        results.append(await work(*arguments))

    anyio.run(both if tick else alone)
    return results[0]
