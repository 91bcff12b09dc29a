"""What is excluded is not written, whatever needs it; what is selected brings what it cannot do without."""

from __future__ import annotations

import json

import pytest

from tests.cli.projects import DEFINITION, Folder

INTEGRATION, CUSTOMER, INSTANCE = "Integration/orders", "Customer/acme", "Instance/acme/orders"
WAITS = {
    "address": INSTANCE,
    "reason": f"needs the release that excluded {INTEGRATION} would publish",
}


@pytest.fixture
def moved_on(project: Folder) -> Folder:
    """All is applied; git has a new release, which the instance is to run, and a customer's new text."""
    project.shop(release="1.0.0")
    assert project("apply", "--yes")[0] == 0
    project.write("definitions/orders.yml", DEFINITION.replace("Posts orders", "Posts all orders"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    instance = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True}
    project.manifest("Instance", "orders", **instance, release="2.0.0", config={"Channel": "#all"})
    return project


def touched(project: Folder, *options: str) -> set[str]:
    return {action["address"] for action in project.json("plan", *options)["actions"]}


def test_what_needs_something_excluded_is_left_out_and_that_is_said(moved_on: Folder):
    plan = moved_on.json("plan", "--exclude", INTEGRATION)
    assert {a["address"] for a in plan["actions"]} == {CUSTOMER}
    assert (plan["leftOut"], plan["refusals"]) == ([WAITS], [])
    code, out, _ = moved_on("plan", "--exclude", INTEGRATION)
    assert (code, f"left out: {INSTANCE}, which {WAITS['reason']}" in out) == (0, True)


@pytest.mark.parametrize("name", ["markdown", "junit", "github"])
def test_every_format_says_what_is_left_out(moved_on: Folder, name: str):
    for verb in (["plan"], ["apply", "--yes"]):
        code, out, _ = moved_on(*verb, "--exclude", INTEGRATION, "--format", name)
        assert code == 0
        assert "needs the release that excluded" in out


def test_nothing_of_what_is_excluded_is_written(moved_on: Folder):
    before = moved_on.ask("{ integrations { nodes { description versionNumber } } }")
    found = moved_on.json("apply", "--yes", "--exclude", INTEGRATION)
    assert [(a["address"], a["status"]) for a in found["actions"]] == [(CUSTOMER, "done")]
    assert found["leftOut"] == [WAITS]
    assert moved_on.ask("{ integrations { nodes { description versionNumber } } }") == before
    assert touched(moved_on) == {INTEGRATION, INSTANCE}


def test_a_saved_plan_leaves_out_what_it_left_out(moved_on: Folder):
    assert moved_on("plan", "--exclude", INTEGRATION, "-o", str(moved_on.root / "saved.json"))[0] == 0
    found = moved_on.json("apply", str(moved_on.root / "saved.json"))
    assert {a["address"] for a in found["actions"]} == {CUSTOMER}


def test_what_is_live_counts_as_it_is(moved_on: Folder):
    instance = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True}
    moved_on.manifest("Instance", "orders", **instance, release="1.0.0", config={"Channel": "#all"})
    assert touched(moved_on, "--select", INSTANCE) == {INSTANCE}
    assert touched(moved_on, "--exclude", INTEGRATION, "--exclude", CUSTOMER) == {INSTANCE}
    found = moved_on.json("apply", "--yes", "--select", INSTANCE)
    assert {a["status"] for a in found["actions"]} == {"done"}
    assert touched(moved_on) == {INTEGRATION, CUSTOMER}


def test_only_what_is_needed_comes_along_and_without_deps_nothing(moved_on: Folder):
    assert touched(moved_on, "--select", INSTANCE) == {INTEGRATION, INSTANCE}
    plan = moved_on.json("plan", "--select", INSTANCE, "--no-deps")
    assert plan["actions"] == []
    assert [one["address"] for one in plan["leftOut"]] == [INSTANCE]
    assert "unselected" in plan["leftOut"][0]["reason"]


def test_a_wave_goes_on_without_its_left_out_members(project: Folder):
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.0"
    )
    for name in ("acme", "birch", "cedar"):
        project.manifest("Customer", name, name=name.title())
    template = {"integration": "orders", "release": "latest", "name": "Orders for ${customer.name}"}
    waves = {"waves": [{"percent": 30}, {"percent": 100}], "maxFailures": 0}
    project.manifest(
        "InstanceSet",
        "orders",
        customers={"names": ["acme", "birch", "cedar"]},
        strategy=waves,
        template=template,
    )
    first = project.json("plan")["rollouts"][0]["waves"][0]
    customer = first[0].split("/")[1]
    found = project.json("apply", "--yes", "--exclude", f"Customer/{customer}")
    assert [one["address"] for one in found["leftOut"]] == first
    assert found["summary"]["done"] == found["summary"]["actions"] > 0
    assert touched(project) == {f"Customer/{customer}", *first}


