"""Connections that integrations share: of the organization, and of each customer."""

from __future__ import annotations

from typing import Any

import pytest
from test_core_world import definition
from things import Things

SHARED = "  - {key: Shared, useScopedConfigVar: acme-key}\n"
KEY = {"name": "apiKey", "value": "k1"}
FIELDS = """id key stableKey variableScope managedBy status isInUse hasDeployedInstances allowRemove
    connection { key component { key } } inputs { nodes { name value hasValue } }"""


def connection(w: Things, key: str = "personalAccessToken", component: str = "airtable") -> str:
    found = w.nodes(f'components(key: "{component}", public: true)', "connections { nodes { id key } }")
    return next(one["id"] for one in found[0]["connections"]["nodes"] if one["key"] == key)


def scoped(w: Things, scope: str = "org", **given: Any) -> dict[str, Any]:
    given = {"key": "Acme", "stableKey": "acme-key", "connection": connection(w), "inputs": [KEY], **given}
    found: dict[str, Any] = w.make(
        "createScopedConfigVariable", "scopedConfigVariable", FIELDS, variableScope=scope, **given
    )
    return found


@pytest.mark.parametrize(("rule", "value"), [("clear", "k1"), ("hidden", "")])
def test_one_of_the_organization(rule: str, value: str) -> None:
    w = Things(secrets_read_back=rule)
    made = scoped(w)
    assert (made["variableScope"], made["managedBy"], made["status"]) == ("ORG", "ORG", "ACTIVE")
    assert made["connection"] == {"key": "personalAccessToken", "component": {"key": "airtable"}}
    assert made["inputs"]["nodes"] == [{"name": "apiKey", "value": value, "hasValue": True}]
    assert (made["isInUse"], made["allowRemove"]) == (False, True)
    changed = w.make("updateScopedConfigVariable", "scopedConfigVariable", "key", id=made["id"], key="New")
    assert changed == {"key": "New"}
    w.make("deleteScopedConfigVariable", "scopedConfigVariable", id=made["id"])
    assert w.nodes("scopedConfigVariables", "key") == []


def test_it_cannot_go_while_instances_use_it() -> None:
    w = Things()
    made = scoped(w)
    version = w.version(definition(variables=SHARED))
    fields = "requiredConfigVariables { nodes { scopedConfigVariable { key } } }"
    assert w.get("integration", version, fields)["requiredConfigVariables"]["nodes"] == [
        {"scopedConfigVariable": {"key": "Acme"}}
    ]
    instance = w.instance(version)
    used = w.get(
        "scopedConfigVariable", made["id"], "isInUse hasDeployedInstances instances { nodes { id } }"
    )
    assert used == {
        "isInUse": True,
        "hasDeployedInstances": False,
        "instances": {"nodes": [{"id": instance}]},
    }
    assert w.no("deleteScopedConfigVariable", "scopedConfigVariable", id=made["id"]) == "__all__"
    w.call("deployInstance", id=instance)
    before = w.get("instance", instance, "lastDeployedAt")["lastDeployedAt"]
    w.make("updateScopedConfigVariable", "scopedConfigVariable", id=made["id"], inputs=[KEY], redeploy=True)
    assert w.get("instance", instance, "lastDeployedAt")["lastDeployedAt"] > before
    w.call("deleteInstance", id=instance)
    w.make("deleteScopedConfigVariable", "scopedConfigVariable", id=made["id"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": " "}, "key"),
        ({"stableKey": ""}, "stableKey"),
        ({"stableKey": "taken"}, "stableKey"),
        ({"connection": None}, "connection"),
        ({"variableScope": "world"}, "variableScope"),
        ({"managedBy": "nobody"}, "managedBy"),
        ({"inputs": [{"name": "nothing"}]}, "inputs"),
    ],
)
def test_what_is_refused(given: dict[str, Any], field: str) -> None:
    w = Things()
    scoped(w, stableKey="taken")
    base = {"key": "B", "stableKey": "b", "connection": connection(w), "variableScope": "org"}
    assert w.no("createScopedConfigVariable", "scopedConfigVariable", **{**base, **given}) == field


