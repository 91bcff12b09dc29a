"""Projects with an embedded tenant, and with a served one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.remote import Remote
from tests.cli.projects import Folder
from tests.sandbox.served import ServedSandbox


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    return Folder(tmp_path, capsys)


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSandbox]:
    """A tenant that takes 5 ms before and after each mutation, so that a run can be stopped in its midst."""
    with ServedSandbox(0.005, factory="tests.acceptance.slow:Slow") as sandbox:
        yield sandbox


@pytest.fixture
def remote(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    served: ServedSandbox,
) -> Callable[[], Remote]:
    """Makes a project on the served tenant."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    for name in ("SERVED_TOKEN", "SERVED_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "")
    return lambda: Remote(tmp_path, capsys, served, auth="refreshToken")
