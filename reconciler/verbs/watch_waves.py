"""Where the rollouts of sets stand: who is in which wave, and with which of them a run goes on."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable

from reconciler.model.address import Address
from reconciler.model.plan import Rollout
from reconciler.model.watching import Stands, Wave


def waves(
    rollouts: Iterable[Rollout],
    changed: Iterable[Rollout],
    pending: Container[Address],
    failed: Container[Address],
    refused: Collection[str],
) -> tuple[Wave, ...]:
    """The waves of all rollouts that have several, set by set. What is `pending` is to be changed; the
    rollouts that a plan has `changed` tell who was begun before.
    """
    begun = frozenset[Address]().union(*(one.begun for one in changed))

    def word(address: Address) -> str:
        if address in failed:
            return "failed"
        if str(address) in refused:
            return "refused"
        if address not in pending:
            return ""
        return "begun" if address in begun else "pending"

    found: list[Wave] = []
    for rollout in rollouts:
        if len(rollout.waves) < 2:
            continue
        bad, is_next = 0, True
        for number, members in enumerate(rollout.waves, 1):
            words = tuple((str(address), word(address)) for address in members)
            bad += sum(one in ("failed", "refused") for _, one in words)
            stands = _stands({one for _, one in words}, is_next, bad > rollout.max_failures)
            is_next = is_next and stands is Stands.DONE
            found.append(Wave(rollout.name, number, words, stands))
    return tuple(found)


def _stands(words: Collection[str], is_next: bool, is_stopped: bool) -> Stands:
    if not set(words) - {""}:
        return Stands.DONE
    if not is_next:
        return Stands.LATER
    return Stands.STOPPED if is_stopped else Stands.NEXT
