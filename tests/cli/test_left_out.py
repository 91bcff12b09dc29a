"""What is excluded is not written, whatever needs it; what is selected brings what it cannot do without."""

from __future__ import annotations

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
