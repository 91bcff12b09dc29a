"""Which runs on this machine still go on: each holds a locked file until all that it made is gone."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from reconciler.model.errors import JournalFailed
from reconciler.probe.leftovers import Runs

_SUFFIX = ".json"


@contextmanager
def noted(folder: Path, run: str, tenant: str, now: datetime) -> Iterator[None]:
    """Keeps a note that the run goes on. It outlives the body where that fails: the next run looks after what
    is left then. Raises JournalFailed.
    """
    path = folder / f"{run}{_SUFFIX}"
    hidden = folder / f".{run}"  # seen by others only once it is locked
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            _lock(file)
            os.write(file, json.dumps({"tenant": tenant, "startedAt": now.isoformat()}).encode())
            os.fsync(file)
            hidden.rename(path)
        except OSError:
            os.close(file)
            raise
    except OSError as error:
        raise JournalFailed(
            f'the run cannot be noted: "{path}": {(error.strerror or type(error).__name__).lower()}',
            hint="nothing is made without a note of it: make room, or make the folder writable",
        ) from error
    try:
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(file)


def known(folder: Path, tenant: str) -> Runs:
    """The runs against this tenant that left a note here."""
    dead: set[str] = set()
    alive: set[str] = set()
    for path in folder.glob(f"*{_SUFFIX}"):
        with suppress(OSError, ValueError):
            if json.loads(path.read_bytes()).get("tenant") == tenant:
                (alive if _is_locked(path) else dead).add(path.stem)
    return Runs(frozenset(dead), frozenset(alive))


def forget(folder: Path, runs: Runs) -> None:
    """Drops the notes of dead runs, after all of theirs is gone."""
    for run in runs.dead:
        (folder / f"{run}{_SUFFIX}").unlink(missing_ok=True)


def _lock(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_EX)


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
