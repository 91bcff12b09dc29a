"""What stands in a file as a comment: a value that somebody chose to leave to the tenant."""

from __future__ import annotations

import json
import re
from pathlib import Path

from reconciler.yaml12.text import decode


def is_commented(path: Path, key: str) -> bool:
    """Whether an entry of this key stands in a comment of the file, as a pull writes what it withholds."""
    try:
        text = decode(path.read_bytes(), "")
    except OSError:
        return False
    names = "|".join({re.escape(key), re.escape(json.dumps(key, ensure_ascii=False))})
    return isinstance(text, str) and re.search(rf"(?m)^\s*#\s*(?:{names}):(?:\s|$)", text) is not None
