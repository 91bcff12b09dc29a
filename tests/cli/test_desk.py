"""A draft is a person's desk, and releases are git's."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.cli.projects import DEFINITION, Folder

THEIRS = DEFINITION.replace("https://example.com/orders", "https://theirs.example/by-hand").replace(
    "name: Order notices", "name: Orders"
)
OURS = DEFINITION.replace("https://example.com/orders", "https://ours.example/new")


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop whose release 1.0.0 is published and runs."""
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def release(project: Folder, name: str, **more: Any) -> None:
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": name, **more}
    project.manifest("Integration", "orders", **spec)


def edit(project: Folder, text: str = THEIRS) -> None:
    """A person puts another definition into the draft."""
    project.behind("importIntegration", {"integrationId": project.id_of("integrations"), "definition": text})


def integration(project: Folder, fields: str) -> dict[str, Any]:
    found: dict[str, Any] = project.ask(f"{{ integrations {{ nodes {{ {fields} }} }} }}")
    (node,) = found["integrations"]["nodes"]
    return dict(node)


def draft(project: Folder) -> str:
    return str(integration(project, "definition")["definition"])


def versions(project: Folder) -> list[dict[str, Any]]:
    """The published versions, the newest first."""
    fields = "id versionNumber versionIsAvailable versionComment versionAttributes definition"
    asked = (
        f"id versionSequence(sortBy: [{{field: VERSION_NUMBER, direction: DESC}}]) {{ nodes {{ {fields} }} }}"
    )
    found = integration(project, asked)
    return [row for row in found["versionSequence"]["nodes"] if row["id"] != found["id"]]


def verbs(project: Folder, *arguments: str) -> list[str]:
    return [action["id"] for action in project.json("plan", *arguments)["actions"]]


def codes(plan: dict[str, Any], part: str) -> list[str]:
    return [one["code"] for one in plan[part]]


def test_a_draft_that_a_person_works_on_stops_nothing(shop: Folder):
    edit(shop)
    shop.shop(config={"Channel": "#new"})
    code, out, err = shop("plan")
    assert code == 0, err
    (line,) = [line for line in out.splitlines() if "ahead of" in line]
    assert line.startswith("note: Integration/orders:")
    assert 'release "1.0.0"' in line
    plan = shop.json("plan")
    assert (codes(plan, "notes"), codes(plan, "warnings")) == (["draft-ahead"], [])
    assert {action["address"] for action in plan["actions"]} == {"Instance/acme/orders"}
    assert shop("apply", "--yes")[0] == 0
    assert "theirs.example" in draft(shop)
    assert verbs(shop) == []
    assert len(versions(shop)) == 1


def test_drift_lists_a_draft_that_is_ahead_and_does_not_count_it(shop: Folder):
    edit(shop)
    code, out, _ = shop("drift", "--detailed-exitcode")
    assert (code, "ahead of" in out) == (0, True)
    drift = shop.json("drift")
    assert (codes(drift, "notes"), drift["drift"]) == (["draft-ahead"], [])


@pytest.mark.parametrize(
    "rule", ["unpublished_on_labels=true", "normalisation=2026", "draft_in_sequence=false"]
)
def test_a_draft_that_nobody_works_on_is_not_ahead(project: Folder, rule: str):
    project("sandbox", "rule", rule)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.behind("updateIntegration", {"id": project.id_of("integrations"), "category": "CRM"})
    assert codes(project.json("plan"), "notes") == []


def test_another_definition_under_the_same_release_is_not_imported(shop: Folder):
    shop.write("definitions/orders.yml", OURS)
    plan = shop.json("plan")
    assert (plan["actions"], codes(plan, "warnings"), codes(plan, "notes")) == ([], ["release-differs"], [])
    assert "a release of its own" in plan["warnings"][0]["hint"]
    assert shop("apply", "--yes")[0] == 0
    assert "ours.example" not in draft(shop)
    release(shop, "1.1.0")
    assert verbs(shop, "--select", "Integration/orders") == [
        "Integration/orders#import",
        "Integration/orders#update",
        "Integration/orders#publish",
    ]
    assert shop("apply", "--yes")[0] == 0
    assert ("ours.example" in draft(shop), len(versions(shop)), verbs(shop)) == (True, 2, [])


def test_both_are_told_where_git_and_a_person_went_on(shop: Folder):
    edit(shop)
    shop.write("definitions/orders.yml", OURS)
    plan = shop.json("plan")
    assert (codes(plan, "warnings"), codes(plan, "notes")) == (["release-differs"], ["draft-ahead"])
    assert plan["actions"] == []


def test_a_new_release_asks_before_it_overwrites(shop: Folder):
    edit(shop)
    shop.write("definitions/orders.yml", OURS)
    release(shop, "1.1.0")
    code, out, _ = shop("apply", "--yes")
    assert (code, "--overwrite-drafts" in out) == (5, True)
    assert shop("apply", "--yes", "--overwrite-drafts")[0] == 0
    assert ("ours.example" in draft(shop), len(versions(shop))) == (True, 2)


def test_a_manifest_without_a_release_is_about_the_draft(shop: Folder):
    edit(shop)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml"}
    shop.manifest("Integration", "orders", **spec)
    (shop.root / "manifests/instance-orders.yaml").unlink()
    code, out, _ = shop("apply", "--yes")
    assert (code, "--overwrite-drafts" in out) == (5, True)


