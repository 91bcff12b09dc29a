"""A refusal stops its branch, not the project: all but what is refused, and what stands on it, goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.kinds.integration.kind import IntegrationKind
from reconciler.sandbox.faults import Fault
from tests.cli.projects import DEFINITION, Folder
from tests.cli.test_rollout import customers, definition, rollout, versions

INTEGRATION, CUSTOMER, INSTANCE = "Integration/orders", "Customer/acme", "Instance/acme/orders"
MINE = DEFINITION.replace("example.com/orders", "ours.example/orders")
THEIRS = DEFINITION.replace("example.com/orders", "typed-in-by-hand.example/orders")


def ends(document: dict[str, Any]) -> dict[str, str]:
    return {action["id"]: action["status"] for action in document["actions"]}


def refused(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["address"]) for one in document["refusals"]]


def touched(document: dict[str, Any]) -> set[str]:
    return {action["address"] for action in document["actions"]}


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop of which all is applied."""
    project.shop(release="1.0.0")
    assert project("apply", "--yes")[0] == 0
    return project


def at_stake(shop: Folder) -> None:
    """Git has a new release, over a person's draft; the instance is to run it, and a customer is new."""
    shop.behind("importIntegration", {"integrationId": shop.id_of("integrations"), "definition": THEIRS})
    shop.write("definitions/orders.yml", MINE)
    shop.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    instance = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True}
    shop.manifest("Instance", "orders", **instance, release="2.0.0", config={"Channel": "#new"})
    shop.manifest("Customer", "birch", name="Birch")


@pytest.fixture
def staked(shop: Folder) -> Folder:
    at_stake(shop)
    return shop


def gone(project: Folder, name: str) -> None:
    """A manifest that is there no more."""
    project.manifest("Customer", name, name=name.title())
    assert project("apply", "--yes", "--select", f"Customer/{name}")[0] == 0
    (project.root / f"manifests/customer-{name}.yaml").unlink()


NEEDS = {
    "address": INSTANCE,
    "reason": f"needs the release that refused {INTEGRATION} would publish",
    "refused": True,
}


def test_a_refusal_takes_out_its_resource_and_what_stands_on_it_alone(staked: Folder):
    plan = staked.json("plan")
    assert refused(plan) == [("unpublished-draft", INTEGRATION)]
    assert (touched(plan), plan["leftOut"], "refused" in plan) == ({"Customer/birch"}, [NEEDS], False)
    code, out, err = staked("apply", "--yes", "--format", "json")
    outcome = json.loads(out)
    assert (code, err.count("unpublished changes")) == (5, 0)
    assert refused(outcome) == [("unpublished-draft", INTEGRATION)]
    assert (ends(outcome), outcome["leftOut"]) == ({"Customer/birch#create": "done"}, [NEEDS])
    assert touched(staked.json("plan")) == set()
    assert staked("apply", "--yes", "--overwrite-drafts")[0] == 0
    assert staked("plan", "--detailed-exitcode")[0] == 0


def test_all_or_nothing_refuses_all_of_it(staked: Folder):
    writes = staked.writes()
    for verb in (["plan"], ["apply", "--yes"]):
        code, out, err = staked(*verb, "--all-or-nothing")
        assert (code, (out + err).count("unpublished changes")) == (5, 1)
        assert out.rstrip().endswith("Refused.")
    code, out, err = staked("apply", "--yes", "--all-or-nothing", "--format", "json")
    assert (code, out) == (5, "")
    assert [one["code"] for one in json.loads(err)["errors"]] == ["unpublished-draft"]
    assert staked.json("plan", "--all-or-nothing")["refused"] is True
    saved = str(staked.root / "saved.json")
    assert staked("plan", "-o", saved)[0] == 5
    assert staked("apply", saved, "--all-or-nothing")[0] == 5
    assert staked("plan", "--all-or-nothing", "-o", saved)[0] == 5
    assert staked("apply", saved)[0] == 5
    assert staked.writes() == writes


