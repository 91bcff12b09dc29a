"""Which journals are kept: they are made at every apply, and nobody else would ever remove one."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.apply.journal import is_running

RUNS = 1000
"""How many runs are kept at most, but for those that keep drafts, which are people's work."""
DAYS = 180
"""For how many days a run is kept at most."""
_STAMP = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-\d+")


def prune(folder: Path, now: datetime) -> None:
    """Removes the journals of runs that are too old or too many, with the drafts that the old ones keep. What
    cannot be removed stays, and is tried again by the next run.
    """
    with suppress(OSError):
        for path in _superfluous(folder, now):
            if not is_running(path):
                shutil.rmtree(path.with_suffix(".drafts"), ignore_errors=True)
                path.unlink(missing_ok=True)


def _superfluous(folder: Path, now: datetime) -> list[Path]:
    paths = sorted(folder.glob("*.jsonl"), reverse=True)
    stamps = {path: found[1] for path in paths if (found := _STAMP.fullmatch(path.stem))}
    oldest = (now.astimezone(UTC) - timedelta(days=DAYS)).strftime("%Y%m%dT%H%M%S.%fZ")
    old = [path for path, stamp in stamps.items() if stamp < oldest]
    # The run that begins now is one of them, too.
    many = [path for path in list(stamps)[RUNS - 1 :] if not path.with_suffix(".drafts").is_dir()]
    return list(dict.fromkeys([*old, *many]))
