"""Why this exists: alert monitors, what sets them off, and whom they tell.

The triggers are the platform's own and the same in every tenant but for their ids. An execution that ends in
an error sets off the monitors of its instance or flow that have the trigger for it, as the platform does.
"""

from __future__ import annotations

import json
from typing import Any

from ..store import Row
from . import ordering, paging, rows
from .context import Context
from .errors import RefusedError, missing
from .fields import Resolver, bind, boolean, by_id, column, constant, global_id, not_found, relation
from .filters import TIMES, Condition, Filter, flag, from_on, icontains, reference, up_to
from .flow import flow_config
from .ids import from_global, named, to_global
from .mutation import Columns, as_given, columns, filled, json_text, mutation, target
from .rows import TIMES_ORDER, listed_in, listing, of_parent, that_list
from .user import USER_FILTERS, USER_ORDER

# name, whether it watches the whole organization, whether it needs an instance
_TRIGGERS = (
    ("Execution Completed", False, True),
    ("Execution Duration Matched or Exceeded", False, True),
    ("Execution Failed", False, True),
    ("Execution Failed, Retry Pending", False, True),
    ("Execution Overdue", False, True),
    ("Execution Started", False, True),
    ("Instance Deployed", False, True),
    ("Instance Disabled", False, True),
    ("Instance Enabled", False, True),
    ("Instance Removed", False, True),
    ("Connection Error", False, True),
    ("Log Level Matched or Exceeded", False, True),
    ("Organization Execution Limit Reached", True, False),
)
FAILED = "Execution Failed"


def _trigger(tenant: str, named_so: tuple[str, bool, bool]) -> Row:
    name, is_global, specific = named_so
    identifier = named(tenant, f"alert-trigger/{name}")
    return {"id": identifier, "name": name, "global": is_global, "specific": specific}


def triggers(context: Context) -> dict[str, Row]:
    """The platform's triggers by id."""
    made = (_trigger(context.meta["tenant"], one) for one in _TRIGGERS)
    return {row["id"]: row for row in made}


def _select_triggers(found: list[Row], info: Any, arguments: dict[str, Any]) -> paging.Connection:
    for name, key in (("isGlobal", "global"), ("isInstanceSpecific", "specific")):
        if arguments.get(name) is not None:
            found = [row for row in found if row[key] is arguments[name]]
    return paging.of_list(
        info, ordering.ordered(found, {"NAME": lambda row: row["name"]}, arguments), arguments
    )


