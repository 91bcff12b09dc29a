"""Why this exists: alert monitors, what sets them off, and whom they tell.

An execution that ends in an error sets off the monitors of its instance or flow that have the trigger for it,
as the platform does.
"""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..content.flows import flow_config_by_id
from ..frame import filters, rows
from ..frame.context import Context
from ..frame.errors import RefusedError, missing
from ..frame.filters import Filter, having, holds
from ..frame.ids import from_global
from ..frame.inputs import Columns, as_given, columns, filled, into, json_text
from ..frame.kinds import Kind
from ..frame.lists import Rows, listed_in, of_parent, that_list
from ..frame.mutation import Run
from ..frame.resolvers import constants
from ..frame.rows import target
from . import triggers

FAILED = "Execution Failed"
_INSTANCE = "instance IN (SELECT x.id FROM instance x WHERE {})"
_MONITOR = "monitor IN (SELECT m.id FROM alert_monitor m WHERE {})"
_SAME_SEQUENCE = "x.sequence = (SELECT i.sequence FROM integration i WHERE i.id = ?)"
_FILTERS: dict[str, Filter] = {
    **filters.on("name", "lastTriggeredAt"),
    "instance": filters.reference("instance", "Instance"),
    "flowConfig": filters.reference("flow_config", "InstanceFlowConfig"),
    "instance_Customer": having(_INSTANCE.format("x.customer = ?"), "Customer"),
    "instance_Integration": having(_INSTANCE.format(_SAME_SEQUENCE), "Integration"),
    "instance_Integration_VersionSequenceId": holds(_INSTANCE.format("x.sequence = ?")),
    "instance_Name_Icontains": holds(_INSTANCE.format("instr(fold(x.name), fold(?)) > 0")),
    **filters.flags("triggered"),
    **triggers.FILTERS,
    **filters.TIMES,
}
_NAME_OF = "(SELECT {0}.name FROM {1} {0} JOIN instance x ON x.{1} = {0}.id WHERE x.id = instance)"
_ORDER = {
    "CUSTOMER": _NAME_OF.format("c", "customer"),
    "FLOW_CONFIG__FLOW": "flow_config",
    "INSTANCE": "(SELECT x.name FROM instance x WHERE x.id = instance)",
    "INTEGRATION": _NAME_OF.format("i", "integration"),
}
_EVENT_FILTERS: dict[str, Filter] = {
    **filters.on("details", "createdAt"),
    "monitor": filters.reference("monitor", "AlertMonitor"),
    "monitor_Instance": having(_MONITOR.format("m.instance = ?"), "Instance"),
    "monitor_FlowConfig": having(_MONITOR.format("m.flow_config = ?"), "InstanceFlowConfig"),
    "monitor_Name_Icontains": holds(_MONITOR.format("instr(fold(m.name), fold(?)) > 0")),
}
_EVENT_ORDER = dict.fromkeys(("CUSTOMER", "FLOW_CONFIG", "INSTANCE", "INTEGRATION", "TRIGGERS"), "created_at")


def set_off(context: Context, execution: Row) -> None:
    """Alerts of an execution that ends in an error."""
    conditions = [
        "(instance = ? OR flow_config = ?)",
        "(flow_config IS NULL OR flow_config = ?)",
        "EXISTS (SELECT 1 FROM json_each(triggers) WHERE value = ?)",
    ]
    flow = execution["flow_config"]
    parameters = [execution["instance"], flow, flow, triggers.trigger_id(context, FAILED)]
    for monitor in context.store.select("alert_monitor", conditions, parameters):
        moment = context.store.now()
        context.store.update("alert_monitor", monitor["id"], {"triggered": 1, "last_triggered_at": moment})
        rows.create(context, "alert_event", {"monitor": monitor["id"], "details": execution["error"]})


