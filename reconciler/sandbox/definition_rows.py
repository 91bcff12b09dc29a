"""Why this exists: the API shows a definition's flows and config variables as objects with upper-case enums.

These functions turn the parts of a definition into plain rows that the store keeps; no row refers back to the
definition, and absent keys take the value that the API shows for them.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha1
from typing import Any

import msgspec

from .definition_check import DATA_TYPES, INPUT_TYPES

_SCHEDULES = ("none", "custom", "minute", "hour", "day", "week")
_SECURITY = ("customer_optional", "customer_required", "organization", "unsecured")


def flows(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each flow, in the definition's order."""
    return [_flow(flow, order) for order, flow in enumerate(definition.get("flows") or [])]


def config_variables(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each config variable, in the definition's order; sort_order follows the wizard's pages.
    What is only shown is none, though some tools write it among them.
    """
    order, by_users = _page_order(definition), _on_pages_of_users(definition)
    return [
        _variable(variable, order.get(variable["key"], len(order) + index), by_users)
        for index, variable in enumerate(definition.get("requiredConfigVars") or [])
        if variable.get("dataType") != "htmlElement"
    ]


def configuration(definition: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a headless integration, and the version that tells one such schema from another.

    Builders write it flat, with an eTag; the documentation has it below ``instance``, with a version.
    """
    given = definition.get("configuration")
    if not isinstance(given, dict):
        return None
    own = given["instance"] if isinstance(given.get("instance"), dict) else given
    schema = own.get("schema") or {}
    version = own.get("eTag", own.get("version"))
    if version is None:  # then any other schema is another version
        version = sha1(msgspec.json.encode(schema, order="deterministic")).hexdigest()
    return {"schema": schema, "version": str(version)}


def _flow(flow: dict[str, Any], order: int) -> dict[str, Any]:
    retry, queue = _mapping(flow.get("retryConfig")), _mapping(flow.get("queueConfig"))
    return {
        "name": flow["name"],
        "description": flow.get("description") or "",
        "stable_key": _text(flow.get("stableKey")),
        "sort_order": order,
        "is_synchronous": bool(flow.get("isSynchronous")),
        "is_agent_flow": bool(flow.get("isAgentFlow")),
        "endpoint_security_type": _known(flow.get("endpointSecurityType"), _SECURITY) or "CUSTOMER_OPTIONAL",
        "organization_api_keys": flow.get("organizationApiKeys"),
        "steps": flow.get("steps") or [],
        "trigger": _trigger(flow.get("steps") or []),
        "schemas": flow.get("schemas"),
        "retry_max_attempts": _number(retry.get("maxAttempts")),
        "retry_delay_minutes": _number(retry.get("delayMinutes")),
        "retry_uses_exponential_backoff": bool(retry.get("usesExponentialBackoff")),
        "retry_unique_request_id_field": retry.get("uniqueRequestIdField"),
        "singleton_executions": bool(queue.get("singletonExecutions")),
        "uses_fifo_queue": bool(queue.get("usesFifoQueue")),
        "queue_dedupe_id_field": queue.get("dedupeIdField"),
        "concurrency_limit": queue.get("concurrencyLimit"),
        "trigger_resolver": flow.get("triggerResolver"),
    }


def _trigger(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not steps:
        return None
    step = steps[0]
    component = step["action"]["component"]
    return {
        "name": step["name"],
        "component_key": component["key"],
        "action_key": step["action"]["key"],
        "is_public": bool(component.get("isPublic")),
        "version": component.get("version"),
        "schedule": step.get("schedule"),
    }


def _variable(variable: dict[str, Any], order: int, by_users: set[Any]) -> dict[str, Any]:
    scoped = variable.get("useScopedConfigVar")
    return {
        "key": variable["key"],
        "stable_key": _text(variable.get("stableKey")),
        "description": variable.get("description"),
        "data_type": _data_type(variable),
        "collection_type": _known(variable.get("collectionType"), ("valuelist", "keyvaluelist")),
        "default_value": variable.get("defaultValue"),
        "org_only": bool(variable.get("orgOnly")),
        "pick_list": variable.get("pickList"),
        "code_language": _known(variable.get("codeLanguage"), ("json", "xml", "html")),
        "connection": _reference(variable.get("connection")),
        "connection_template": (variable.get("connection") or {}).get("template"),
        "data_source": _reference(variable.get("dataSource")),
        "inputs": [_input(name, value) for name, value in (variable.get("inputs") or {}).items()],
        "schedule_type": _known(variable.get("scheduleType"), _SCHEDULES),
        "time_zone": variable.get("timeZone"),
        "on_premise_connection_config": _known(
            variable.get("onPremiseConnectionConfig"), ("allowed", "required")
        )
        or "DISALLOWED",
        "user_level_configured": bool(variable.get("userLevelConfigured")) or variable["key"] in by_users,
        "scoped": scoped,
        "meta": variable.get("meta"),
        "sort_order": order,
    }


def _reference(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """A connection or data source of a component."""
    if not value or "component" not in value:
        return None
    component = value["component"]
    return {
        "component_key": component["key"],
        "key": value["key"],
        "is_public": bool(component.get("isPublic")),
        "version": component.get("version"),
    }


def _input(name: str, value: Any) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {}
    meta = _mapping(given.get("meta"))
    content = given.get("value")
    if content is None:
        content = ""
    elif not isinstance(content, str):
        content = msgspec.json.encode(content).decode()  # the API shows every value as text
    return {
        "name": name,
        "type": expression_type(given),
        "value": content,
        "write_only": bool(meta.get("writeOnly")),
        "org_only": bool(meta.get("orgOnly")),
        "meta": meta,
    }


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _page_order(definition: dict[str, Any]) -> dict[str, int]:
    order: dict[str, int] = {}
    for page in definition.get("configPages") or []:
        for element in page.get("elements") or []:
            if element.get("type") == "configVar":
                order.setdefault(element["value"], len(order))
    return order


def _on_pages_of_users(definition: dict[str, Any]) -> set[Any]:
    pages = [page for page in definition.get("configPages") or [] if page.get("userLevelConfigured")]
    return {element.get("value") for page in pages for element in page.get("elements") or []}


def _data_type(variable: dict[str, Any]) -> str:
    """The API's types are an enum; what it cannot show is shown as text. A scoped one names no type."""
    if not variable.get("dataType") and (variable.get("useScopedConfigVar") or variable.get("connection")):
        return "CONNECTION"
    return _known(variable.get("dataType"), DATA_TYPES) or "STRING"


def expression_type(given: Any) -> str:
    """The type of an input as the API's enum has it."""
    return _known(given.get("type") if isinstance(given, dict) else None, INPUT_TYPES) or "VALUE"


def _known(value: Any, words: Collection[str]) -> str | None:
    return value.upper() if isinstance(value, str) and value in words else None
