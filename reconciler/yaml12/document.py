"""What was read: plain values, and beside them the places where they stand."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.model.diagnostic import Source

Where = Sequence[str | int]
Marks = dict[Any, tuple[int, int, int, int]]
"""By a map's key or a list's index: line and column of the key, then of the value."""


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
    _marks: MutableMapping[int, Marks] = field(default_factory=dict, repr=False)
    _written: MutableMapping[tuple[int, str | int], str] = field(default_factory=dict, repr=False)

    def source(self, path: Where = (), *, key: bool = False) -> Source:
        """The place of the value at `path` (of its key with `key`), or of the nearest thing that is there."""
        return Source(self.file, *self.place(path, key=key))

    def place(self, path: Where, *, key: bool = False) -> tuple[int, int]:
        """The same as line and column."""
        found, node = (0, 0, self.line, self.column), self.value
        for part in path:
            marks = self._marks.get(id(node))
            mark = marks.get(part) if marks is not None else None
            if mark is None:
                break
            found, node = mark, node[part]
        return found[:2] if key and found[0] else found[2:]

    def written(self, path: Where) -> str:
        """How the author wrote the number, boolean or null at `path`; empty for everything else."""
        node = self.value
        for part in path[:-1]:
            node = node[part]
        return self._written.get((id(node), path[-1]), "") if path else ""

    def numbers(self) -> Iterator[tuple[str, int | float, Source]]:
        """Each number that stands in the text: how it is written, its value and its place; once, however many
        aliases there are to what holds it.
        """
        nodes = [self.value]
        seen: set[int] = set()
        while nodes:
            node = nodes.pop()
            if id(node) in seen or not isinstance(node, dict | list):
                continue
            seen.add(id(node))
            for key, value in node.items() if isinstance(node, dict) else enumerate(node):
                if isinstance(value, dict | list):
                    nodes.append(value)
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    written = self._written.get((id(node), key), "")
                    if written:
                        yield written, value, Source(self.file, *self._marks[id(node)][key][2:])

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


@dataclass(slots=True)
class _Overlay:
    """Two maps of a document as one, in a document that shares all else with it."""

    origin: Document
    by_key: Callable[[Where, Any, Any], bool]
    leaving: Collection[str]
    marks: dict[int, Marks] = field(default_factory=dict)
    written: dict[tuple[int, str | int], str] = field(default_factory=dict)

    def document(self, base: Sequence[str], over: Where) -> Document:
        joined = self._joined(_at(self.origin.value, base), _at(self.origin.value, over), ())
        return replace(
            self.origin,
            value=self._with(self.origin.value, base, joined),
            _marks=ChainMap(self.marks, self.origin._marks),
            _written=ChainMap(self.written, self.origin._written),
        )

    def _joined(self, below: Any, above: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in (below, above):
            for key, value in node.items():
                here = (*path, key)
                if node is below and not path and key in self.leaving:
                    continue
                deeper = node is above and key in below and self.by_key(here, below[key], value)
                found[key] = self._joined(below[key], value, here) if deeper else value
                self._place(found, key, node)
        return found

    def _with(self, node: Any, path: Sequence[str], value: Any) -> Any:
        """A copy of a map in which another value stands at the path."""
        if not path:
            return value
        found = dict(node)
        for key in node:
            self._place(found, key, node)
        found[path[0]] = self._with(node[path[0]], path[1:], value)
        return found

    def _place(self, found: dict[str, Any], key: str, origin: Any) -> None:
        """Has an entry of a new map stand where it stands in the one that it is from."""
        self.marks.setdefault(id(found), {})[key] = self.origin._marks[id(origin)][key]
        self.written[id(found), key] = self.origin._written.get((id(origin), key), "")


def _at(node: Any, path: Where) -> Any:
    for part in path:
        node = node[part]
    return node
