"""What bundles define, written down by one run, so that another runs none of their code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import Folder
from tests.cli.test_bundles import orders
from tests.manifests.bundles import changed, needs_node

pytestmark = needs_node


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


def test_no_bundle_is_run_that_is_described(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(project)
    file = str(tmp_path / "bundles.json")
    code, out, err = project("validate", "--describe", file)
    assert code == 0, out + err
    checksum = project.json("plan")["checksum"]

    (tmp_path / "bin").mkdir()
    node = tmp_path / "bin/node"
    node.write_text(f"#!/bin/sh\necho started >> {tmp_path}/started\nexit 1\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert project.json("plan", "--described", file)["checksum"] == checksum
    assert project("validate", "--described", file, "--describe", str(tmp_path / "again.json"))[0] == 0
    assert (tmp_path / "again.json").read_bytes() == Path(file).read_bytes()

    orders(project, changed())  # as another build has it
    monkeypatch.setenv("RECONCILER_DESCRIBED", file)
    (error,) = errors(project, "plan")
    assert error["code"] == "bundle-not-described"
    assert (error["file"], error["address"]) == ("manifests/integration-orders.yaml", "Integration/orders")
    assert not (tmp_path / "started").exists()
    monkeypatch.delenv("RECONCILER_DESCRIBED")
    assert errors(project, "plan")[0]["code"] == "bundle-broken"
    assert (tmp_path / "started").exists()


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
