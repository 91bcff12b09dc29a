"""What was read: plain values, and beside them the places where they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from msgspec import Struct

from reconciler.model.diagnostic import Source

Where = Sequence[str | int]


class Mark(NamedTuple):
    """Where an entry of a map or a list stands: its key, and its value. `written` is how a number, boolean or
    null is written; `inner` tells the same of what stands in a map or a list.
    """

    key_line: int
    key_column: int
    line: int
    column: int
    written: str
    inner: Marks | None


Marks = dict[Any, Mark]
"""By a map's key or a list's index."""


class Form(Struct, frozen=True, eq=False, weakref=True):
    """What documents have in common that differ in nothing but texts."""

    texts: Mapping[tuple[str | int, ...], int]
    """The paths of these, each with its number among a document's `texts`."""
    has_numbers: bool


@dataclass(slots=True)
class Document:
    """One YAML document: plain dicts, lists and scalars, with the place of each key and value."""

    value: Any
    file: str
    line: int
    column: int
    merges: list[Source] = field(default_factory=list, repr=False)
    """Where merge keys (<<) stood: what they brought is in the maps now."""
    nuls: list[Source] = field(default_factory=list, repr=False)
    """Where texts stand that hold the character NUL."""
    marks: Marks | None = field(default=None, repr=False)
    down: int = field(default=0, repr=False)
    """How many lines further down it stands than its marks say."""
    form: Form | None = field(default=None, repr=False)
    """The same object for documents that differ in nothing but their `texts`."""
    texts: Sequence[str] = field(default=(), repr=False)

    def source(self, path: Where = (), *, key: bool = False) -> Source:
        """The place of the value at `path` (of its key with `key`), or of the nearest thing that is there."""
        return Source(self.file, *self.place(path, key=key))

    def place(self, path: Where, *, key: bool = False) -> tuple[int, int]:
        """The same as line and column."""
        key_line, key_column, line, column = 0, 0, self.line, self.column
        marks = self.marks
        for part in path:
            mark = marks.get(part) if marks is not None else None
            if mark is None:
                break
            key_line, key_column, line, column, _, marks = mark
            line += self.down
        return (key_line + self.down, key_column) if key and key_line else (line, column)

    def written(self, path: Where) -> str:
        """How the author wrote the number, boolean or null at `path`; empty for everything else."""
        written, marks = "", self.marks
        for part in path:
            mark = marks.get(part) if marks is not None else None
            if mark is None:
                return ""
            written, marks = mark.written, mark.inner
        return written

    def numbers(self) -> Iterator[tuple[str, int | float, Source]]:
        """Each number that stands in the text: how it is written, its value and its place; once, however many
        aliases there are to what holds it.
        """
        if self.form is not None and not self.form.has_numbers:
            return
        nodes = [(self.value, self.marks)]
        seen: set[int] = set()
        while nodes:
            node, marks = nodes.pop()
            if marks is None or id(node) in seen:
                continue
            seen.add(id(node))
            for key, mark in marks.items():
                value = node[key]
                if mark.inner is not None:
                    nodes.append((value, mark.inner))
                elif mark.written and isinstance(value, int | float) and not isinstance(value, bool):
                    yield mark.written, value, Source(self.file, mark.line + self.down, mark.column)

    def overlaid(
        self,
        base: Sequence[str],
        over: Where,
        by_key: Callable[[Where, Any, Any], bool],
        leaving: Collection[str] = (),
    ) -> Document:
        """The document in which what stands at `over` goes before what stands at `base`, with the places of
        both. `by_key` says of two values at one path below these whether they are joined key by key, and
        `leaving` names what is not taken from `base`.
        """
        return _Overlay(self, by_key, leaving).document(base, over)


class _Overlay(Struct):
    """Two maps of a document as one, in a document that shares all else with it."""

    origin: Document
    by_key: Callable[[Where, Any, Any], bool]
    leaving: Collection[str]

    def document(self, base: Sequence[str], over: Where) -> Document:
        whole = self.origin.value, self.origin.marks
        value, marks = _with(whole, base, self._joined(_at(whole, base), _at(whole, over), ()))
        return replace(self.origin, value=value, marks=marks, form=None, texts=())

    def _joined(self, below: _Node, above: _Node, path: tuple[str | int, ...]) -> _Node:
        found: dict[str, Any] = {}
        marks: Marks = {}
        for node in (below, above):
            for key in node[0]:
                here = (*path, key)
                if node is below and not path and key in self.leaving:
                    continue
                value, places = _at(node, (key,))
                if node is above and key in below[0] and self.by_key(here, below[0][key], value):
                    value, places = self._joined(_at(below, (key,)), (value, places), here)
                _put(found, marks, key, (value, places), node)
        return found, marks


_Node = tuple[Any, Marks | None]
"""A value, and the places in it."""


def _at(node: _Node, path: Where) -> _Node:
    value, marks = node
    for part in path:
        value, marks = value[part], marks[part].inner if marks is not None else None
    return value, marks


def _with(node: _Node, path: Sequence[str], inner: _Node) -> _Node:
    """A copy of a map in which another value stands at the path."""
    if not path:
        return inner
    found, marks = dict(node[0]), dict(node[1] or {})
    _put(found, marks, path[0], _with(_at(node, path[:1]), path[1:], inner), node)
    return found, marks


def _put(found: dict[str, Any], marks: Marks, key: str, inner: _Node, origin: _Node) -> None:
    """Has a map hold a value, which stands where what it is from stands."""
    found[key] = inner[0]
    if origin[1] is not None:
        marks[key] = origin[1][key]._replace(inner=inner[1])
