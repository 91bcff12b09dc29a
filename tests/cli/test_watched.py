"""Whatever shows progress is looked after while a verb runs, and never changes how it ends."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from reconciler.cli.watched import run
from reconciler.model.errors import Unreachable


def test_it_looks_up_while_the_work_lasts() -> None:
    ticks: list[int] = []

    async def work(value: int) -> int:
        while not ticks:
            await anyio.sleep(0.01)
        return value

    assert run(work, 7, tick=lambda: ticks.append(1)) == 7


def test_an_error_ends_it() -> None:
    async def work() -> None:
        raise Unreachable("gone")

    with pytest.raises(BaseExceptionGroup) as caught:
        run(work, tick=lambda: None)
    assert caught.group_contains(Unreachable)


def test_without_anything_to_look_after_it_only_runs() -> None:
    async def work(value: int) -> int:
        return value

    assert run(work, 7) == 7


@pytest.mark.parametrize("tick", [None, lambda: None])
def test_what_it_returns_is_never_turned_into_text(tick: Callable[[], None] | None) -> None:
    told: list[str] = []

    class Large:
        def __repr__(self) -> str:
            told.append("this takes long")
            return "large"

    async def work() -> Large:
        return Large()

    assert type(run(work, tick=tick)) is Large
    assert told == []