def _all_triggers(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    return _select_triggers(list(triggers(info.context).values()), info, arguments)


def _one_trigger(_: Any, info: Any, id: str) -> Row | None:
    return triggers(info.context).get(from_global("AlertTrigger", id)) or not_found(info)


def _own_triggers(monitor: Row, info: Any, **arguments: Any) -> paging.Connection:
    known, wanted = triggers(info.context), rows.json_column("triggers")(monitor, info)
    return _select_triggers([known[one] for one in wanted if one in known], info, arguments)


def _has_trigger(test: Any) -> Filter:
    def make(context: Context, value: Any) -> Condition:
        wanted = [row["id"] for row in triggers(context).values() if test(row, value)]
        marks = ",".join("?" * len(wanted))
        return f"EXISTS (SELECT 1 FROM json_each(triggers) WHERE value IN ({marks}))", wanted

    return make


def _of(path: str, kind: str) -> Filter:
    column, table = path.split(" of ")

    def make(_: Context, value: str) -> Condition | None:
        sql = f"instance IN (SELECT x.id FROM instance x WHERE x.{column} = ({table}))"
        return (sql, [from_global(kind, value)]) if value else None

    return make


_NAMED_SO = (
    "instance IN (SELECT x.id FROM instance x WHERE instr(fold(x.name), fold(?)) > 0)"  # of the instance
)
_MONITOR_FILTERS: dict[str, Filter] = {
    "name_Icontains": icontains("name"),
    "instance": reference("instance", "Instance"),
    "flowConfig": reference("flow_config", "InstanceFlowConfig"),
    "instance_Customer": _of("customer of ?", "Customer"),
    "instance_Integration": _of(
        "sequence of SELECT i.sequence FROM integration i WHERE i.id = ?", "Integration"
    ),
    "instance_Integration_VersionSequenceId": lambda _, value: (
        "instance IN (SELECT x.id FROM instance x WHERE x.sequence = ?)",
        [value],
    ),
    "instance_Name_Icontains": lambda _, value: (_NAMED_SO, [value]),
    "lastTriggeredAt_Gte": from_on("last_triggered_at"),
    "lastTriggeredAt_Lte": up_to("last_triggered_at"),
    "triggered": flag("triggered"),
    "triggers": _has_trigger(lambda row, value: to_global("AlertTrigger", row["id"]) in value),
    "triggers_IsGlobal": _has_trigger(lambda row, value: row["global"] is value),
    "triggers_Name_Icontains": _has_trigger(lambda row, value: value.casefold() in row["name"].casefold()),
    **TIMES,
}
_MONITOR_ORDER = {
    **TIMES_ORDER,
    "CUSTOMER": "(SELECT c.name FROM customer c JOIN instance x ON x.customer = c.id WHERE x.id = instance)",
    "FLOW_CONFIG": "flow_config",
    "FLOW_CONFIG__FLOW": "flow_config",
    "INSTANCE": "(SELECT x.name FROM instance x WHERE x.id = instance)",
    "INTEGRATION": (
        "(SELECT i.name FROM integration i JOIN instance x ON x.integration = i.id WHERE x.id = instance)"
    ),
    "LAST_TRIGGERED_AT": "last_triggered_at",
    "TRIGGERED": "triggered",
    "TRIGGERS": "triggers",
}
_WEBHOOK_FILTERS: dict[str, Filter] = {
    "name_Icontains": icontains("name"),
    "url_Icontains": icontains("url"),
    **TIMES,
}
_WEBHOOK_ORDER = {**TIMES_ORDER, "URL": "url"}
_OF_MONITOR = "monitor IN (SELECT m.id FROM alert_monitor m WHERE m.{} = ?)"
_EVENT_FILTERS: dict[str, Filter] = {
    "details_Icontains": icontains("details"),
    "monitor": reference("monitor", "AlertMonitor"),
    "monitor_Instance": lambda _, value: (_OF_MONITOR.format("instance"), [from_global("Instance", value)]),
    "monitor_FlowConfig": lambda _, value: (
        _OF_MONITOR.format("flow_config"),
        [from_global("InstanceFlowConfig", value)],
    ),
    "monitor_Name_Icontains": lambda _, value: (
        "monitor IN (SELECT m.id FROM alert_monitor m WHERE instr(fold(m.name), fold(?)) > 0)",
        [value],
    ),
    "createdAt_Gte": from_on("created_at"),
    "createdAt_Lte": up_to("created_at"),
}
_EVENT_ORDER = {
    **dict.fromkeys(("CREATED_AT", "CUSTOMER", "FLOW_CONFIG", "INSTANCE", "INTEGRATION"), "created_at"),
    "DETAILS": "details",
    "MONITOR": "monitor",
    "TRIGGERS": "created_at",
}


def _monitors(narrow: rows.Narrow | None = None) -> Resolver:
    return listing("alert_monitor", _MONITOR_FILTERS, _MONITOR_ORDER, narrow)


def _webhooks(narrow: rows.Narrow | None = None) -> Resolver:
    return listing("alert_webhook", _WEBHOOK_FILTERS, _WEBHOOK_ORDER, narrow)


def _groups(narrow: rows.Narrow | None = None) -> Resolver:
    return listing("alert_group", TIMES, TIMES_ORDER, narrow)


def _events(narrow: rows.Narrow | None = None) -> Resolver:
    return listing("alert_event", _EVENT_FILTERS, _EVENT_ORDER, narrow, "created")


def monitors_of_instance(instance: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The monitors that watch an instance."""
    found: paging.Connection = _monitors(of_parent("instance"))(instance, info, **arguments)
    return found


def monitors_of_flow(config: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The monitors that watch one flow of an instance."""
    found: paging.Connection = _monitors(of_parent("flow_config"))({"id": config.id}, info, **arguments)
    return found


def set_off(context: Context, execution: Row) -> None:
    """Alerts of an execution that ends in an error."""
    failed = named(context.meta["tenant"], f"alert-trigger/{FAILED}")
    where = [
        "(instance = ? OR flow_config = ?)",
        "(flow_config IS NULL OR flow_config = ?)",
        "EXISTS (SELECT 1 FROM json_each(triggers) WHERE value = ?)",
    ]
    parameters = [execution["instance"], execution["flow_config"], execution["flow_config"], failed]
    for monitor in context.store.select("alert_monitor", where, parameters):
        moment = context.store.now()
        context.store.update("alert_monitor", monitor["id"], {"triggered": 1, "last_triggered_at": moment})
        rows.create(context, "alert_event", {"monitor": monitor["id"], "details": execution["error"]})


# mutations

_MONITOR_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "durationSecondsCondition": ("duration_seconds", as_given),
    "executionOverdueMinutesCondition": ("overdue_minutes", as_given),
    "logSeverityLevelCondition": ("severity", as_given),
}
_WEBHOOK_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "url": ("url", filled("url")),
    "headers": ("headers", json_text("headers")),
    "payloadTemplate": ("payload_template", filled("payloadTemplate")),
}
_TOLD = {"users": ("person", "User"), "webhooks": ("alert_webhook", "AlertWebhook")}


