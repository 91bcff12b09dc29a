"""Where the fields of a resource stand, kept in little room: thousands of resources have the same fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from reconciler.model.diagnostic import Source
from reconciler.yaml12.document import Document, Where


class Places(Mapping[str, Source]):
    """The places of paths in one file, each as its line and column until it is asked for."""

    __slots__ = ("_file", "_numbers", "_order")

    def __init__(self, document: Document, paths: Sequence[tuple[str, Where]]) -> None:
        self._file = document.file
        self._order = _order(tuple(name for name, _ in paths))
        self._numbers = tuple(number for _, where in paths for number in document.place(where))

    def __getitem__(self, name: str) -> Source:
        at = 2 * self._order[name]
        return Source(self._file, *self._numbers[at : at + 2])

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


@lru_cache(10_000)
def _order(names: tuple[str, ...]) -> dict[str, int]:
    """The names, each with its number: one object for all that have the same."""
    return {name: index for index, name in enumerate(names)}
