"""What was read: plain values, and beside them the places where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    _marks: dict[int, Marks] = field(default_factory=dict, repr=False)
    _written: dict[tuple[int, str | int], str] = field(default_factory=dict, repr=False)

    def source(self, path: Where = (), *, key: bool = False) -> Source:
        """The place of the value at `path` (of its key with `key`), or of the nearest thing that is there."""
        line, column, node = self.line, self.column, self.value
        for part in path:
            mark = self._marks.get(id(node), {}).get(part)
            if mark is None:
                break
            line, column = mark[:2] if key else mark[2:]
            node = node[part]
        return Source(self.file, line, column)

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
