"""What a person saved and did not deploy is theirs: it is told, never deployed along, and never lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import threading
import time
from typing import Any

import pytest

from reconciler.sandbox.rules import RULES
from tests.cli.projects import DEFINITION, PROJECT, Folder

ORDERS = "Instance/acme/orders"
REGION = "  - {key: Region, dataType: string, defaultValue: eu, orgOnly: false}\n"
WITH_REGION = DEFINITION.replace("  - key: Shop\n", f"{REGION}  - key: Shop\n").replace(
    "      - {type: configVar, value: Shop}",
    "      - {type: configVar, value: Region}\n      - {type: configVar, value: Shop}",
)
KEYS = '[{"name": "apiKey", "type": "value", "value": "theirs"}]'


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop as it was applied; git speaks of one of three variables."""
    project.write("definitions/orders.yml", WITH_REGION)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def save(project: Folder, **values: str) -> None:
    """A person saves values, and deploys nothing."""
    rows = [{"key": key, ("values" if key == "Shop" else "value"): value} for key, value in values.items()]
    project.behind(
        "updateInstanceConfigVariables", {"id": project.id_of("instances"), "configVariables": rows}
    )


def release(project: Folder, name: str, text: str = WITH_REGION) -> None:
    """Git asks for another release."""
    project.write(
        "definitions/orders.yml", text.replace("https://example.com/orders", f"https://example.com/{name}")
    )
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": name}
    project.manifest("Integration", "orders", **spec)


def rules(project: Folder, *rules: str) -> None:
    for rule in rules:
        assert project("sandbox", "rule", rule)[0] == 0


def instance(project: Folder) -> dict[str, Any]:
    """The instance as it is, its config as a map."""
    (found,) = project.ask(
        "{ instances(isSystem: false) { nodes { id name description enabled needsDeploy deployedVersion"
        " lastDeployedAt labels integration { versionNumber } configVariables { nodes { value"
        " requiredConfigVariable { key } inputs { nodes { name value hasValue } } } }"
        " flowConfigs { nodes { apiKeys testPayload } } } } }"
    )["instances"]["nodes"]
    rows = found["configVariables"]["nodes"]
    found["config"] = {
        row["requiredConfigVariable"]["key"]: row["value"]
        if row["value"] is not None
        else {one["name"]: one["value"] for one in row["inputs"]["nodes"]}
        for row in rows
    }
    return dict(found)


def steps(plan: dict[str, Any]) -> list[str]:
    return [one["id"].partition("#")[2] for one in plan["actions"] if one["address"] == ORDERS]


def codes(document: dict[str, Any], part: str) -> list[str]:
    return [one["code"] for one in document[part]]


def kept(project: Folder) -> tuple[Any, ...]:
    """What nobody but the person may change, or bring into force."""
    now = instance(project)
    return now["config"]["Region"], now["config"]["Shop"], now["lastDeployedAt"], now["needsDeploy"]


# It is no difference


def test_saved_values_are_one_note_and_nothing_to_do(shop: Folder):
    save(shop, Region="us")
    before = kept(shop)
    plan = shop.json("plan")
    assert (plan["actions"], plan["refusals"], codes(plan, "notes")) == ([], [], ["waits-for-deploy"])
    code, out, err = shop("plan", "--detailed-exitcode")
    assert (code, out.count("waits for a person's deploy: has changes that are not deployed")) == (0, 1), err
    writes = shop.writes()
    assert shop("apply", "--yes")[0] == 0
    assert (shop.writes(), kept(shop)) == (writes, before)
    assert codes(shop.json("drift"), "notes") == ["waits-for-deploy"]


