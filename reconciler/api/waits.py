"""Waits that one event ends for all who wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class Waits:
    """Those that are under way."""

    def __init__(self) -> None:
        self._scopes: set[anyio.CancelScope] = set()

    def end(self) -> None:
        """Ends them."""
        for scope in self._scopes:
            scope.cancel()

    @contextmanager
    def until_ended(self) -> Iterator[anyio.CancelScope]:
        """Around a wait: its scope tells whether it was ended."""
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield scope
            finally:
                self._scopes.discard(scope)