@pytest.mark.parametrize("name", ["text", "json", "markdown", "junit", "github"])
def test_each_refusal_is_told_once_and_on_one_stream(staked: Folder, name: str):
    for options in ([], ["--all-or-nothing"]):
        code, out, err = staked("plan", "--no-progress", "--format", name, *options)
        assert code == 5
        # JUnit gives a message as an attribute, too.
        assert out.count("unpublished changes") == (2 if name == "junit" else 1)
        assert err == ""
    code, out, err = staked("apply", "--yes", "--format", name)
    assert (code, "unpublished changes" in out, "unpublished changes" in err) == (5, True, False)


def test_a_run_with_nothing_but_refusals_says_so(shop: Folder):
    at_stake(shop)
    (shop.root / "manifests/customer-birch.yaml").unlink()
    code, out, _ = shop("plan")
    assert (code, "Nothing can be done: 1 resource refused, and 1 resource left out." in out) == (5, True)
    code, out, err = shop("apply", "--no-progress")  # there is nothing to ask about
    assert (code, err) == (5, "")
    outcome = shop.json("apply")
    assert (outcome["actions"], refused(outcome)) == ([], [("unpublished-draft", INTEGRATION)])


@pytest.mark.parametrize("options", [[], ["--exclude", INTEGRATION]])
def test_nothing_is_deleted_beside_a_refusal(shop: Folder, options: list[str]):
    gone(shop, "cedar")
    at_stake(shop)
    code, out, _ = shop("plan", "--prune", *options)
    assert ("1 deletion will be skipped" in out) is not options
    outcome = shop.json("apply", "--yes", "--prune", *options)
    assert ends(outcome)["Customer/birch#create"] == "done"
    deletion = next(one for one in outcome["actions"] if one["verb"] == "delete")
    if options:
        assert (code, deletion["status"], outcome["refusals"]) == (0, "done", [])
    else:
        assert (code, deletion["status"]) == (5, "skipped")
        assert deletion["because"] == f"{INTEGRATION}, which is refused"


def test_a_run_of_deletions_that_wait_asks_nothing_and_does_nothing(shop: Folder):
    gone(shop, "cedar")
    at_stake(shop)
    (shop.root / "manifests/customer-birch.yaml").unlink()
    writes = shop.writes()
    outcome = shop.json("apply", "--prune")
    assert ends(outcome) == {"Customer/cedar#delete": "skipped"}
    assert shop.writes() == writes


def test_a_deletion_that_is_refused_stops_the_others_until_it_is_excluded(shop: Folder):
    for name in ("cedar", "fir"):
        gone(shop, name)
    cedar = next(
        one
        for one in shop.ask("{ customers(isSystem: false) { nodes { id name } } }")["customers"]["nodes"]
        if one["name"] == "Cedar"
    )["id"]
    references = {"customer": cedar, "integration": version_id(shop)}
    shop.behind("createInstance", {"name": "By hand", **references})
    outcome = shop.json("apply", "--yes", "--prune")
    assert refused(outcome) == [("strangers", "Customer/cedar")]
    assert set(ends(outcome).values()) == {"skipped"}
    outcome = shop.json("apply", "--yes", "--prune", "--exclude", "Customer/cedar")
    assert (ends(outcome), outcome["refusals"]) == ({"Customer/fir#delete": "done"}, [])


def version_id(shop: Folder) -> str:
    nodes = shop.ask("{ instances(isSystem: false) { nodes { integration { id } } } }")["instances"]["nodes"]
    return str(nodes[0]["integration"]["id"])


ONE = {"name": "Cedar", "externalId": "cedar-1"}


