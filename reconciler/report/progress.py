"""Shows a terminal what apply is doing while it does it; elsewhere a plain line now and then.

It listens to events and decides nothing: losing it loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from reconciler.model.errors import Interrupted
from reconciler.model.outcome import Ended, Event, Result, Started, Status, Waiting
from reconciler.model.plan import Action, Rollout
from reconciler.report import lines
from reconciler.report.sanitize import terminal
from reconciler.report.status import Standing
from reconciler.report.watch import Watch

SINGLY = 20
"""Of so many actions each end has a line of its own; of more only how many they are is told."""
READING = "reading the tenant"
_SHOWN = 8  # actions in flight that have a line of their own
_STYLES = {Status.DONE: "green", Status.FAILED: "bold red", Status.STALE: "yellow", Status.SKIPPED: "dim"}


class Progress:
    """A listener for the events of apply, on a console that writes to stderr.

    On a terminal it is live: a bar, and a line for each action in flight, below the lines of those that
    ended. Elsewhere it only writes the latter, and a line now and then about what takes long. Of many actions
    only what failed has a line on a terminal, and elsewhere a line now and then tells how far all is. Where
    it is not `enabled` it is quiet.
    """

    def __init__(
        self,
        console: Console,
        actions: Sequence[Action],
        rollouts: Sequence[Rollout] = (),
        *,
        enabled: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._console = console
        self._enabled = enabled
        self._clock = clock
        self._standing = Standing(actions, rollouts, clock())
        self._singly = len(actions) <= SINGLY
        self._bars = _bars(console) if enabled and console.is_terminal else None
        self._all = (
            self._bars.add_task(self._standing.brief(), total=self._standing.total) if self._bars else None
        )
        self._lines: dict[str, TaskID] = {}
        self._waits: dict[str, str] = {}
        is_log = not (self._bars or self._singly)
        self._watch = Watch(self._tell, clock, self._standing.line) if is_log else Watch(self._tell, clock)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Takes note of an event."""
        if not self._enabled:
            return
        if isinstance(event, Started):
            self._begin(event.action)
        elif isinstance(event, Waiting):
            self._watch.wait(event.action.id, event.what, event.limit)
            self._wait(event.action, event.what)
        elif isinstance(event, Ended):
            self._end(event.result)

    def notice(self, text: str) -> None:
        """Takes note of a reason that the client has to wait."""
        if self._enabled:
            self._watch.notice(text)

    def tick(self) -> None:
        """Looks up: to be called about once a second."""
        if self._enabled:
            self._standing.look()
            self._watch.tick()
            self._update()

    def _tell(self, text: str) -> None:
        self._line(Text(terminal(text), style="dim"))

    def _begin(self, action: Action) -> None:
        self._watch.wait(action.id, "an answer")
        self._standing.begin(action)
        if self._bars and len(self._lines) < _SHOWN and action.id not in self._lines:
            self._lines[action.id] = self._bars.add_task(_named(action), total=None)

    def _wait(self, action: Action, what: str) -> None:
        if self._bars:
            if action.id in self._lines:
                told = f"{_named(action)}: waiting for {terminal(what)}"
                self._bars.update(self._lines[action.id], description=told)
        elif self._singly and self._waits.get(action.id) != what:  # polled many times, told once
            self._waits[action.id] = what
            self._line(Text(f"waiting {_named(action)}: {terminal(what)}"))

    def _end(self, result: Result) -> None:
        self._waits.pop(result.action.id, None)
        self._standing.end(result, self._clock())
        self._watch.end(result.action.id)
        if self._bars:
            line = self._lines.pop(result.action.id, None)
            if line is not None:
                self._bars.remove_task(line)
        self._update()
        if self._is_told(result):
            self._line(_ended(result))

    def _is_told(self, result: Result) -> bool:
        """Whether an end has a line of its own. What was not begun for an interrupt has one in all, later."""
        if self._singly:
            return result.because != Interrupted.code
        return self._bars is not None and result.status in (Status.FAILED, Status.STALE)

    def _update(self) -> None:
        if self._bars and self._all is not None:
            standing = self._standing
            self._bars.update(
                self._all, total=standing.total, completed=standing.ended, description=self._standing.brief()
            )

    def _line(self, text: Text) -> None:
        if self._console.is_terminal:
            lines.write(self._console, 0, text)
        else:
            self._console.print(text, soft_wrap=True, highlight=False)


class Reading:
    """Tells on a console that writes to stderr that a tenant is read, if that is to be told `at_once`, and
    what it waits for, once that takes long. Where it is not `enabled` it is quiet.
    """

    def __init__(
        self,
        console: Console,
        *,
        enabled: bool = True,
        at_once: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._console = console
        self._enabled = enabled
        self._watch = Watch(self._tell, clock)
        self._watch.wait(READING, "answers")
        self._told = not at_once

    def notice(self, text: str) -> None:
        """Takes note of a reason that the client has to wait."""
        if self._enabled:
            self._watch.notice(text)

    def tick(self) -> None:
        """Looks up: to be called about once a second."""
        if self._enabled:
            if not self._told:
                self._told = True
                self._tell(READING)
            self._watch.tick()

    def _tell(self, text: str) -> None:
        self._console.print(Text(terminal(text), style="dim"), soft_wrap=True, highlight=False)


class _BarOfAll(ProgressColumn):
    """A bar for the whole run only: a single action has no share that is done."""

    _bar = BarColumn(bar_width=10)

    def render(self, task: Task) -> RenderableType:
        """The bar, or nothing for an action in flight."""
        return Text() if task.total is None else self._bar.render(task)


def _bars(console: Console) -> Bars:
    # Descriptions are names from outside: without markup, and not wider than the terminal.
    return Bars(
        SpinnerColumn(),
        TextColumn(
            "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")
        ),
        _BarOfAll(),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
        console=console,
        transient=True,
    )


def _named(action: Action) -> str:
    return f"{action.verb.value} {terminal(str(action.address))}"


def _ended(result: Result) -> Text:
    took = f" ({result.seconds:.1f} s)" if result.status is not Status.SKIPPED else ""
    why = result.error or (f"because of {result.because}" if result.because else "")
    text = Text.assemble((f"{result.status.value:<8}", _STYLES[result.status]), _named(result.action), took)
    return text.append(f": {terminal(why)}") if why else text
