"""Kinds that depend on one another: what comes first, what goes last, and what a release brings along."""

from __future__ import annotations

import pytest
import yaml

from tests.cli.projects import DEFINITION
from tests.kinds.world import World

KEY = "company-slack"
SHARED = yaml.safe_load(DEFINITION) | {"defaultInstanceProfile": "Large"}
SHARED["requiredConfigVars"] = [
    *(v for v in SHARED["requiredConfigVars"] if v["key"] != "Shop"),
    {"key": "Slack", "dataType": "connection", "useScopedConfigVar": KEY},
]
SHARED["configPages"] = []
PLAIN = DEFINITION
FIRST = ["Connection/connection#create", "InstanceProfile/instanceprofile#create"]


def _define(world: World, definition: object) -> None:
    text = definition if isinstance(definition, str) else yaml.safe_dump(definition, sort_keys=False)
    world.write("definitions/orders.yml", text)


def _deep(world: World, name: str) -> set[str]:
    """All actions that come before one, in the plan as it is now."""
    actions = {a["id"]: a["dependsOn"] for a in world.json("plan", "--prune")["actions"]}
    before: set[str] = set()
    waiting = [name]
    while waiting:
        more = set(actions[waiting.pop()]) - before
        before |= more
        waiting += more
    return before


def test_what_a_definition_names_is_made_before_it_is_imported(world: World) -> None:
    _define(world, SHARED)
    for kind in ("Integration", "Connection", "InstanceProfile", "Component"):
        world.declare(kind)
    assert set(FIRST) <= _deep(world, "Integration/integration#create")
    world.apply("--select", "Integration/integration")
    assert world.objects("Connection")
    assert world.objects("InstanceProfile")


def test_it_is_deleted_once_nothing_uses_it(world: World) -> None:
    _define(world, SHARED)
    for kind in ("Integration", "Connection", "InstanceProfile"):
        world.declare(kind)
    world.declare("Instance", config={"Channel": "#orders"})
    world.apply()
    _define(world, PLAIN)
    world.declare("Instance")
    world.declare("Integration", release="2.0.0")
    for kind in ("Connection", "InstanceProfile"):
        world.withdraw(kind)
    for name in ("Connection/connection#delete", "InstanceProfile/instanceprofile#delete"):
        before = _deep(world, name)
        assert {"Integration/integration#publish", "Instance/acme/instance#deploy"} <= before
    world.apply("--prune")
    assert world.objects("Connection") == world.objects("InstanceProfile") == []


@pytest.mark.parametrize("inherits", ["true", "false"])
def test_a_listing_moves_on_to_each_new_release(world: World, inherits: str) -> None:
    world.tenant(publish_copies_marketplace=inherits)
    world.declare("MarketplaceListing")
    world.apply()
    world.declare("Integration", release="2.0.0")
    assert "MarketplaceListing/marketplacelisting#update" in str(world.json("plan")["actions"])
    world.apply()
    versions = world.ask(
        "{ integrations(allVersions: true) { nodes { versionNumber overview marketplaceConfiguration } } }"
    )["integrations"]["nodes"]
    published = [(v["overview"], v["marketplaceConfiguration"]) for v in versions if v["versionNumber"]]
    assert published.count(("# Orders", "AVAILABLE_AND_DEPLOYABLE")) == 2


def test_a_listing_wipes_no_overview_that_it_does_not_mention(world: World) -> None:
    world.declare("MarketplaceListing")
    world.apply()
    world.manifest(
        "MarketplaceListing", "marketplacelisting", integration="integration", availability="hidden"
    )
    world.apply()
    assert len(world.objects("MarketplaceListing")) == 1


def test_a_listing_of_an_earlier_release(world: World) -> None:
    world.declare("Integration")
    world.apply()
    world.declare("Integration", release="2.0.0")
    world.apply()
    world.declare("MarketplaceListing", release="1.0.0")
    world.declare("Integration", release="2.0.0")
    world.apply()
    assert len(world.objects("MarketplaceListing")) == 1


def test_leases_are_nobodys_profiles(world: World) -> None:
    world.declare("InstanceProfile")
    world.mutate(
        "createInstanceProfile",
        {"name": "reconciler-lease:shop", "description": "reconciler:shop/instanceprofile/x"},
    )
    world.apply("--prune")
    assert "lease" in str(world.ask("{ instanceProfiles { nodes { name } } }"))
    plan = world.json("plan", "--prune")
    assert plan["actions"] == []
    assert plan["summary"]["unmanaged"] == 0, "nor is the platform's own"


def test_an_input_that_is_not_mentioned_stays(world: World) -> None:
    world.declare("Connection")
    world.apply()
    (found,) = world.objects("Connection")
    world.change(
        "Connection", found["id"], {"inputs": [{"name": "scopes", "type": "value", "value": "chat"}]}
    )
    world.apply()
    world.declare("Connection", inputs={"clientId": "77"})
    world.apply()
    for text in ("chat", "canary-first-51c2"):
        assert world.stored(text)


def test_an_address_of_email_is_the_same_in_any_case(world: World) -> None:
    world.declare("User")
    world.apply()
    world.declare("User", email="ada@EXAMPLE.com")
    world.manifest("AlertGroup", "alertgroup", name="On call", users=["ADA@example.com"])
    world.apply()
    assert len(world.objects("User")) == 1
