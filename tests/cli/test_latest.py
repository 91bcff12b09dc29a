"""LATEST moves on with a new release, and the plan says which component moves from where to where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.projects import DEFINITION, Folder

MOVED = {f"definition.components[{key}].version" for key in ("http", "webhook-triggers")}


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop whose components moved on since its import: each import moves them."""
    project("sandbox", "rule", "component_versions_shift=true")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def release(project: Folder, name: str, **more: Any) -> None:
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": name, **more}
    project.manifest("Integration", "orders", **spec)


def moves(plan: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        change["path"]: (change["before"], change["after"])
        for action in plan["actions"]
        if action["verb"] == "import"
        for change in action["changes"]
    }


def test_without_a_new_release_it_is_a_note(shop: Folder):
    plan = shop.json("plan")
    assert plan["actions"] == []
    assert plan["warnings"] == []
    (note,) = plan["notes"]
    assert note["code"] == "component-moved"
    assert "http" in note["message"]
    assert "webhook-triggers" in note["message"]
    assert shop("plan", "--detailed-exitcode")[0] == 0
    assert shop("drift", "--detailed-exitcode")[0] == 0


def test_a_new_release_takes_it_along(shop: Folder):
    release(shop, "1.1.0")
    plan = shop.json("plan", "--select", "Integration/orders")
    assert [action["verb"] for action in plan["actions"]] == ["import", "update", "publish"]
    found = moves(plan)
    assert set(found) == MOVED
    assert all(after > before for before, after in found.values())
    assert not any(one["code"] == "component-moved" for one in plan["notes"])
    assert plan["drift"] == []
    assert shop("apply", "--yes")[0] == 0
    versions = shop.ask("{ integrations(allVersions: true) { nodes { versionNumber } } }")
    assert len(versions["integrations"]["nodes"]) == 3
    assert shop.json("plan")["actions"] == []


def test_it_stands_beside_what_changed_in_git(shop: Folder):
    shop.write("definitions/orders.yml", DEFINITION.replace("/orders", "/new"))
    release(shop, "1.1.0")
    found = moves(shop.json("plan"))
    assert set(found) > MOVED
    assert any("url" in path for path in found)


def test_a_version_that_git_pins_stays(shop: Folder):
    found = shop.ask('{ components(public: true, key: "http") { nodes { versionNumber } } }')
    number = found["components"]["nodes"][0]["versionNumber"] - 1
    reference = "key: http, isPublic: true, version: "
    pinned = DEFINITION.replace(f"{reference}LATEST", f"{reference}{number}")
    shop.write("definitions/orders.yml", pinned)
    release(shop, "1.1.0")
    assert "definition.components[http].version" not in moves(shop.json("plan"))


def test_a_draft_of_nobodys_is_not_refused_for_it(project: Folder):
    """Git's own text in the draft, put there by a person and never published, is nothing to lose."""
    project("sandbox", "rule", "component_versions_shift=true")
    release(project, "1.0.0")
    assert project("apply", "--yes")[0] == 0
    edited = DEFINITION.replace("/orders", "/git").replace("Order notices", "Orders")
    draft = project.id_of("integrations")
    project.behind("importIntegration", {"integrationId": draft, "definition": edited})
    project.write("definitions/orders.yml", DEFINITION.replace("/orders", "/git"))
    release(project, "1.1.0")
    plan = project.json("plan")
    assert (plan["refusals"], set(moves(plan))) == ([], MOVED)
    assert project("apply", "--yes")[0] == 0
    assert project.json("plan")["actions"] == []
