"""Documents that differ in nothing but a few texts are read once: the others are that one, with their own
texts in place. Thousands of manifests are such.

A text is cut out of its document where it is all that stands behind a colon, up to the end of the line, and
begins and goes on so that it can be nothing but a text. The literals, which are left, say how it is read:
libyaml comes out of one such text as it comes out of any other. That a cut is a value, and no part of a
comment, of a longer text or of a flow collection, is seen from the one that was read: there it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from reconciler.yaml12 import scalars
from reconciler.yaml12.document import Document, Form, Marks

_SEPARATOR = "\n---\n"
_LONGEST = 4_096
"""How many characters a document may have that is remembered."""
_REMEMBERED = 300
_PLAIN = r"[\w ./@,()+&='~%;!*-]"
_CUT = re.compile(
    rf"""
    :[ ]
    (
      "[\w ./@,()+&='~%;!*:?#|<>-]*+"
    | (?!(?:{"|".join(map(re.escape, filter(None, scalars.WORDS)))})$)
      (?:[^\W\d_]|/) {_PLAIN}*+ (?: :[\w/] {_PLAIN}*+ )*+ (?<![ ])
    )$
    """,
    re.VERBOSE | re.MULTILINE,
)
_FOLDED = re.compile("[\x85\u2028\u2029]")


def folded_breaks(text: str) -> Iterable[re.Match[str]]:
    """The breaks of lines that readers of YAML 1.1 fold, and those of 1.2 keep."""
    return () if text.isascii() else _FOLDED.finditer(text)


def has_other_breaks(text: str) -> bool:
    """Whether lines may end with more than a line feed."""
    return "\r" in text or any(folded_breaks(text))


def parts(text: str) -> list[str]:
    """The documents of a file as texts that can be read one by one, each with the line that begins it."""
    if _SEPARATOR not in text or has_other_breaks(text):
        return [text]
    first, *others, last = text.split(_SEPARATOR)
    return [f"{first}\n", *(f"---\n{other}\n" for other in others), f"---\n{last}"]


class Likeness:
    """What is known of the documents that are like one."""

    __slots__ = ("_given", "_known", "_part")

    def __init__(self, part: str) -> None:
        pieces = _CUT.split(part) if len(part) <= _LONGEST else [part]
        self._part, self._given = part, pieces[1::2]
        self._known = known(tuple(pieces[::2])) if self._given else None

    def document(self, file: str, above: int) -> Document | None:
        """The document itself, as one that is like it has it; None where there is none yet. `above` is how
        many lines of the file stand before it.
        """
        mould = self._known.mould if self._known is not None else None
        return mould.document(self._given, file, above) if mould is not None else None

    def learn(self, documents: Sequence[Document], above: int) -> None:
        """Takes the document, as it was read, as the one that others are like: the second that is met, since
        one that has nothing like it is met once.
        """
        like = self._known
        if like is not None:
            like.met += 1
            if like.met == 2 and len(documents) == 1:
                like.mould = _Casting(documents[0], above, self._part, self._given).mould()


class _Known(Struct):
    """What is known of all that have these literals."""

    literals: tuple[str, ...]
    met: int = 0
    mould: _Mould | None = None


known = lru_cache(_REMEMBERED)(_Known)

_Hole = tuple[Any, int]
"""A key or an index, and the number of the text, or of the node, that stands there."""
_Node = tuple[Any, Sequence[_Hole], Sequence[_Hole]]
"""A map or a list, with the holes for texts and for what it holds."""


class _Mould(Struct, frozen=True):
    """A document that has holes where the texts of each stand."""

    nodes: Sequence[_Node]
    """Each after those that it holds."""
    fixed: Sequence[tuple[int, str]]
    """What was cut out, but is no text of its own: it must be the same."""
    form: Form
    line: int
    column: int
    above: int
    marks: Marks | None

    def document(self, given: Sequence[str], file: str, above: int) -> Document | None:
        """The document with these texts; None where it may be another one."""
        for index, text in self.fixed:
            if given[index] != text:
                return None
        texts = [_bare(text) for text in given]
        made: list[Any] = []
        for blank, holes, inner in self.nodes:
            node = blank.copy()
            for key, index in holes:
                node[key] = texts[index]
            for key, index in inner:
                node[key] = made[index]
            made.append(node)
        down = above - self.above
        return Document(
            made[-1], file, self.line + down, self.column, [], [], self.marks, down, self.form, texts
        )


def _bare(given: str) -> str:
    return given[1:-1] if given[0] == '"' else given


class _Casting:
    """Finds the holes of a document: the cuts of its text that were read as a text each, as they stand."""

    def __init__(self, document: Document, above: int, part: str, given: Sequence[str]) -> None:
        self.document, self.above, self.given = document, above, given
        self.lines = part.split("\n")
        self.cuts = {place: index for index, place in enumerate(_places(part))}
        self.nodes: list[_Node] = []
        self.paths: dict[tuple[str | int, ...], int] = {}
        self.seen: set[int] = set()
        self.sound = not (document.merges or document.nuls or has_other_breaks(part))

    def mould(self) -> _Mould | None:
        """The mould; None where documents that look alike may have more than texts that tell them apart."""
        document, marks = self.document, self.document.marks
        if marks is None or not self.sound:
            return None
        self._node(document.value, marks, (document.line, document.column), (), True)
        if not self.sound or not self.paths:
            return None
        own = set(self.paths.values())
        fixed = [(index, text) for index, text in enumerate(self.given) if index not in own]
        form = Form(self.paths, any(document.numbers()))
        return _Mould(self.nodes, fixed, form, document.line, document.column, self.above, marks)

    def _node(self, value: Any, marks: Marks, place: _Place, path: tuple[str | int, ...], block: bool) -> int:
        """Takes in a map or a list, and all that it holds."""
        self.sound &= id(value) not in self.seen  # an alias: what is one must stay one
        self.seen.add(id(value))
        block = block and self._is_block(value, marks, place)
        holes: list[_Hole] = []
        inner: list[_Hole] = []
        for key, mark in marks.items():
            here = (*path, key)
            if mark.inner is not None:
                begins = mark.line, mark.column
                inner.append((key, self._node(value[key], mark.inner, begins, here, block)))
                continue
            index = self.cuts.get((mark.line - self.above, mark.column)) if block else None
            if index is not None and value[key] == _bare(self.given[index]):
                holes.append((key, index))
                self.paths[here] = index
        self.nodes.append((value.copy(), holes, inner))
        return len(self.nodes) - 1

    def _is_block(self, value: Any, marks: Marks, place: _Place) -> bool:
        """Whether a map or a list is told by indentation: in flow style it begins with a bracket, and before
        it may stand an anchor or a tag.
        """
        if isinstance(value, dict):
            return any((mark.key_line, mark.key_column) == place for mark in marks.values())
        return self.lines[place[0] - 1 - self.above][place[1] - 1] == "-"


_Place = tuple[int, int]


def _places(part: str) -> Iterator[_Place]:
    """The line and the column at which each cut begins."""
    line, end = 1, 0
    for found in _CUT.finditer(part):
        start = found.start(1)
        line, end = line + part.count("\n", end, start), start
        yield line, start - part.rfind("\n", 0, start)
