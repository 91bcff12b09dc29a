"""What other runs do, and actions of this one wait for: until it is there, or the time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import anyio

from reconciler.model.errors import ReconcilerError, Unforeseen
from reconciler.model.few import few
from reconciler.model.plan import Action

SECONDS = 300.0
"""As long as this is waited for another run's actions, in all."""
_PAUSES = (2.0, 4.0, 8.0, 15.0)
_NEXT = 30.0

Look = Callable[[frozenset[str]], Awaitable[frozenset[str]]]
"""Which of these actions are not done yet, as the tenant is now."""


class Elsewhere:
    """The actions of other runs that those of this one wait for."""

    def __init__(
        self,
        actions: Iterable[Action],
        look: Look,
        *,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        seconds: float = SECONDS,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        actions = tuple(actions)
        own = {action.id for action in actions}
        needs = {a.id: [name for name in a.depends_on if name not in own] for a in actions}
        self._needs = {name: needed for name, needed in needs.items() if needed}
        self._there = {name: anyio.Event() for needed in self._needs.values() for name in needed}
        self._late: set[str] = set()
        self._unseen = ""
        self._say = say
        self._look, self._sleep, self._clock, self._seconds = look, sleep, clock, seconds

    @property
    def awaited(self) -> frozenset[str]:
        """The ids of the actions that are waited for, those that are done among them."""
        return frozenset(self._there)

    def concerns(self, action: Action) -> bool:
        """Whether an action waits for another run at all."""
        return action.id in self._needs

    async def turn(self, action: Action) -> str:
        """Waits until all is there that the action needs; the id of what did not come in time, if any."""
        for name in self._needs.get(action.id, ()):
            await self._there[name].wait()
            if name in self._late:
                return name
        return ""

    def hint(self, because: str) -> str:
        """What there is to do where an action was skipped for that."""
        if because not in self._late:
            return ""
        looked = f" ({self._unseen})" if self._unseen else ""
        within = f"within {self._seconds:.0f} s{looked}"
        return f"another shard does that, and had not {within}: run apply again when it has"

    def end(self) -> None:
        """Lets nobody wait any longer."""
        for event in self._there.values():
            event.set()

    async def watch(self) -> None:
        """Looks, more and more rarely, until all is there or the time is over."""
        until, pauses, told = self._clock() + self._seconds, iter(_PAUSES), False
        while missing := await self._missing():
            left = until - self._clock()
            if left > 0 and not told:
                self._say(f"waiting at most {left:.0f} s for what other shards do: {few(sorted(missing))}")
                told = True
            if left <= 0:
                self._late |= missing
                break
            await self._sleep(min(left, next(pauses, _NEXT)))
        self.end()

    async def _missing(self) -> frozenset[str]:
        asked = frozenset(name for name, event in self._there.items() if not event.is_set())
        try:
            missing = await self._look(asked) if asked else asked
        except Exception as error:  # the next look may tell, or the time is over
            self._unseen = error.message if isinstance(error, ReconcilerError) else Unforeseen(error).message
            return asked
        self._unseen = ""
        for name in asked - missing:
            self._there[name].set()
        return missing
