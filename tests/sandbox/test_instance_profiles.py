"""Instance profiles: unique names, one default, and which profile an instance has."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from test_core_world import World, definition

from reconciler.sandbox.sandbox import Sandbox

DEFAULT = "Default Instance Profile"


def change(w: World, mutation: str, **given: Any) -> Any:
    """The payload of a profile's mutation."""
    name = mutation[0].upper() + mutation[1:]
    query = (
        f"mutation ($i: {name}Input!) {{ m: {mutation}(input: $i) {{ instanceProfile "
        "{ id name description isDefaultProfile logsDisabled stableKey } errors { field messages } } }"
    )
    return w.ask(query, i=given)["m"]


def make(w: World, name: str, **given: Any) -> str:
    payload = change(w, "createInstanceProfile", name=name, **given)
    assert payload["errors"] == []
    return str(payload["instanceProfile"]["id"])


def names(w: World, arguments: str = "(sortBy: [{field: NAME, direction: ASC}])") -> list[str]:
    found = w.ask(f"{{ instanceProfiles{arguments} {{ totalCount nodes {{ name }} }} }}")["instanceProfiles"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


def test_created_read_changed_and_deleted() -> None:
    w = World()
    given = {"description": "for big ones", "logsDisabled": True, "stableKey": "big"}
    identifier = make(w, "Big", **given)
    shown = w.get("instanceProfile", identifier, "name description logsDisabled stableKey scope allowRemove")
    assert shown == {"name": "Big", **given, "scope": "ORG", "allowRemove": True}
    changed = change(w, "updateInstanceProfile", id=identifier, description="new")["instanceProfile"]
    assert (changed["description"], changed["name"], changed["stableKey"]) == ("new", "Big", "big")
    assert names(w) == ["Big", DEFAULT]
    assert change(w, "deleteInstanceProfile", id=identifier)["instanceProfile"]["id"] == identifier
    assert names(w) == [DEFAULT]
    gone = "query ($id: ID!) { instanceProfile(id: $id) { id } }"
    assert w.errors(gone, id=identifier) == ["Record not found"]
    again = "mutation ($id: ID) { deleteInstanceProfile(input: {id: $id}) { errors { field } } }"
    assert w.errors(again, id=identifier) == ["Record not found"]


def test_a_name_is_given_once() -> None:
    w = World()
    make(w, "Big")
    second = change(w, "createInstanceProfile", name="Big")
    assert second["instanceProfile"] is None
    assert second["errors"][0]["field"] == "name"
    assert names(w) == ["Big", DEFAULT]
    small = make(w, "Small")
    assert change(w, "updateInstanceProfile", id=small, name="Big")["errors"][0]["field"] == "name"
    assert change(w, "updateInstanceProfile", id=small, name="Small")["errors"] == []


@pytest.mark.parametrize(
    ("mutation", "given", "field"),
    [
        ("createInstanceProfile", {}, "name"),
        ("createInstanceProfile", {"name": " "}, "name"),
        ("createInstanceProfile", {"name": "A", "scope": "INSTANCE"}, "instance"),
        ("updateInstanceProfile", {"isDefaultProfile": False}, "isDefaultProfile"),
        ("deleteInstanceProfile", {}, "__all__"),
    ],
)
def test_refusals(mutation: str, given: dict[str, Any], field: str) -> None:
    w = World()
    if not mutation.startswith("create"):
        query = "{ instanceProfiles(isDefaultProfile: true) { nodes { id } } }"
        given = {**given, "id": w.ask(query)["instanceProfiles"]["nodes"][0]["id"]}
    assert change(w, mutation, **given)["errors"][0]["field"] == field
    assert names(w) == [DEFAULT]


def test_one_profile_is_the_default() -> None:
    w = World()
    make(w, "Big", isDefaultProfile=True)
    assert names(w, "(isDefaultProfile: true)") == ["Big"]


def test_the_profile_of_one_instance_is_never_the_default() -> None:
    w = World()
    first, second = w.instance(w.version()), w.instance(w.version(definition("B")), customer=w.customer("B"))
    given = {"name": "Own", "scope": "INSTANCE", "instance": first}
    assert change(w, "createInstanceProfile", isDefaultProfile=True, **given)["errors"][0]["field"] == (
        "isDefaultProfile"
    )
    own = make(w, **given)
    assert change(w, "updateInstanceProfile", id=own, isDefaultProfile=True)["errors"] != []
    w.call("deleteInstance", id=first)
    assert names(w, "(isDefaultProfile: true)") == [DEFAULT]
    assert w.get("instance", second, "profile { name }") == {"profile": {"name": DEFAULT}}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('(name: "Big")', ["Big"]),
        ('(name: "big")', []),
        ('(name_Icontains: "INST")', [DEFAULT]),
        ('(description: "two")', ["Small"]),
        ('(sortBy: [{field: NAME, direction: DESC}])', ["Small", DEFAULT, "Big"]),
    ],
)  # fmt: skip
def test_lists_are_filtered_and_sorted(arguments: str, found: list[str]) -> None:
    w = World()
    make(w, "Big", description="one")
    make(w, "Small", description="two")
    assert names(w, arguments) == found


def test_the_profile_of_an_instance() -> None:
    w = World()
    make(w, "Big", logsDisabled=True)
    version = w.version(definition(more="defaultInstanceProfile: Big"))
    customer = w.customer()
    first = w.instance(version, customer=customer)
    second = w.instance(version, customer=customer, name="J")
    other = w.instance(w.version(definition("Other", more="defaultInstanceProfile: Nobody made it")),
                       customer=customer, name="K")  # fmt: skip
    own = make(w, "Own", scope="INSTANCE", instance=second)
    shown = {
        i: w.get("instance", i, "profile { name logsDisabled }")["profile"] for i in (first, second, other)
    }
    assert shown == {
        first: {"name": "Big", "logsDisabled": True},
        second: {"name": "Own", "logsDisabled": False},
        other: {"name": "Nobody made it", "logsDisabled": False},
    }
    query = "{ instanceProfiles { nodes { name instances(isSystem: false) { nodes { name } } } } }"
    listed = {
        node["name"]: [instance["name"] for instance in node["instances"]["nodes"]]
        for node in w.ask(query)["instanceProfiles"]["nodes"]
    }
    assert listed == {DEFAULT: [], "Big": ["I"], "Own": ["J"]}
    w.call("deleteInstance", id=second)
    assert w.errors("query ($id: ID!) { instanceProfile(id: $id) { id } }", id=own) == ["Record not found"]


def test_a_file_without_profiles_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    Sandbox(path).close()
    with sqlite3.connect(path) as old:
        old.execute("DROP TABLE profile")
        old.execute("PRAGMA user_version = 0")
    old.close()
    w = World()
    w.sandbox = Sandbox(path)
    assert names(w) == [DEFAULT]
    make(w, "Big")
    w.sandbox.reset()
    assert names(w) == [DEFAULT]
    w.sandbox.close()
