"""The vendor's CLI as scripts call it that look for drift: once for the values of each instance."""

from __future__ import annotations

import shutil
from pathlib import Path

CALLS = 5
"""What is measured of them: the others are extrapolated."""
_INSTALLED = ".cache/prism/node_modules/@prismatic-io/prism/lib/run.js"
"""Where the tests put it."""


def program(root: Path) -> list[str] | None:
    """The command that runs it: what is on the path, or what the tests of this repository installed; None
    where it is not there.
    """
    if found := shutil.which("prism"):
        return [found]
    node, installed = shutil.which("node"), root / _INSTALLED
    return [node, str(installed)] if node and installed.is_file() else None