_TOLD = {
    "users": ("person", "User"),
    "webhooks": ("alert_webhook", "AlertWebhook"),
    "groups": ("alert_group", "AlertGroup"),
}
_COLUMNS: Columns = {
    **into(filled, "name"),
    **into(as_given, durationSecondsCondition="duration_seconds"),
    **into(as_given, executionOverdueMinutesCondition="overdue_minutes"),
    **into(as_given, logSeverityLevelCondition="severity"),
}
_WEBHOOK_COLUMNS: Columns = {**into(filled, "name", "url", "payloadTemplate"), **into(json_text, "headers")}


def _told(context: Context, given: dict[str, Any]) -> Row:
    """Whom a monitor or a group tells."""
    return {
        field: rows.referred_all(context, table, kind, given[field], field)
        for field, (table, kind) in _TOLD.items()
        if field in given
    }


def _monitor(context: Context, given: dict[str, Any], before: Row | None) -> Row:
    changes = columns(_COLUMNS, given) | _told(context, given)
    if "instance" in given:
        changes["instance"] = rows.referred(context, "instance", "Instance", given["instance"], "instance")
    if "flowConfig" in given:
        changes["flow_config"] = None
        if given["flowConfig"]:
            found = flow_config_by_id(context, from_global("InstanceFlowConfig", given["flowConfig"]))
            if found is None:
                raise missing("flowConfig")
            changes |= {"flow_config": found.id, "instance": found.instance["id"]}
    if "triggers" in given:
        known = triggers.triggers(context)
        wanted = [from_global("AlertTrigger", one) for one in given["triggers"] or () if one]
        if not all(one in known for one in wanted):
            raise missing("triggers")
        changes["triggers"] = json.dumps(list(dict.fromkeys(wanted)))
    if before is None and changes.get("triggers", "[]") == "[]":
        raise RefusedError("triggers", "At least one trigger is required.")
    return changes


def _group(context: Context, given: dict[str, Any], before: Row | None) -> Row:
    named = {"name": None, **given} if before is None else given
    return columns(into(filled, "name"), named) | _told(context, given)


def _clear(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "alert_monitor", "AlertMonitor", given)
    return rows.change(context, "alert_monitor", row, {"triggered": 0})


KINDS = (
    Kind(
        "AlertMonitor",
        "alert_monitor",
        lists=Rows("alert_monitor", _FILTERS, _ORDER).listed,
        fields={
            "durationSecondsCondition": "duration_seconds",
            "executionOverdueMinutesCondition": "overdue_minutes",
            "logSeverityLevelCondition": "severity",
            "flowConfig": lambda row, info: flow_config_by_id(info.context, row["flow_config"]),
            "triggers": triggers.own_triggers,
            "users": listed_in("users"),
            "groups": listed_in("groups"),
            "webhooks": listed_in("webhooks"),
            "events": of_parent("monitor"),
            **constants(False, "systemSuspended"),
        },
    ),
    Kind(
        "AlertGroup",
        "alert_group",
        lists=Rows("alert_group", filters.TIMES).listed,
        fields={
            "users": listed_in("users"),
            "webhooks": listed_in("webhooks"),
            "monitors": that_list("groups"),
        },
    ),
    Kind(
        "AlertWebhook",
        "alert_webhook",
        lists=Rows("alert_webhook", {**filters.on("name", "url"), **filters.TIMES}).listed,
        fields={"groups": that_list("webhooks"), "monitors": that_list("webhooks")},
    ),
    Kind(
        "AlertEvent",
        "alert_event",
        lists=Rows("alert_event", _EVENT_FILTERS, _EVENT_ORDER, "created").listed,
    ),
)
MUTATIONS: dict[str, Run] = {
    **rows.mutations("AlertMonitor", "alert_monitor", _monitor),
    "clearAlertMonitor": _clear,
    **rows.mutations("AlertGroup", "alert_group", _group),
    **rows.mutations("AlertWebhook", "alert_webhook", rows.by(_WEBHOOK_COLUMNS)),
}
