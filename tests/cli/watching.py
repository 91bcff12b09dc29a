"""A loop under a virtual clock, on a project in the process."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
from jsonschema import Draft202012Validator
from msgspec import structs

from reconciler.manifests import schemas
from reconciler.model.watching import Board, Turn
from reconciler.policy.window import window
from reconciler.report.watching import json_line, text_line
from reconciler.verbs.machine import Machine
from reconciler.verbs.session import Options, Session, open_session
from reconciler.verbs.watch import Loop, watch
from reconciler.verbs.watch_turn import Carrying
from tests.cli.projects import Folder

# After all that the tests themselves do: whatever the date is, the newest run is the loop's.
SCHEMA = Draft202012Validator(schemas.load("watch"))
MONDAY = datetime(2099, 11, 30, 9, 0, tzinfo=UTC)


@dataclass
class Days:
    """A loop under a virtual clock: between its turns something happens, and then it is asked to end."""

    root: Path
    loop: Loop = field(default_factory=lambda: Loop(300.0, Options()))
    past: float = 0.0
    slept: list[float] = field(default_factory=list)
    send: Callable[[int], None] = lambda _: None
    cut: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    boards: list[Board] = field(default_factory=list)
    news: Callable[[], None] = lambda: None

    def run(self, *between: Callable[[], object], begin: datetime = MONDAY) -> list[str]:
        """The states that were told, one after the other."""
        board, things = Board("shop", "sandbox", begin), list(between)
        self.boards.append(board)

        def opened() -> Session:
            return open_session(self.root, None, os.environ, self.root)

        async def tell(turn: Turn) -> None:
            self.told.append(json.loads(json_line(board, turn)))
            SCHEMA.validate(self.told[-1])
            self.lines.append(text_line(board, turn))

        async def work() -> None:
            sending, receiving = anyio.create_memory_object_stream[int](9)
            self.send = sending.send_nowait

            async def sleep(seconds: float) -> None:
                self.slept.append(seconds)
                self.past += seconds
                if not things:
                    sending.send_nowait(signal.SIGTERM)
                    await anyio.sleep_forever()
                things.pop(0)()

            @contextmanager
            def signals() -> Iterator[AsyncIterator[int]]:
                yield receiving

            machine = Machine(
                now=lambda: begin + timedelta(seconds=self.past),
                clock=lambda: self.past,
                rng=random.Random(1),
                signals=signals,
            )
            first = replace(opened(), machine=machine)
            with sending, receiving:
                cut = await watch(
                    opened, first, structs.replace(self.loop, sleep=sleep, news=self.news), board, tell
                )
            self.cut = cut

        self.told.clear()
        anyio.run(work)
        self.board = board
        return [one["state"] for one in self.told]


def nothing() -> None:
    pass


def applying(days: Days, hours: str | None = None) -> Days:
    days.loop = structs.replace(
        days.loop, carrying=Carrying(window(hours) if hours else None, lambda _: None)
    )
    return days


def rename(project: Folder) -> Callable[[], object]:
    """A person changes the customer in the tenant."""
    return lambda: project.behind(
        "updateCustomer", {"id": project.id_of("customers"), "name": "Acme, renamed"}
    )