@pytest.mark.parametrize("mine", [True, False])
def test_a_draft_can_be_told_to_follow_git(shop: Folder, mine: bool):
    if not mine:
        edit(shop)
    shop.write("definitions/orders.yml", OURS)
    release(shop, "1.0.0", draft="follow")
    code, out, err = shop("apply", "--yes")
    assert (code, "--overwrite-drafts" in out) == ((0, False) if mine else (5, True)), err
    assert ("ours.example" in draft(shop)) is mine
    assert codes(shop.json("plan"), "warnings") == ["release-differs"]
    assert len(versions(shop)) == 1
    if mine:
        assert verbs(shop) == []


def test_what_is_not_the_definition_is_updated_beside_a_draft_that_is_ahead(shop: Folder):
    edit(shop, THEIRS.replace("name: Orders", "name: Their name"))
    release(shop, "1.0.0", description="Ours", category="CRM", labels=["orders"])
    assert verbs(shop) == ["Integration/orders#update"]
    assert shop("apply", "--yes")[0] == 0
    found = integration(shop, "name description category labels definition")
    assert (found["name"], found["description"], found["category"]) == ("Orders", "Ours", "CRM")
    assert "orders" in found["labels"]
    assert "theirs.example" in found["definition"]
    assert verbs(shop) == []


def test_a_draft_that_equals_git_is_only_published(shop: Folder):
    edit(shop, OURS.replace("name: Order notices", "name: Orders"))
    shop.write("definitions/orders.yml", OURS)
    release(shop, "1.1.0")
    assert verbs(shop, "--select", "Integration/orders") == ["Integration/orders#publish"]
    assert shop("apply", "--yes")[0] == 0
    assert verbs(shop) == []
    shop.write("definitions/orders.yml", DEFINITION.replace("orders", "more-orders"))
    release(shop, "1.2.0")
    (first, *_) = shop.json("plan")["actions"]
    assert {change["cause"] for change in first["changes"]} == {"pending"}


def test_two_environments_may_run_two_releases_of_one_manifest(shop: Folder):
    """Production, whose release is older, neither gets an import nor loses what was reviewed."""
    before = versions(shop)
    shop.write("definitions/orders.yml", OURS)
    for _ in range(2):
        assert shop("apply", "--yes")[0] == 0
    assert (versions(shop), "ours.example" in draft(shop)) == (before, False)


def test_a_person_who_goes_on_typing_does_not_make_a_plan_stale(shop: Folder):
    edit(shop)
    release(shop, "1.0.0", category="CRM")
    saved = str(shop.root / "plan.json")
    assert shop("plan", "-o", saved)[0] == 0
    edit(shop, THEIRS.replace("by-hand", "later"))
    code, _, err = shop("apply", saved)
    assert code == 0, err
    assert "later" in draft(shop)


# Fields that are ignored


def ignoring(project: Folder, name: str, *fields: str, **more: Any) -> None:
    """The integration's manifest, with fields that are left to people."""
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": name, **more}
    metadata = {"name": "orders", "ignore": list(fields)}
    document = {"apiVersion": "reconciler/v1", "kind": "Integration", "metadata": metadata, "spec": spec}
    project.write("manifests/integration-orders.yaml", yaml.safe_dump(document, sort_keys=False))


THEIR_FIELDS = {"name": "Their name", "description": "Theirs", "category": "ERP", "labels": ["vip", "beta"]}


@pytest.mark.parametrize(
    "rule",
    [
        "import_clears_labels=true",
        "import_clears_labels=false",
        "import_updates_metadata=nothing",
        "definition_name_follows=false",
        "definition_shows_labels=current",
    ],
)
@pytest.mark.parametrize("labels", ["", "labels: [from-definition]\n"])
def test_what_is_ignored_holds_through_an_import(shop: Folder, rule: str, labels: str):
    shop("sandbox", "rule", rule)
    found = integration(shop, "id labels")
    theirs = {**THEIR_FIELDS, "labels": [*found["labels"], *THEIR_FIELDS["labels"]]}
    shop.behind("updateIntegration", {"id": found["id"], **theirs})
    shop.write("definitions/orders.yml", OURS + labels + "category: CRM\n")
    ignoring(shop, "1.1.0", *THEIR_FIELDS)
    update = next(a for a in shop.json("plan")["actions"] if a["id"] == "Integration/orders#update")
    kept = {change["path"]: change["after"] for change in update["changes"]}
    assert {path: kept[path] for path in ("name", "description", "category")} == {
        path: THEIR_FIELDS[path] for path in ("name", "description", "category")
    }
    assert ("labels" in kept) is bool(labels)
    assert shop("apply", "--yes")[0] == 0
    after = integration(shop, "name description category labels")
    assert {name: after[name] for name in ("name", "description", "category")} == {
        name: THEIR_FIELDS[name] for name in ("name", "description", "category")
    }
    assert {label for label in after["labels"] if "reconciler" not in label} == {"vip", "beta"}
    assert any("reconciler:shop" in label for label in after["labels"])
    assert verbs(shop) == []


def test_only_what_is_ignored_is_put_back(shop: Folder):
    found = integration(shop, "id labels")
    shop.behind("updateIntegration", {"id": found["id"], "name": "Their name", "description": "Theirs"})
    shop.write("definitions/orders.yml", OURS)
    ignoring(shop, "1.1.0", "description")
    assert shop("apply", "--yes")[0] == 0
    after = integration(shop, "name description")
    assert (after["name"], after["description"]) == ("Orders", "Theirs")
