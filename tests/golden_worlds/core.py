"""Drawn integrations, customers, instances and sets of them, as manifests say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.golden_worlds.chance import Chance
from tests.golden_worlds.project import Git, Manifest

HOOK = {"key": "webhook", "component": {"key": "webhook-triggers", "isPublic": True, "version": "LATEST"}}
GET = {"key": "httpGet", "component": {"key": "http", "isPublic": True, "version": "LATEST"}}
API_KEY = {"key": "apiKey", "component": {"key": "http", "isPublic": True, "version": "LATEST"}}

# What a definition may declare, and what an instance may say to it: first, later.
VARIABLES: Mapping[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "Channel": ({"dataType": "string", "defaultValue": "all"}, ("#orders", "#all", "1", "true")),
    "Mode": (
        {"dataType": "picklist", "pickList": ["fast", "slow"], "defaultValue": "fast"},
        ("fast", "slow"),
    ),
    "Limit": ({"dataType": "number", "defaultValue": "1"}, (2, 1.5, 500)),
    "Loud": ({"dataType": "boolean", "defaultValue": "false"}, (True, False)),
    "Day": ({"dataType": "date", "defaultValue": "01/01/2026"}, ("2026-02-28", "03/01/2026")),
    "Nightly": (
        {"dataType": "schedule", "scheduleType": "custom", "defaultValue": "0 0 * * *"},
        ("0 4 * * *", {"value": "0 5 * * mon-fri", "scheduleType": "custom", "timeZone": "Europe/Berlin"}),
    ),
    "Settings": (
        {"dataType": "code", "codeLanguage": "json", "defaultValue": "{}"},
        ({"retries": 3}, {"retries": 4, "hosts": ["a", "b"]}),
    ),
    "Form": ({"dataType": "jsonForm", "defaultValue": "{}"}, ({"admin": True}, {"admin": False})),
    "Items": (
        {"dataType": "string", "collectionType": "valuelist", "defaultValue": "[]"},
        (["x", "1"], ["1", "x"], []),
    ),
    "Names": (
        {"dataType": "string", "collectionType": "keyvaluelist", "defaultValue": "[]"},
        ({"company": "account"}, {"company": "firm", "phone": "mobile"}),
    ),
}
# Connections: the integration's own, and one that integrations share.
OWN, SHARED = "Shop", "CRM"


def definition(chance: Chance, name: str, *, shared: bool) -> dict[str, Any]:
    """A definition of one or two flows and some of the variables."""
    declared = [
        {"key": key, **about} for key, (about, _) in VARIABLES.items() if key == "Channel" or chance.yes(0.3)
    ]
    if chance.yes(0.6):
        inputs = {"apiKey": {"type": "value", "value": "demo"}}
        declared.append({"key": OWN, "dataType": "connection", "connection": API_KEY, "inputs": inputs})
    if shared:
        declared.append({"key": SHARED, "dataType": "connection", "useScopedConfigVar": "crm"})
    flows = [_flow(chance, "Receive"), *([_flow(chance, "Reply")] if chance.yes(0.3) else [])]
    elements = [{"type": "configVar", "value": one["key"]} for one in declared]
    return {
        "definitionVersion": 7,
        "name": f"{name} (definition)",
        "description": chance.one(["", "From the definition"]),
        "flows": flows,
        "configPages": [{"name": "Page", "elements": elements}],
        "requiredConfigVars": declared,
    }


def _flow(chance: Chance, name: str) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"name": "Trigger", "isTrigger": True, "action": HOOK, "inputs": {}}]
    for word in chance.some(["orders", "stock"]):
        url = {"type": "value", "value": f"https://example.com/{word}"}
        steps.append({"name": f"Get {word}", "action": GET, "inputs": {"url": url}})
    return {"name": name, "description": "", "isSynchronous": chance.yes(), "steps": steps}


def add_integration(chance: Chance, git: Git, name: str) -> None:
    """An integration with its definition, mostly with a release."""
    shared = git.has("Connection", "connection") and chance.yes()
    git.definitions[name] = definition(chance, name, shared=shared)
    optional = {
        "name": f"{name.title()} Sync",
        "description": chance.one(["", "Posts orders"]),
        "category": "CRM",
        "labels": chance.one([["Orders", "beta"], ["beta"], []]),
        "comment": "As reviewed.",
        "available": True,
    }
    spec = {"definition": f"../definitions/{name}.yml", **chance.part(optional)}
    if name == "alpha" or chance.yes(0.7):
        spec["release"] = "1.0.0"
    git.add(Manifest("Integration", name, spec, _metadata(chance)))


def add_customer(chance: Chance, git: Git, name: str) -> None:
    optional = {
        "externalId": f"ext-{name}",
        "description": chance.one(["", "A customer"]),
        "labels": chance.one([["Gold", "eu"], ["eu"], []]),
    }
    metadata = _metadata(chance) | {"labels": {"tier": chance.one(["gold", "silver"])}}
    git.add(Manifest("Customer", name, {"name": name.title(), **chance.part(optional)}, metadata))


def add_instance(chance: Chance, git: Git, name: str, customer: str, integration: str) -> None:
    spec = {"customer": customer, **_instance(chance, git, integration, customer)}
    git.add(Manifest("Instance", name, {**spec, "name": f"{name} for {customer}"}, _metadata(chance)))


def add_set(chance: Chance, git: Git, name: str, integration: str) -> None:
    """One instance for each customer of a tier, often in waves."""
    template = {**_instance(chance, git, integration, None), "name": f"{name} for ${{customer.name}}"}
    customers = chance.one([{"labels": {"tier": "gold"}}, {"names": [git.named("Customer")[0]]}])
    spec: dict[str, Any] = {"customers": customers, "template": template}
    if chance.yes():
        waves = [{"labels": {"tier": "gold"}}, {"percent": 50}, {"percent": 100}]
        spec["strategy"] = {"waves": waves[chance.upto(1) :], "maxFailures": chance.upto(1)}
    git.add(Manifest("InstanceSet", name, spec, {}))


def _instance(chance: Chance, git: Git, integration: str, customer: str | None) -> dict[str, Any]:
    released = git.spec("Integration", integration)["release"]
    optional = {
        "release": chance.one(["latest", released]),
        "description": chance.one(["", "Notices of ${var.region}"]),
        "enabled": chance.yes(0.7),
        "labels": chance.one([["Pilot"], []]),
    }
    spec = {"integration": integration, **chance.part(optional)}
    declared = git.variables(integration)
    config = chance.part({k: chance.one(VARIABLES[k][1]) for k in declared if k in VARIABLES}, 0.6)
    if OWN in declared:
        config[OWN] = {"inputs": {"apiKey": secret("SHOP")}}
    if SHARED in declared and customer and git.has("CustomerConnection", f"crm-{customer}"):
        config[SHARED] = {"customerConnection": f"crm-{customer}"}
    flow = chance.part(
        {
            "apiKeys": [secret("FLOW")],
            "testPayload": {"id": 1},
            "testHeaders": {"x-event": "order", "x-key": secret("FLOW")},
        }
    )
    tests = [{"flow": "Receive", "payload": {"id": 1}, "expect": {"status": 200}}]
    return (
        spec
        | chance.part({"config": config, "flows": {"Receive": flow}}, 0.8)
        | chance.part({"tests": tests}, 0.15)
    )


def secret(name: str) -> dict[str, Any]:
    return {"secret": {"env": f"GOLDEN_{name}"}}


def _metadata(chance: Chance) -> dict[str, Any]:
    metadata: dict[str, Any] = {"protect": True} if chance.yes(0.06) else {}
    return metadata | ({"ignore": ["description"]} if chance.yes(0.1) else {})
