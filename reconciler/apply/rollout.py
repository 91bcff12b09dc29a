"""Waves: the instances of a set are changed wave after wave, until too many of them have failed.

A wave begins when all actions of the one before it have ended. What an earlier run has brought about has no
action in the plan, so that a rerun goes on in the wave in which it stopped. There it first tries what failed
before: only what works by then is no failure any more, and so no rerun breaks more than one run may. What is
refused counts as failed for the waves after its own.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

import anyio

from reconciler.model.address import Address
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Action, Rollout

_BAD = (Status.FAILED, Status.STALE)


class Rollouts:
    """Whose turn it is, for all sets of a plan. Nothing is done to the `refused` addresses."""

    def __init__(
        self,
        rollouts: Iterable[Rollout],
        actions: Iterable[Action],
        refused: Container[str] = (),
        *,
        parallelism: int = 1,
    ) -> None:
        self._all = [_Progress(rollout, refused, parallelism) for rollout in rollouts]
        self._of = {a: p for p in self._all for wave in p.rollout.waves for a in wave}
        known = {action.id: action for action in actions}
        self._known = known.keys()
        own: dict[Address, list[str]] = {}
        for action in known.values():
            own.setdefault(action.address, []).append(action.id)
        begun = {a for p in self._all for a in p.rollout.begun}
        free = {a for a in begun if not self._waits_for_others(a, own.get(a, ()), known)}
        for action in known.values():
            if progress := self._progress(action):
                progress.add(action, first=action.address in free)
        for progress in self._all:
            progress.advance()

    def _waits_for_others(self, address: Address, own: Sequence[str], known: Mapping[str, Action]) -> bool:
        """Whether something of an instance, its `own` actions, waits for another one's turn: that one cannot
        wait for it.
        """
        ahead, seen = list(own), set(own)
        for name in ahead:
            new = [other for other in known[name].depends_on if other in known and other not in seen]
            seen.update(new)
            ahead += new
        return any(known[name].address != address and self._progress(known[name]) for name in ahead)

    def _progress(self, action: Action) -> _Progress | None:
        """The set that says when it is the action's turn. Who makes way for others is in nobody's wave."""
        return None if action.makes_way else self._of.get(action.address)

    def when_due(self, action: Action, begin: Callable[[Action], None]) -> None:
        """Begins the action once its wave does. Until then it takes no task: thousands may wait."""
        progress = self._progress(action)
        if progress:
            progress.when_due(action, begin)
        else:
            begin(action)

    def places(self, action: Action) -> anyio.CapacityLimiter | None:
        """The places of the instances of its set that are under way at once; None where no set bounds it."""
        progress = self._progress(action)
        return progress.places if progress else None

    def veto(self, action: Action) -> str:
        """Why an instance must not be begun any more; empty where it may be, or has been already."""
        progress = self._progress(action)
        return progress.veto(action.address) if progress else ""

    def ended(self, result: Result) -> None:
        """Takes note of an action's end. What was skipped since another action failed says as little for the
        waves to come as what failed.
        """
        progress = self._progress(result.action)
        if progress:
            progress.ended(result, failed=result.status in _BAD or result.because in self._known)


class _Progress:
    """One set on its way."""

    def __init__(self, rollout: Rollout, refused: Container[str], parallelism: int) -> None:
        self.rollout = rollout
        self._parallelism = parallelism
        # More could fail before the first failure is known than may fail at all.
        self.places = anyio.CapacityLimiter(max(parallelism, rollout.max_failures + 1))
        self._refused = {a: n for n, wave in enumerate(rollout.waves) for a in wave if str(a) in refused}
        self._wave = {address: n for n, wave in enumerate(rollout.waves) for address in wave}
        self._left: list[set[str]] = [set() for _ in rollout.waves]
        self._over = [False for _ in rollout.waves]
        self._first: list[set[str]] = [set() for _ in rollout.waves]
        self._tried = [False for _ in rollout.waves]
        self._waiting: list[list[tuple[Action, Callable[[Action], None]]]] = [[] for _ in rollout.waves]
        self._failed: dict[Address, int] = {}
        self._begun: set[Address] = set()

    def add(self, action: Action, *, first: bool) -> None:
        """An action of one of its instances, which comes before those of its neighbours if it is of the
        `first`.
        """
        wave = self._wave[action.address]
        self._left[wave].add(action.id)
        if first:
            self._first[wave].add(action.id)

    def when_due(self, action: Action, begin: Callable[[Action], None]) -> None:
        if self._is_due(action):
            begin(action)
        else:
            self._waiting[self._wave[action.address]].append((action, begin))

    def _is_due(self, action: Action) -> bool:
        wave = self._wave[action.address]
        return (not wave or self._over[wave - 1]) and (self._tried[wave] or action.id in self._first[wave])

    def veto(self, address: Address) -> str:
        why = "" if address in self._begun else self._stopped(self._wave[address])
        if not why:
            self._begun.add(address)
        return why

    def ended(self, result: Result, *, failed: bool) -> None:
        address = result.action.address
        wave = self._wave[address]
        if failed:
            self._failed.setdefault(address, wave + 1)
            left = self.rollout.max_failures + 1 - len(self._failed)
            self.places.total_tokens = max(self._parallelism, left)
        self._left[wave].discard(result.action.id)
        self._first[wave].discard(result.action.id)
        self.advance()

    def advance(self) -> None:
        """Opens each wave after those that are over, and in each the way for those that are not the first."""
        for wave, (first, left) in enumerate(zip(self._first, self._left, strict=True)):
            if not self._tried[wave] and not first:
                self._tried[wave] = True
                self._release(wave)
            if left:
                return
            if not self._over[wave]:
                self._over[wave] = True
                self._release(wave + 1)

    def _release(self, wave: int) -> None:
        """Begins those of the wave that may begin now."""
        if wave < len(self._waiting):
            waiting, self._waiting[wave] = self._waiting[wave], []
            for action, begin in waiting:
                self.when_due(action, begin)

    def _stopped(self, beginning: int) -> str:
        """Why an instance of a wave must not be begun. What is refused is known from the start: it counts in
        its own wave once another one has failed there, since its neighbours are none the worse for it.
        """
        rollout, failed = self.rollout, len(self._failed)
        counted = {
            address: wave + 1
            for address, wave in self._refused.items()
            if address not in self._failed and (wave < beginning or (failed and wave == beginning))
        }
        if failed + len(counted) <= rollout.max_failures:
            return ""
        wave = max(*self._failed.values(), *counted.values(), 1)
        what = [f"{failed} failed"] if failed or not counted else []
        what += [f"{len(counted)} refused"] if counted else []
        return (
            f"the rollout of InstanceSet/{rollout.name}, stopped in wave {wave} of {len(rollout.waves)}: "
            f"{' and '.join(what)}, at most {rollout.max_failures} may{' fail' if counted else ''}"
        )
