"""What the command line says before, or instead of, a verb's work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.main import run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--ci", "none"]) == 0
    return tmp_path


@pytest.mark.parametrize(
    ("given", "named"),
    [([], "validate, schema, plan"), (["get"], "user, customers"), (["sandbox"], "serve")],
)
def test_a_command_without_its_word_says_which_there_are(
    given: list[str], named: str, capsys: pytest.CaptureFixture[str]
):
    assert run(given) == 3
    told = capsys.readouterr().err
    assert named in told
    assert "\\n" not in told
    assert "Options" not in told


def test_errors_of_input_are_annotations_for_github(project: Path, capsys: pytest.CaptureFixture[str]):
    (project / "manifests/hello.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Customer\nspec: {nme: x}\n"
    )
    capsys.readouterr()
    assert run(["validate", "--format", "github"]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("::error file=manifests/hello.yaml,line=") for line in lines)
    assert any("nme" in line for line in lines)


def test_a_refusal_is_annotated_once(project: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["apply", "--yes"]) == 0
    assert run(["forget", "Instance/acme/hello", "--yes"]) == 0
    manifests = project / "manifests/hello.yaml"
    manifests.write_text(manifests.read_text().replace("enabled: true", "enabled: false"))
    capsys.readouterr()
    assert run(["plan", "--format", "github"]) == 5
    told = "".join(capsys.readouterr())
    assert told.count("::error ") == 1


@pytest.mark.parametrize(
    ("pattern", "warned"),
    [
        ("Customer/acme", False),
        ("Customer/*", False),
        ("Customer/acne", True),
        ("tier=gold", False),
        ("tier=glod", True),
    ],
)
def test_a_selection_of_nothing_is_told(
    pattern: str, warned: bool, project: Path, capsys: pytest.CaptureFixture[str]
):
    capsys.readouterr()
    assert run(["plan", "--select", pattern, "--format", "json"]) == 0
    codes = [entry["code"] for entry in json.loads(capsys.readouterr().out)["warnings"]]
    assert ("selects-nothing" in codes) is warned