def _told(context: Context, given: dict[str, Any], kinds: dict[str, tuple[str, str]]) -> Row:
    return {
        field: rows.referred_all(context, table, kind, given[field], field)
        for field, (table, kind) in kinds.items()
        if field in given
    }


def _monitor(context: Context, given: dict[str, Any]) -> Row:
    """The columns that an input sets."""
    changes = columns(_MONITOR_COLUMNS, given)
    changes |= _told(context, given, {**_TOLD, "groups": ("alert_group", "AlertGroup")})
    if "instance" in given:
        changes["instance"] = rows.referred(context, "instance", "Instance", given["instance"], "instance")
    if "flowConfig" in given:
        changes["flow_config"] = None
        if given["flowConfig"]:
            found = flow_config(context, from_global("InstanceFlowConfig", given["flowConfig"]))
            if found is None:
                raise missing("flowConfig")
            changes |= {"flow_config": found.id, "instance": found.instance["id"]}
    if "triggers" in given:
        known = triggers(context)
        wanted = [from_global("AlertTrigger", one) for one in given["triggers"] or () if one]
        if not all(one in known for one in wanted):
            raise missing("triggers")
        changes["triggers"] = json.dumps(list(dict.fromkeys(wanted)))
    return changes


def _create_monitor(context: Context, given: dict[str, Any]) -> Row:
    changes = _monitor(context, given)
    if changes.get("triggers", "[]") == "[]":
        raise RefusedError("triggers", "At least one trigger is required.")
    return rows.create(context, "alert_monitor", changes)


def _update_monitor(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "alert_monitor", "AlertMonitor", given)
    return rows.change(context, "alert_monitor", row, _monitor(context, given))


def _clear_monitor(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "alert_monitor", "AlertMonitor", given)
    return rows.change(context, "alert_monitor", row, {"triggered": 0})


def _group(context: Context, given: dict[str, Any]) -> Row:
    return columns({"name": ("name", filled("name"))}, given) | _told(context, given, _TOLD)


def _create_group(context: Context, given: dict[str, Any]) -> Row:
    return rows.create(context, "alert_group", _group(context, {"name": None, **given}))


def _update_group(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "alert_group", "AlertGroup", given)
    return rows.change(context, "alert_group", row, _group(context, given))


