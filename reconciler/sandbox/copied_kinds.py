"""Why this exists: the smaller kinds of a tenant, copied from what answers showed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from .copying import HIDDEN, Copying, Node, has_value, ids, input_of, rows, text, uuid_of
from .resolve.alerts.triggers import trigger_id
from .resolve.components.versions import lookup
from .resolve.content.flows import flow_configs_of
from .store import Row

Fill = Callable[[Copying, Sequence[Node]], None]


def _profiles(copying: Copying, nodes: Sequence[Node]) -> None:
    store = copying.context.store
    if any(node.get("isDefaultProfile") for node in nodes):
        store.delete("profile", "is_default", "1")
    for node in nodes:
        row = {
            "name": node["name"],
            "description": node.get("description") or "",
            "stable_key": node.get("stableKey"),
            "is_default": int(bool(node.get("isDefaultProfile"))),
            "memory_mb": node.get("allocatedMemoryMb") or 1024,
            "billing": node.get("instanceBillingType") or "",
            "logs_disabled": int(bool(node.get("logsDisabled"))),
            "results_disabled": int(bool(node.get("stepResultsDisabled"))),
            "quick_start": int(bool(node.get("quickStart"))),
            "quick_start_instances": node.get("quickStartInstances"),
        }
        copying.put("profile", node, row)


def _people(copying: Copying, nodes: Sequence[Node]) -> None:
    store = copying.context.store
    owner = next((node for node in nodes if _role(node) == "owner"), None)
    if owner is not None:  # in the place of the one that a sandbox begins with
        store.delete("person", "id", store.meta()["user"])
        store.set_meta({"user": uuid_of(owner["id"])})
    for node in nodes:
        customer = node.get("customer")
        row = {
            "name": node.get("name") or "",
            "email": node["email"],
            "external_id": node.get("externalId"),
            "phone": node.get("phone") or "",
            "role": _role(node),
            "customer": uuid_of(customer["id"]) if customer else None,
        }
        copying.put("person", node, row)


def _role(node: Node) -> str:
    """The key of a role, of which answers tell the name."""
    name = ((node.get("role") or {}).get("name") or "guest").lower().replace(" ", "-")
    return f"customer/{name}" if node.get("customer") else name


def _webhooks(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        copying.put("alert_webhook", node, _sent(node))


def _streams(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        levels = sorted(one["id"] for one in node.get("severityLevels") or ())
        copying.put("log_stream", node, {**_sent(node), "severities": json.dumps(levels)})


def _sent(node: Node) -> Row:
    return {
        "name": node["name"],
        "url": node.get("url") or HIDDEN,
        "headers": text(node.get("headers")),
        "payload_template": node.get("payloadTemplate") or "",
    }


def _endpoints(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        row = {
            "name": node["name"],
            "description": node.get("description"),
            "url": node.get("url") or HIDDEN,
            "headers": text(node.get("headers")),
            "secret": node.get("secret"),
            "event_types": json.dumps(node.get("eventTypes") or []),
            "enabled": int(bool(node.get("enabled"))),
        }
        copying.put("event_webhook", node, row)


def _groups(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        row = {"name": node["name"], "users": ids(node.get("users")), "webhooks": ids(node.get("webhooks"))}
        copying.put("alert_group", node, row)


def _monitors(copying: Copying, nodes: Sequence[Node]) -> None:
    context = copying.context
    for node in nodes:
        instance = node.get("instance")
        flow = ((node.get("flowConfig") or {}).get("flow") or {}).get("name")
        owner = uuid_of(instance["id"]) if instance else None
        found = context.store.get("instance", owner) if owner else None
        configs = flow_configs_of(context, found) if found and flow else []
        row = {
            "name": node["name"],
            "instance": owner if found else None,
            "flow_config": next((one.id for one in configs if one.flow.body["name"] == flow), None),
            "triggers": json.dumps([trigger_id(context, one["name"]) for one in rows(node.get("triggers"))]),
            "users": ids(node.get("users")),
            "groups": ids(node.get("groups")),
            "webhooks": ids(node.get("webhooks")),
            "duration_seconds": node.get("durationSecondsCondition"),
            "overdue_minutes": node.get("executionOverdueMinutesCondition"),
            "severity": node.get("logSeverityLevelCondition"),
        }
        copying.put("alert_monitor", node, row)


def _connections(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        shown = node.get("connection") or {}
        component = shown.get("component") or {}
        key, public = component.get("key"), bool(component.get("public"))
        number = lookup(copying.context, str(key), public, None, None) or 1
        reference = {"component_key": key, "is_public": public, "version": number, "key": shown.get("key")}
        row = {
            "name": node["key"],
            "stable_key": node["stableKey"],
            "description": node.get("description"),
            "scope": node["variableScope"],
            "managed_by": node.get("managedBy") or "ORG",
            "connection": json.dumps({**reference, "component_label": key}),
            "inputs": _inputs(node),
            "status": "ACTIVE",
        }
        copying.put("scoped_variable", node, row)


def _values(copying: Copying, nodes: Sequence[Node]) -> None:
    for node in nodes:
        customer = node.get("customer")
        row = {
            "name": node.get("key"),
            "scoped": uuid_of(node["scopedConfigVariable"]["id"]),
            "customer": uuid_of(customer["id"]) if customer else None,
            "is_test": int(bool(node.get("isTest"))),
            "inputs": _inputs(node),
            "status": "ACTIVE",
        }
        copying.put("customer_variable", node, row)


def _inputs(node: Node) -> str:
    given = [one for one in rows(node.get("inputs")) if has_value(one)]
    return json.dumps([{"name": one["name"], **input_of(one), "meta": None} for one in given])


BEFORE: tuple[tuple[str, Fill], ...] = (
    ("scopedConfigVariables", _connections),
    ("customerConfigVariables", _values),
)
"""What integrations and instances refer to."""
AFTER: tuple[tuple[str, Fill], ...] = (
    ("instanceProfiles", _profiles),
    ("users", _people),
    ("alertWebhooks", _webhooks),
    ("alertGroups", _groups),
    ("alertMonitors", _monitors),
    ("webhookEndpoints", _endpoints),
    ("externalLogStreams", _streams),
)
"""What refers to them, or to nothing."""
