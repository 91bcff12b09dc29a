"""Why this exists: the API shows a definition's flows and config variables as objects with upper-case enums.

These functions turn the parts of a definition into plain rows that the store keeps; no row refers back to the
definition, and absent keys take the value that the API shows for them.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import msgspec


def flows(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each flow, in the definition's order."""
    return [_flow(flow, order) for order, flow in enumerate(definition.get("flows") or [])]


def config_variables(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """One row for each config variable, in the definition's order; sort_order follows the wizard's pages."""
    order = _page_order(definition)
    return [
        _variable(variable, order.get(variable["key"], len(order) + index))
        for index, variable in enumerate(definition.get("requiredConfigVars") or [])
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
    retry = flow.get("retryConfig") or {}
    queue = flow.get("queueConfig") or {}
    return {
        "name": flow["name"],
        "description": flow.get("description") or "",
        "stable_key": flow.get("stableKey"),
        "sort_order": order,
        "is_synchronous": bool(flow.get("isSynchronous")),
        "is_agent_flow": bool(flow.get("isAgentFlow")),
        "endpoint_security_type": _upper(flow.get("endpointSecurityType")) or "CUSTOMER_OPTIONAL",
        "organization_api_keys": flow.get("organizationApiKeys"),
        "steps": flow.get("steps") or [],
        "trigger": _trigger(flow.get("steps") or []),
        "schemas": flow.get("schemas"),
        "retry_max_attempts": int(retry.get("maxAttempts") or 0),
        "retry_delay_minutes": int(retry.get("delayMinutes") or 0),
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


def _variable(variable: dict[str, Any], order: int) -> dict[str, Any]:
    scoped = variable.get("useScopedConfigVar")
    return {
        "key": variable["key"],
        "stable_key": variable.get("stableKey"),
        "description": variable.get("description"),
        "data_type": _upper(variable.get("dataType")) or "CONNECTION",  # a scoped one names no type
        "collection_type": _upper(variable.get("collectionType")),
        "default_value": variable.get("defaultValue"),
        "org_only": bool(variable.get("orgOnly")),
        "pick_list": variable.get("pickList"),
        "code_language": _upper(variable.get("codeLanguage")),
        "connection": _reference(variable.get("connection")),
        "connection_template": (variable.get("connection") or {}).get("template"),
        "data_source": _reference(variable.get("dataSource")),
        "inputs": [_input(name, value) for name, value in (variable.get("inputs") or {}).items()],
        "schedule_type": _upper(variable.get("scheduleType")),
        "time_zone": variable.get("timeZone"),
        "on_premise_connection_config": _upper(variable.get("onPremiseConnectionConfig")) or "DISALLOWED",
        "user_level_configured": bool(variable.get("userLevelConfigured")),
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
    meta = given.get("meta") or {}
    content = given.get("value")
    if content is None:
        content = ""
    elif not isinstance(content, str):
        content = msgspec.json.encode(content).decode()  # the API shows every value as text
    return {
        "name": name,
        "type": given.get("type") or "value",
        "value": content,
        "write_only": bool(meta.get("writeOnly")),
        "org_only": bool(meta.get("orgOnly")),
        "meta": meta,
    }


def _page_order(definition: dict[str, Any]) -> dict[str, int]:
    order: dict[str, int] = {}
    for page in definition.get("configPages") or []:
        for element in page.get("elements") or []:
            if element.get("type") == "configVar":
                order.setdefault(element["value"], len(order))
    return order


def _upper(value: Any) -> str | None:
    return value.upper() if isinstance(value, str) and value else None
