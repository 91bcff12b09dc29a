"""Puts another text in the place of one scalar of a YAML file, and leaves every other byte as it is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out
from yaml.events import ScalarEvent

from reconciler.model.diagnostic import Source
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import parse

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
Place = tuple[int, int]


class Scalar(Struct, frozen=True):
    """A scalar as it stands in a file: what it says, and the part of the text that says so."""

    value: str
    start: int
    end: int
    quote: str
    """The quotation mark around it; empty for a plain one."""


@dataclass
class YamlFile:
    """The text of one file, which messages call `name`, and the places of its scalars."""

    path: Path
    name: str
    data: bytes = field(repr=False)

    @classmethod
    def open(cls, path: Path, name: str) -> YamlFile:
        """The file at `path`. Raises OSError."""
        return cls(path, name, path.read_bytes())

    @property
    def text(self) -> str:
        """The text, with its line ends as they are and without a byte order mark."""
        mark, encoding = self._form
        return self.data[len(mark) :].decode(encoding)

    @cached_property
    def documents(self) -> list[Document]:
        """The documents of the file."""
        return parse(self.text, self.name)[0]

    def scalar(self, source: Source) -> Scalar | None:
        """The scalar that stands at `source`; None where there is none that can be written otherwise by
        itself: an alias, what bears an anchor, a block of text.
        """
        return self._scalars.get((source.line, source.column))

    def edited(self, changes: Mapping[Source, str]) -> bytes:
        """The bytes of the file with other texts in the places of these scalars."""
        text = self.text
        places = [(self._scalars[source.line, source.column], new) for source, new in changes.items()]
        for scalar, new in sorted(places, key=lambda place: -place[0].start):
            text = text[: scalar.start] + _written(scalar, new) + text[scalar.end :]
        mark, encoding = self._form
        return mark + text.encode(encoding)

    @property
    def _form(self) -> tuple[bytes, str]:
        return next(((m, e) for m, e in _BOMS.items() if self.data.startswith(m)), (b"", "utf-8"))

    @cached_property
    def _scalars(self) -> dict[Place, Scalar]:
        return dict(_scalars(self.text))


def _scalars(text: str) -> Iterator[tuple[Place, Scalar]]:
    next_event: Callable[[], Any] = CParser(text).get_event
    try:
        while (event := next_event()) is not None:
            # What bears an anchor is said in other places, too.
            if isinstance(event, ScalarEvent) and not event.anchor and event.style not in ("|", ">"):
                first: Any = event.start_mark
                last: Any = event.end_mark
                found = _PROPERTIES.match(text, first.index)
                start = found.end() if found else first.index
                place = (first.line + 1, first.column + 1)
                yield place, Scalar(event.value, start, last.index, event.style or "")
    except yaml.YAMLError:
        return


def _written(scalar: Scalar, new: str) -> str:
    """`new` in the style of the scalar that it replaces, and in quotes where it would turn from text into a
    number. The names of releases hold nothing that needs an escape.
    """
    quote = scalar.quote or ('"' if _is_text(scalar.value) and not _is_text(new) else "")
    return f"{quote}{new}{quote}"


def _is_text(plain: str) -> bool:
    return isinstance(parse(plain, "")[0][0].value, str)
