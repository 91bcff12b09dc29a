"""From libyaml's events to documents, with aliases followed and merge keys (<<) carried out.

PyYAML's own loaders say nothing of duplicate keys or places. This one builds plain dicts and lists and keeps
the place of every key and value beside them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.yaml12 import scalars
from reconciler.yaml12.document import Document, Mark, Marks

MAX_DEPTH = 100
MAX_ALIASED_NODES = 100_000


class Ended(Exception):
    """The reading of a file cannot go on: why is the last of its diagnostics."""


class _Frame(Struct):
    """A container that is still open. `key` is None while the next scalar of a map is a key."""

    node: Any
    marks: Marks
    is_map: bool
    line: int
    column: int
    anchor: str | None
    count_before: int
    height: int = 1
    key: str | None = None
    key_line: int = 0
    key_column: int = 0
    duplicate: bool = False
    merging: bool = False
    merges: list[tuple[Any, Marks | None, Any]] = []
    """What stands behind its merge keys, each with the places in it and the key's own."""


class Builder:
    """Turns the events of a file, or of a part of it, into documents; `above` is how many of the file's lines
    stand before that part.
    """

    def __init__(self, file: str, above: int = 0) -> None:
        self.file, self.first = file, above + 1
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self._begin()

    def _begin(self) -> None:
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, Marks | None, int, int]] = {}
        self.spelt: dict[str, str] = {}
        """How the scalars that bear an anchor are written, where they are no text."""
        self.document: Document | None = None
        self.merges: list[Source] = []
        self.nuls: list[Source] = []
        self.aliased = self.nodes = 0

    def run(self, parser: Any) -> None:
        """Reads to the end, or to the first thing that cannot be read over."""
        get = parser.get_event
        while (event := get()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._open(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._close()
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self._begin()
            elif kind is DocumentEndEvent and self.document is not None:
                self.documents.append(self.document)

    def report(self, code: str, message: str, mark: Any, hint: str = "") -> Diagnostic:
        """Notes a problem that can be read over."""
        diagnostic = Diagnostic(code, message, self._source(mark), hint=hint)
        self.diagnostics.append(diagnostic)
        return diagnostic

    def _source(self, mark: Any) -> Source:
        return Source(self.file, mark.line + self.first, mark.column + 1)

    def _end(self, code: str, message: str, mark: Any, hint: str) -> Ended:
        self.report(code, message, mark, hint)
        return Ended()

    def _too_deep(self, mark: Any) -> Ended:
        return self._end("yaml-depth", f"nested more than {MAX_DEPTH} levels deep", mark, "make it flatter")

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.is_map and frame.key is None:
            self._key(frame, event, mark)
            return
        text: str = event.value
        if "\0" in text:
            self.nuls.append(self._source(mark))
        written = ""
        try:
            if event.tag is not None:
                value = scalars.tagged(event.tag, text)
            else:
                value = scalars.plain(text) if event.implicit[0] else text
            written = "" if type(value) is str else text
        except scalars.Unreadable as problem:
            self.report(problem.code, problem.message, mark, problem.hint)
            value = problem.value
            written = "" if event.tag else text
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, None, 1, 0)
            self.spelt[event.anchor] = written
        self._add(value, None, mark.line + self.first, mark.column + 1, written)

    def _key(self, frame: _Frame, event: Any, mark: Any) -> None:
        key: str = event.value
        plain = event.implicit[0]
        frame.merging = plain and key == "<<"
        if plain and key in ("", "~"):
            self.report("yaml-key", "a key is empty", mark, "write a name before the colon")
        if event.anchor is not None:
            self.anchors[event.anchor] = (key, None, 1, 0)
            self.spelt.pop(event.anchor, None)
        frame.key, frame.key_line, frame.key_column = key, mark.line + self.first, mark.column + 1
        if frame.merging:
            self._merge_key(frame, mark)
            return
        first = frame.marks.get(key)
        frame.duplicate = first is not None
        if first is not None:
            self.report(
                "yaml-duplicate",
                f'duplicate key "{key}"',
                mark,
                f"the first is on line {first.key_line}: keep one",
            )

    def _merge_key(self, frame: _Frame, mark: Any) -> None:
        self.merges.append(self._source(mark))
        if frame.merges:
            line = frame.merges[0][2].line + self.first
            hint = f"the first is on line {line}: give one a list of all"
            self.report("yaml-duplicate", 'duplicate key "<<"', mark, hint)
        frame.merges.append((None, None, mark))

    def _merge(self, frame: _Frame) -> None:
        """What a map says itself goes before what it is given; of a list, the first goes before the rest."""
        for given, marks, mark in frame.merges:
            sources = [(given, marks)]
            if isinstance(given, list) and marks is not None:
                sources = [(source, marks[index].inner) for index, source in enumerate(given)]
            if not all(isinstance(source, dict) for source, _ in sources):
                message = "a merge key (<<) takes a map, or a list of maps"
                self.report("yaml-merge", message, mark, "name them with aliases: <<: *NAME")
                continue
            for source, places in sources:
                for name, value in source.items():
                    if name not in frame.node and places is not None:
                        frame.node[name] = value
                        frame.marks[name] = places[name]

    def _open(self, event: Any, is_map: bool) -> None:
        mark = event.start_mark
        if self.stack and self.stack[-1].is_map and self.stack[-1].key is None:
            raise self._end(
                "yaml-key",
                "a list or a map cannot be a key",
                mark,
                "put text that begins with { or [ in quotes",
            )
        if len(self.stack) >= MAX_DEPTH:
            raise self._too_deep(mark)
        try:
            scalars.container(event.tag, "map" if is_map else "seq")
        except scalars.Unreadable as problem:
            self.report(problem.code, problem.message, mark, problem.hint)
        node: Any = {} if is_map else []
        marks: Marks = {}
        anchor, line = event.anchor, mark.line + self.first
        self.stack.append(_Frame(node, marks, is_map, line, mark.column + 1, anchor, self.nodes))
        if anchor is not None:
            # Until it is closed, an alias to it would be a loop.
            self.anchors[anchor] = (node, marks, 0, 0)
            self.spelt.pop(anchor, None)

    def _close(self) -> None:
        frame = self.stack.pop()
        self._merge(frame)
        if frame.anchor is not None:
            size = self.nodes - frame.count_before + 1
            self.anchors[frame.anchor] = (frame.node, frame.marks, size, frame.height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, frame.height + 1)
        self._add(frame.node, frame.marks, frame.line, frame.column, "")

    def _alias(self, event: Any) -> None:
        mark, name = event.start_mark, event.anchor
        if self.stack and self.stack[-1].is_map and self.stack[-1].key is None:
            raise self._end("yaml-key", "an alias cannot be a key", mark, "write the key out")
        if name not in self.anchors:
            hint = f'put text that begins with * in quotes, or write "&{name}" before the value that is meant'
            raise self._end("yaml-alias", f'alias "*{name}" has no anchor', mark, hint)
        node, marks, size, height = self.anchors[name]
        if size == 0:
            raise self._end("yaml-alias", f'alias "*{name}" refers to itself', mark, "write the value out")
        self.aliased += size
        self.nodes += size
        if self.aliased > MAX_ALIASED_NODES:
            hint = f"they stand for more than {MAX_ALIASED_NODES:,} values: write them out"
            raise self._end("yaml-alias", "too many aliases", mark, hint)
        if len(self.stack) + height > MAX_DEPTH:
            raise self._too_deep(mark)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height + 1)
        self._add(node, marks, mark.line + self.first, mark.column + 1, self.spelt.get(name, ""))

    def _add(self, value: Any, marks: Marks | None, line: int, column: int, written: str) -> None:
        self.nodes += 1
        if not self.stack:
            self.document = Document(value, self.file, line, column, self.merges, self.nuls, marks)
            return
        frame = self.stack[-1]
        node = frame.node
        if not frame.is_map:
            frame.marks[len(node)] = Mark(line, column, line, column, written, marks)
            node.append(value)
            return
        key = frame.key
        assert key is not None
        frame.key = None
        if frame.merging:
            frame.merges[-1] = (value, marks, frame.merges[-1][2])
        elif not frame.duplicate:
            frame.marks[key] = Mark(frame.key_line, frame.key_column, line, column, written, marks)
            node[key] = value
