"""Why this exists: logs go to streams and events to webhooks; here both are kept, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..store import Row
from . import rows
from .context import Context
from .errors import RefusedError, required
from .fields import Resolver, bind, boolean, by_id, column, global_id
from .filters import TIMES, Filter, flag, icontains
from .mutation import Columns, as_given, columns, filled, json_text, mutation, target
from .mutation import flag as truth
from .rows import TIMES_ORDER, listing

SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "METRIC")
_EVENTS = (
    *(
        f"{kind}.{what}"
        for kind in ("customer", "user", "integration")
        for what in ("created", "updated", "deleted")
    ),
    *(f"component.{what}" for what in ("published", "deleted")),
    *(f"integration.{what}" for what in ("published", "imported")),
    *(f"instance.{what}" for what in ("created", "updated", "deployed", "enabled", "disabled", "deleted")),
    *(f"connection.{what}" for what in ("created", "updated", "deleted", "error")),
    *(f"alert_monitor.{what}" for what in ("created", "updated", "deleted", "triggered")),
    *(f"execution.{what}" for what in ("started", "completed", "failed")),
)


def _severities(_: Any, __: Any) -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for number, name in enumerate(SEVERITIES)]


def _levels(given: Sequence[dict[str, Any] | None] | None) -> str:
    """The levels that an input names, which must be known by number and name alike."""
    found = []
    for one in given or ():
        if one is None:
            continue
        if not 0 <= one["id"] < len(SEVERITIES) or SEVERITIES[one["id"]] != one["name"].upper():
            raise RefusedError(
                "severityLevels", f"{one['name']!r} with id {one['id']} is not a log severity."
            )
        found.append(one["id"])
    if not found:
        raise required("severityLevels")
    return json.dumps(sorted(set(found)))


def _event_types(given: Sequence[str | None] | None) -> str:
    found = [one for one in given or () if one is not None]
    for one in found:
        if one not in _EVENTS:
            raise RefusedError("eventTypes", f"Value {one!r} is not a valid choice.")
    if not found:
        raise required("eventTypes")
    return json.dumps(list(dict.fromkeys(found)))


_STREAM_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "url": ("url", filled("url")),
    "headers": ("headers", json_text("headers")),
    "payloadTemplate": ("payload_template", filled("payloadTemplate")),
    "severityLevels": ("severities", _levels),
}
_ENDPOINT_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "description": ("description", as_given),
    "url": ("url", filled("url")),
    "headers": ("headers", json_text("headers")),
    "secret": ("secret", as_given),
    "eventTypes": ("event_types", _event_types),
    "enabled": ("enabled", truth),
}


def _create_stream(context: Context, given: dict[str, Any]) -> Row:
    return rows.create(context, "log_stream", columns(_STREAM_COLUMNS, given))


def _update_stream(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "log_stream", "ExternalLogStream", given)
    return rows.change(context, "log_stream", row, columns(_STREAM_COLUMNS, given))


def _create_endpoint(context: Context, given: dict[str, Any]) -> Row:
    return rows.create(context, "event_webhook", columns(_ENDPOINT_COLUMNS, given))


def _update_endpoint(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "event_webhook", "WebhookEndpoint", given)
    return rows.change(context, "event_webhook", row, columns(_ENDPOINT_COLUMNS, given))


def _test_endpoint(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    row = target(context, "event_webhook", "WebhookEndpoint", given)
    return {"success": bool(row["enabled"]), "message": "The sandbox sends nothing.", "endpoint": row}


def _secret(row: Row, info: Any) -> str | None:
    return None if info.context.rules["secrets_read_back"] == "hidden" else row["secret"]


_ALIKE: dict[str, Resolver] = {
    "name": column("name"),
    "url": column("url"),
    "headers": column("headers"),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
}
_STREAM: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("ExternalLogStream"),
    "payloadTemplate": column("payload_template"),
    "severityLevels": lambda row, _: [
        {"id": number, "name": SEVERITIES[number]} for number in json.loads(row["severities"])
    ],
}
_ENDPOINT: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("WebhookEndpoint"),
    "description": column("description"),
    "enabled": boolean("enabled"),
    "eventTypes": rows.json_column("event_types"),
    "secret": _secret,
}
BINDINGS = [
    bind("ExternalLogStream", _STREAM),
    bind("WebhookEndpoint", _ENDPOINT),
    bind("LogSeverity", {"id": column("id"), "name": column("name")}),
    bind("WebhookEventTypeInfo", {"id": lambda name, _: name, "name": lambda name, _: name}),
    bind(
        "TestWebhookEndpointResult",
        {"success": column("success"), "message": column("message"), "webhookEndpoint": column("endpoint")},
    ),
]
_STREAM_FILTERS: dict[str, Filter] = {"name_Icontains": icontains("name"), **TIMES}
ROOT: dict[str, Resolver] = {
    "externalLogStream": by_id("log_stream", "ExternalLogStream"),
    "externalLogStreams": listing("log_stream", _STREAM_FILTERS, TIMES_ORDER),
    "logSeverityLevels": _severities,
    "webhookEndpoint": by_id("event_webhook", "WebhookEndpoint"),
    "webhookEndpoints": listing(
        "event_webhook", {**_STREAM_FILTERS, "enabled": flag("enabled")}, TIMES_ORDER
    ),
    "webhookEventTypes": lambda _, __: list(_EVENTS),
}
MUTATIONS: dict[str, Resolver] = {
    "createExternalLogStream": mutation("externalLogStream", _create_stream),
    "updateExternalLogStream": mutation("externalLogStream", _update_stream),
    "deleteExternalLogStream": rows.removal("log_stream", "ExternalLogStream", "externalLogStream"),
    "createWebhookEndpoint": mutation("webhookEndpoint", _create_endpoint),
    "updateWebhookEndpoint": mutation("webhookEndpoint", _update_endpoint),
    "deleteWebhookEndpoint": rows.removal("event_webhook", "WebhookEndpoint", "webhookEndpoint"),
    "testWebhookEndpoint": mutation("testWebhookEndpointResult", _test_endpoint, writes=False),
}
