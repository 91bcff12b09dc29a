"""Why this exists: a definition refers to components, so the sandbox needs a tenant's list of public ones.

The list is a selection with our own labels; version numbers are made up, differ from component to component
and have a past, since a reference by number is refused when the tenant never had it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

_FILE = Path(__file__).with_name("catalogue.json")


def load() -> list[dict[str, Any]]:
    """The public components, sorted by key; a new copy each time."""
    return msgspec.json.decode(_FILE.read_bytes(), type=list[dict[str, Any]])
