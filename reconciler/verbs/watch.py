"""`watch`: plans again and again, tells what became different, and carries out what it is let."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import anyio
from msgspec import Struct, structs

from reconciler.model.outcome import Ended, Event, Started
from reconciler.model.watching import Board, Turn
from reconciler.verbs.apply import why
from reconciler.verbs.session import Options, Session
from reconciler.verbs.watch_bell import Bell
from reconciler.verbs.watch_turn import Carrying, failed, look

if TYPE_CHECKING:
    from reconciler.api.wire import Answer
    from reconciler.model.operation import Operation

LONGEST = 3600.0
"""Seconds between two turns, however often they failed."""
_JITTER = 0.1
_LAST_WORDS = 0.5  # seconds for who is told, once the loop is to end


class Loop(Struct, frozen=True):
    """How the loop goes on: every so many seconds, and what it does beside planning."""

    every: float
    options: Options
    carrying: Carrying | None = None
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    news: Callable[[], None] = lambda: None
    """Told whenever the board shows something else."""


async def watch(
    opened: Callable[[], Session],
    first: Session,
    loop: Loop,
    board: Board,
    tell: Callable[[Turn], Awaitable[None]],
    bell: Bell | None = None,
) -> bool:
    """Runs until a signal asks it to end, and returns whether that cut an apply short. Each turn opens the
    project anew, since git may have moved. `tell` hears of each turn that found another state, and `bell` may
    be rung from outside.
    """
    bell = bell or Bell()
    async with anyio.create_task_group() as group:
        await group.start(bell.listen, first.machine.signals)
        with bell.scope:
            while not bell.stopping:
                turn = await _turn(opened, first, loop, board, bell)
                is_new = board.take(turn)
                loop.news()
                if is_new:
                    with anyio.move_on_after(_LAST_WORDS if bell.stopping else None):
                        await tell(turn)
                gc.collect()  # what a turn leaves behind is no use while the loop rests
                if not bell.stopping:
                    seconds = pause(loop.every, board.failures, first.machine.rng)
                    board.due = first.machine.now() + timedelta(seconds=seconds)
                    await bell.rest(loop.sleep, seconds)
        group.cancel_scope.cancel()
    return bool(board.turn and board.turn.interrupted)


def pause(every: float, failures: int, rng: Random) -> float:
    """Seconds until the next turn: spread by a tenth, and doubled with each failure after the first."""
    longest = max(every, LONGEST)
    doubled = every * 2.0 ** min(max(failures - 1, 0), 30)
    return min(doubled * rng.uniform(1 - _JITTER, 1 + _JITTER), longest)


async def _turn(opened: Callable[[], Session], first: Session, loop: Loop, board: Board, bell: Bell) -> Turn:
    """A turn, of which the board and whoever follows are told."""
    board.looking, board.due = first.machine.now(), None
    loop.news()
    with first.machine.span("turn", project=board.project, environment=board.environment) as span:
        turn = await _looked(opened, first, loop, board, bell)
        span.note("state", turn.state.value)
    return turn


async def _looked(
    opened: Callable[[], Session], first: Session, loop: Loop, board: Board, bell: Bell
) -> Turn:
    """What a turn found, whatever the tenant does and the manifests say."""

    def heard(_: Operation, answer: Answer) -> None:
        board.calls += 1
        board.faults += bool(answer.faults)

    def listener(event: Event) -> None:
        board.begun_actions += isinstance(event, Started)
        board.ended_actions += isinstance(event, Ended)
        loop.news()

    begun = first.machine.clock()
    try:
        session = replace(opened(), machine=structs.replace(first.machine, signals=bell.lend), heard=heard)
        carrying = structs.replace(loop.carrying, listener=listener) if loop.carrying else None
        return await look(session, loop.options, carrying, board.touched)
    except Exception as error:
        return failed(first, why(error), first.machine.clock() - begun)
