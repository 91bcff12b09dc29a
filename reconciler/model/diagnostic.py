"""Errors of input as values: each says what is wrong, where, and what to do next."""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1. `file` is relative to the project where it can be."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Diagnostic(Struct, frozen=True):
    """One thing that is wrong (`severity` "error") or doubtful ("warning") with the input, or is only to be
    known ("note").

    `code` is stable and can be looked up in the documentation; `hint` says what to do next.
    """

    code: str
    message: str
    source: Source | None = None
    address: str = ""
    hint: str = ""
    severity: str = "error"
