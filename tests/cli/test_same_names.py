"""Names that only one object can have: `validate` tells offline what a plan refuses, with both places."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder

CONNECTION = {"scope": "org", "component": "slack", "connection": "oauth2"}
SAME: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("Customer", {"name": "Acme"}, {"name": "Acme"}, "duplicate-name"),
    ("Customer", {"name": "Acme"}, {"name": " Acme\t"}, "duplicate-name"),
    ("Customer", {"name": "A", "externalId": "1"}, {"name": "B", "externalId": "1"}, "duplicate-external-id"),
    (
        "Customer",
        {"name": "A", "externalId": "1"},
        {"name": "B", "externalId": "1 "},
        "duplicate-external-id",
    ),
    ("InstanceProfile", {"name": "Large"}, {"name": "Large"}, "duplicate-name"),
    (
        "Connection",
        {"name": "A", "stableKey": "slack", **CONNECTION},
        {"name": "B", "stableKey": "slack", **CONNECTION},
        "duplicate-stable-key",
    ),
    ("AlertGroup", {"name": "Ops"}, {"name": "Ops "}, "duplicate-name"),
    (
        "User",
        {"email": "ada@example.com", "role": "Admin"},
        {"email": "Ada@Example.com", "role": "Admin"},
        "duplicate-email",
    ),
]


@pytest.mark.parametrize(("kind", "one", "two", "code"), SAME)
def test_what_only_one_object_can_have_is_an_error_of_validate(
    project: Folder, kind: str, one: dict[str, Any], two: dict[str, Any], code: str
):
    project.manifest(kind, "a", **one)
    project.manifest(kind, "b", **two)
    exit_code, _, err = project("validate", "--format", "json")
    (error,) = json.loads(err)["errors"]
    assert (exit_code, error["code"], error["address"]) == (3, code, f"{kind}/b")
    one_at, two_at = (f"manifests/{kind.lower()}-{leaf}.yaml" for leaf in "ab")
    assert error["file"] == two_at
    line = (project.root / two_at).read_text().splitlines()[error["line"] - 1]
    assert code.removeprefix("duplicate-").replace("-", "") in line[: error["column"]].lower()
    assert yaml.safe_load(line[error["column"] - 1 :]) in two.values()
    assert f"the other is at {one_at}:{error['line']}:{error['column']}" in error["hint"]
    # Exact external ids are an error of input everywhere; of all else a plan refuses these two alone.
    exit_code, out, _ = project("plan", "--format", "json")
    assert exit_code in (3, 5)
    if exit_code == 5:
        assert {r["address"] for r in json.loads(out)["refusals"]} == {f"{kind}/a", f"{kind}/b"}


def test_names_in_different_environments_do_not_clash(project: Folder):
    for leaf, where in (("a", "sandbox"), ("b", "elsewhere")):
        project.write(
            f"manifests/{leaf}.yaml",
            "apiVersion: reconciler/v1\nkind: Customer\n"
            f"metadata: {{name: {leaf}, environments: [{where}]}}\nspec: {{name: Acme}}\n",
        )
    text = (project.root / "reconciler.yaml").read_text()
    project.write(
        "reconciler.yaml",
        text.replace(
            "[manifests/]", "[manifests/], environments: {elsewhere: {url: http://127.0.0.1:1}, sandbox: {}}"
        ),
    )
    assert project("validate")[0] == 0


def test_a_name_that_is_left_as_it_is_asks_for_nothing(project: Folder):
    project.manifest("Customer", "a", name="Acme")
    project.write(
        "manifests/b.yaml",
        "apiVersion: reconciler/v1\nkind: Customer\n"
        "metadata: {name: b, ignore: [name]}\nspec: {name: Acme}\n",
    )
    assert project("validate")[0] == 0


@pytest.mark.parametrize("field", ["name", "externalId"])
def test_names_that_differ_by_case_alone_are_doubtful(project: Folder, field: str):
    for leaf, text in (("a", "Acme"), ("b", "ACME")):
        project.manifest("Customer", leaf, **{"name": leaf, field: text})
    code, _, err = project("validate")
    assert (code, "not known" in err, "customer-a.yaml" in err) == (0, True, True)
    assert project("validate", "--strict")[0] == 3


def test_a_public_and_a_private_component_of_one_key_are_two(project: Folder):
    project.manifest("Component", "ours", key="http", isPublic=False)
    project.manifest("Component", "theirs", key="http", isPublic=True)
    assert project("validate")[0] == 0
    refusals = project.json("plan")["refusals"]
    assert len(refusals) == 1, refusals
    (refusal,) = refusals
    assert (refusal["code"], refusal["address"]) == ("component-missing", "Component/ours")
    project.manifest("Component", "again", key="http", isPublic=True)
    assert project("validate")[0] == 3
