"""Instances bound to a customer's own values of a connection that integrations share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.projects import DEFINITION, Folder

VARIABLE = "  - {key: CRM, dataType: connection, useScopedConfigVar: crm}\n"


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A connection of customers' scope, two customers' values of it, and an instance that uses it."""
    project.write("definitions/orders.yml", DEFINITION + VARIABLE)
    connection = {"component": "http", "connection": "apiKey", "stableKey": "crm", "scope": "customer"}
    project.manifest("Connection", "crm", name="CRM", managedBy="org", **connection)
    project.manifest("Customer", "beta", name="Beta", externalId="beta-1")
    project.shop(config={"CRM": {"customerConnection": "acme-crm"}})
    for customer in ("acme", "beta"):
        values: dict[str, Any] = {"connection": "crm", "customer": customer, "inputs": {"apiKey": customer}}
        project.manifest("CustomerConnection", f"{customer}-crm", **values)
    return project


def bound(project: Folder) -> str | None:
    fields = "configVariables { nodes { requiredConfigVariable { key } customerConfigVariable { id } } }"
    query = f"{{ instances(isSystem: false) {{ nodes {{ {fields} }} }} }}"
    (instance,) = project.ask(query)["instances"]["nodes"]
    nodes = instance["configVariables"]["nodes"]
    (found,) = (one for one in nodes if one["requiredConfigVariable"]["key"] == "CRM")
    return (found["customerConfigVariable"] or {}).get("id")


def values_of(project: Folder, customer: str) -> str:
    nodes = project.ask("{ customerConfigVariables { nodes { id customer { name } } } }")
    (found,) = (n for n in nodes["customerConfigVariables"]["nodes"] if n["customer"]["name"] == customer)
    return str(found["id"])


def test_a_binding_is_made_named_and_healed(shop: Folder):
    code, out, err = shop("apply", "--yes")
    assert code == 0, out + err
    ours = values_of(shop, "Acme")
    assert bound(shop) == ours
    assert shop("plan", "--detailed-exitcode")[0] == 0
    row = {"key": "CRM", "customerConfigVariableId": values_of(shop, "Beta")}
    shop.behind("updateInstanceConfigVariables", {"id": shop.id_of("instances"), "configVariables": [row]})
    assert [one["path"] for one in shop.json("drift")["drift"]] == ["config.CRM.customerConnection"]
    assert shop("apply", "--yes")[0] == 0
    assert bound(shop) == ours
    assert shop("plan", "--detailed-exitcode")[0] == 0


def test_an_id_binds_as_well(shop: Folder):
    assert shop("apply", "--yes")[0] == 0
    shop.shop(config={"CRM": {"customerConnection": values_of(shop, "Acme")}})
    plan = shop.json("plan")
    assert [change for action in plan["actions"] for change in action["changes"]] == []
    assert shop("apply", "--yes")[0] == 0
    assert shop("plan", "--detailed-exitcode")[0] == 0
