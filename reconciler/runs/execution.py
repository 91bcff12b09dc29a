"""One execution: how far it is, and its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from reconciler.model import documents
from reconciler.model.errors import NotFound
from reconciler.model.operation import Operation
from reconciler.runs.poll import Poll

Ask = Callable[[Operation], Awaitable[Any]]
"""Gives the value at an operation's root field."""


def read_state(execution: str) -> Operation:
    """Asks how far an execution is."""
    document = documents.load("flow", "reconciler.runs")["executionResult"]
    return Operation("executionResult", document, {"id": execution})


async def until_ended(ask: Ask, execution: str, poll: Poll, tell: Callable[[str], None]) -> Mapping[str, Any]:
    """What is known of an execution once it is over, or once the time for it is: it then has no `endedAt`.

    One that is not there yet is waited for, too: those who started it know that it will be. `tell` is given
    its status before each wait.
    """
    while True:
        try:
            state = dict(await ask(read_state(execution)) or {})
        except NotFound:
            state = {}
        if state.get("endedAt"):
            return state
        tell(str(state.get("status") or "QUEUED").lower())
        if not await poll.again():
            return state
