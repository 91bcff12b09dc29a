"""Shows what one run of a flow is waited for: a line that lives on a terminal, elsewhere one now and then."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from reconciler.report.sanitize import terminal
from reconciler.report.watch import Watch


class Waiting:
    """Told of states on a console that writes to stderr. Where it is not `enabled` it is quiet."""

    def __init__(
        self,
        console: Console,
        name: str,
        limit: float,
        *,
        enabled: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._console, self._name, self._limit, self._clock = console, name, limit, clock
        self._enabled = enabled
        self._watch = Watch(self._write, clock)
        self._since = clock()
        self._state = ""
        self._status = Status("", console=console) if enabled and console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def __call__(self, state: str) -> None:
        """It is in this state now."""
        if not self._enabled:
            return
        if self._status is None and state != self._state:
            self._write(f"{self._name}: {state}")
        self._state = state
        self._watch.wait(self._name, state, self._limit)
        self.tick()

    def notice(self, text: str) -> None:
        """Takes note of a reason that the client has to wait."""
        if self._enabled:
            self._watch.notice(text)

    def tick(self) -> None:
        """Looks up: to be called about once a second."""
        if self._status:
            passed = f"{self._clock() - self._since:.0f} s of {self._limit:.0f} s"
            self._status.update(Text(terminal(f"{self._name}: {self._state} ({passed})")))
        elif self._enabled:
            self._watch.tick()

    def _write(self, text: str) -> None:
        self._console.print(Text(terminal(text), style="dim"), soft_wrap=True, highlight=False)
