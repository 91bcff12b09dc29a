"""`get executions ID`: one execution, what its steps did and what it logged; after its end, if asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import anyio
from msgspec import Struct

from reconciler.lists.execution import LAST_WORDS, LOGS, STEPS, logs_of, steps_of
from reconciler.lists.executions import EXECUTIONS
from reconciler.lists.listing import Row, row_of
from reconciler.lists.lookups import Rows, by_id, every, is_id, missing
from reconciler.model.errors import ReconcilerError
from reconciler.runs.execution import until_ended
from reconciler.runs.poll import Poll
from reconciler.verbs.outputs import Follow, following
from reconciler.verbs.session import Session, connect

if TYPE_CHECKING:
    from reconciler.api import Client

FIRST_PAUSE = 0.5
LONGEST = 900.0
"""Seconds that an execution may last at most, unless it is a long-running one."""
LATE = 2.0
"""Seconds after an execution's end within which its logs arrive."""
Listener = Callable[[str], None]


class NotEnded(ReconcilerError):
    """An execution is still under way after the time that was given to it."""

    code = "not-ended"


class Asked(Struct, frozen=True):
    """Which execution, and how much of it; `limit` is for how many seconds its end is waited for, None for
    not at all.
    """

    identifier: str
    limit: float | None = None
    steps: bool = False
    logs: bool = False
    outputs: bool = False
    """Also what each step gave; the rows of its steps then hold it as `output`."""


class Seen(Struct, frozen=True):
    """An execution's columns, and the results of its steps and its logs where they were asked for."""

    row: Row
    steps: Sequence[Row] | None = None
    logs: Sequence[Row] | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return bool(self.row["status"] == "ERROR")

    @property
    def parts(self) -> dict[str, Any]:
        """The steps and the logs, as far as they were asked for."""
        found = {"steps": self.steps, "logs": self.logs}
        return {name: list(rows) for name, rows in found.items() if rows is not None}


async def execution(session: Session, asked: Asked, listener: Listener = lambda _: None) -> Seen:
    """Reads one execution. `listener` is told its status while its end is waited for.

    Raises NotThere, NotEnded, NotAuthenticated, Unreachable or ApiError.
    """
    async with connect(session, read_only=True) as client, following(session) as follow:
        columns = EXECUTIONS.columns
        node = await by_id(client, EXECUTIONS, columns, asked.identifier) if is_id(asked.identifier) else None
        if node is not None and asked.limit is not None:
            poll = Poll(asked.limit, anyio.sleep, pause=FIRST_PAUSE)
            state = await until_ended(client.execute, asked.identifier, poll, listener)
            if not state.get("endedAt"):
                raise still_running(asked.identifier, asked.limit)
            node = await by_id(client, EXECUTIONS, columns, asked.identifier)
        if node is None:
            raise missing(EXECUTIONS, asked.identifier, ())
        late = LATE if asked.limit is not None else 0.0
        return Seen(
            await Rows(client).row(columns, node),
            await steps(client, asked.identifier, follow if asked.outputs else None)
            if asked.steps or asked.outputs
            else None,
            await logs(client, asked.identifier, late) if asked.logs else None,
        )


def still_running(identifier: str, limit: float) -> NotEnded:
    """The error for an execution that is not over in time."""
    return NotEnded(
        f"the execution {identifier} has not ended after {limit:.0f} s",
        hint=f"look at it later: reconciler get executions {identifier} --wait",
    )


async def steps(client: Client, identifier: str, follow: Follow | None = None) -> list[Row]:
    """The results of an execution's steps; with `follow`, what they gave, too."""
    nodes = [node async for node in every(client, steps_of(identifier))]
    if follow is None:
        return [row_of(STEPS, node) for node in nodes]
    return [{**row_of(STEPS, node), "output": await follow(node["resultsUrl"])} for node in nodes]


async def logs(client: Client, identifier: str, late: float = 0.0) -> list[Row]:
    """What an execution logged. Of one that ended just now, `late` seconds are given to the last words."""
    poll = Poll(late, anyio.sleep, pause=FIRST_PAUSE)
    while True:
        found = [row_of(LOGS, node) async for node in every(client, logs_of(identifier))]
        if any(str(row["message"]).startswith(LAST_WORDS) for row in found) or not await poll.again():
            return found
