"""Reads the files that are written for this program: YAML 1.2, each field where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.yaml12 import file as files
from reconciler.yaml12.alike import folded_breaks
from reconciler.yaml12.document import Document

_NUL = "the character NUL (U+0000) is kept by no server"
_MERGE = "merge keys (<<) are not part of YAML 1.2"


def read(path: Path, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of the file at `path`, which messages call `file`, and what is wrong with it as YAML."""
    text, documents, problems = files.read(path, file)
    problems += _inexact(text, file)
    for document in documents:
        problems += [
            Diagnostic("yaml-merge", _MERGE, place, hint="write the fields out") for place in document.merges
        ]
        problems += [
            Diagnostic("yaml-syntax", _NUL, place, hint="remove the escape") for place in document.nuls
        ]
    return documents, problems


def _inexact(text: str, file: str) -> Iterator[Diagnostic]:
    """The breaks of lines that readers of YAML 1.1 fold: a text would not arrive as it is written."""
    for found in folded_breaks(text):
        before, code = text[: found.start()], ord(found.group())
        place = Source(file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        hint = f"write it as an escape, in double quotes: \\u{code:04x}"
        yield Diagnostic("yaml-syntax", f"character U+{code:04X} is not kept as it stands", place, hint=hint)
