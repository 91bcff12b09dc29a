"""Alerts, log streams and event webhooks: what monitors watch, what sets them off, whom they tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_core_world import ABSENT, definition
from test_executions import call, text
from things import Things

HOOK = {"name": "Pager", "url": "https://pager.example/a", "payloadTemplate": '{"text": "x"}'}
STREAM = {"name": "Lake", "url": "https://lake.example", "payloadTemplate": "{}"}
LEVELS = [{"id": 4, "name": "ERROR"}, {"id": 3, "name": "WARN"}]
EVENTS = {"name": "Bus", "url": "https://bus.example", "eventTypes": ["instance.deployed"]}


def trigger(w: Things, name: str = "Execution Failed") -> str:
    return next(node["id"] for node in w.nodes("alertTriggers", "id name") if node["name"] == name)


def owner(w: Things) -> str:
    return str(w.ask("{ authenticatedUser { id } }")["authenticatedUser"]["id"])


def test_triggers_are_the_platforms_own() -> None:
    w = Things()
    assert len(w.nodes("alertTriggers")) > len(w.nodes("alertTriggers(isInstanceSpecific: true)")) > 5
    names = [node["name"] for node in w.nodes("alertTriggers(sortBy: [{field: NAME, direction: DESC}])")]
    assert names == sorted(names, reverse=True)
    assert w.get("alertTrigger", trigger(w), "name allowRemove") == {
        "name": "Execution Failed",
        "allowRemove": False,
    }
    assert trigger(w) != trigger(Things())  # ids are a tenant's own


def test_a_monitor_with_all_that_it_refers_to() -> None:
    w = Things()
    hook = w.make("createAlertWebhook", "alertWebhook", "id headers", **HOOK, headers='{"k": "v"}')
    assert json.loads(hook["headers"]) == {"k": "v"}
    group = w.make("createAlertGroup", "alertGroup", name="Support", users=[owner(w)], webhooks=[hook["id"]])
    instance = w.instance(w.version(definition()))
    config = w.get("instance", instance, "flowConfigs { nodes { id } }")["flowConfigs"]["nodes"][0]["id"]
    fields = """id name durationSecondsCondition triggered flowConfig { id } instance { id }
        triggers { nodes { name } } users { nodes { email } } groups { nodes { name } }
        webhooks { nodes { name } } allowUpdate allowRemove"""
    given = {"triggers": [trigger(w)], "groups": [group["id"]], "webhooks": [hook["id"]], "users": [owner(w)]}
    made = w.make(
        "createAlertMonitor",
        "alertMonitor",
        fields,
        name="M",
        flowConfig=config,
        durationSecondsCondition=9,
        **given,
    )
    assert made["instance"]["id"] == instance
    assert made["triggers"]["nodes"] == [{"name": "Execution Failed"}]
    assert (made["groups"]["nodes"], made["webhooks"]["nodes"]) == (
        [{"name": "Support"}],
        [{"name": "Pager"}],
    )
    assert (made["durationSecondsCondition"], made["triggered"], made["allowUpdate"]) == (9, False, True)
    changed = w.make("updateAlertMonitor", "alertMonitor", fields, id=made["id"], users=[], name="N")
    assert (changed["users"]["nodes"], changed["name"], len(changed["groups"]["nodes"])) == ([], "N", 1)
    assert w.nodes("alertWebhooks", "name monitors { nodes { name } }")[0]["monitors"]["nodes"] == [
        {"name": "N"}
    ]
    w.call("deleteInstance", id=instance)
    assert w.nodes("alertMonitors") == []
    w.make("deleteAlertGroup", "alertGroup", id=group["id"])
    w.make("deleteAlertWebhook", "alertWebhook", id=hook["id"])
    assert w.nodes("alertGroups") == w.nodes("alertWebhooks") == []


@pytest.mark.parametrize(
    ("mutation", "result", "given", "field"),
    [
        ("createAlertMonitor", "alertMonitor", {"name": "M"}, "triggers"),
        ("createAlertMonitor", "alertMonitor", {"name": " "}, "name"),
        ("createAlertMonitor", "alertMonitor", {"name": "M", "instance": ABSENT}, "instance"),
        ("createAlertGroup", "alertGroup", {}, "name"),
        ("createAlertWebhook", "alertWebhook", {**HOOK, "url": ""}, "url"),
        ("createAlertWebhook", "alertWebhook", {**HOOK, "headers": "{"}, "headers"),
        ("createExternalLogStream", "externalLogStream", {**STREAM, "severityLevels": []}, "severityLevels"),
        (
            "createExternalLogStream",
            "externalLogStream",
            {**STREAM, "severityLevels": [{"id": 1, "name": "ERROR"}]},
            "severityLevels",
        ),
        ("createWebhookEndpoint", "webhookEndpoint", {**EVENTS, "eventTypes": ["no"]}, "eventTypes"),
        ("createWebhookEndpoint", "webhookEndpoint", {**EVENTS, "name": ""}, "name"),
    ],
)
def test_what_is_refused(mutation: str, result: str, given: dict[str, Any], field: str) -> None:
    assert Things(null_input="clears").no(mutation, result, **given) == field


def test_a_failed_execution_sets_its_monitor_off() -> None:
    w = Things()
    version = w.version(text("sandbox:fail@bad"))
    monitors = {}
    for name in ("good", "bad"):
        instance = w.instance(version, customer=w.customer(name, labels=[name]))
        w.call("deployInstance", id=instance)
        made = w.make(
            "createAlertMonitor", "alertMonitor", name=name, instance=instance, triggers=[trigger(w)]
        )
        monitors[name] = made["id"]
        call(w, instance)
    assert w.nodes("alertMonitors(triggered: true)") == [{"name": "bad"}]
    (event,) = w.nodes("alertEvents", "details monitor { name }")
    assert event["monitor"]["name"] == "bad"
    assert "Trigger" in event["details"]
    w.make("clearAlertMonitor", "alertMonitor", id=monitors["bad"])
    assert w.nodes("alertMonitors(triggered: true)") == []


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ('name_Icontains: "AL"', ["alpha"]),
        ('triggers_Name_Icontains: "deployed"', ["beta"]),
        ("triggers_IsGlobal: true", []),
        ("instance: $instance", ["alpha"]),
        ("instance_Customer: $customer", ["alpha"]),
        ("first: 1, sortBy: [{field: NAME, direction: DESC}]", ["beta"]),
        ("", ["alpha", "beta"]),
    ],
)
def test_monitors_are_found_by(arguments: str, found: list[str]) -> None:
    w = Things()
    customer = w.customer()
    instance = w.instance(w.version(), customer=customer)
    w.make("createAlertMonitor", "alertMonitor", name="alpha", instance=instance, triggers=[trigger(w)])
    w.make("createAlertMonitor", "alertMonitor", name="beta", triggers=[trigger(w, "Instance Deployed")])
    shown = f"({arguments})" if arguments else ""
    query = f"""query ($instance: ID, $customer: ID) {{ alertMonitors{shown} {{ nodes {{ name }} }}
        instances(id_In: [$instance], customer: $customer) {{ totalCount }} }}"""
    got = w.ask(query, instance=instance, customer=customer)["alertMonitors"]["nodes"]
    assert [node["name"] for node in got] == found


def test_log_streams() -> None:
    w = Things()
    made = w.make(
        "createExternalLogStream",
        "externalLogStream",
        "id severityLevels { id name }",
        **STREAM,
        severityLevels=LEVELS,
    )
    assert [level["name"] for level in made["severityLevels"]] == ["WARN", "ERROR"]
    w.make("updateExternalLogStream", "externalLogStream", id=made["id"], url="https://new.example")
    assert w.get("externalLogStream", made["id"], "name url headers") == {
        "name": "Lake",
        "url": "https://new.example",
        "headers": None,
    }
    w.make("deleteExternalLogStream", "externalLogStream", id=made["id"])
    assert w.nodes("externalLogStreams") == []


@pytest.mark.parametrize(("rule", "secret"), [("clear", "s3"), ("hidden", None)])
def test_event_webhooks(rule: str, secret: str | None) -> None:
    w = Things(secrets_read_back=rule)
    assert "instance.deployed" in [
        one["id"] for one in w.ask("{ webhookEventTypes { id } }")["webhookEventTypes"]
    ]
    made = w.make(
        "createWebhookEndpoint",
        "webhookEndpoint",
        "id enabled eventTypes secret",
        **EVENTS,
        secret="s3",
    )
    assert (made["enabled"], made["eventTypes"], made["secret"]) == (True, ["instance.deployed"], secret)
    w.make("updateWebhookEndpoint", "webhookEndpoint", id=made["id"], enabled=False)
    assert w.nodes("webhookEndpoints(enabled: false)") == [{"name": "Bus"}]
    fields = "success webhookEndpoint { id }"
    tested = w.make("testWebhookEndpoint", "testWebhookEndpointResult", fields, id=made["id"])
    assert tested == {"success": False, "webhookEndpoint": {"id": made["id"]}}
    w.make("deleteWebhookEndpoint", "webhookEndpoint", id=made["id"])
    assert w.nodes("webhookEndpoints") == []
