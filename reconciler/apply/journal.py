"""The journal: what was about to be sent, and what came of it, on disk before anything else happens.

It helps to resume and to tell what happened; losing it loses no correctness. Values never enter it: it names
actions, operations, ids and errors alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from reconciler.model.operation import Operation
from reconciler.model.outcome import Result
from reconciler.model.plan import Action, Plan


class Journal(Protocol):
    """What apply calls around each send. A method that returns has made its entry safe."""

    def begin(self, plan: Plan) -> None:
        """A run starts."""

    def before(self, action: Action, op: Operation) -> None:
        """A mutation is about to be sent."""

    def after(self, action: Action, op: Operation, error: str) -> None:
        """Its answer arrived (`error` empty), or it failed."""

    def ended(self, result: Result) -> None:
        """An action ended."""

    def end(self, status: str) -> None:
        """The run ended."""


class FileJournal:
    """An append-only file of JSON lines, readable by its owner alone; each line is on disk when its method
    returns.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._now = now
        stamp = now().strftime("%Y%m%dT%H%M%S.%fZ")
        self.path = folder / f"{stamp}-{os.getpid()}.jsonl"
        self._file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def begin(self, plan: Plan) -> None:
        """Writes the run's head: project, environment, checksum and the actions' ids."""
        self._write(
            "begin",
            project=plan.project,
            environment=plan.environment,
            checksum=plan.checksum,
            actions=[action.id for action in plan.actions],
        )

    def before(self, action: Action, op: Operation) -> None:
        """Writes that a mutation is about to be sent."""
        self._write("send", action=action.id, operation=op.name, target=action.target)

    def after(self, action: Action, op: Operation, error: str) -> None:
        """Writes what came of it."""
        self._write("answer", action=action.id, operation=op.name, **({"error": error} if error else {}))

    def ended(self, result: Result) -> None:
        """Writes an action's end."""
        entry = {"action": result.action.id, "verb": result.action.verb.value, "status": result.status.value}
        for name, value in (("error", result.error), ("because", result.because)):
            if value:
                entry[name] = value
        self._write("end", seconds=round(result.seconds, 3), doubtful=result.doubtful, **entry)

    def end(self, status: str) -> None:
        """Writes the run's end and closes the file."""
        self._write("finish", status=status)
        os.close(self._file)

    def _write(self, event: str, **entry: Any) -> None:
        line = json.dumps({"at": self._now().isoformat(), "event": event, **entry}, ensure_ascii=False)
        os.write(self._file, line.encode("utf-8", "surrogatepass") + b"\n")
        os.fsync(self._file)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a journal file. A last line that was cut off by a crash is passed over."""
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
