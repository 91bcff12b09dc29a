"""`pull.layout` of the project file: what is wrong with it is told at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.manifests.instance_set import NAME
from reconciler.manifests.layout import DEFINITION
from reconciler.manifests.project import load
from reconciler.manifests.schemas import text
from reconciler.pull.objects import kinds_told

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: shop}
spec:
  manifests: [manifests/]
  pull:
    layout:
      KIND: "PATH"
"""


def problems(folder: Path, kind: str, path: str) -> list[tuple[str, int, str]]:
    file = folder / "reconciler.yaml"
    file.write_text(PROJECT.replace("KIND", kind).replace("PATH", path))
    _, found = load(file)
    return [(one.code, one.source.line if one.source else 0, one.message) for one in found]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Instance", "manifests/{customer}/{name}.yaml"),
        ("Instance", "manifests/{customer}-{name}.yml"),
        ("Customer", "manifests/{name}/customer.yml"),
        ("Definition", "definitions/{name}/v.yml"),
        ("InstanceSet", "manifests/{name}.yml"),
    ],
)
def test_what_is_a_layout(tmp_path: Path, kind: str, path: str):
    assert problems(tmp_path, kind, path) == []


@pytest.mark.parametrize(
    ("kind", "path", "code", "message"),
    [
        ("Nothing", "manifests/{name}.yml", "wrong-value", "Nothing"),
        ("Customer", "manifests/{name}.txt", "wrong-value", "must be a path inside the project"),
        ("Customer", "/manifests/{name}.yml", "wrong-value", "must be a path inside the project"),
        ("Customer", "manifests/../{name}.yml", "bad-layout", "leads out of the project"),
        ("Customer", "manifests/all.yml", "bad-layout", 'does not hold "{name}"'),
        ("Customer", "manifests/{customer}/{name}.yml", "bad-layout", 'names "{customer}"'),
        ("Instance", "manifests/{other}/{name}.yml", "bad-layout", 'names "{other}"'),
        ("Customer", "elsewhere/{name}.yml", "bad-layout", "in none of spec.manifests"),
        ("Definition", "manifests/{name}.yml", "bad-layout", "where manifests are read"),
    ],
)
def test_what_is_none(tmp_path: Path, kind: str, path: str, code: str, message: str):
    found = problems(tmp_path, kind, path)
    assert [(one[0], one[1]) for one in found] == [(code, 8)]
    assert message in found[0][2]


def test_the_schema_knows_all_kinds():
    layout = json.loads(text("project"))["properties"]["spec"]["properties"]["pull"]["properties"]["layout"]
    assert set(layout["propertyNames"]["enum"]) == {*(kind.name for kind in kinds_told()), NAME, DEFINITION}
