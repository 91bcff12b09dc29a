"""Rows of a list as they come: the first is there long before the last."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from reconciler.cli.main import run
from reconciler.report.rows import Rows
from reconciler.sandbox import Sandbox, transport
from reconciler.sandbox.seed import seed
from tests.cli.projects import Folder


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose tenant has so many instances that nobody waits for the last one."""
    folder = tmp_path_factory.mktemp("crowd")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(["init", "--ci", "none"]) == 0
        assert run(["get", "user"]) == 0
    with Sandbox(folder / ".reconciler/sandbox.db") as sandbox:
        seed(sandbox, integrations=1, customers=10, instances=50_000)
    return folder


class Leaving(io.StringIO):
    """Whoever reads the rows goes away with the first, as `head` does."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal, self.left = terminal, False

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        if "instance-00001" in text:
            self.left = True
            raise BrokenPipeError
        return super().write(text)


class Counting(httpx.AsyncBaseTransport):
    def __init__(self, sandbox: Sandbox, asked: list[httpx.Request]) -> None:
        self._inner, self._asked = transport(sandbox), asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._asked.append(request)
        assert len(self._asked) < 10, "all pages are read before the first row is shown"
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize("shape", ["table", "json", "yaml", "csv"])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_the_first_of_50000_rows_is_shown_after_three_requests_at_most(
    crowd: Path, monkeypatch: pytest.MonkeyPatch, shape: str, terminal: bool
) -> None:
    asked: list[httpx.Request] = []
    monkeypatch.chdir(crowd)
    monkeypatch.setattr("reconciler.sandbox.transport", lambda sandbox: Counting(sandbox, asked))
    reader = Leaving(terminal)
    monkeypatch.setattr("sys.stdout", reader)
    assert run(["get", "instances", "--columns", "id,name", "--format", shape]) == 1
    assert reader.left
    assert 1 <= len(asked) <= 3


def test_long_cells_fold_on_a_terminal_and_stay_whole_in_a_pipe() -> None:
    shown = {}
    for terminal in (True, False):
        out = io.StringIO()
        console = Console(file=out, width=40, force_terminal=terminal, color_system=None)
        rows = Rows(console, "table", ["name", "note"])
        rows.add({"name": "a", "note": "long " * 20})
        rows.add({"name": "b", "note": "short"})
        rows.close()
        shown[terminal] = [re.sub(r"\x1b\[\d*m", "", line) for line in out.getvalue().splitlines()]
    assert max(map(len, shown[True])) <= 40
    assert len(shown[True]) > 3
    assert "".join(shown[True]).count("long") == 20
    assert len(shown[False]) == 3


class Gone(io.StringIO):
    """Nobody reads it any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


class Person(io.StringIO):
    """Someone at a terminal, who says yes to everything."""

    def isatty(self) -> bool:
        return True


def test_nobody_is_asked_about_what_could_not_be_shown(
    project: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.shop()
    monkeypatch.setattr("sys.stdin", Person("yes\n"))
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", Gone())
        assert run(["--project", str(project.root), "apply"]) == 1
    assert "could not be shown; nothing was changed" in capsys.readouterr().err
    assert project.writes() == 0


def test_a_text_that_no_request_can_carry_is_an_error_of_input(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    project.manifest("Customer", "birch", name="Birch ${env.ODD}")
    monkeypatch.setenv("ODD", "\udcff")
    for name in ("json", "text", "markdown", "junit", "github"):
        code, _, err = project("apply", "--yes", "--format", name)
        assert (code, "Traceback" in err) == (3, False)
        assert "birch" in err
        assert "ODD" in err
    monkeypatch.setenv("ODD", "Books")
    assert project.json("plan")["summary"]["create"] == 4, "nothing was written"