@pytest.mark.parametrize(
    ("metadata", "spec"),
    [
        ({"was": ["cedar"]}, {"name": "Larch", "externalId": "larch-1"}),
        ({}, {"name": "cedar", "externalId": "larch-1"}),
        ({}, {"name": "Larch", "externalId": "Cedar-1"}),
        ({}, {"name": "Larch", "externalId": "larch-1"}),
    ],
)
def test_what_an_excluded_resource_could_be_is_not_deleted(
    shop: Folder, metadata: dict[str, Any], spec: dict[str, Any]
):
    """Two customers are gone from git; a new manifest is excluded that may mean one of them."""
    shop.manifest("Customer", "cedar", **ONE)
    shop.manifest("Customer", "fir", name="Fir")
    assert shop("apply", "--yes")[0] == 0
    for name in ("cedar", "fir"):
        (shop.root / f"manifests/customer-{name}.yaml").unlink()
    if "was" in metadata:  # a second one bears the mark, so that it is not known which is meant
        labels = ["reconciler:shop/customer/cedar"]
        shop.behind("createCustomer", {"name": "Copy", "externalId": "copy", "labels": labels})
    document = {
        "apiVersion": "reconciler/v1",
        "kind": "Customer",
        "metadata": {"name": "larch", **metadata},
        "spec": spec,
    }
    shop.write("manifests/customer-larch.yaml", json.dumps(document))
    outcome = shop.json("apply", "--yes", "--prune", "--allow-deletes", "--exclude", "Customer/larch")
    may_be = spec != {"name": "Larch", "externalId": "larch-1"} or "was" in metadata
    expected = {"Customer/fir#delete"} if may_be else {"Customer/fir#delete", "Customer/cedar#delete"}
    assert ends(outcome) == dict.fromkeys(expected, "done")
    kept = [one for one in outcome.get("leftOut", []) if "may be Customer/larch" in one["reason"]]
    assert bool(kept) is may_be


def test_a_customer_is_kept_that_holds_what_a_refused_instance_could_be(shop: Folder):
    """The instance lost its mark; so nobody knows that the one inside is not the excluded one."""
    shop.behind("updateInstance", {"id": shop.id_of("instances"), "labels": [], "preserveDeployState": True})
    shop.manifest("Customer", "birch", name="Birch")
    spec = {"customer": "birch", "integration": "orders", "name": "Orders for Acme", "release": "1.0.0"}
    shop.manifest("Instance", "orders", **spec, config={"Channel": "#orders"})
    (shop.root / "manifests/customer-acme.yaml").unlink()
    plan = shop.json("plan", "--prune", "--exclude", "Customer/birch")
    assert touched(plan) == set()
    assert {one["address"] for one in plan["leftOut"]} == {"Instance/birch/orders", CUSTOMER}


def test_refusals_that_follow_from_another_are_not_told(project: Folder):
    """An integration that is not adopted yet: its instances name a version of it by number."""
    project.behind(
        "importIntegration", {"definition": DEFINITION.replace("name: Order notices", "name: Orders")}
    )
    identity = project.id_of("integrations")
    project.behind("publishIntegration", {"id": identity, "comment": "by hand"})
    project.shop(version=1)
    project.manifest("Customer", "birch", name="Birch")
    spec = {"customer": "birch", "integration": "orders", "name": "Orders for Birch", "version": 1}
    project.manifest("Instance", "more", **spec, config={"Channel": "#orders"})
    plan = project.json("plan")
    assert refused(plan) == [("exists-unowned", INTEGRATION)]
    assert touched(plan) == {CUSTOMER, "Customer/birch"}
    assert {one["reason"] for one in plan["leftOut"]} == {f"needs refused {INTEGRATION}"}
    plan = project.json("plan", "--exclude", INTEGRATION)
    assert (refused(plan), touched(plan)) == ([], {CUSTOMER, "Customer/birch"})
    assert project("adopt", INTEGRATION, identity, "--yes")[0] == 0
    assert INSTANCE in touched(project.json("plan"))


def test_a_refused_customer_takes_its_instances_out(project: Folder):
    project.shop(release="1.0.0")
    project.manifest("Customer", "birch", name="Birch", externalId="birch-1")
    spec = {"customer": "birch", "integration": "orders", "name": "Orders for Birch", "release": "1.0.0"}
    project.manifest("Instance", "more", **spec, config={"Channel": "#orders"})
    labels = ["reconciler:other/customer/acme"]
    project.behind("createCustomer", {"name": "Acme", "externalId": "acme-1", "labels": labels})
    outcome = project.json("apply", "--yes")
    assert refused(outcome) == [("owned-otherwise", CUSTOMER)]
    assert [one["address"] for one in outcome["leftOut"]] == [INSTANCE]
    assert touched(outcome) == {INTEGRATION, "Customer/birch", "Instance/birch/more"}
    assert set(ends(outcome).values()) == {"done"}