@pytest.mark.parametrize("all_of_them", [False, True])
@pytest.mark.parametrize("read", ["clear", "hidden"])
def test_who_is_taken_over_owes_no_deploy(
    shop: Folder, monkeypatch: pytest.MonkeyPatch, read: str, all_of_them: bool
):
    monkeypatch.setenv("SHOP_KEY", "theirs")
    shop.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "SHOP_KEY"}}}}})
    rules(shop, f"secrets_read_back={read}")
    assert shop("apply", "--yes")[0] == 0
    assert shop("forget", "--all", "--yes")[0] == 0
    named = ["--all"] if all_of_them else [ORDERS, shop.id_of("instances")]
    assert shop("adopt", *named, "--yes")[0] == 0
    save(shop, Region="us")
    before = kept(shop)
    assert steps(shop.json("plan")) == []
    assert shop("apply", "--yes")[0] == 0
    assert kept(shop) == before


def test_what_needs_no_deploy_is_done_beside_it(shop: Folder):
    save(shop, Region="us")
    before = kept(shop)
    shop.shop(description="New")
    assert shop("apply", "--yes")[0] == 0
    assert (instance(shop)["description"], kept(shop)) == ("New", before)
    shop.shop(description="New", enabled=False)
    assert shop("apply", "--yes")[0] == 0
    assert (instance(shop)["enabled"], kept(shop)) == (False, before)


def test_a_version_that_a_person_assigned_is_one_note(shop: Folder):
    release(shop, "1.1.0")
    shop.manifest(
        "Instance", "orders", customer="acme", integration="orders", name="Orders for Acme", release="1.0.0"
    )
    assert shop("apply", "--yes")[0] == 0
    newest = shop.ask(
        "{ integrations { nodes { versionSequence(sortBy: [{field: VERSION_NUMBER, direction: DESC}],"
        " versionIsAvailable: true) { nodes { id } } } } }"
    )["integrations"]["nodes"][0]["versionSequence"]["nodes"][0]["id"]
    shop.behind("updateInstance", {"id": shop.id_of("instances"), "integration": newest})
    shop.manifest(
        "Instance", "orders", customer="acme", integration="orders", name="Orders for Acme", release="1.1.0"
    )
    plan = shop.json("plan")
    assert (plan["actions"], plan["refusals"], codes(plan, "notes")) == ([], [], ["waits-for-deploy"])
    shop.manifest(
        "Instance", "orders", customer="acme", integration="orders", name="Orders for Acme", release="1.0.0"
    )
    assert codes(shop.json("plan"), "refusals") == ["undeployed-changes"]


def test_what_was_never_deployed_and_is_taken_over_waits_for_its_person(project: Folder):
    """It is named and marked, and put into force by nobody: not by being enabled either."""
    project.write("definitions/orders.yml", WITH_REGION)
    project.shop()
    assert project("apply", "--yes", "--exclude", ORDERS)[0] == 0
    version = project.ask(
        "{ integrations { nodes { versionSequence(versionIsAvailable: true) { nodes { id } } } } }"
    )["integrations"]["nodes"][0]["versionSequence"]["nodes"][0]["id"]
    values = {"customer": project.id_of("customers"), "integration": version, "name": "Orders for Acme"}
    found = project.behind(
        "createInstance", {**values, "configVariables": [{"key": "Channel", "value": "#orders"}]}
    )
    code, _, err = project("adopt", ORDERS, found["id"], "--yes")
    assert code == 0, err
    plan = project.json("plan")
    assert (codes(plan, "refusals"), plan["actions"]) == (["undeployed-changes"], [])
    project.manifest(
        "Instance",
        "orders",
        customer="acme",
        integration="orders",
        name="Orders for Acme",
        config={"Channel": "#orders"},
    )
    plan = project.json("plan")
    assert (plan["refusals"], steps(plan), codes(plan, "notes")) == ([], [], ["waits-for-deploy"])
    project.shop()
    assert project("apply", "--yes", "--deploy-pending")[0] == 0
    assert (instance(project)["enabled"], instance(project)["needsDeploy"]) == (True, False)


# What needs a deploy is refused


