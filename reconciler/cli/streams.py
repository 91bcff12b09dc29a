"""Streams that may be lost while a tenant is being changed."""

from __future__ import annotations

import sys
from typing import IO


class Lasting:
    """Hands text on to a stream until that fails, and keeps quiet from then on: whoever reads it may leave,
    and a disk may be full, but what is under way goes on. `failure` is what became of the stream.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """All of it, or nothing any more."""
        if self.failure is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self.failure = error
        return len(text)

    def flush(self) -> None:
        """Likewise."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self.failure = error

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()


def close_lost() -> None:
    """Lets go of standard streams that cannot be written any more: what they still hold would be written when
    the process ends, and the failure would take the place of its exit code.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # a ValueError where it was closed
            setattr(sys, name, None)