def test_a_component_that_is_not_there_takes_out_what_is_made_of_it(shop: Folder):
    shop.manifest("Component", "mailer", key="acme-mailer", isPublic=False)
    text = MINE.replace(
        "component: {key: http, isPublic: true", "component: {key: acme-mailer, isPublic: false"
    )
    shop.write("definitions/mailer.yml", text.replace("name: Order notices", "name: Mailer"))
    shop.manifest(
        "Integration", "mailer", name="Mailer", definition="../definitions/mailer.yml", release="1.0.0"
    )
    shop.manifest("Customer", "birch", name="Birch")
    plan = shop.json("plan")
    assert refused(plan) == [("component-missing", "Component/mailer")]
    assert (touched(plan), [one["address"] for one in plan["leftOut"]]) == (
        {"Customer/birch"},
        ["Integration/mailer"],
    )


def test_a_monitor_of_a_refused_instance_is_left_out(shop: Folder):
    """The instance lost its mark and differs, so that nobody knows whether it is ours."""
    gone = {"labels": [], "description": "By hand", "preserveDeployState": True}
    shop.shop(description="Ours")
    shop.behind("updateInstance", {"id": shop.id_of("instances"), **gone})
    shop.manifest("AlertMonitor", "late", name="Late", instance="acme/orders", triggers=["Instance Disabled"])
    shop.manifest("Customer", "birch", name="Birch")
    plan = shop.json("plan")
    assert refused(plan) == [("exists-unowned", INSTANCE)]
    assert [one["address"] for one in plan["leftOut"]] == ["AlertMonitor/late"]
    assert touched(plan) == {"Customer/birch"}


def test_what_is_selected_tells_the_refusal_that_stands_in_its_way(staked: Folder):
    plan = staked.json("plan", "--select", INSTANCE)
    assert refused(plan) == [("unpublished-draft", INTEGRATION)]
    assert (touched(plan), plan["leftOut"]) == (set(), [NEEDS])
    plan = staked.json("plan", "--select", "Customer/birch")
    assert (refused(plan), touched(plan)) == ([], {"Customer/birch"})


def test_what_is_selected_and_has_nothing_to_do_is_spoken_of_alone(shop: Folder):
    shop.manifest("Customer", "birch", name="Birch")
    for verb in ("plan", "apply"):
        code, out, _ = shop(verb, "--select", INTEGRATION)
        assert (code, out.strip()) == (0, "No changes. What was selected matches the manifests.")
    _, out, _ = shop("plan", "--exclude", "Customer/birch")
    assert out.strip() == "No changes. All but what was excluded matches the manifests."
    assert "tenant matches" not in shop("plan", "--format", "markdown", "--select", CUSTOMER)[1]
    _, out, _ = shop("drift", "--select", INTEGRATION)
    assert out.strip() == "No drift. What was selected is as it was last applied."


def test_a_saved_plan_holds_its_refusals_and_ends_with_5(staked: Folder):
    saved = staked.root / "saved.json"
    assert staked("plan", "-o", str(saved))[0] == 5
    document = json.loads(saved.read_text())
    assert refused(document) == [("unpublished-draft", INTEGRATION)]
    code, out, _ = staked("apply", str(saved), "--format", "json")
    outcome = json.loads(out)
    assert (code, ends(outcome)) == (5, {"Customer/birch#create": "done"})
    assert (refused(outcome), outcome["leftOut"]) == (refused(document), document["leftOut"])
    assert outcome["checksum"] == document["checksum"]


def test_a_saved_plan_does_its_actions_alone_though_nothing_is_refused_any_more(staked: Folder):
    saved = str(staked.root / "saved.json")
    gone(staked, "cedar")
    assert staked("plan", "--prune", "-o", saved)[0] == 5
    staked.behind("importIntegration", {"integrationId": staked.id_of("integrations"), "definition": MINE})
    code, out, _ = staked("apply", saved, "--format", "json")
    assert code == 5
    assert ends(json.loads(out)) == {"Customer/birch#create": "done", "Customer/cedar#delete": "skipped"}


