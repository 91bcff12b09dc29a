"""YAML as Prismatic's own tools read it: version 1.2, core schema, on libyaml's parser.

PyYAML's loaders follow YAML 1.1, where `no`, `2024-01-01`, `1:30` and `1_000` are not text, and they say
nothing of duplicate keys or places. This one builds plain dicts and lists from libyaml's events and keeps
the place of every key and value beside them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

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

MAX_DEPTH = 100
MAX_ALIASES = 100
MAX_ALIASED_NODES = 100_000

Where = Sequence[str | int]
_Marks = dict[Any, tuple[int, int, int, int]]

_CORE = "tag:yaml.org,2002:"
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_START = frozenset("0123456789+-.")
_MAX_DIGITS = 1000
_QUOTE = "put it in quotes to make it text"


@dataclass(slots=True)
class Document:
    """One YAML document: plain dicts, lists and scalars, with the place of each key and value."""

    value: Any
    file: str
    line: int
    column: int
    _marks: dict[int, _Marks] = field(default_factory=dict, repr=False)
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


class Stop(Exception):
    """What ends the reading of a file: told with `diagnostic`, after all that came before it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Frame:
    """A container that is still open. `key` is None while the next scalar of a map is a key."""

    node: Any
    marks: _Marks
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


class Builder:
    """Turns one file's events into documents."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self._begin()

    def _begin(self) -> None:
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.document: Document | None = None
        self.marks: dict[int, _Marks] = {}
        self.written: dict[tuple[int, str | int], str] = {}
        self.aliases = self.aliased = self.nodes = 0

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
        diagnostic = Diagnostic(code, message, Source(self.file, mark.line + 1, mark.column + 1), hint=hint)
        self.diagnostics.append(diagnostic)
        return diagnostic

    def _stop(self, code: str, message: str, mark: Any, hint: str) -> Stop:
        return Stop(Diagnostic(code, message, Source(self.file, mark.line + 1, mark.column + 1), hint=hint))

    def _too_deep(self, mark: Any) -> Stop:
        return self._stop("yaml-depth", f"nested more than {MAX_DEPTH} levels deep", mark, "make it flatter")

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.is_map and frame.key is None:
            self._key(frame, event, mark)
            return
        text: str = event.value
        written = ""
        if event.tag is not None:
            value = self._tagged(event, mark)
        elif event.implicit[0]:
            value = self._plain(text, mark)
            written = "" if type(value) is str else text
        else:
            value = text
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        self._add(value, mark.line + 1, mark.column + 1, written)

    def _key(self, frame: _Frame, event: Any, mark: Any) -> None:
        key: str = event.value
        plain = event.implicit[0]
        if plain and key == "<<":
            self.report(
                "yaml-merge", "merge keys (<<) are not part of YAML 1.2", mark, "write the fields out"
            )
        elif plain and key in ("", "~"):
            self.report("yaml-key", "a key is empty", mark, "write a name before the colon")
        if event.anchor is not None:
            self.anchors[event.anchor] = (key, 1, 0)
        frame.key, frame.key_line, frame.key_column = key, mark.line + 1, mark.column + 1
        first = frame.marks.get(key)
        frame.duplicate = first is not None
        if first is not None:
            self.report(
                "yaml-duplicate", f'duplicate key "{key}"', mark, f"the first is on line {first[0]}: keep one"
            )

    def _plain(self, text: str, mark: Any) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_START:
            return text
        if _INT.fullmatch(text):
            return self._int(text, mark)
        if _FLOAT.fullmatch(text):
            return self._float(text, mark)
        if _NOT_FINITE.fullmatch(text):
            return self._float("inf", mark)
        return text

    def _int(self, text: str, mark: Any) -> Any:
        if len(text) > _MAX_DIGITS:
            self.report("yaml-number", f"a number of {len(text)} digits is too long", mark, _QUOTE)
            return 0
        base = {"0o": 8, "0x": 16}.get(text[:2])
        return int(text[2:], base) if base else int(text)

    def _float(self, text: str, mark: Any) -> Any:
        value = float(text)
        if math.isinf(value):
            self.report("yaml-number", "a number must be finite", mark, _QUOTE)
            return 0.0
        return value

    def _tagged(self, event: Any, mark: Any) -> Any:
        tag, text = event.tag, event.value
        if tag in ("!", _CORE + "str"):
            return text
        if tag == _CORE + "int" and _INT.fullmatch(text):
            return self._int(text, mark)
        if tag == _CORE + "float" and (_FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text)):
            return self._float(text if _FLOAT.fullmatch(text) else "inf", mark)
        if tag == _CORE + "null" and _WORDS.get(text, "") is None:
            return None
        if tag == _CORE + "bool" and isinstance(_WORDS.get(text), bool):
            return _WORDS[text]
        self._bad_tag(tag, mark, text)
        return text

    def _bad_tag(self, tag: str, mark: Any, text: str | None = None) -> None:
        short = tag.replace(_CORE, "!!", 1)
        if text is not None and short in ("!!int", "!!float", "!!null", "!!bool"):
            message = f'the value does not fit its tag "{short}"'
            self.report("yaml-tag", message, mark, "remove the tag or correct the value")
        else:
            hint = "only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are read: remove the tag"
            self.report("yaml-tag", f'tag "{short}" is not allowed', mark, hint)

    def _open(self, event: Any, is_map: bool) -> None:
        mark = event.start_mark
        if self.stack and self.stack[-1].is_map and self.stack[-1].key is None:
            raise self._stop(
                "yaml-key",
                "a list or a map cannot be a key",
                mark,
                "put text that begins with { or [ in quotes",
            )
        if len(self.stack) >= MAX_DEPTH:
            raise self._too_deep(mark)
        if event.tag is not None and event.tag not in ("!", _CORE + ("map" if is_map else "seq")):
            self._bad_tag(event.tag, mark)
        node: Any = {} if is_map else []
        marks: _Marks = {}
        self.marks[id(node)] = marks
        anchor = event.anchor
        self.stack.append(_Frame(node, marks, is_map, mark.line + 1, mark.column + 1, anchor, self.nodes))
        if anchor is not None:
            # Until it is closed, an alias to it would be a loop.
            self.anchors[anchor] = (node, 0, 0)

    def _close(self) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.node, self.nodes - frame.count_before + 1, frame.height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, frame.height + 1)
        self._add(frame.node, frame.line, frame.column, "")

    def _alias(self, event: Any) -> None:
        mark, name = event.start_mark, event.anchor
        if self.stack and self.stack[-1].is_map and self.stack[-1].key is None:
            raise self._stop("yaml-key", "an alias cannot be a key", mark, "write the key out")
        if name not in self.anchors:
            hint = f'put text that begins with * in quotes, or write "&{name}" before the value that is meant'
            raise self._stop("yaml-alias", f'alias "*{name}" has no anchor', mark, hint)
        node, size, height = self.anchors[name]
        if size == 0:
            raise self._stop("yaml-alias", f'alias "*{name}" refers to itself', mark, "write the value out")
        self.aliases += 1
        self.aliased += size
        self.nodes += size
        if self.aliases > MAX_ALIASES or self.aliased > MAX_ALIASED_NODES:
            hint = f"at most {MAX_ALIASES} a document, for {MAX_ALIASED_NODES:,} values: write them out"
            raise self._stop("yaml-alias", "too many aliases", mark, hint)
        if len(self.stack) + height > MAX_DEPTH:
            raise self._too_deep(mark)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height + 1)
        self._add(node, mark.line + 1, mark.column + 1, "")

    def _add(self, value: Any, line: int, column: int, written: str) -> None:
        self.nodes += 1
        if not self.stack:
            self.document = Document(value, self.file, line, column, self.marks, self.written)
            return
        frame = self.stack[-1]
        node = frame.node
        if not frame.is_map:
            frame.marks[len(node)] = (line, column, line, column)
            if written:
                self.written[id(node), len(node)] = written
            node.append(value)
            return
        key = frame.key
        assert key is not None
        frame.key = None
        if not frame.duplicate:
            frame.marks[key] = (frame.key_line, frame.key_column, line, column)
            if written:
                self.written[id(node), key] = written
            node[key] = value
