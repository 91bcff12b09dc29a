"""How many operations a tenant bears in one request, and rows in one page, as far as earlier runs found out.
It is kept where the journal is; whoever has no such file finds it out anew.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.verbs.replacing import replace_file

FILE = "widths.json"
log = logging.getLogger("reconciler.http")
Widths = Mapping[str, tuple[int, int]]
"""By the sort of operation: how many now, and how many at most."""


def known(state: Path, tenant: str) -> Widths:
    """What is known of a tenant; {} where nothing is, or the file is not as this version writes it."""
    return _of(_read(state / FILE), tenant)


def keep(state: Path, tenant: str, widths: Widths) -> None:
    """Keeps what a run found out, if there is a folder for it: a plan makes none."""
    if not state.is_dir() or not widths:
        return
    before = _read(state / FILE)
    if _of(before, tenant) == dict(widths):
        return
    found = {**before, tenant: {sort: list(pair) for sort, pair in sorted(widths.items())}}
    try:
        replace_file(state / FILE, json.dumps(found, indent=2).encode() + b"\n")
    except OSError as error:  # the next run finds it out again
        log.debug("%s is not kept: %s", FILE, error.strerror)


def _of(kept: Mapping[str, Any], tenant: str) -> Widths:
    try:
        widths = kept.get(tenant, {}).items()
        return {str(sort): (int(now), int(most)) for sort, (now, most) in widths if 0 < now <= most}
    except (AttributeError, TypeError, ValueError):
        return {}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