def test_the_checksum_tells_a_plan_with_a_refusal_from_one_without(staked: Folder):
    with_it = staked.json("plan")["checksum"]
    assert with_it != staked.json("plan", "--exclude", INTEGRATION)["checksum"]
    assert staked("apply", "--yes", "--checksum", with_it)[0] == 5
    assert touched(staked.json("plan")) == set()


def test_a_refusal_that_touches_a_saved_action_makes_its_branch_stale(shop: Folder):
    shop.write("definitions/orders.yml", MINE)
    spec = {"definition": "../definitions/orders.yml", "release": "2.0.0"}
    shop.manifest("Integration", "orders", name="Orders", **spec)
    instance = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True}
    shop.manifest("Instance", "orders", **instance, release="2.0.0", config={"Channel": "#orders"})
    shop.manifest("Customer", "birch", name="Birch")
    saved = str(shop.root / "saved.json")
    assert shop("plan", "-o", saved)[0] == 0
    shop.behind("importIntegration", {"integrationId": shop.id_of("integrations"), "definition": THEIRS})
    code, out, _ = shop("apply", saved, "--format", "json")
    outcome = json.loads(out)
    found = ends(outcome)
    assert code == 5
    assert found.pop("Customer/birch#create") == "done"
    assert found.pop(f"{INTEGRATION}#import") == "stale"
    assert set(found.values()) == {"skipped"}
    assert any(one.startswith(INSTANCE) for one in found)
    assert refused(outcome) == [("unpublished-draft", INTEGRATION)]


def sets(project: Folder, number: int, refused: int, most: int) -> dict[str, Any]:
    """A set over customers, of whose first instances some lost their marks: those are refused."""
    customers(project, number, legacy=0)
    project.write("definitions/orders.yml", definition())
    rollout(project, "1.0.0", most=0)
    assert project("apply", "--yes")[0] == 0
    nodes = project.ask("{ instances(isSystem: false, first: 100) { nodes { id name } } }")["instances"][
        "nodes"
    ]
    for node in sorted(nodes, key=lambda one: one["name"])[:refused]:
        project.behind("updateInstance", {"id": node["id"], "labels": [], "preserveDeployState": True})
    project.write("definitions/orders.yml", definition(marker="two"))
    rollout(project, "2.0.0", most=most)
    return project.json("apply", "--yes", "--allow-updates")


def test_a_refusal_in_a_wave_lets_its_neighbours_go_and_later_waves_wait(project: Folder):
    outcome = sets(project, 8, refused=1, most=0)
    assert refused(outcome) == [("exists-unowned", "Instance/c000/orders")]
    assert versions(project) == {2: 1, 1: 7}  # the other one of the first wave, which are two
    waiting = {one["because"] for one in outcome["actions"] if one["status"] == "skipped"}
    assert waiting == {
        "the rollout of InstanceSet/orders, stopped in wave 1 of 3: 1 refused, at most 0 may fail"
    }
    _, out, _ = project("plan", "--allow-updates")
    assert "1 refused, so it stops after wave 1" in out


def test_as_many_refusals_as_may_fail_stop_no_wave(project: Folder):
    outcome = sets(project, 8, refused=1, most=1)
    assert versions(project) == {2: 7, 1: 1}
    assert set(ends(outcome).values()) == {"done"}


def test_a_failure_says_more_than_a_refusal_and_that_more_than_a_change(staked: Folder):
    assert staked("plan", "--detailed-exitcode")[0] == 5
    assert staked("sandbox", "fault", "graphql_errors", "--operation", "createCustomer")[0] == 0
    code, out, _ = staked("apply", "--yes", "--format", "json")
    assert (code, ends(json.loads(out))) == (1, {"Customer/birch#create": "failed"})
    assert refused(json.loads(out)) == [("unpublished-draft", INTEGRATION)]
    assert staked("sandbox", "fault", "--clear")[0] == 0
    assert staked("apply", "--yes", "--detailed-exitcode")[0] == 5