@pytest.mark.parametrize("what", ["config", "flows", "release"])
def test_what_needs_a_deploy_is_refused_for_that_instance_alone(shop: Folder, what: str):
    save(shop, Region="us", Shop=KEYS)
    before = kept(shop)
    if what == "config":
        shop.shop(config={"Channel": "#new"})
    elif what == "flows":
        shop.shop(flows={"Receive order": {"testPayload": '{"id": 1}'}})
    else:
        release(shop, "1.1.0")
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    code, out, err = shop("plan")
    assert (code, out.count("waits for a person's deploy"), "--deploy-pending" in out) == (5, 1, True), err
    assert ("may drop" in out) is (what == "release")
    plan = shop.json("plan")
    assert [(one["code"], one["address"]) for one in plan["refusals"]] == [("undeployed-changes", ORDERS)]
    assert steps(plan) == []
    assert shop("apply", "--yes")[0] == 5
    assert kept(shop) == before
    customer = shop.ask("{ customers(isSystem: false) { nodes { description } } }")["customers"]["nodes"]
    assert customer == [{"description": "Second"}]
    assert codes(shop.json("drift"), "notes") == ["waits-for-deploy"]


def test_what_a_person_saves_after_the_plan_is_not_deployed_along(shop: Folder):
    """The instance is stale: what was planned stood on one that needed no deploy."""
    shop.shop(config={"Channel": "#new"})
    saved = str(shop.root / "plan.json")
    assert shop("plan", "-o", saved)[0] == 0
    save(shop, Region="us")
    before = kept(shop)
    assert shop("apply", saved, "--yes")[0] == 5
    assert kept(shop) == before


@pytest.mark.parametrize("drops", ["true", "false"])
@pytest.mark.parametrize("inputs", ["kept", "default"])
@pytest.mark.parametrize("way", ["apply", "saved"])
def test_lifted_the_saved_values_go_along_and_are_deployed(shop: Folder, drops: str, inputs: str, way: str):
    rules(
        shop,
        f"version_change_drops_pending_config={drops}",
        f"connection_inputs_omitted={inputs}",
    )
    save(shop, Region="us", Shop=KEYS)
    release(shop, "1.1.0")
    shop.shop(config={"Channel": "#new"})
    release(shop, "1.1.0")
    saved = str(shop.root / "plan.json")
    if way == "saved":
        assert shop("plan", "--deploy-pending", "-o", saved)[0] == 0
        code, _, err = shop("apply", saved, "--yes")
    else:
        code, _, err = shop("apply", "--yes", "--deploy-pending")
    assert code == 0, err
    now = instance(shop)
    assert now["config"] == {"Channel": "#new", "Region": "us", "Shop": {"apiKey": "theirs"}}
    assert (now["needsDeploy"], now["deployedVersion"]) == (False, now["integration"]["versionNumber"])
    assert shop.json("plan")["actions"] == []


def test_lifting_deploys_nothing_that_needs_none(shop: Folder):
    save(shop, Region="us")
    before = kept(shop)
    assert shop.json("plan", "--deploy-pending")["actions"] == []
    assert shop("apply", "--yes", "--deploy-pending")[0] == 0
    assert kept(shop) == before


# What our own runs leave is ours


def cut_off(project: Folder, at: str) -> None:
    """An apply of which the tenant refuses one kind of calls, so that it ends there."""
    project("sandbox", "fault", "graphql_errors", "--operation", at)
    code = project("apply", "--yes")[0]
    assert code != 0
    project("sandbox", "fault", "--clear")


def test_a_deploy_that_left_no_trace_makes_nothing_of_a_person_ours(shop: Folder):
    """Under this rule a deploy that was not needed cannot be told from none."""
    rules(shop, "deploy_touches=only_needed", "secrets_read_back=hidden")
    secret = shop.write("key", "same")
    config = {"Channel": "#orders", "Shop": {"inputs": {"apiKey": {"secret": {"file": str(secret)}}}}}
    shop.shop(config=config)
    assert shop("apply", "--yes")[0] == 0
    assert shop("apply", "--yes", "--send-secrets")[0] == 0
    save(shop, Region="us")
    before = kept(shop)
    assert codes(shop.json("plan"), "notes") == ["waits-for-deploy"]
    assert shop("apply", "--yes")[0] == 0
    assert kept(shop) == before


