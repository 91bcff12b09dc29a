"""A small built code-native integration, for tests that have node."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

INDEX = Path(__file__).with_name("bundle").joinpath("index.js").read_text("utf-8")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")


def changed(index: str = INDEX, greeting: str = "good day") -> str:
    """The bundle with other code and the same definition."""
    return index.replace('"hello"', f'"{greeting}"')
