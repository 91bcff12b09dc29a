"""Reads the files that are written for this program: YAML 1.2, each field where it belongs."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.diagnostic import Diagnostic
from reconciler.yaml12 import file as files
from reconciler.yaml12.document import Document

_MERGE = "merge keys (<<) are not part of YAML 1.2"


def read(path: Path, file: str) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of the file at `path`, which messages call `file`, and what is wrong with it as YAML."""
    _, documents, problems = files.read(path, file)
    for document in documents:
        problems += [
            Diagnostic("yaml-merge", _MERGE, place, hint="write the fields out") for place in document.merges
        ]
    return documents, problems
