"""The command line in the process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.cli.projects import Folder
from tests.cli.tenants import Tenant, furnished
from tests.cli.watching import Days


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


@pytest.fixture(scope="module", params=["embedded", "served"])
def tenant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A furnished tenant for all tests of a module, which leave it as it was; once embedded, once served."""
    yield from furnished(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop and its tenant as an apply left them, to be copied."""
    root = tmp_path_factory.mktemp("applied")
    Folder(root).shop()
    assert run(["--project", str(root / "reconciler.yaml"), "apply", "--yes"]) == 0
    return root


@pytest.fixture
def days(project: Folder, applied: Path) -> Days:
    """A loop about a shop that was applied."""
    shutil.copytree(applied, project.root, dirs_exist_ok=True)
    return Days(project.root)
