"""A tenant that takes its time for every mutation, so that a run can be stopped in its midst."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from reconciler.sandbox import Sandbox


class Slow(Sandbox):
    """Waits `seconds` before it carries a mutation out, and as long before it answers. Each has a line in the
    file `book` as it arrives, where one is kept.
    """

    def __init__(self, seconds: float, book: str = "") -> None:
        super().__init__()
        self._seconds, self._book = seconds, book

    def execute(self, query: str, *rest: Any, **named: Any) -> Any:
        """The answer, late."""
        writes = query.lstrip().startswith("mutation")
        pause = self._seconds if writes else 0
        if writes and self._book:
            with Path(self._book).open("a") as book:
                print(query.split("(")[0], file=book)
        time.sleep(pause)
        answer = super().execute(query, *rest, **named)
        time.sleep(pause)
        return answer
