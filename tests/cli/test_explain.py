"""explain and scaffold: what kinds and fields mean, and a manifest to begin with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from reconciler.manifests import schemas
from reconciler.manifests.kinds import KINDS, TABLED
from tests.cli.projects import Folder


def explained(capsys: pytest.CaptureFixture[str], asked: str) -> dict[str, Any]:
    assert run(["explain", asked, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_without_a_kind_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    out = capsys.readouterr().out
    assert [kind for kind in (*KINDS, "Project") if f"\n{kind} " not in out] == []


def paths(kind: str) -> Iterator[str]:
    """Every field of a kind that its schema names, however deep."""
    waiting: list[tuple[str, Mapping[str, Any]]] = [(kind, schemas.load(kind.lower()))]
    while waiting:
        path, schema = waiting.pop()
        for name, field in schema.get("properties", {}).items():
            yield f"{path}.{name}"
            waiting.append((f"{path}.{name}", field))
        for part in ("items", "additionalProperties"):
            if isinstance(inner := schema.get(part), dict):
                waiting.append((path, inner))


@pytest.mark.parametrize("kind", [*KINDS, "Project"])
def test_every_field_is_explained(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path in paths(kind):
        found = explained(capsys, path)
        assert found["description"], path
        assert found["type"], path
        assert f"{kind}.{found['path']}" == path


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Instance.customer", {"type": "text", "required": True, "refers": "Customer", "secret": "never"}),
        ("Instance.release", {"required": False, "default": "latest", "examples": ["1.4.0"]}),
        ("Instance.config", {"type": "map", "secret": "may"}),
        ("Instance.flows.apiKeys", {"type": "list of: text or secret", "secret": "may"}),
        ("Instance.tests.expect.status", {"must": "must be from 100 to 599"}),
        ("Instance.tests.onFailure", {"allowed": ["fail", "rollback"], "type": "one of fail, rollback"}),
        ("InstanceSet.template.integration", {"refers": "Integration", "required": True}),
        ("Integration.definitionSecrets", {"secret": "always"}),
        ("AlertMonitor.triggers", {"type": "list of: text", "refers": "AlertTrigger"}),
        ("alertwebhook.url", {"kind": "AlertWebhook", "secret": "always"}),
        ("Customer.metadata.name", {"required": True, "path": "metadata.name"}),
        ("Customer.metadata.labels.tier", {"type": "text", "required": False}),
    ],
)
def test_a_field_is_told_as_its_row_says(
    asked: str, expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = explained(capsys, asked)
    assert {name: found[name] for name in expected} == expected


def test_the_text_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "Instance.customer"]) == 0
    out = capsys.readouterr().out
    lines = ["Instance.customer", "metadata.name of a Customer.", "Refers to  Customer", "Secret     no"]
    assert [line for line in lines if line not in out.splitlines()] == []
    assert run(["explain", "Instance"]) == 0
    assert re.search(r"^integration +text +yes +metadata.name of an", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Instanc", 'did you mean "Instance"?'),
        ("Whatever", "reconciler explain"),
        ("Instance.confg", 'did you mean "config"?'),
        ("Instance.tests.expect.stats", '"Instance.tests.expect" has no field "stats"'),
        ("Instance.name.first", "nothing of what stands in"),
        ("Instance.", "reconciler explain Instance"),
    ],
)
def test_what_is_not_there_ends_with_what_was_meant(
    asked: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", asked]) == 3
    assert said in capsys.readouterr().err


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A project where everything is that examples name."""
    orders = {"definition": "../definitions/orders.yml", "release": "1.4.0"}
    project.manifest("Integration", "slack-sync", name="Slack", **orders)
    project.manifest("Customer", "acme", name="acme", externalId="acme")
    labelled = "apiVersion: reconciler/v1\nkind: Customer\nmetadata: {name: beta, labels: {tier: gold}}\n"
    project.write("manifests/beta.yaml", f"{labelled}spec: {{name: beta}}\n")
    project.manifest("Instance", "slack-sync", customer="acme", integration="slack-sync", name="S")
    crm = {"scope": "customer", "component": "slack", "connection": "oauth2", "stableKey": "crm"}
    project.manifest("Connection", "crm", name="crm", **crm)
    return project


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaffold_is_valid_once_its_names_are_filled_in(shop: Folder, kind: str) -> None:
    code, out, _ = shop("scaffold", kind.lower())
    assert code == 0
    text = out.replace("slack-sync.yml", "orders.yml").replace("name: slack-sync\n", "name: mine\n")
    text = text.replace("name: acme\n", "name: mine\n").replace("acme-42", "mine-1")
    shop.write("manifests/scaffold.yaml", text)
    code, out, err = shop("validate", "--strict")
    assert code == 0, err
    assert yaml.safe_load(text)["metadata"]["name"] != "acme"


@pytest.mark.parametrize("kind", KINDS)
def test_each_comment_of_a_scaffold_is_a_field_that_fits(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scaffold", kind]) == 0
    text = capsys.readouterr().out
    schema = schemas.validator(kind.lower())
    there = yaml.safe_load(text)
    assert [one.message for one in schema.iter_errors(there)] == []
    for part, lines in zip(("metadata", "spec"), text.split("\nspec:\n"), strict=True):
        fields = re.findall(r"^  #(\w+:.*\n(?:  # {2,}.*\n)*)", f"{lines}\n", re.MULTILINE)
        commented = {k: v for one in fields for k, v in yaml.safe_load(one.replace("\n  #", "\n")).items()}
        assert {*schemas.load(kind.lower())["properties"][part]["properties"]} == {*there[part], *commented}
        for name, value in commented.items():
            found = schemas.at(kind.lower(), (part, name))
            assert found is None or [error.message for error in found.iter_errors(value)] == []


def test_what_only_a_new_one_needs_is_filled_in(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in [name for name, kind in TABLED.items() if any(row.to_create for row in kind.fields)]:
        assert run(["scaffold", kind]) == 0
        spec = yaml.safe_load(capsys.readouterr().out)["spec"]
        assert {row.name for row in TABLED[kind].fields if row.to_create} <= set(spec)


def test_it_is_written_into_a_new_file_with_its_schema(project: Folder, tmp_path: Path) -> None:
    path = project.root / "manifests" / "people" / "ada.yaml"
    assert project("scaffold", "User", "-o", str(path))[0] == 0
    first = path.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../.schemas/user.json"
    assert (path.parent / first.partition("=")[2]).read_text() == schemas.text("user")
    code, _, err = project("scaffold", "User", "-o", str(path))
    assert code == 3
    assert "exists already" in err
    assert project("scaffold", "Usr")[0] == 3