@pytest.fixture
def with_secrets(project: Folder) -> Folder:
    """All of it needs secrets: an instance's input, and a webhook that nothing needs."""
    project.shop(config={"Shop": {"inputs": {"apiKey": {"secret": {"env": "SHOP_KEY"}}}}})
    secret = {"secret": {"command": f"echo x >> {project.root}/count; echo hook"}}
    project.manifest("AlertWebhook", "ops", name="Ops", url=secret, payloadTemplate="{}")
    project.manifest("Customer", "birch", name="Birch")
    return project


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ([], ["SHOP_KEY"]),
        (["--select", "Customer/acme"], []),
        (["--select", "Integration/orders"], []),
        (["--exclude", INSTANCE, "--exclude", "AlertWebhook/*"], []),
        (["--select", "Instance/*"], ["SHOP_KEY"]),
        # A monitor of the instance, which is not there yet, needs it, and so its secrets.
        (["--select", "AlertMonitor/late"], ["SHOP_KEY"]),
        (["--select", "AlertMonitor/late", "--no-deps"], []),
    ],
)
@pytest.mark.parametrize("verb", [["plan"], ["drift"], ["apply", "--yes"]])
def test_only_the_secrets_of_what_a_run_is_about_are_read(
    with_secrets: Folder, verb: list[str], options: list[str], missing: list[str]
):
    with_secrets.manifest(
        "AlertMonitor", "late", name="Late", instance="acme/orders", triggers=["Execution Failed"]
    )
    code, _, err = with_secrets(*verb, *options, "--format", "json")
    assert code == (3 if missing else 0), err
    assert [name for name in ("SHOP_KEY",) if name in err] == missing
    assert (with_secrets.root / "count").exists() is (options == [])


def test_a_secret_that_both_selected_and_needed_resources_have_is_read_once(with_secrets: Folder):
    secret = {"secret": {"command": f"echo x >> {with_secrets.root}/count; echo key"}}
    with_secrets.shop(config={"Shop": {"inputs": {"apiKey": secret}}})
    with_secrets.manifest("AlertWebhook", "ops", name="Ops", url=secret, payloadTemplate="{}")
    with_secrets.manifest("AlertGroup", "calls", name="Calls", webhooks=["ops"], users=[])
    found = with_secrets.json("apply", "--yes", "--select", "AlertGroup/calls", "--select", INSTANCE)
    assert found["summary"]["done"] == found["summary"]["actions"] > 0
    assert (with_secrets.root / "count").read_text() == "x\n"
    assert "key" in str(with_secrets.ask("{ alertWebhooks { nodes { url } } }"))


LEFT = ["--exclude", INTEGRATION]
SLIP = ["--exclude", "Customer/acne"]


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ([], 0, []),
        (["--strict"], 0, []),
        (LEFT, 0, []),
        ([*LEFT, "--strict"], 5, [("left-out", INSTANCE)]),
        (SLIP, 0, []),
        ([*SLIP, "--strict"], 3, [("excludes-nothing", "")]),
        (["--select", "Customer/acne", "--strict"], 3, [("selects-nothing", "")]),
        ([*LEFT, *SLIP, "--strict"], 3, [("excludes-nothing", "")]),
    ],
)
@pytest.mark.parametrize("verb", [["plan"], ["apply", "--yes"]])
def test_strictly_what_is_left_out_or_doubtful_counts(
    moved_on: Folder, verb: list[str], options: list[str], code: int, told: list[tuple[str, str]]
):
    writes = moved_on.writes()
    found, out, err = moved_on(*verb, *options, "--format", "json", "-q")
    errors = json.loads(err)["errors"] if found else []
    assert (found, [(e["code"], e["address"]) for e in errors]) == (code, told)
    assert (moved_on.writes() > writes) is (verb != ["plan"] and code != 3)
    if code != 3:
        assert json.loads(out)["actions"]


def test_strictly_drift_must_see_everything(moved_on: Folder):
    assert moved_on("drift", "--select", "Customer/acne")[0] == 0
    assert moved_on("drift", "--select", "Customer/acne", "--strict")[0] == 3


def test_a_plan_that_is_not_strict_enough_is_not_saved(moved_on: Folder):
    path = moved_on.root / "saved.json"
    assert moved_on("plan", *SLIP, "--strict", "-o", str(path))[0] == 3
    assert not path.exists()
    assert moved_on("plan", *LEFT, "--strict", "-o", str(path))[0] == 5
    assert moved_on("apply", str(path), "--strict")[0] == 5
    assert touched(moved_on) == {INTEGRATION, INSTANCE}
