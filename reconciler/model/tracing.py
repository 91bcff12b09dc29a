"""Where a run says what it is doing, for whoever follows it from outside. Nothing follows it by default."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Fact = str | int | float | bool


class Span(Protocol):
    """A stretch of time that is under way."""

    def note(self, name: str, value: Fact) -> None:
        """Adds a fact, which is no secret."""


class Spans(Protocol):
    """Whoever follows a run."""

    def __call__(self, name: str, /, **facts: Fact) -> AbstractContextManager[Span]:
        """Begins a stretch of time, which ends with the context; of an error in it the type counts."""


class _Nothing:
    def note(self, name: str, value: Fact) -> None:
        """Nobody follows."""


_NOTHING = _Nothing()


def untraced(_: str, /, **__: Fact) -> AbstractContextManager[Span]:
    """Of which nobody is told."""
    return nullcontext(_NOTHING)
