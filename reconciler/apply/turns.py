"""In which order actions are begun, and how many are begun at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence

from anyio.abc import TaskGroup

from reconciler.model.plan import Action

_AHEAD = 2
"""How many times as many as there are places are begun, so that no place is ever left empty."""


class Order:
    """Which actions wait for which: each is released once all that it waits for among these has ended."""

    def __init__(self, actions: Sequence[Action]) -> None:
        within = {action.id for action in actions}
        self._left: Counter[str] = Counter()
        self._followers: dict[str, list[Action]] = {}
        for action in actions:
            for other in within.intersection(action.depends_on):
                self._followers.setdefault(other, []).append(action)
                self._left[action.id] += 1
        self.first = [action for action in actions if action.id not in self._left]

    def released(self, ended: Action) -> list[Action]:
        """Those that waited for this one last."""
        free = []
        for follower in self._followers.pop(ended.id, ()):
            self._left[follower.id] -= 1
            if not self._left[follower.id]:
                del self._left[follower.id]
                free.append(follower)
        return free


class Window:
    """Begins what is ready, in its order, so many at a time: `places` tells how many are carried out at once.
    A task for each of thousands that only wait for a place would take more room than all that they are about.
    """

    def __init__(
        self, group: TaskGroup, perform: Callable[[Action], Awaitable[None]], places: Callable[[], float]
    ) -> None:
        self._group, self._perform, self._places = group, perform, places
        self._ready: deque[Action] = deque()
        self._begun = 0

    def add(self, action: Action) -> None:
        """Takes an action that may be begun."""
        self._ready.append(action)
        self._begin()

    def _begin(self) -> None:
        while self._ready and self._begun < _AHEAD * self._places():
            self._begun += 1
            self._group.start_soon(self._carried_out, self._ready.popleft())

    async def _carried_out(self, action: Action) -> None:
        await self._perform(action)
        self._begun -= 1
        self._begin()