def test_drift_is_told_of_what_is_refused(staked: Folder):
    staked.behind("updateCustomer", {"id": staked.id_of("customers"), "description": "theirs"})
    code, out, _ = staked("drift", "--detailed-exitcode", "--format", "json")
    assert code == 2
    assert {one["address"] for one in json.loads(out)["drift"]} >= {CUSTOMER}


def test_the_journal_tells_what_was_refused_and_why(staked: Folder):
    assert staked("apply", "--yes")[0] == 5
    refusals = staked.json("plan")["refusals"]
    run = staked.json("history", "latest")
    assert run["refusals"] == refusals
    assert [(one["code"], one["address"]) for one in refusals] == [("unpublished-draft", INTEGRATION)]
    assert (run["status"], run["summary"]) == ("refused", {"done": 1})
    newest, before = staked.json("history")["runs"]
    assert (newest["refusals"], newest["status"]) == (refusals, "refused")
    assert (before["refusals"], before["status"]) == ([], "done")
    _, out, _ = staked("-e", "sandbox", "history", "latest")
    assert f"refused: {refusals[0]['message']}" in out
    assert INTEGRATION in out
    assert f"hint: {refusals[0]['hint']}" in out
    listed = staked("history")[1].splitlines()
    assert [line.split()[-1] for line in listed] == ["STATUS", "refused", "done"]


@pytest.mark.parametrize("options", [["--all-or-nothing"], ["--select", INTEGRATION]])
@pytest.mark.parametrize("name", ["text", "json"])
def test_an_apply_that_is_refused_altogether_is_in_the_history(staked: Folder, options: list[str], name: str):
    assert staked("apply", "--yes", "--format", name, *options)[0] == 5
    newest, _ = staked.json("history")["runs"]
    assert (newest["status"], newest["summary"]) == ("refused", {})
    assert refused(newest) == [("unpublished-draft", INTEGRATION)]


def test_a_saved_plan_tells_the_history_what_it_was_refused(staked: Folder):
    saved = str(staked.root / "saved.json")
    assert staked("plan", "-o", saved)[0] == 5
    assert staked("apply", saved)[0] == 5
    assert refused(staked.json("history", "latest")) == [("unpublished-draft", INTEGRATION)]


def test_a_refusal_stands_although_the_journal_cannot_tell_of_it(staked: Folder):
    journal = staked.root / ".reconciler" / "journal"
    for path in journal.iterdir():
        path.unlink()
    journal.rmdir()
    journal.write_text("in the way")
    code, out, err = staked("apply", "--yes", "--all-or-nothing")
    assert (code, out.count("unpublished changes")) == (5, 1)
    assert "not in the history" in err


def test_a_person_that_looks_at_a_plan_leaves_no_trace_in_the_history(staked: Folder):
    assert staked("plan")[0] == 5
    assert len(staked.json("history")["runs"]) == 1


def test_what_a_kind_stumbles_over_is_one_refusal(shop: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(IntegrationKind, "steps", lambda *_, **__: {}["surprise"])
    assert refused(shop.json("plan")) == [("unreadable", INTEGRATION)]


def test_an_apply_that_ended_in_the_middle_of_creating_goes_on(project: Folder):
    """Of what it created most is still to be deployed: no guard takes that for a change of what was there."""
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.0"
    )
    for number in range(11):
        name = f"c{number}"
        project.manifest("Customer", name, name=name, externalId=name)
        spec = {"integration": "orders", "release": "latest", "name": f"Orders of {name}", "enabled": True}
        project.manifest("Instance", f"o{number}", customer=name, **spec)
    sandbox = project.sandbox()
    sandbox.set_faults([Fault("graphql_errors", operation="deployInstance", times=11)])
    sandbox.close()
    assert project("apply", "--yes")[0] == 1
    sandbox = project.sandbox()
    sandbox.set_faults([])
    sandbox.close()
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0
