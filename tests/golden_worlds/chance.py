"""Draws from a plain seed. Only `random()` is promised to give the same numbers on every Python, so nothing
else of `random` is used.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
V = TypeVar("V")


class Chance:
    """A sequence of draws that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random

    def yes(self, share: float = 0.5) -> bool:
        return self._draw() < share

    def upto(self, most: int, least: int = 0) -> int:
        return least + int(self._draw() * (most - least + 1))

    def one(self, items: Sequence[T]) -> T:
        return items[int(self._draw() * len(items))]

    def some(self, items: Sequence[T], share: float = 0.5) -> list[T]:
        """A part of the items, in their order."""
        return [item for item in items if self.yes(share)]

    def part(self, fields: Mapping[str, V], share: float = 0.5) -> dict[str, V]:
        """A part of the fields, in their order."""
        return {name: fields[name] for name in self.some(list(fields), share)}
