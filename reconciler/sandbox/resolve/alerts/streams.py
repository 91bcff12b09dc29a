"""Why this exists: logs go to streams and events to webhooks; here both are kept, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...store import Row
from ..frame import filters, rows
from ..frame.context import Context
from ..frame.errors import RefusedError, required
from ..frame.inputs import Columns, as_given, filled, flag, into, json_text
from ..frame.kinds import Kind
from ..frame.lists import Rows
from ..frame.mutation import mutation
from ..frame.resolvers import Resolver, column, json_column, secret
from ..frame.rows import target

SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "METRIC")
_EVENTS = tuple(
    f"{kind}.{what}"
    for kinds, happenings in (
        (("customer", "user", "integration"), ("created", "updated", "deleted")),
        (("component",), ("published", "deleted")),
        (("integration",), ("published", "imported")),
        (("instance",), ("created", "updated", "deployed", "enabled", "disabled", "deleted")),
        (("connection",), ("created", "updated", "deleted", "error")),
        (("alert_monitor",), ("created", "updated", "deleted", "triggered")),
        (("execution",), ("started", "completed", "failed")),
    )
    for kind in kinds
    for what in happenings
)


def _severity(number: int) -> dict[str, Any]:
    return {"id": number, "name": SEVERITIES[number]}


def _levels(name: str, given: Sequence[dict[str, Any] | None] | None) -> str:
    """The levels that an input names, which must be known by number and name alike."""
    found = []
    for one in given or ():
        if one is None:
            continue
        if not 0 <= one["id"] < len(SEVERITIES) or SEVERITIES[one["id"]] != one["name"].upper():
            raise RefusedError(name, f"{one['name']!r} with id {one['id']} is not a log severity.")
        found.append(one["id"])
    if not found:
        raise required(name)
    return json.dumps(sorted(set(found)))


def _event_types(name: str, given: Sequence[str | None] | None) -> str:
    found = [one for one in given or () if one is not None]
    for one in found:
        if one not in _EVENTS:
            raise RefusedError(name, f"Value {one!r} is not a valid choice.")
    if not found:
        raise required(name)
    return json.dumps(list(dict.fromkeys(found)))


_STREAM_COLUMNS: Columns = {
    **into(filled, "name", "url", "payloadTemplate"),
    **into(json_text, "headers"),
    **into(_levels, severityLevels="severities"),
}
_ENDPOINT_COLUMNS: Columns = {
    **into(filled, "name", "url"),
    **into(as_given, "description", "secret"),
    **into(json_text, "headers"),
    **into(_event_types, "eventTypes"),
    **into(flag, "enabled"),
}


def _test_endpoint(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    row = target(context, "event_webhook", "WebhookEndpoint", given)
    return {
        "success": bool(row["enabled"]),
        "message": "The sandbox sends nothing.",
        "webhookEndpoint": row,
    }


def _severities(row: Row, _: Any) -> list[dict[str, Any]]:
    return [_severity(number) for number in json.loads(row["severities"])]


_FILTERS = {**filters.on("name"), **filters.TIMES}
KINDS = (
    Kind(
        "ExternalLogStream",
        "log_stream",
        one="externalLogStream",
        many="externalLogStreams",
        lists=Rows("log_stream", _FILTERS).listed,
        fields={"severityLevels": _severities},
    ),
    Kind(
        "WebhookEndpoint",
        "event_webhook",
        one="webhookEndpoint",
        many="webhookEndpoints",
        lists=Rows("event_webhook", {**_FILTERS, **filters.flags("enabled")}).listed,
        fields={"eventTypes": json_column("event_types"), "secret": secret(column("secret"))},
    ),
    Kind("LogSeverity", mapping=True),
    Kind("WebhookEventTypeInfo", fields=dict.fromkeys(("id", "name"), lambda name, _: name)),
    Kind("TestWebhookEndpointResult", mapping=True),
)
ROOT: dict[str, Resolver] = {
    "logSeverityLevels": lambda _, __: [_severity(number) for number in range(len(SEVERITIES))],
    "webhookEventTypes": lambda _, __: list(_EVENTS),
}
MUTATIONS: dict[str, Resolver] = {
    **rows.mutations("ExternalLogStream", "log_stream", rows.by(_STREAM_COLUMNS)),
    **rows.mutations("WebhookEndpoint", "event_webhook", rows.by(_ENDPOINT_COLUMNS)),
    "testWebhookEndpoint": mutation("testWebhookEndpointResult", _test_endpoint, writes=False),
}
