"""What bundles define, written down by one run, so that another runs none of their code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import Folder
from tests.cli.test_bundles import orders, published, signature
from tests.manifests.bundles import changed, needs_node

pytestmark = needs_node


@pytest.fixture
def described(project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The description of a project's bundle. From then on, node tells when it is started."""
    orders(project)
    file = str(tmp_path / "bundles.json")
    code, out, err = project("validate", "--describe", file)
    assert code == 0, out + err
    (tmp_path / "bin").mkdir()
    node = tmp_path / "bin/node"
    node.write_text(f"#!/bin/sh\necho started >> {tmp_path}/started\nexit 1\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return file


def said(**one: Any) -> str:
    """A file with a bundle of which this is odd."""
    whole = {"definition": {"display": {"label": "Orders", "description": "All"}}}
    bundle = {"key": "orders", "definition": "name: Orders", "input": whole, **one}
    return json.dumps({"format": "reconciler.bundles/v1", "bundles": {"sha256:0": bundle}})


def errors(project: Folder, *arguments: str) -> list[dict[str, Any]]:
    code, _, err = project(*arguments, "--format", "json")
    assert code == 3
    found: list[dict[str, Any]] = json.loads(err)["errors"]
    return found


def test_no_verb_runs_a_bundle_that_is_described(project: Folder, tmp_path: Path, described: str) -> None:
    with_it = ("--described", described)
    plan = project.json("plan", *with_it)
    assert plan["summary"]["actions"] == 5
    code, out, err = project("apply", "--yes", *with_it)
    assert code == 0, out + err
    assert published(project) == [signature(project)]
    for verb in (("validate",), ("drift",), ("pull", "--drift")):
        code, out, err = project(*verb, *with_it)
        assert code == 0, out + err
    assert not (tmp_path / "started").exists()
    assert project("plan")[0] == 3  # without it, one is run
    assert (tmp_path / "started").exists()


def test_what_was_built_anew_has_no_description(project: Folder, tmp_path: Path, described: str) -> None:
    orders(project, changed())
    (error,) = errors(project, "plan", "--described", described)
    assert error["code"] == "bundle-not-described"
    assert (error["file"], error["address"]) == ("manifests/integration-orders.yaml", "Integration/orders")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": "another", "bundles": {}}',
        '{"format": "reconciler.bundles/v1", "bundles": []}',
        '{"format": "reconciler.bundles/v1", "bundles": {"sha256:0": {"key": "a"}}}',
        json.dumps(
            {
                "format": "reconciler.bundles/v1",
                "bundles": {"sha256:0": {"key": "a", "definition": 7, "input": {"definition": {}}}},
            }
        ),
        said(definition="name: \ud800"),
        said(input={"definition": {"display": {"label": ["Orders"], "description": "All"}}}),
        None,
    ],
)
def test_a_file_that_describes_nothing_is_an_error_of_input(project: Folder, text: str | None) -> None:
    file = project.root / "bundles.json"
    if text is not None:
        file.write_text(text)
    (error,) = errors(project, "plan", "--described", str(file))
    assert error["code"] == "described-file"


def test_a_description_that_cannot_be_written_is_told(project: Folder) -> None:
    (error,) = errors(project, "validate", "--describe", str(project.root / "nowhere/bundles.json"))
    assert error["code"] == "described-file"
