"""A fault that is put into the product, in this process alone, while a drill is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from tests.simulation.script import Script

Struck = Callable[[], None]
"""Is told each time that the fault does something that the product would not have done."""
PutIn = Callable[[Struck], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault in words, how it is put in, and within how many seeds it must be found. Seeds in which it can
    do nothing, as `where` tells, are counted without being played. One with a `missing` check is not found:
    that says what would have to be looked at.
    """

    words: str
    put_in: PutIn
    within: int
    where: Callable[[Script], bool]
    missing: str = ""


MUTANTS: list[Mutant] = []


def anywhere(_: Script) -> bool:
    """In every drill."""
    return True


def crowded(script: Script) -> bool:
    """Two machines at once."""
    return any(len(phase.actors) > 1 for phase in script.phases)


def troubled(script: Script) -> bool:
    """Requests fail."""
    return any(phase.faults for phase in script.phases)


def leased(script: Script) -> bool:
    """A lease is held."""
    return script.lease


def contended(script: Script) -> bool:
    """Two machines want one lease."""
    return leased(script) and crowded(script)


def passing(script: Script) -> bool:
    """Tokens end while runs last."""
    return script.token_seconds <= 900


def visited(script: Script) -> bool:
    """People edit meanwhile."""
    return any(phase.edits for phase in script.phases)


def pruned(script: Script) -> bool:
    """Something leaves git."""
    return script.prune


def cut_off(script: Script) -> bool:
    """A run is killed, interrupted, or without room on its disk."""
    attempts = [one for phase in script.phases for actor in phase.actors for one in actor.attempts]
    return any(one.killed_at or one.interrupted_at or one.room is not None for one in attempts)


def narrowed(script: Script) -> bool:
    """A run is about a part of git alone."""
    attempts = [one for phase in script.phases for actor in phase.actors for one in actor.attempts]
    return any(one.select or one.exclude for one in attempts)


def mutant(
    words: str,
    *,
    within: int = 100,
    where: Callable[[Script], bool] = anywhere,
    missing: str = "",
) -> Callable[[Callable[[Struck], Iterator[None]]], PutIn]:
    """Adds a fault to the catalogue; the function puts it in, and takes it out after its `yield`."""

    def add(function: Callable[[Struck], Iterator[None]]) -> PutIn:
        put_in = contextmanager(function)
        MUTANTS.append(Mutant(words, put_in, within, where, missing))
        return put_in

    return add


def swapped(place: object, name: str, stand_in: object) -> AbstractContextManager[object]:
    """Another thing in the place of one that is there."""
    return patch.object(place, name, stand_in)