@pytest.mark.parametrize("what", ["config", "release", "new"])
@pytest.mark.parametrize("applied", ["label", "none"])
def test_a_run_that_ended_before_its_deploy_is_finished_by_the_next(project: Folder, what: str, applied: str):
    environments = f"environments: {{sandbox: {{applied: {applied}}}}}"
    project.write("reconciler.yaml", PROJECT.replace("[manifests/]}", f"[manifests/], {environments}}}"))
    project.write("definitions/orders.yml", WITH_REGION)
    project.shop()
    if what != "new":
        assert project("apply", "--yes")[0] == 0
        project.shop(config={"Channel": "#new"})
        if what == "release":
            release(project, "1.1.0")
    cut_off(project, "deployInstance")
    assert instance(project)["needsDeploy"]
    plan = project.json("plan")
    assert (plan["refusals"], codes(plan, "notes")) == ([], [])
    assert "deploy" in steps(plan)
    assert project("apply", "--yes")[0] == 0
    now = instance(project)
    assert (now["needsDeploy"], now["enabled"], project.json("plan")["actions"]) == (False, True, [])


@pytest.mark.parametrize("ours", [True, False])
def test_without_a_record_only_the_journal_tells(project: Folder, ours: bool):
    """And where it is lost too, what is not deployed counts as a person's."""
    environments = "environments: {sandbox: {applied: none}}"
    project.write("reconciler.yaml", PROJECT.replace("[manifests/]}", f"[manifests/], {environments}}}"))
    project.shop()
    cut_off(project, "deployInstance")
    if not ours:
        shutil.rmtree(project.root / ".reconciler" / "journal")
    plan = project.json("plan")
    assert steps(plan) == (["deploy", "enable"] if ours else [])
    assert codes(plan, "refusals") == ([] if ours else ["undeployed-changes"])


def interrupted(project: Folder, at: str) -> None:
    """An apply that is told to stop while the tenant takes no call of a kind for a while."""
    project("sandbox", "fault", "throttle", "--operation", at, "--seconds", "60")

    def interrupt() -> None:
        journals = project.root / ".reconciler" / "journal"
        said = f'"event": "send", "action": "{ORDERS}#configure", "operation": "{at}"'
        while not any(said in path.read_text() for path in journals.glob("*.jsonl")):
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    person = threading.Thread(target=interrupt)
    person.start()
    began = time.monotonic()
    code = project("apply", "--yes")[0]
    person.join()
    assert (code, time.monotonic() - began < 30) == (130, True)
    project("sandbox", "fault", "--clear")


def test_a_call_that_was_withdrawn_is_no_debt(project: Folder):
    """What a person saves after it is theirs, though only the journal could tell."""
    environments = "environments: {sandbox: {applied: none}}"
    project.write("reconciler.yaml", PROJECT.replace("[manifests/]}", f"[manifests/], {environments}}}"))
    project.write("definitions/orders.yml", WITH_REGION)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    before = kept(project)
    project.shop(config={"Channel": "#new"})
    interrupted(project, "updateInstanceConfigVariables")
    assert kept(project) == before
    project.shop()
    save(project, Region="us")
    plan = project.json("plan")
    assert (steps(plan), codes(plan, "notes")) == ([], ["waits-for-deploy"])


def test_a_debt_that_somebody_paid_says_nothing_of_what_follows(shop: Folder):
    shop.shop(config={"Channel": "#new"})
    cut_off(shop, "deployInstance")
    shop.behind("deployInstance", {"id": shop.id_of("instances")})
    save(shop, Region="us")
    plan = shop.json("plan")
    assert (steps(plan), codes(plan, "notes")) == ([], ["waits-for-deploy"])


@pytest.mark.parametrize("then", ["disable", "test"])
def test_what_a_run_does_after_its_deploy_leaves_nothing_to_deploy(project: Folder, then: str):
    """So that what a person saves afterwards is no debt of that run."""
    project.write("definitions/orders.yml", WITH_REGION)
    tests = [{"flow": "Receive order", "payload": {"id": 1}}]
    after: dict[str, Any] = {"enabled": False} if then == "disable" else {"tests": tests}
    project.shop(**after)
    assert project("apply", "--yes")[0] == 0
    save(project, Region="us")
    before = kept(project)
    project.shop(**after, config={"Channel": "#new"})
    plan = project.json("plan")
    assert (steps(plan), codes(plan, "refusals")) == ([], ["undeployed-changes"])
    assert project("apply", "--yes")[0] == 5
    assert kept(project) == before


