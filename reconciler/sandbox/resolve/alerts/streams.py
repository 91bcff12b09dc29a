"""Why this exists: the platform's events go to webhooks; here the webhooks are kept, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..frame import filters, rows
from ..frame.context import Context
from ..frame.errors import RefusedError, required
from ..frame.inputs import Columns, as_given, filled, flag, into, json_text
from ..frame.kinds import Kind
from ..frame.lists import Rows
from ..frame.mutation import Reading, Run
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


def severity(number: int) -> dict[str, Any]:
    """A level of logs, as the API shows it."""
    return {"id": number, "name": SEVERITIES[number]}


def _event_types(name: str, given: Sequence[str | None] | None) -> str:
    found = [one for one in given or () if one is not None]
    for one in found:
        if one not in _EVENTS:
            raise RefusedError(name, f"Value {one!r} is not a valid choice.")
    if not found:
        raise required(name)
    return json.dumps(list(dict.fromkeys(found)))


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


_FILTERS = {**filters.on("name"), **filters.TIMES, **filters.flags("enabled")}
KINDS = (
    Kind(
        "WebhookEndpoint",
        "event_webhook",
        lists=Rows("event_webhook", _FILTERS).listed,
        fields={"eventTypes": json_column("event_types"), "secret": secret(column("secret"))},
    ),
    Kind("LogSeverity", mapping=True),
    Kind("WebhookEventTypeInfo", fields=dict.fromkeys(("id", "name"), lambda name, _: name)),
    Kind("TestWebhookEndpointResult", mapping=True),
)
ROOT: dict[str, Resolver] = {
    "logSeverityLevels": lambda _, __: [severity(number) for number in range(len(SEVERITIES))],
    "webhookEventTypes": lambda _, __: list(_EVENTS),
}
MUTATIONS: dict[str, Run] = {
    **rows.mutations("WebhookEndpoint", "event_webhook", rows.by(_ENDPOINT_COLUMNS)),
    "testWebhookEndpoint": Reading(_test_endpoint),
}
