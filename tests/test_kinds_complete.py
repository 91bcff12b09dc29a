"""A kind is whole: what a manifest may declare has all that belongs to a kind, and nothing else knows it."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path
from typing import get_origin

import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, get_named_type, parse, validate

from reconciler.cli.main import run
from reconciler.kinds import CORE, all_kinds
from reconciler.kinds.table.documents import made
from reconciler.kinds.table.kind import TabledKind
from reconciler.manifests import schemas
from reconciler.manifests.kinds import KINDS
from tests.kinds.cases import CASES
from tests.worlds_tabled import KINDS as GENERATED

ROOT = Path(__file__).resolve().parents[1]
# A set is written as a manifest, and is instances in all other regards.
TABLED = [name for name, kind in all_kinds().items() if isinstance(kind, TabledKind)]
RESOURCES = [kind for kind in KINDS if kind != "InstanceSet"]


@pytest.mark.parametrize("kind", RESOURCES)
def test_it_is_listed(kind: str) -> None:
    assert all_kinds()[kind].declared


@pytest.mark.parametrize("kind", TABLED)
def test_its_documents_fit_the_schema_of_the_api(kind: str) -> None:
    table = all_kinds()[kind]
    assert isinstance(table, TabledKind)
    for name, text in made(table.api, table.fields).items():
        assert validate(_published(), parse(text)) == [], name


@pytest.mark.parametrize("kind", TABLED)
def test_its_mutations_take_what_its_rows_send(kind: str) -> None:
    table = all_kinds()[kind]
    assert isinstance(table, TabledKind)
    taken: set[str] = set()
    for name in table.api.changes:
        taken |= _published().type_map[f"{name[:1].upper()}{name[1:]}Input"].fields.keys()  # type: ignore[attr-defined]
    if table.api.changes:
        assert {row.called for row in table.fields if row.input is not None and row.path is not None} <= taken


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_a_schema(kind: str) -> None:
    assert kind.lower() in schemas.KINDS
    schema = schemas.load(kind.lower())
    assert schema["title"] == kind
    assert schema["properties"]["kind"] == {"const": kind, "description": "The kind of resource."}
    assert schema["examples"]


@pytest.mark.parametrize("kind", [kind for kind in RESOURCES if kind not in CORE])
def test_its_table_and_its_schema_have_the_same_fields(kind: str) -> None:
    rows = [row.name for row in all_kinds()[kind].fields]  # type: ignore[attr-defined]  # all others are tabled
    assert sorted(rows) == sorted(_fields(kind))


@pytest.mark.parametrize("kind", [kind for kind in RESOURCES if kind not in CORE])
def test_only_a_marked_kind_has_what_a_mark_is_for(kind: str) -> None:
    metadata = schemas.load(kind.lower())["properties"]["metadata"]["properties"]
    assert ({"was", "protect"} <= metadata.keys()) == all_kinds()[kind].marked


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_shows_it(kind: str) -> None:
    manifests = (ROOT / "examples" / "manifests" / "manifests").rglob("*.yaml")
    assert any(f"kind: {kind}\n" in path.read_text("utf-8") for path in manifests)


def test_the_examples_apply_and_are_then_as_they_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "manifests", project)
    for path in project.rglob("*.yaml"):
        for name in re.findall(r"\benv: (\w+)", path.read_text("utf-8")):
            monkeypatch.setenv(name, f"value-of-{name}")
    given = ["--project", str(project / "reconciler.yaml")]
    assert run([*given, "apply", "--yes"]) == 0, capsys.readouterr()
    assert run([*given, "plan", "--detailed-exitcode"]) == 0, capsys.readouterr()


@pytest.mark.parametrize("kind", KINDS)
def test_each_of_its_fields_is_documented(kind: str) -> None:
    section = _sections()[kind]
    assert sorted(re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)) == sorted(_fields(kind))
    required = schemas.load(kind.lower())["properties"]["spec"].get("required", [])
    assert sorted(re.findall(r"^\| `(\w+)` \|.*; required \|$", section, re.MULTILINE)) == sorted(required)


@pytest.mark.parametrize("kind", RESOURCES)
def test_its_life_is_tested_in_every_world(kind: str) -> None:
    assert kind in CASES, "its round trip: tests/kinds/cases.py"
    assert kind in CORE or kind in GENERATED, "its part in generated worlds: tests/kinds/cases.py"


@pytest.mark.parametrize("part", ["plan", "apply", "report", "live", "model"])
def test_what_works_for_all_kinds_names_none(part: str) -> None:
    named = re.compile(rf"""["'](?:{"|".join(all_kinds())})["'/]""")
    for path in sorted((ROOT / "reconciler" / part).rglob("*.py")):
        found = [line for line in path.read_text("utf-8").splitlines() if named.search(line)]
        assert found == [], path


# What kinds share.
SHARED = {"all_kinds", "protocol", "capabilities", "along", "table", "answers", "unique"}


@pytest.mark.parametrize("part", ["plan", "apply", "report"])
def test_what_works_for_all_kinds_imports_none(part: str) -> None:
    names = re.compile(r"^\s*(?:from|import) reconciler\.kinds(?:\.| import )(\w+)", re.MULTILINE)
    for path in sorted((ROOT / "reconciler" / part).rglob("*.py")):
        assert set(names.findall(path.read_text("utf-8"))) <= SHARED, path


@pytest.mark.parametrize("kind", TABLED)
def test_its_answers_have_the_types_that_its_rows_expect(kind: str) -> None:
    table = all_kinds()[kind]
    assert isinstance(table, TabledKind)
    of_api = {"ID": str, "String": str, "JSONString": str, "UUID": str, "Int": int, "Boolean": bool}
    shown = _published().type_map[KNOWN_AS.get(kind, table.api.type)]
    for row in table.fields:
        if row.refers or row.wire or not row.place:
            continue
        found = shown
        for part in row.place:
            found = found.fields[part].type  # type: ignore[union-attr]
            is_list = "[" in str(found)
            found = get_named_type(found)
        expected = str if isinstance(found, GraphQLEnumType) else of_api[found.name]
        assert get_origin(row.shape.wire) is list if is_list else row.shape.wire is expected, row.name


KNOWN_AS = {
    "AlertTrigger": "AlertTrigger",
    "LogSeverity": "LogSeverity",
    "OrganizationRole": "Role",
    "CustomerRole": "Role",
}
"""The types of what the API has no query for one of."""


@cache
def _published() -> GraphQLSchema:
    folder = ROOT / "reconciler" / "sandbox"
    return build_schema((folder / "schema.graphql").read_text("utf-8"))


def _fields(kind: str) -> list[str]:
    return list(schemas.load(kind.lower())["properties"]["spec"]["properties"])


@cache
def _sections() -> dict[str, str]:
    parts = re.split(r"^## (\w+)$", (ROOT / "docs" / "kinds.md").read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
