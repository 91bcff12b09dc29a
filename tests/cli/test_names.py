"""Names that change hands: who gives one up goes before who takes it, and one run is enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from tests.cli.projects import Folder

PROFILE = "InstanceProfile"


def people(project: Folder, names: Mapping[str, str], **ids: str) -> None:
    """A customer for each address, so called; some with an external id."""
    for leaf, name in names.items():
        known = {"externalId": ids[leaf]} if leaf in ids else {}
        project.manifest("Customer", leaf, name=name, description="First", **known)


def applied(project: Folder, *arguments: str) -> None:
    code, out, err = project("apply", "--yes", *arguments)
    assert code == 0, out + err


def named(project: Folder, what: str = "name") -> dict[str, Any]:
    """What the customers of the tenant are called, by their marks."""
    nodes = project.ask(f"{{ customers(isSystem: false) {{ nodes {{ {what} labels }} }} }}")["customers"]
    return {
        label.rpartition("/")[2]: node[what]
        for node in nodes["nodes"]
        for label in node["labels"]
        if label.startswith("reconciler:")
    }


def order(project: Folder, *arguments: str) -> list[str]:
    return [action["id"] for action in project.json("plan", *arguments)["actions"]]


def refused(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["address"]) for one in document["refusals"]]


def settled(project: Folder, *arguments: str) -> None:
    """One apply is enough, and nothing looks as if a person had been there."""
    assert project.json("plan", *arguments)["drift"] == []
    applied(project, *arguments)
    assert project("plan", "--detailed-exitcode", *arguments)[0] == 0
    assert project("drift", "--detailed-exitcode", *arguments)[0] == 0


THREE = {"a": "Acme", "b": "Birch", "c": "Cedar"}


@pytest.mark.parametrize("rule", ["texts_read_back=as_sent", "transaction_of_aliases=all_or_nothing"])
@pytest.mark.parametrize("wanted", [p for p in permutations(THREE.values()) if p != tuple(THREE.values())])
def test_names_that_are_exchanged_arrive_in_one_run(project: Folder, wanted: tuple[str, ...], rule: str):
    project("sandbox", "rule", rule)
    people(project, THREE)
    applied(project)
    after = dict(zip(THREE, wanted, strict=True))
    people(project, after)
    settled(project)
    assert named(project) == after


@pytest.mark.parametrize("leaves", ["abc", "cba"])
def test_a_chain_is_walked_from_its_free_end(project: Folder, leaves: str):
    first, second, third = leaves
    people(project, {first: "Acme", second: "Birch", third: "Cedar"})
    applied(project)
    after = {first: "Birch", second: "Cedar", third: "Dogwood"}
    people(project, after)
    assert order(project) == [f"Customer/{leaf}#update" for leaf in (third, second, first)]
    settled(project)
    assert named(project) == after


@pytest.mark.parametrize(("old", "new"), [("acme", "acme2"), ("old", "acme")])
def test_the_old_one_is_renamed_before_a_new_one_appears(project: Folder, old: str, new: str):
    project.manifest("Customer", old, name="Acme", externalId="acme-1")
    applied(project)
    project.manifest("Customer", old, name="Acme (old)", externalId="acme-1-old")
    project.manifest("Customer", new, name="Acme", externalId="acme-1")
    assert order(project) == [f"Customer/{old}#update", f"Customer/{new}#create"]
    settled(project)
    assert named(project) == {old: "Acme (old)", new: "Acme"}
    assert named(project, "externalId") == {old: "acme-1-old", new: "acme-1"}


def test_a_name_on_its_way_is_shown_with_where_it_goes(project: Folder):
    people(project, {"a": "Acme", "b": "Birch"})
    applied(project)
    people(project, {"a": "Birch", "b": "Acme"})
    plan = project.json("plan")
    way, second, last = plan["actions"]
    assert (way["id"], way["verb"]) == ("Customer/a#make-way", "update")
    assert "Customer/b" in way["reason"]
    (change,) = way["changes"]
    assert (change["path"], change["before"], change["cause"]) == ("name", "Acme", "pending")
    assert change["after"].startswith("Birch (renaming ")
    assert (second["id"], second["dependsOn"]) == ("Customer/b#update", [way["id"]])
    assert last["id"] == "Customer/a#update"
    assert set(last["dependsOn"]) == {way["id"], second["id"]}
    assert project.json("plan") | {"createdAt": ""} == plan | {"createdAt": ""}
    _, out, _ = project("plan")
    assert change["after"] in out


def test_external_ids_move_on_in_order_but_never_in_a_circle(project: Folder):
    people(project, {"a": "Acme", "b": "Birch", "c": "Cedar"}, a="1", b="2", c="3")
    applied(project)
    people(project, {"a": "Acme", "b": "Birch", "c": "Cedar"}, a="2", b="3", c="4")
    settled(project)
    assert named(project, "externalId") == {"a": "2", "b": "3", "c": "4"}
    people(project, {"a": "Acme", "b": "Birch", "c": "Cedar Inc"}, a="3", b="2", c="4")
    plan = project.json("plan")
    assert refused(plan) == [("in-a-circle", "Customer/a"), ("in-a-circle", "Customer/b")]
    assert "people log in by it" in plan["refusals"][0]["message"]
    code, out, _ = project("apply", "--yes", "--format", "json")
    assert (code, refused(json.loads(out))) == (5, refused(plan))
    assert named(project, "externalId") == {"a": "2", "b": "3", "c": "4"}
    assert named(project)["c"] == "Cedar Inc"


def test_a_name_and_an_id_that_wait_for_each_other_are_no_circle_of_ids(project: Folder):
    people(project, {"a": "Acme", "b": "Birch"}, a="1", b="2")
    applied(project)
    people(project, {"a": "Birch", "b": "Cedar"}, a="3", b="1")
    settled(project)
    assert named(project) == {"a": "Birch", "b": "Cedar"}
    assert named(project, "externalId") == {"a": "3", "b": "1"}


def test_profiles_exchange_their_names_too(project: Folder):
    for leaf, name in {"small": "Small", "large": "Large"}.items():
        project.manifest(PROFILE, leaf, name=name)
    applied(project)
    for leaf, name in {"small": "Large", "large": "Small"}.items():
        project.manifest(PROFILE, leaf, name=name)
    settled(project)


@pytest.mark.parametrize("rule", ["per_customer", "false"])
def test_instances_exchange_their_names_too(project: Folder, rule: str):
    project("sandbox", "rule", f"instance_name_unique={rule}")
    project.shop(release="1.0.0")
    shared = {"customer": "acme", "integration": "orders", "release": "1.0.0"}
    project.manifest("Instance", "returns", **shared, name="Returns", config={"Channel": "#r"})
    applied(project)
    deployed = "{ instances(isSystem: false) { nodes { lastDeployedAt } } }"
    before = project.ask(deployed)
    project.shop(release="1.0.0", name="Returns")
    project.manifest("Instance", "returns", **shared, name="Orders for Acme", config={"Channel": "#r"})
    settled(project)
    assert project.ask(deployed) == before


# Whoever does not take part


@pytest.fixture
def swapped(project: Folder) -> Folder:
    """Two customers that are to exchange names, and a third that is to be called otherwise."""
    people(project, THREE)
    applied(project)
    people(project, {"a": "Birch", "b": "Acme", "c": "Cedar Inc"})
    return project


def test_a_selected_name_brings_along_who_gives_it_up(swapped: Folder):
    assert order(swapped, "--select", "Customer/a") == [
        "Customer/a#make-way",
        "Customer/b#update",
        "Customer/a#update",
    ]
    settled(swapped, "--select", "Customer/a")
    assert named(swapped) == {"a": "Birch", "b": "Acme", "c": "Cedar"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(["--exclude", "Customer/b"], "excluded"), (["--select", "Customer/a", "--no-deps"], "unselected")],
)
def test_a_name_that_nobody_gives_up_is_waited_for(swapped: Folder, arguments: list[str], why: str):
    plan = swapped.json("plan", *arguments)
    reason = f'needs the name "Birch", which {why} Customer/b would give up'
    assert plan["leftOut"] == [{"address": "Customer/a", "reason": reason}]
    assert not {a["address"] for a in plan["actions"]} & {"Customer/a", "Customer/b"}


def test_who_needs_the_name_of_a_refused_one_is_left_out(project: Folder):
    people(project, THREE)
    applied(project)
    project.behind("createCustomer", {"name": "Copy", "labels": ["reconciler:shop/customer/b"]})
    people(project, {"a": "Birch", "b": "Acme", "c": "Cedar Inc"})
    plan = project.json("plan")
    assert refused(plan) == [("ambiguous", "Customer/b")]
    assert [one["address"] for one in plan["leftOut"]] == ["Customer/a"]
    assert [one["id"] for one in plan["actions"]] == ["Customer/c#update"]


def test_a_name_that_a_stranger_bears_is_refused_in_the_plan(project: Folder):
    people(project, {"a": "Acme"}, a="1")
    applied(project)
    project.behind("createCustomer", {"name": "Birch", "externalId": "2"})
    for name, external in (("Birch", "1"), ("Acme", "2")):
        people(project, {"a": name}, a=external)
        plan = project.json("plan")
        assert (refused(plan), plan["actions"]) == ([("taken", "Customer/a")], [])


@pytest.mark.parametrize("leaves", ["ab", "ba"])
def test_two_manifests_that_ask_for_one_name_are_refused(project: Folder, leaves: str):
    first, second = leaves
    people(project, {first: "Acme"})
    applied(project)
    people(project, {second: "Acme", "c": "Cedar"})
    plan = project.json("plan")
    assert refused(plan) == [("ambiguous", "Customer/a"), ("ambiguous", "Customer/b")]
    for one in plan["refusals"]:
        assert {"Customer/a", "Customer/b"} <= set(one["message"].replace(",", " ").split())
    assert [one["id"] for one in plan["actions"]] == ["Customer/c#create"]


@pytest.mark.parametrize("leaves", ["ab", "ba"])
def test_two_manifests_that_match_one_object_are_refused(project: Folder, leaves: str):
    by_id, by_name = leaves
    project.behind("createCustomer", {"name": "Acme", "externalId": "acme-1"})
    project.manifest("Customer", by_id, name="Acme (old)", externalId="acme-1")
    project.manifest("Customer", by_name, name="Acme")
    plan = project.json("plan")
    assert refused(plan) == [("ambiguous", "Customer/a"), ("ambiguous", "Customer/b")]
    assert plan["actions"] == []
    for one in plan["refusals"]:
        assert one["message"].startswith("Customer/a and Customer/b match the live object ")
    hint = next(one["hint"] for one in plan["refusals"] if one["address"] == f"Customer/{by_id}")
    assert project(*hint.partition("reconciler ")[2].split(), "--yes")[0] == 0
    settled(project)
    assert named(project) == {by_id: "Acme (old)", by_name: "Acme"}


@pytest.mark.parametrize("there", [False, True])
def test_two_manifests_of_a_kind_without_marks_are_told_apart_by_their_keys_alone(
    project: Folder, there: bool
):
    project.manifest("AlertGroup", "ops", name="Ops")
    if there:
        applied(project)
    project.manifest("AlertGroup", "on-call", name="Ops")
    plan = project.json("plan")
    assert refused(plan) == [("ambiguous", "AlertGroup/on-call"), ("ambiguous", "AlertGroup/ops")]
    assert plan["actions"] == []


@pytest.mark.parametrize("there", [False, True])
def test_two_manifests_that_ask_for_one_stable_key_are_refused(project: Folder, there: bool):
    spec = {"stableKey": "slack", "scope": "org", "component": "slack", "connection": "oauth2"}
    project.manifest("Connection", "a", name="First", **spec)
    if there:
        applied(project)
    project.manifest("Connection", "b", name="Second", **spec)
    plan = project.json("plan")
    assert refused(plan) == [("ambiguous", "Connection/a"), ("ambiguous", "Connection/b")]
    assert plan["actions"] == []


# What is to be deleted


def gone(project: Folder, *leaves: str, kind: str = "customer") -> None:
    for leaf in leaves:
        (project.root / f"manifests/{kind}-{leaf}.yaml").unlink()


def test_what_is_to_be_deleted_makes_way_and_is_deleted_last(project: Folder):
    people(project, {"a": "Acme", "b": "Birch"})
    applied(project)
    gone(project, "a")
    people(project, {"b": "Acme"})
    assert order(project, "--prune") == ["Customer/a#make-way", "Customer/b#update", "Customer/a#delete"]
    settled(project, "--prune")
    assert named(project) == {"b": "Acme"}


def test_what_is_not_deleted_in_this_run_keeps_its_name(project: Folder):
    people(project, {"a": "Acme", "b": "Birch", "c": "Cedar"})
    applied(project)
    gone(project, "a")
    people(project, {"b": "Acme"})
    assert refused(project.json("plan")) == [("taken", "Customer/b")]
    project.behind("createCustomer", {"name": "Copy", "labels": ["reconciler:shop/customer/c"]})
    plan = project.json("plan", "--prune")
    assert refused(plan) == [("taken", "Customer/b"), ("ambiguous", "Customer/c")]
    assert [one["id"] for one in plan["actions"]] == ["Customer/a#delete"]
    assert project("apply", "--yes", "--prune")[0] == 5
    assert named(project)["a"] == "Acme"


def test_an_external_id_is_free_once_its_bearer_is_deleted_as_the_refusal_says(project: Folder):
    people(project, {"a": "Acme", "b": "Birch"}, a="1", b="2")
    applied(project)
    gone(project, "a")
    people(project, {"b": "Birch"}, b="1")
    (refusal,) = project.json("plan", "--prune")["refusals"]
    assert (refusal["code"], refusal["address"]) == ("taken", "Customer/b")
    assert "apply --prune --exclude Customer/b" in refusal["hint"]
    applied(project, "--prune", "--exclude", "Customer/b")
    settled(project, "--prune")
    assert named(project, "externalId") == {"b": "1"}


@pytest.mark.parametrize("rule", ["per_customer", "false"])
def test_an_instance_that_follows_another_one_of_its_name(project: Folder, rule: str):
    project("sandbox", "rule", f"instance_name_unique={rule}")
    project.shop(release="1.0.0")
    applied(project)
    gone(project, "orders", kind="instance")
    shared = {"customer": "acme", "integration": "orders", "release": "1.0.0", "name": "Orders for Acme"}
    project.manifest("Instance", "again", **shared, config={"Channel": "#orders"})
    settled(project, "--prune")
    assert project.id_of("instances")


# More than one run


def test_a_saved_plan_exchanges_the_names_that_were_reviewed(swapped: Folder):
    path = str(swapped.root / "plan.json")
    assert swapped("plan", "-o", path)[0] == 0
    applied(swapped, path)
    assert named(swapped) == {"a": "Birch", "b": "Acme", "c": "Cedar Inc"}
    assert swapped("apply", path, "--yes")[0] == 5


def test_a_saved_plan_stops_where_someone_else_was_quicker(swapped: Folder):
    path = str(swapped.root / "plan.json")
    swapped("plan", "-o", path)
    applied(swapped)
    code, _, err = swapped("apply", path, "--yes")
    assert (code, "Customer/a#make-way" in err) == (5, True)
    assert named(swapped) == {"a": "Birch", "b": "Acme", "c": "Cedar Inc"}


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_where_one_of_them_fails_the_next_run_goes_on(project: Folder, nth: int):
    people(project, {"a": "Acme", "b": "Birch"})
    applied(project)
    people(project, {"a": "Birch", "b": "Acme"})
    aim = ["--operation", "updateCustomer", "--nth", str(nth)]
    assert project("sandbox", "fault", "graphql_errors", *aim)[0] == 0
    code, out, _ = project("apply", "--yes", "--format", "json")
    status = [one["status"] for one in json.loads(out)["actions"]]
    assert (code, status) == (1, ["done"] * (nth - 1) + ["failed"] + ["skipped"] * (3 - nth))
    project("sandbox", "fault", "--clear")
    settled(project)
    assert named(project) == {"a": "Birch", "b": "Acme"}


def test_git_may_change_its_mind_while_a_name_is_on_its_way(swapped: Folder):
    swapped("sandbox", "fault", "graphql_errors", "--operation", "updateCustomer", "--nth", "2")
    assert swapped("apply", "--yes", "--parallelism", "1", "--exclude", "Customer/c")[0] == 1
    swapped("sandbox", "fault", "--clear")
    assert named(swapped)["a"].startswith("Birch (renaming ")
    people(swapped, {"a": "Dogwood", "b": "Birch"})
    assert swapped("drift", "--detailed-exitcode", "--exclude", "Customer/c")[0] == 0
    settled(swapped)
    assert named(swapped) == {"a": "Dogwood", "b": "Birch", "c": "Cedar Inc"}


def test_an_earlier_name_of_the_manifest_is_exchanged_as_well(project: Folder):
    people(project, {"a": "Acme", "b": "Birch"})
    applied(project)
    gone(project, "a")
    text = "apiVersion: reconciler/v1\nkind: Customer\nmetadata: {name: x, was: [a]}\nspec: {name: Birch}\n"
    project.write("manifests/customer-x.yaml", text)
    people(project, {"b": "Acme"})
    settled(project, "--prune")
    assert named(project) == {"x": "Birch", "b": "Acme"}


@pytest.mark.parametrize("rule", ["clear", "hidden"])
def test_secrets_are_not_sent_again_since_a_name_is_on_its_way(
    project: Folder, rule: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ORDERS_KEY", "a key of orders")
    monkeypatch.setenv("DIGEST_KEY", "a key of digests")
    text = (project.root / "reconciler.yaml").read_text()
    environments = "environments: {sandbox: {secretKey: {env: DIGEST_KEY}}}"
    project.write("reconciler.yaml", text.replace("[manifests/]}", f"[manifests/], {environments}}}"))
    project("sandbox", "rule", f"secrets_read_back={rule}")
    secret = {"secret": {"env": "ORDERS_KEY"}}
    more = {
        "release": "1.0.0",
        "config": {"Channel": "#a", "Shop": {"inputs": {"apiKey": secret}}},
        "flows": {"Receive order": {"apiKeys": [secret]}},
    }
    shared = {"customer": "acme", "integration": "orders", **more}
    project.shop(**more)
    project.manifest("Instance", "returns", **shared, name="Returns")
    applied(project)
    assert order(project) == []
    project.shop(**more, name="Returns")
    project.manifest("Instance", "returns", **shared, name="Orders for Acme")
    project("sandbox", "fault", "graphql_errors", "--operation", "updateInstance", "--nth", "2")
    assert project("apply", "--yes")[0] == 1
    project("sandbox", "fault", "--clear")
    plan = project.json("plan")
    changes = [change for action in plan["actions"] for change in action["changes"]]
    assert {(one["path"], one["cause"]) for one in changes} == {("name", "pending")}
    assert {action["verb"] for action in plan["actions"]} == {"update"}
    settled(project)