def test_an_oauth_connection_waits_for_somebody() -> None:
    w = Things()
    made = scoped(w, connection=connection(w, "oauth2", "slack"), inputs=[])
    assert made["status"] == "PENDING"
    given = {"id": made["id"], "accessToken": "t", "status": "active"}
    fields = "status meta authorizeUrl"
    done = w.make("updateScopedOAuth2Connection", "scopedConfigVariable", fields, **given)
    assert (done["status"], "t" in done["meta"]) == ("ACTIVE", True)
    gone = w.make("disconnectScopedConnection", "scopedConfigVariable", fields, id=made["id"])
    assert (gone["status"], gone["meta"], gone["authorizeUrl"] is not None) == ("PENDING", None, True)


def test_each_customer_has_a_value_of_its_own() -> None:
    w = Things()
    variable = scoped(w, "customer", managedBy="org")
    customer = w.customer()
    given = {"scopedConfigVariable": variable["id"], "customer": customer, "inputs": [KEY]}
    made = w.make("createCustomerConfigVariable", "customerConfigVariable", "id status isTest", **given)
    assert (made["status"], made["isTest"]) == ("ACTIVE", False)
    assert w.no("createCustomerConfigVariable", "customerConfigVariable", **given) == "customer"
    without = {"scopedConfigVariable": variable["id"]}
    assert w.no("createCustomerConfigVariable", "customerConfigVariable", **without) == "customer"
    w.make("createCustomerConfigVariable", "customerConfigVariable", **without, isTest=True)
    instance = w.instance(w.version(definition(variables=SHARED)), customer=customer)
    bound = [{"key": "Shared", "customerConfigVariableId": made["id"]}]
    w.call("updateInstanceConfigVariables", id=instance, configVariables=bound)
    fields = (
        "configVariables { nodes { customerConfigVariable { id } } } customerConfigVariables { totalCount }"
    )
    read = w.get("instance", instance, fields)
    assert read["configVariables"]["nodes"] == [{"customerConfigVariable": {"id": made["id"]}}]
    assert read["customerConfigVariables"]["totalCount"] == 1
    assert w.no("deleteCustomerConfigVariable", "customerConfigVariable", id=made["id"]) == "__all__"
    w.call("deleteInstance", id=instance)
    w.make("deleteCustomerConfigVariable", "customerConfigVariable", id=made["id"])
    assert w.nodes("customerConfigVariables", "isTest") == [{"isTest": True}]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", ["One", "Two"]),
        ('variableScope: "customer"', ["Two"]),
        ('managedBy: "org"', ["One"]),
        ('stableKey: "one"', ["One"]),
        ('stableKey_In: ["one", "two"]', ["One", "Two"]),
        ('key_Icontains: "tw"', ["Two"]),
        ('status: "active"', ["One"]),
        ('connection_Component_In: [{key: "airtable", isPublic: true}]', ["One", "Two"]),
        ('connection_Component_Label_Icontains: "slack"', []),
        ("first: 1, sortBy: [{field: KEY, direction: DESC}]", ["Two"]),
    ],
)
def test_they_are_found_by(arguments: str, found: list[str]) -> None:
    w = Things()
    scoped(w, key="One", stableKey="one")
    scoped(w, "customer", key="Two", stableKey="two", managedBy="customer")
    shown = f"({arguments})" if arguments else ""
    assert [node["key"] for node in w.nodes(f"scopedConfigVariables{shown}", "key")] == found


@pytest.mark.parametrize("meta", ['["x"]', '"x"', "5", "null", '{"writeOnly": false}'])
def test_what_is_said_of_an_input_may_be_any_json(meta: str) -> None:
    w = Things()
    found = scoped(w, inputs=[{**KEY, "meta": meta}])
    assert found["inputs"]["nodes"] == [{"name": "apiKey", "value": "k1", "hasValue": True}]
