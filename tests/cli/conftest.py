"""The command line in the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.projects import Folder


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said is looked for as a whole: no line is broken."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty project in a folder of its own."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    return Folder(tmp_path, capsys)
