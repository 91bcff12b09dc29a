"""Where saved plans and journals go: for their owner alone, whole or not at all, and never waited for."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tests.cli.projects import Folder


@pytest.fixture
def shop(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("COLUMNS", "1000")
    project.shop()
    return project


@pytest.fixture
def open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("there", [None, 0o644, 0o666, 0o400])
def test_saved_plans_and_journals_are_for_their_owner_alone(shop: Folder, there: int | None) -> None:
    saved = shop.root / "saved.json"
    if there is not None:
        saved.write_text("earlier")
        saved.chmod(there)
    reader = saved.open() if there else None
    assert shop("plan", "-o", str(saved))[0] == 0
    assert mode(saved) == 0o600
    if reader:  # who had it open before sees nothing of the new one
        assert reader.read() == "earlier"
        reader.close()
    assert shop("apply", str(saved))[0] == 0
    kept = [path for path in (shop.root / ".reconciler").rglob("*") if path.is_file()]
    assert {mode(path) for path in kept if path.suffix in (".jsonl", ".db")} == {0o600}
    assert [path.name for path in shop.root.iterdir() if "saved" in path.name] == ["saved.json"]


def test_a_link_keeps_leading_to_the_plan(shop: Folder) -> None:
    (shop.root / "plans").mkdir()
    for target in ("plans/one.json", "plans/two.json"):
        link = shop.root / "link.json"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert shop("plan", "-o", str(link))[0] == 0
        assert link.is_symlink()
        assert mode(shop.root / target) == 0o600
    assert shop("apply", str(link))[0] == 0


def test_a_pipe_that_is_read(shop: Folder) -> None:
    pipe, got = shop.root / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    # The other side opens it when it gets there.
    codes = (shop("plan", "-o", str(pipe))[0] for _ in range(20))
    assert 0 in codes
    reader.join(10)
    assert json.loads(got[0])["format"] == "reconciler.plan/v1"


@pytest.mark.parametrize(
    "where", ["pipe", "loop", "missing/plan.json", "/dev/full", "manifests", "x" * 300, "/proc/x"]
)
def test_where_nothing_can_be_saved(shop: Folder, where: str) -> None:
    os.mkfifo(shop.root / "pipe")
    (shop.root / "loop").symlink_to("loop")
    before = sorted(path.name for path in shop.root.iterdir())
    code, _, err = shop("plan", "-o", where if where.startswith("/") else str(shop.root / where))
    assert code == 3
    assert "error: " in err
    assert "internal" not in err
    assert sorted(path.name for path in shop.root.iterdir() if path.name != ".reconciler") == before


@pytest.mark.parametrize("standard_output", ["pipe", "file"])
def test_the_standard_output(shop: Folder, standard_output: str, tmp_path: Path) -> None:
    """As a pipe it takes the plan behind the text; a file there would lose the text, so it is refused."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "reconciler", "--project", str(shop.root / "reconciler.yaml"), "plan"]
    with (tmp_path / "out").open("w+b") as out:
        done = subprocess.run(
            [*command, "-o", "/dev/stdout"],
            stdout=subprocess.PIPE if standard_output == "pipe" else out,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        out.seek(0)
        text = (done.stdout or out.read()).decode()
    assert "Plan: 3 to create" in text
    if standard_output == "pipe":
        assert done.returncode == 0, done.stderr
        assert '"format": "reconciler.plan/v1"' in text
    else:
        assert done.returncode == 3
        assert b"standard output" in done.stderr


@pytest.mark.parametrize("where", ["pipe", "loop", "missing.json", "/dev/zero", "manifests", "empty", "deep"])
def test_what_is_no_saved_plan(shop: Folder, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.verbs.saved.MAX_BYTES", 1024 * 1024)
    os.mkfifo(shop.root / "pipe")
    (shop.root / "loop").symlink_to("loop")
    shop.write("empty", "")
    shop.write("deep", "[" * 100_000)
    code, out, err = shop("apply", where if where.startswith("/") else str(shop.root / where))
    assert (code, out) == (3, "")
    assert "error: " in err
    assert "hint: " in err


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dependsOn", ["Customer/acme#create"]),  # of itself
        ("dependsOn", "x"),
        ("id", "Integration/orders#import"),
        ("content", None),
    ],
)
def test_actions_that_wait_for_themselves_or_stand_there_twice(
    shop: Folder, field: str, value: object
) -> None:
    saved = shop.root / "saved.json"
    assert shop("plan", "-o", str(saved))[0] == 0
    plan = json.loads(saved.read_text())
    action = next(one for one in plan["actions"] if one["id"] == "Customer/acme#create")
    assert any(one["id"] == "Integration/orders#import" for one in plan["actions"])
    action[field] = value
    saved.write_text(json.dumps(plan))
    code, _, err = shop("apply", str(saved))
    assert code in (3, 5), err
    assert "internal" not in err
    assert shop.writes() == 0


@pytest.mark.parametrize(
    "options",
    [None, [], {}, {"select": "x", "exclude": []}, {"parallelism": 0}, {"prune": "no"}, {"other": True}],
)
def test_options_that_are_none(shop: Folder, options: object) -> None:
    saved = shop.root / "saved.json"
    assert shop("plan", "-o", str(saved))[0] == 0
    plan = json.loads(saved.read_text())
    plan["options"] = plan["options"] | options if isinstance(options, dict) and options else options
    saved.write_text(json.dumps(plan))
    code, _, err = shop("apply", str(saved))
    assert code == 3, err
    assert "saved plan" in err
