"""What a plan and a drift say where a longer list was not read: nothing that was selected names its kind."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.kinds import all_kinds
from reconciler.verbs import plan as verb
from tests.cli.projects import PROJECT, Folder

OF_THE_READING = ("createdAt", "live", "requests")
NOTE = (
    "of {} only what the selection takes was read: what nobody manages, or no manifest names, is not counted"
)


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop with a connection and two integrations; and what no manifest names, and what is a person's."""
    alone(project)
    project.shop()
    connection = {"component": "http", "connection": "apiKey", "stableKey": "crm", "scope": "customer"}
    project.manifest("Connection", "crm", name="CRM", managedBy="org", **connection)
    for name in ("returns", "gone"):
        spec = {"definition": "../definitions/orders.yml", "release": "1.0.0"}
        project.manifest("Integration", name, name=name.title(), **spec)
    project.manifest("Customer", "left", name="Left")
    assert project("apply", "--yes")[0] == 0
    for name in ("integration-gone", "customer-left"):
        (project.root / f"manifests/{name}.yaml").unlink()
    project.behind("createCustomer", {"name": "A person's"})
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    return project


def alone(project: Folder, more: str = "") -> None:
    """Has each operation go in a request of its own."""
    one = "environments: {sandbox: {batch: 1}}"
    project.write("reconciler.yaml", PROJECT.replace("]}", f"], {one}{more}}}"))


def long_list(kind: str) -> AbstractContextManager[Any]:
    """As if a kind's list did not fit into a page."""
    return patch.object(type(all_kinds()[kind]), "page_size", 1)


def both(project: Folder, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The documents of a verb that reads all, and of one that reads what it takes."""
    with patch.object(verb, "may_be_part", lambda *_: False):
        whole = project.json(*words)
    return whole, project.json(*words)


def asked(document: dict[str, Any]) -> int:
    return int(document["requests"]["read"])


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    summary = {name: one for name, one in document["summary"].items() if name not in names}
    told = {name: one for name, one in document.items() if name not in (*OF_THE_READING, *names)}
    return {**told, "summary": summary}


def strangers(document: dict[str, Any]) -> tuple[list[str], int]:
    """What no manifest names, and how many nobody manages."""
    return document["orphans"], document["summary"]["unmanaged"]


def test_of_a_catalogue_that_nothing_selected_names_nothing_is_missed(shop: Folder):
    whole, part = both(shop, "plan", "--select", "Customer/acme")
    assert [one["address"] for one in whole["actions"]] == ["Customer/acme"]
    assert strangers(whole) == (["Customer/left", "Integration/gone"], 1)
    assert without(part) == without(whole)
    assert asked(part) < asked(whole)


def test_a_guard_does_not_have_a_catalogue_read_of_which_nothing_can_be_owned(shop: Folder):
    alone(shop, ", policy: {guards: {update: 0%, minimum: 0}}")
    whole, part = both(shop, "plan", "--select", "Customer/acme")
    assert [one["code"] for one in whole["refusals"]] == ["guard-update"]
    assert without(part) == without(whole)
    assert asked(part) < asked(whole)
    shop.manifest("Component", "http", key="http")
    whole, part = both(shop, "plan", "--select", "Customer/acme")
    assert without(part) == without(whole)


def test_a_catalogue_that_is_named_is_read(shop: Folder):
    shop.manifest("Component", "http", key="http", version=1)
    whole, part = both(shop, "drift", "--select", "Component/http")
    assert without(part) == without(whole)
    assert part["missing"] == []


def test_of_integrations_that_nothing_selected_names_nobody_is_told(shop: Folder):
    with long_list("Integration"):
        whole, part = both(shop, "plan", "--select", "Customer/acme")
    differ = ("notes", "orphans", "unmanaged")
    assert without(part, *differ) == without(whole, *differ)
    assert strangers(part) == ([], 0)
    assert [one["message"] for one in part["notes"]] == [NOTE.format("Integration")]


def test_what_was_not_looked_at_is_not_gone_and_what_was_is(shop: Folder):
    shop.manifest("Customer", "absent", name="Absent")
    words = ("drift", "--select", "Customer/absent", "--select", "Customer/acme")
    with long_list("Integration"):
        whole, part = both(shop, *words)
    differ = ("notes", "orphans", "unmanaged")
    assert without(part, *differ) == without(whole, *differ)
    assert [one["address"] for one in part["missing"]] == ["Customer/absent"]


def test_what_became_of_an_instance_is_told_in_view_of_those_of_other_customers(shop: Folder):
    shop.manifest("Customer", "birch", name="Birch")
    for name, called in (("more", "Orders for Acme"), ("most", "Orders for Birch")):
        shop.manifest("Instance", name, customer="birch", integration="orders", name=called)
    assert shop("apply", "--yes", "--select", "Instance/birch/*")[0] == 0
    for name in ("more", "most"):
        (shop.root / f"manifests/instance-{name}.yaml").unlink()
    nodes = shop.ask("{ instances(isSystem: false) { nodes { id customer { name } } } }")["instances"][
        "nodes"
    ]
    (lost,) = (one["id"] for one in nodes if one["customer"]["name"] == "Acme")
    shop.behind("deleteInstance", {"id": lost})
    with long_list("Instance"):
        whole, part = both(shop, "drift", "--select", "Instance/acme/orders")
    assert [one["address"] for one in whole["missing"]] == ["Instance/acme/orders"]
    assert part["missing"] == whole["missing"]
