"""Instances: configuration, deploys, versions, connections, under each rule that bears on them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_core_world import REGION, SIZE, SLACK, World, definition

STATE = "enabled needsDeploy deployedVersion lastDeployedAt configState integration { versionNumber }"
API = """\
  - key: API
    dataType: connection
    connection: {key: personalAccessToken, component: {key: airtable, isPublic: true, version: LATEST}}
    inputs: {apiKey: {type: value, value: default}}
"""
PLAIN = definition(variables=REGION)


def connection(**values: str) -> str:
    return json.dumps([{"name": name, "type": "value", "value": value} for name, value in values.items()])


def deployed(w: World, version: str, **given: Any) -> str:
    instance = w.instance(version, **given)
    w.call("deployInstance", id=instance)
    return instance


def state(w: World, instance: str, fields: str = STATE) -> Any:
    return w.get("instance", instance, fields)


def inputs(w: World, instance: str, key: str) -> dict[str, tuple[str, bool]]:
    found = "inputs { nodes { name value hasValue } }"
    fields = f"configVariables {{ nodes {{ requiredConfigVariable {{ key }} {found} }} }}"
    for node in state(w, instance, fields)["configVariables"]["nodes"]:
        if node["requiredConfigVariable"]["key"] == key:
            return {one["name"]: (one["value"], one["hasValue"]) for one in node["inputs"]["nodes"]}
    raise KeyError(key)


@pytest.mark.parametrize("rule", ["false", "true"])
def test_a_new_instance(rule: str) -> None:
    w = World(new_instance_enabled=rule)
    got = state(w, w.instance(w.version(PLAIN)), STATE + " description labels isSystem")
    assert (got["enabled"], got["needsDeploy"], got["lastDeployedAt"]) == (rule == "true", True, None)
    assert (got["description"], got["labels"], got["isSystem"]) == ("", [], False)


@pytest.mark.parametrize(("rule", "number"), [("0", 0), ("null_as_minus_one", -1)])
def test_undeployed_version(rule: str, number: int) -> None:
    w = World(undeployed_version=rule)
    assert state(w, w.instance(w.version(PLAIN)))["deployedVersion"] == number


def test_the_answer_to_create_has_everything() -> None:
    w = World()
    version = w.version(definition(flows="A,B", variables=REGION + SLACK))
    flow = w.get("integration", version, "flows { nodes { id } }")["flows"]["nodes"][0]["id"]
    got = w.call(
        "createInstance",
        """configVariables { nodes { id status authorizeUrl requiredConfigVariable { key dataType } } }
        flowConfigs { nodes { apiKeys webhookUrl flow { name } } }""",
        name="I",
        integration=version,
        customer=w.customer(),
        flowConfigs=[{"flowId": flow, "apiKeys": ["k"]}],
    )
    region, slack = got["configVariables"]["nodes"]
    assert (region["status"], slack["status"]) == (None, "PENDING")
    assert slack["id"] != region["id"]
    assert slack["authorizeUrl"]
    a, b = got["flowConfigs"]["nodes"]
    assert (a["flow"]["name"], a["apiKeys"], b["apiKeys"]) == ("A", ["k"], [])
    assert a["webhookUrl"] != b["webhookUrl"]


def test_what_create_refuses() -> None:
    w = World(instance_name_unique="per_customer")
    draft = w.integration(PLAIN)
    customer = w.customer()
    base = {"name": "I", "customer": customer, "integration": draft}
    assert w.refused("createInstance", **base)[0] == "integration"  # nothing is published
    version = w.publish(draft)
    assert w.refused("createInstance", **{**base, "name": " "})[0] == "name"
    bad = [{"key": "Nothing", "value": "x"}]
    assert w.refused("createInstance", **base, configVariables=bad)[0] == "configVariables"
    created = w.call("createInstance", "integration { id }", **base)
    assert created["integration"]["id"] == version  # a draft's id stands for the newest version
    assert w.refused("createInstance", **base)[0] == "name"
    w.instance(version, name="I", customer=w.customer("Other"))


def test_deploy_makes_the_configuration_live() -> None:
    w = World()
    draft = w.integration(PLAIN)
    instance = deployed(w, w.publish(draft))
    got = state(w, instance)
    assert (got["needsDeploy"], got["deployedVersion"], got["enabled"]) == (False, 1, True)
    second = w.publish(draft)
    w.call("updateInstance", id=instance, integration=second)
    got = state(w, instance)
    assert (got["needsDeploy"], got["deployedVersion"]) == (True, 1)
    assert got["integration"]["versionNumber"] == 2
    w.call("deployInstance", id=instance)
    assert state(w, instance)["deployedVersion"] == 2


@pytest.mark.parametrize(
    ("rule", "first", "again"), [("true", True, True), ("only_first", True, False), ("false", False, False)]
)
def test_deploy_enables(rule: str, first: bool, again: bool) -> None:
    w = World(deploy_enables=rule)
    instance = deployed(w, w.version(PLAIN))
    assert state(w, instance)["enabled"] is first
    w.call("updateInstance", id=instance, enabled=False)
    w.call("deployInstance", id=instance)
    assert state(w, instance)["enabled"] is again


@pytest.mark.parametrize(("rule", "moves"), [("always", True), ("only_needed", False)])
def test_deploy_touches(rule: str, moves: bool) -> None:
    w = World(deploy_touches=rule)
    instance = deployed(w, w.version(PLAIN))
    before = state(w, instance)["lastDeployedAt"]
    w.call("deployInstance", id=instance)
    assert (state(w, instance)["lastDeployedAt"] > before) is moves


@pytest.mark.parametrize("rule", ["refused", "allowed"])
def test_deploy_incomplete(rule: str) -> None:
    w = World(deploy_incomplete=rule)
    instance = w.instance(w.version(definition(variables=SIZE)))
    assert state(w, instance)["configState"] == "NEEDS_INSTANCE_CONFIGURATION"
    if rule == "refused":
        assert "Size" in w.refused("deployInstance", id=instance)[1]
        w.call("deployInstance", id=instance, force=True)
    else:
        w.call("deployInstance", id=instance)
    size = [{"key": "Size", "value": "1"}]
    got = w.call("updateInstanceConfigVariables", "configState", id=instance, configVariables=size)
    assert got["configState"] == "FULLY_CONFIGURED"


@pytest.mark.parametrize("rule", ["deployable", "blocks"])
def test_oauth_pending(rule: str) -> None:
    w = World(oauth_pending=rule)
    instance = w.instance(w.version(definition(variables=SLACK)))
    if rule == "deployable":
        w.call("deployInstance", id=instance)
        return
    assert "Slack" in w.refused("deployInstance", id=instance)[1]
    fields = "configVariables { nodes { id status meta } }"
    slack = state(w, instance, fields)["configVariables"]["nodes"][0]
    active = {"id": slack["id"], "accessToken": "t", "status": "active", "refreshToken": "r"}
    got = w.call("updateOAuth2Connection", "status meta instance { id }", **active)
    assert (got["status"], got["instance"]["id"]) == ("ACTIVE", instance)
    assert json.loads(got["meta"])["token"] == {"access_token": "t", "refresh_token": "r"}
    w.call("deployInstance", id=instance)
    got = w.call("disconnectConnection", "status meta", id=slack["id"])
    assert got == {"status": "PENDING", "meta": None}


@pytest.mark.parametrize("rule", ["refused", "allowed"])
def test_unavailable_version(rule: str) -> None:
    w = World(unavailable_version=rule)
    draft = w.integration(PLAIN)
    first = w.publish(draft)
    instance = deployed(w, first)
    second = w.publish(draft)
    w.call("updateIntegrationVersionAvailability", id=second, available=False)
    newest = w.call(
        "createInstance", "integration { id }", name="J", integration=draft, customer=w.customer("C")
    )
    assert newest["integration"]["id"] == (first if rule == "refused" else second)
    w.call("updateIntegrationVersionAvailability", id=first, available=False)
    if rule == "refused":
        assert w.refused("updateInstance", id=instance, integration=second)[0] == "integration"
        assert w.refused("deployInstance", id=instance)[0] == "integration"
        w.call("updateInstance", id=instance, integration=first, name="stays")
    else:
        w.call("updateInstance", id=instance, integration=second)
        w.call("deployInstance", id=instance)


@pytest.mark.parametrize(
    ("rules", "change", "preserve", "needs"),
    [
        ({}, {"labels": ["x"]}, False, False),
        ({}, {"flowConfigs": True}, False, True),
        ({}, {"configVariables": [{"key": "Region", "value": "us"}]}, False, True),
        ({}, {"configVariables": [{"key": "Region", "value": "us"}]}, True, False),
        ({}, {"configVariables": []}, False, False),
        ({"needs_deploy_on": "anything"}, {"labels": ["x"]}, False, True),
        ({"needs_deploy_on": "anything"}, {"labels": ["x"]}, True, False),
        ({"needs_deploy_on": "anything"}, {"description": ""}, False, False),
        ({"needs_deploy_on_same": "true"}, {"configVariables": []}, False, True),
        ({"needs_deploy_on_same": "true"}, {"description": ""}, False, False),
        ({"needs_deploy_on_same": "true", "needs_deploy_on": "anything"}, {"description": ""}, False, True),
    ],
)
def test_what_asks_for_a_deploy(rules: Any, change: Any, preserve: bool, needs: bool) -> None:
    w = World(**rules)
    version = w.version(PLAIN)
    instance = deployed(w, version)
    if "flowConfigs" in change:
        flow = w.get("integration", version, "flows { nodes { id } }")["flows"]["nodes"][0]["id"]
        change = {"flowConfigs": [{"flowId": flow, "apiKeys": ["a"]}]}
    got = w.call("updateInstance", "needsDeploy", id=instance, preserveDeployState=preserve, **change)
    assert got["needsDeploy"] is needs


def test_one_mutation_resets_and_the_other_merges() -> None:
    w = World()
    size = [{"key": "Size", "value": "1"}]
    both = [*size, {"key": "Region", "value": "us"}]
    instance = w.instance(w.version(definition(variables=REGION + SIZE)), configVariables=both)
    w.call("updateInstanceConfigVariables", id=instance, configVariables=[{"key": "Size", "value": "2"}])
    assert w.values(instance) == {"Region": "us", "Size": "2"}
    w.call("updateInstance", id=instance, configVariables=[{"key": "Size", "value": "3"}])
    assert w.values(instance) == {"Region": "eu", "Size": "3"}


@pytest.mark.parametrize(("rule", "kept"), [("kept", "mine"), ("default", "id")])
def test_connection_inputs_omitted(rule: str, kept: str) -> None:
    w = World(connection_inputs_omitted=rule)
    instance = w.instance(w.version(definition(variables=SLACK)))
    for values in (connection(clientId="mine", clientSecret="s"), connection(clientSecret="t")):
        w.call(
            "updateInstanceConfigVariables", id=instance, configVariables=[{"key": "Slack", "values": values}]
        )
    got = inputs(w, instance, "Slack")
    assert (got["clientId"][0], got["clientSecret"][0]) == (kept, "t")
    bad = [{"key": "Slack", "values": connection(nothing="x")}]
    assert w.refused("updateInstanceConfigVariables", id=instance, configVariables=bad)


def test_write_only_inputs_and_hidden_secrets() -> None:
    w = World()
    once = API.replace("value: default", "value: default, meta: {writeOnly: true}")
    instance = w.instance(w.version(definition(variables=once)))
    assert inputs(w, instance, "API")["apiKey"] == ("", True)
    w = World()
    version = w.version(definition(variables=API))
    flow = w.get("integration", version, "flows { nodes { id } }")["flows"]["nodes"][0]["id"]
    instance = w.instance(version, flowConfigs=[{"flowId": flow, "apiKeys": ["k"]}])
    assert inputs(w, instance, "API")["apiKey"] == ("default", True)
    w.sandbox.set_rule("secrets_read_back", "hidden")
    assert inputs(w, instance, "API")["apiKey"] == ("", True)
    assert (
        state(w, instance, "flowConfigs { nodes { apiKeys } }")["flowConfigs"]["nodes"][0]["apiKeys"] is None
    )


@pytest.mark.parametrize(("rule", "value"), [("true", "live"), ("false", "pending")])
def test_version_change_drops_pending_config(rule: str, value: str) -> None:
    w = World(version_change_drops_pending_config=rule)
    draft = w.integration(PLAIN)
    instance = deployed(w, w.publish(draft), configVariables=[{"key": "Region", "value": "live"}])
    pending = [{"key": "Region", "value": "pending"}]
    w.call("updateInstanceConfigVariables", id=instance, configVariables=pending)
    second = w.publish(draft)
    w.call("updateInstance", id=instance, integration=second, preserveDeployState=True)
    assert w.values(instance)["Region"] == value
    w.call("updateInstance", id=instance, integration=w.publish(draft), configVariables=pending)
    assert w.values(instance)["Region"] == "pending"  # in one call the version comes first


def test_values_and_webhooks_stay_over_a_change_of_version() -> None:
    w = World()
    draft = w.integration(definition(variables=REGION, flows="A"))
    instance = deployed(w, w.publish(draft), configVariables=[{"key": "Region", "value": "us"}])
    fields = "flowConfigs { nodes { id webhookUrl flow { id name } } }"
    before = state(w, instance, fields)["flowConfigs"]["nodes"][0]
    w.call(
        "importIntegration", integrationId=draft, definition=definition(variables=REGION + SIZE, flows="A,B")
    )
    w.call("updateInstance", id=instance, integration=w.publish(draft))
    after = state(w, instance, fields)["flowConfigs"]["nodes"]
    assert (after[0]["id"], after[0]["webhookUrl"]) == (before["id"], before["webhookUrl"])
    assert after[0]["flow"]["id"] != before["flow"]["id"]
    assert (len(after), w.values(instance)) == (2, {"Region": "us", "Size": None})
    assert w.get("instanceFlowConfig", after[1]["id"], "flow { name }")["flow"]["name"] == "B"
    other = w.version(definition("Other"))
    assert w.refused("updateInstance", id=instance, integration=other)[0] == "integration"


def test_schedules() -> None:
    w = World()
    instance = w.instance(w.version(definition(variables="  - {key: When, dataType: schedule}\n")))
    given = {"key": "When", "value": "5 * * * *", "scheduleType": "custom", "timeZone": "Europe/Berlin"}
    fields = "configState configVariables { nodes { value scheduleType timeZone } }"
    got = w.call("updateInstanceConfigVariables", fields, id=instance, configVariables=[given])
    node = {"value": "5 * * * *", "scheduleType": "CUSTOM", "timeZone": "Europe/Berlin"}
    assert got["configVariables"]["nodes"] == [node]
    bad = [{**given, "scheduleType": "yearly"}]
    assert w.refused("updateInstanceConfigVariables", id=instance, configVariables=bad)


@pytest.mark.parametrize(("rule", "value", "text"), [("ignored", "us", "kept"), ("clears", "eu", "")])
def test_null_input(rule: str, value: str, text: str) -> None:
    w = World(null_input=rule)
    us = [{"key": "Region", "value": "us"}]
    instance = w.instance(w.version(PLAIN), configVariables=us, description="kept")
    null = [{"key": "Region", "value": None}]
    w.call("updateInstanceConfigVariables", id=instance, configVariables=null)
    got = w.call("updateInstance", "description", id=instance, description=None)
    assert (w.values(instance)["Region"], got["description"]) == (value, text)


def test_test_instances_are_not_for_deleting() -> None:
    w = World()
    draft = w.integration(PLAIN)
    system = w.get("integration", draft, "systemInstance { id customer { id } }")["systemInstance"]
    assert w.refused("deleteInstance", id=system["id"])
    assert w.refused("deleteCustomer", id=system["customer"]["id"])
    instance = w.instance(w.publish(draft))
    assert w.call("deleteInstance", "id name", id=instance) == {"id": instance, "name": "I"}