def _create_webhook(context: Context, given: dict[str, Any]) -> Row:
    return rows.create(context, "alert_webhook", columns(_WEBHOOK_COLUMNS, given))


def _update_webhook(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "alert_webhook", "AlertWebhook", given)
    return rows.change(context, "alert_webhook", row, columns(_WEBHOOK_COLUMNS, given))


_ALIKE: dict[str, Resolver] = {
    "name": column("name"),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
}
_MONITOR: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("AlertMonitor"),
    "durationSecondsCondition": column("duration_seconds"),
    "executionOverdueMinutesCondition": column("overdue_minutes"),
    "logSeverityLevelCondition": column("severity"),
    "instance": relation("instance", "instance"),
    "flowConfig": lambda row, info: (
        flow_config(info.context, row["flow_config"]) if row["flow_config"] else None
    ),
    "triggered": boolean("triggered"),
    "lastTriggeredAt": column("last_triggered_at"),
    "systemSuspended": constant(False),
    "triggers": _own_triggers,
    "users": listing("person", USER_FILTERS, USER_ORDER, listed_in("users")),
    "groups": _groups(listed_in("groups")),
    "webhooks": _webhooks(listed_in("webhooks")),
    "events": _events(of_parent("monitor")),
}
_GROUP: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("AlertGroup"),
    "users": listing("person", USER_FILTERS, USER_ORDER, listed_in("users")),
    "webhooks": _webhooks(listed_in("webhooks")),
    "monitors": _monitors(that_list("groups")),
}
_WEBHOOK: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("AlertWebhook"),
    "url": column("url"),
    "headers": column("headers"),
    "payloadTemplate": column("payload_template"),
    "groups": _groups(that_list("webhooks")),
    "monitors": _monitors(that_list("webhooks")),
}
_TRIGGER: dict[str, Resolver] = {
    "id": global_id("AlertTrigger"),
    "name": column("name"),
    "isGlobal": column("global"),
    "isInstanceSpecific": column("specific"),
    "monitors": _monitors(that_list("triggers")),
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
_EVENT: dict[str, Resolver] = {
    "id": global_id("AlertEvent"),
    "details": column("details"),
    "createdAt": column("created_at"),
    "monitor": relation("alert_monitor", "monitor"),
}
BINDINGS = [
    bind("AlertMonitor", _MONITOR),
    bind("AlertGroup", _GROUP),
    bind("AlertWebhook", _WEBHOOK),
    bind("AlertTrigger", _TRIGGER),
    bind("AlertEvent", _EVENT),
]
ROOT: dict[str, Resolver] = {
    "alertMonitor": by_id("alert_monitor", "AlertMonitor"),
    "alertMonitors": _monitors(),
    "alertGroup": by_id("alert_group", "AlertGroup"),
    "alertGroups": _groups(),
    "alertWebhook": by_id("alert_webhook", "AlertWebhook"),
    "alertWebhooks": _webhooks(),
    "alertTrigger": _one_trigger,
    "alertTriggers": _all_triggers,
    "alertEvent": by_id("alert_event", "AlertEvent"),
    "alertEvents": _events(),
}
MUTATIONS: dict[str, Resolver] = {
    "createAlertMonitor": mutation("alertMonitor", _create_monitor),
    "updateAlertMonitor": mutation("alertMonitor", _update_monitor),
    "clearAlertMonitor": mutation("alertMonitor", _clear_monitor),
    "deleteAlertMonitor": rows.removal("alert_monitor", "AlertMonitor", "alertMonitor"),
    "createAlertGroup": mutation("alertGroup", _create_group),
    "updateAlertGroup": mutation("alertGroup", _update_group),
    "deleteAlertGroup": rows.removal("alert_group", "AlertGroup", "alertGroup"),
    "createAlertWebhook": mutation("alertWebhook", _create_webhook),
    "updateAlertWebhook": mutation("alertWebhook", _update_webhook),
    "deleteAlertWebhook": rows.removal("alert_webhook", "AlertWebhook", "alertWebhook"),
}
