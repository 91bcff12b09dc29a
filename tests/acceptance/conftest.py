"""Served tenants, and projects on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.remote import Remote
from tests.sandbox.served import ServedSandbox


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSandbox]:
    """One tenant for all tests of a module; each has a project of its own in it."""
    with ServedSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def remote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Remote]:
    """Makes a project on a served tenant."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    for name in ("SERVED_TOKEN", "SERVED_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "")

    def make(served: ServedSandbox, **options: Any) -> Remote:
        return Remote(tmp_path, capsys, served, **options)

    return make
