"""Every broken file of tests/manifests/bad_input.yaml, through `reconciler plan`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from tests.manifests.sample import ENVIRON, write
from tests.manifests.test_bad_input import CASES, broken

ERRORS = [case for case in CASES if case.get("severity", "error") == "error"]


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a broken project, plans in its sandbox; exit code, stdout, stderr, and what was left there."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)

    def work(case: dict[str, Any], *arguments: str) -> tuple[int, str, str, bool]:
        file = write(tmp_path / "repo", broken(case))
        before = {path for path in tmp_path.rglob("*")}
        code = run(["--project", str(file), "plan", "-e", "staging", *arguments])
        out, err = capsys.readouterr()
        return code, out, err, {path for path in tmp_path.rglob("*")} == before

    return work


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case["case"])
def test_it_ends_with_3_and_the_place(plan: Any, case: dict[str, Any]):
    code, out, err, untouched = plan(case, "--format", "json")
    assert (code, out, untouched) == (3, "", True), err
    found = json.loads(err)["errors"]
    place = f"{found[0]['file']}:{found[0]['line']}:{found[0]['column']}"
    assert [(e["code"], e["message"], place, e["hint"]) for e in found] == [
        (case["code"], case["message"], case["at"], case["hint"])
    ]


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case["case"])
def test_the_same_for_people(plan: Any, case: dict[str, Any]):
    code, out, err, untouched = plan(case)
    assert (code, out, untouched) == (3, "", True), err
    assert f"--> {case['at']}" in err
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert not any(secret in err for secret in ENVIRON.values() if not secret.startswith("/"))
    said = re.sub(r"\s+", " ", err)
    assert re.sub(r"\s+", " ", case["message"]) in said or "\\" in said
