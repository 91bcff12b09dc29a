"""Where the fields of a resource stand, kept in little room: thousands of resources have the same fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from weakref import WeakKeyDictionary

from reconciler.model.diagnostic import Source
from reconciler.yaml12.document import Document, Form, Where


class Places(Mapping[str, Source]):
    """The places of paths in one document, each as its column and its line, counted from where the document
    begins, until it is asked for.
    """

    __slots__ = ("_file", "_line", "_numbers", "_order")

    def __init__(self, document: Document, order: Mapping[str, int], numbers: Sequence[int]) -> None:
        self._file, self._line = document.file, document.line
        self._order, self._numbers = order, numbers

    @classmethod
    def of(cls, document: Document, base: Where, paths: Callable[[], Sequence[tuple[str, Where]]]) -> Places:
        """Those of `paths`, which are the same for documents of one form and this base."""
        known = _known.setdefault(document.form, {}) if document.form is not None else {}
        like = known.get(tuple(base))
        if like is None:
            named = paths()
            order = _order(tuple(name for name, _ in named))
            numbers = (place for _, where in named for place in _from_line(document, where))
            like = known[tuple(base)] = order, tuple(numbers)
        return cls(document, *like)

    def __getitem__(self, name: str) -> Source:
        at = 2 * self._order[name]
        line, column = self._numbers[at : at + 2]
        return Source(self._file, self._line + line, column)

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


_known: WeakKeyDictionary[Form, dict[Where, tuple[Mapping[str, int], Sequence[int]]]] = WeakKeyDictionary()
"""By form and base: the number of each name, and lines and columns by these."""


def _from_line(document: Document, where: Where) -> tuple[int, int]:
    line, column = document.place(where)
    return line - document.line, column


@lru_cache(10_000)
def _order(names: tuple[str, ...]) -> dict[str, int]:
    """The names, each with its number: one object for all that have the same."""
    return {name: index for index, name in enumerate(names)}