def test_values_that_our_own_run_saved_outlive_another_release(shop: Folder):
    """A run ends before its deploy, and git moves on; under the rule the change of version drops them."""
    shop.shop(config={"Channel": "#new", "Region": "us"})
    cut_off(shop, "deployInstance")
    shop.shop(config={"Channel": "#new"})
    release(shop, "1.1.0")
    assert shop("apply", "--yes")[0] == 0
    assert instance(shop)["config"] == {"Channel": "#new", "Region": "us", "Shop": {"apiKey": "demo"}}


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_to_the_change_of_version_loses_nothing(shop: Folder, after: bool):
    save(shop, Region="us")
    release(shop, "1.1.0")
    kind = "reset_after" if after else "reset_before"
    shop("sandbox", "fault", kind, "--operation", "updateInstance", "--times", "1")
    assert shop("apply", "--yes", "--deploy-pending")[0] == 0
    assert instance(shop)["config"]["Region"] == "us"


# What is deployed, and git does not mention

BASIC = WITH_REGION.replace("connection: {key: apiKey,", "connection: {key: basic,").replace(
    "      apiKey: {type: value, value: demo}",
    "      username: {type: value, value: nobody}\n      password: {type: value, value: nothing}",
)
USER = json.dumps(
    [{"name": n, "type": "value", "value": v} for n, v in (("username", "ann"), ("password", "p4ss"))]
)


@pytest.fixture
def basic(project: Folder) -> Folder:
    """A shop with a connection of two inputs, both given by a person and deployed; git speaks of neither."""
    project.write("definitions/orders.yml", BASIC)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    save(project, Region="us", Shop=USER)
    project.behind("deployInstance", {"id": project.id_of("instances")})
    return project


@pytest.mark.parametrize("inputs", ["kept", "default"])
def test_inputs_that_git_does_not_mention_are_carried_over(basic: Folder, inputs: str):
    rules(basic, f"connection_inputs_omitted={inputs}")
    basic.shop(config={"Shop": {"inputs": {"username": "bob"}}})
    release(basic, "1.1.0", BASIC)
    assert basic("apply", "--yes")[0] == 0
    config = instance(basic)["config"]
    assert (config["Shop"], config["Region"]) == ({"username": "bob", "password": "p4ss"}, "us")


def test_an_input_that_cannot_be_read_and_might_be_reset_is_a_refusal(basic: Folder):
    rules(basic, "connection_inputs_omitted=default", "secrets_read_back=hidden")
    basic.shop(config={"Shop": {"inputs": {"username": "bob"}}})
    code, out, err = basic("plan")
    assert (code, '"password" of "Shop"' in out, "config.Shop.inputs.password" in out) == (5, True, True), err
    assert codes(basic.json("plan"), "refusals") == ["write-only-input"]
    secret = basic.write("key", "p4ss")
    inputs = {"username": "bob", "password": {"secret": {"file": str(secret)}}}
    basic.shop(config={"Shop": {"inputs": inputs}})
    assert basic("apply", "--yes")[0] == 0
    rules(basic, "secrets_read_back=clear")
    assert instance(basic)["config"]["Shop"] == {"username": "bob", "password": "p4ss"}


def test_an_input_that_cannot_be_read_is_not_moved_along_with_what_a_person_saved(basic: Folder):
    rules(basic, "secrets_read_back=hidden")
    save(basic, Region="asia")
    basic.shop(config={})
    release(basic, "1.1.0", BASIC)
    assert codes(basic.json("plan", "--deploy-pending"), "refusals") == ["write-only-input"]


LISTING = {
    "marketplaceConfiguration": "AVAILABLE_AND_DEPLOYABLE",
    "overview": "Posts orders.",
    "allowMultipleMarketplaceInstances": True,
}


