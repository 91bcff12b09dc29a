"""A fault that can be put into the product, in this process alone, while a drill is played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from unittest.mock import patch


@dataclass(slots=True)
class Strike:
    """Is asked each time that a fault could make a difference, and counts that. Only an armed one strikes:
    with one that is not, the product does as ever.
    """

    armed: bool = False
    times: int = 0

    def __call__(self) -> bool:
        self.times += 1
        return self.armed


WITHIN = 100
"""Drills within which each fault must be found: of its theme, where it has one."""
PutIn = Callable[[Strike], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault in words, how it is put in, within how many drills it must be found, by a finding of which
    form, and in drills of which theme (empty: of any, and of none).
    """

    words: str
    put_in: PutIn
    within: int
    by: str = ""
    theme: str = ""


MUTANTS: list[Mutant] = []


def mutant(
    words: str, *, within: int = WITHIN, by: str = "", theme: str = ""
) -> Callable[[Callable[[Strike], Iterator[None]]], PutIn]:
    """Adds a fault to the catalogue; the function puts it in, and takes it out after its `yield`. What it
    puts in the place of a function goes on to that function, unless it strikes.
    """

    def add(function: Callable[[Strike], Iterator[None]]) -> PutIn:
        put_in = contextmanager(function)
        MUTANTS.append(Mutant(words, put_in, within, by, theme))
        return put_in

    return add


def swapped(place: object, name: str, stand_in: object) -> AbstractContextManager[object]:
    """Another thing in the place of one that is there."""
    return patch.object(place, name, stand_in)
