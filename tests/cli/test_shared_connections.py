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
    shop.behind("deployInstance", {"id": shop.id_of("instances")})
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


def deployed_at(project: Folder) -> str:
    (instance,) = project.ask("{ instances(isSystem: false) { nodes { lastDeployedAt } } }")["instances"][
        "nodes"
    ]
    return str(instance["lastDeployedAt"])


@pytest.mark.parametrize("exclude", ["Instance/acme/orders", "Instance/*"])
def test_new_inputs_do_not_deploy_an_excluded_instance(shop: Folder, exclude: str):
    assert shop("apply", "--yes")[0] == 0
    before = deployed_at(shop)
    for customer in ("acme", "beta"):
        values = {"connection": "crm", "customer": customer, "inputs": {"apiKey": f"new {customer}"}}
        shop.manifest("CustomerConnection", f"{customer}-crm", **values)
    found = shop.json("apply", "--yes", "--exclude", exclude)
    assert {a["address"] for a in found["actions"]} == {"CustomerConnection/beta-crm"}
    told = {"address": "CustomerConnection/acme-crm", "reason": LEFT}
    assert (found["leftOut"], deployed_at(shop)) == ([told], before)
    assert shop("apply", "--yes")[0] == 0
    assert deployed_at(shop) > before


def test_nor_what_a_person_saved_on_one_and_did_not_deploy(shop: Folder):
    assert shop("apply", "--yes")[0] == 0
    before = deployed_at(shop)
    row = {"key": "Shop", "values": '[{"name": "apiKey", "type": "value", "value": "theirs"}]'}
    shop.behind("updateInstanceConfigVariables", {"id": shop.id_of("instances"), "configVariables": [row]})
    for customer in ("acme", "beta"):
        values = {"connection": "crm", "customer": customer, "inputs": {"apiKey": f"new {customer}"}}
        shop.manifest("CustomerConnection", f"{customer}-crm", **values)
    found = shop.json("apply", "--yes")
    assert {a["address"] for a in found["actions"]} == {"CustomerConnection/beta-crm"}
    (refusal,) = found["refusals"]
    assert (refusal["code"], refusal["address"]) == ("undeployed-changes", "CustomerConnection/acme-crm")
    assert deployed_at(shop) == before
    assert shop("apply", "--yes", "--deploy-pending")[0] == 0
    assert deployed_at(shop) > before


@pytest.mark.parametrize("read", ["clear", "hidden"])
def test_inputs_that_git_does_not_mention_are_sent_along_or_refused(shop: Folder, read: str):
    basic = {"component": "http", "connection": "basic", "stableKey": "sap", "scope": "org", "name": "SAP"}
    shop.manifest("Connection", "sap", **basic, inputs={"username": "ann", "password": "p4ss"})
    assert shop("apply", "--yes")[0] == 0
    for rule in ("connection_inputs_omitted=default", f"secrets_read_back={read}"):
        assert shop("sandbox", "rule", rule)[0] == 0
    shop.manifest("Connection", "sap", **basic, inputs={"username": "bob"})
    code = shop("apply", "--yes")[0]
    assert shop("sandbox", "rule", "secrets_read_back=clear")[0] == 0
    fields = "nodes { stableKey inputs { nodes { name value } } }"
    nodes = shop.ask(f"{{ scopedConfigVariables {{ {fields} }} }}")["scopedConfigVariables"]["nodes"]
    (inputs,) = (one["inputs"]["nodes"] for one in nodes if one["stableKey"] == "sap")
    found = {one["name"]: one["value"] for one in inputs}
    assert (code, found["username"]) == ((0, "bob") if read == "clear" else (5, "ann"))
    assert found["password"] == "p4ss"


LEFT = "may have the platform deploy excluded Instance/acme/orders again"


def test_nor_do_those_of_a_connection_of_the_organization(project: Folder):
    project.write("definitions/orders.yml", DEFINITION + VARIABLE)
    crm = {"component": "http", "connection": "apiKey", "stableKey": "crm", "scope": "org", "name": "CRM"}
    project.manifest("Connection", "crm", **crm, inputs={"apiKey": "first"})
    project.shop()
    assert project("apply", "--yes")[0] == 0
    before = deployed_at(project)
    project.manifest("Connection", "crm", **crm, inputs={"apiKey": "second"})
    plan = project.json("plan", "--exclude", "Instance/*")
    assert (plan["actions"], plan["leftOut"]) == ([], [{"address": "Connection/crm", "reason": LEFT}])
    assert [a["address"] for a in project.json("plan", "--exclude", "Integration/*")["actions"]] == [
        "Connection/crm"
    ]
    assert project("apply", "--yes", "--exclude", "Instance/*")[0] == 0
    assert deployed_at(project) == before
