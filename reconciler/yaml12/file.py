"""Reads a file of YAML, whatever it is that bears its name."""

from __future__ import annotations

import stat
from pathlib import Path

from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.yaml12.document import Document
from reconciler.yaml12.text import MAX_BYTES, decode, parse


def read(path: Path, file: str) -> tuple[str, list[Document], list[Diagnostic]]:
    """The text and the documents of the file at `path`, which messages call `file`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return (
                "",
                [],
                [Diagnostic("file-kind", "not a regular file", Source(file), hint="name a YAML file")],
            )
        if status.st_size > MAX_BYTES:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)  # one byte past the limit is enough to see that it is
        else:
            with path.open("rb", buffering=0) as whole:
                data = whole.readall()
    except OSError as error:
        hint = "correct its permissions or its name"
        reason = (error.strerror or type(error).__name__).lower()
        return "", [], [Diagnostic("file-unreadable", f"cannot be read: {reason}", Source(file), hint=hint)]
    text = decode(data, file)
    if isinstance(text, Diagnostic):
        return "", [], [text]
    documents, diagnostics = parse(text, file)
    return text, documents, diagnostics
