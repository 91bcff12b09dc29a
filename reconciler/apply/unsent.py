"""Once nothing new is to be begun, actions for which nothing was sent yet are called off: they end as if they
had never been begun, and no later plan can tell the difference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from reconciler.model.errors import Withdrawn
from reconciler.model.plan import Action


class Unsent:
    """The actions under way for which nothing was sent yet. `withdraw` has first calls that still wait for
    their request sent no more.
    """

    def __init__(self, withdraw: Callable[[], None] = lambda: None) -> None:
        self._withdraw = withdraw
        self._called_off = False
        self._looking: dict[str, anyio.CancelScope] = {}
        self._sent: set[str] = set()

    async def unless_called_off(self, action: Action, work: Awaitable[None]) -> None:
        """Carries an action out. Raises Withdrawn where it was called off before anything was sent for it."""
        with anyio.CancelScope() as scope:
            self._looking[action.id] = scope
            try:
                await work
            finally:
                self._looking.pop(action.id, None)
        if scope.cancelled_caught:
            raise Withdrawn

    def sends(self, action: Action) -> bool:
        """Says that a call is about to be sent for an action; whether it is the first, of one that may be
        called off: after that an action is finished. Raises Withdrawn where it was called off already.
        """
        first = self._looking.pop(action.id, None) is not None
        if first and self._called_off:
            raise Withdrawn
        self._sent.add(action.id)
        return first

    def has_sent(self, action: Action) -> bool:
        """Whether a call was about to be sent for an action: until it ends, nobody knows what came of it."""
        return action.id in self._sent

    def call_off(self) -> None:
        """Calls all of them off, and those that will be."""
        self._called_off = True
        for scope in self._looking.values():
            scope.cancel()
        self._withdraw()