def listings(project: Folder) -> list[dict[str, Any]]:
    """How each version is offered, the newest first; the draft is none."""
    fields = (
        "id marketplaceConfiguration overview allowMultipleMarketplaceInstances marketplaceTabConfiguration"
    )
    (found,) = project.ask(
        "{ integrations { nodes { id versionSequence(sortBy: [{field: VERSION_NUMBER, direction: DESC}])"
        f" {{ nodes {{ {fields} }} }} }} }} }}"
    )["integrations"]["nodes"]
    return [dict(row) for row in found["versionSequence"]["nodes"] if row["id"] != found["id"]]


@pytest.mark.parametrize("copies", ["false", "true"])
@pytest.mark.parametrize("keys", ["true", "false"])
def test_a_release_goes_on_being_offered_as_the_one_before(shop: Folder, copies: str, keys: str):
    rules(shop, f"publish_copies_marketplace={copies}", f"attributes_keep_own_keys={keys}")
    newest = listings(shop)[0]["id"]
    tabs = '["overview", "details"]'
    shop.behind(
        "updateIntegrationMarketplaceConfiguration",
        {"id": newest, **LISTING, "marketplaceTabConfiguration": tabs},
    )
    release(shop, "1.1.0")
    assert shop("apply", "--yes")[0] == 0
    after, before = listings(shop)
    assert (before.pop("id"), after.pop("id") != newest, after) == (newest, True, before)
    assert shop.json("plan")["actions"] == []


def test_what_is_not_offered_is_not_written(shop: Folder):
    release(shop, "1.1.0")
    assert [one["id"] for one in shop.json("plan")["actions"] if "listing" in one["id"]] == []


# Under every rule

LEFT_OUT = {"rate_limit", "published_available", "query_cost"}
"""What would make the test wait, or keep it from reading."""


def unmentioned(project: Folder) -> tuple[Any, ...]:
    """What git never speaks of here, past what the rules hide."""
    with project.sandbox() as sandbox:
        before = sandbox.rules["secrets_read_back"]
        sandbox.set_rule("secrets_read_back", "clear")
    now = instance(project)
    with project.sandbox() as sandbox:
        sandbox.set_rule("secrets_read_back", before)
    (flow,) = now["flowConfigs"]["nodes"]
    return now["config"]["Region"], now["config"]["Shop"], flow["apiKeys"], flow["testPayload"]


@pytest.mark.parametrize("seed", range(8))
def test_what_a_person_saved_or_deployed_is_the_same_after_any_apply(project: Folder, seed: int):
    rng = random.Random(f"desk {seed}")
    drawn = {rule.name: rng.choice(rule.values) for rule in RULES.values() if rule.name not in LEFT_OUT}
    project.write("definitions/orders.yml", WITH_REGION)
    project.shop()
    assert project("apply", "--yes")[0] == 0
    rules(project, *(f"{name}={value}" for name, value in drawn.items()))
    save(project, Region="us", Shop=KEYS)
    query = "{ instances(isSystem: false) { nodes { flowConfigs { nodes { flow { id } } } } } }"
    (flow,) = project.ask(query)["instances"]["nodes"][0]["flowConfigs"]["nodes"]
    mine = {"flowId": flow["flow"]["id"], "apiKeys": ["theirs"], "testPayload": '{"by": "them"}'}
    project.behind("updateInstance", {"id": project.id_of("instances"), "flowConfigs": [mine]})
    deployed = rng.random() < 0.5
    if deployed:
        project.behind("deployInstance", {"id": project.id_of("instances"), "force": True})
    before, state = unmentioned(project), kept(project)[2:]
    lifted = ["--deploy-pending"] if rng.random() < 0.5 else []
    project.shop(config={"Channel": "#new"}, description="New")
    release(project, "1.1.0")
    project("apply", "--yes", *lifted)
    assert unmentioned(project) == before, (drawn, lifted, deployed)
    if not deployed and not lifted:
        assert kept(project)[2:] == state
