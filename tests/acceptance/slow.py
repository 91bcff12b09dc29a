"""A tenant that takes its time for every mutation, so that a run can be stopped in its midst."""

from __future__ import annotations

import time
from typing import Any

from reconciler.sandbox import Sandbox


class Slow(Sandbox):
    """Waits `seconds` before it carries a mutation out, and as long before it answers."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def execute(self, query: str, *rest: Any, **named: Any) -> Any:
        """The answer, late."""
        pause = self._seconds if query.lstrip().startswith("mutation") else 0
        time.sleep(pause)
        answer = super().execute(query, *rest, **named)
        time.sleep(pause)
        return answer
