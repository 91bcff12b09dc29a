"""What is wrong with a value or a file, before it is known in whose name, and where, it is told."""

from __future__ import annotations

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic, Source

Where = tuple[str | int, ...]
"""The way to a value: keys of maps, and indexes of lists."""


class Problem(Struct, frozen=True):
    """One thing that is wrong (`severity` "error") or doubtful ("warning"). `message` may go on after the
    name of what was looked at; `path` leads to it from there: to the value or, where `is_key`, to its key.
    """

    code: str
    message: str
    hint: str = ""
    path: Where = ()
    is_key: bool = False
    severity: str = "error"

    def about(self, name: str, source: Source | None, address: str = "") -> Diagnostic:
        """The problem, told of what is called `name`."""
        return Diagnostic(self.code, f"{name} {self.message}", source, address, self.hint, self.severity)


class Unusable(Exception):
    """A path, a bundle or a text that cannot be used at all. `problem` says why."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code, message, hint)
