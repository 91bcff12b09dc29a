"""Why this exists: creating a draft, putting a definition into it, and what follows for its test instance."""

from __future__ import annotations

import json
import uuid
from typing import Any

from ..store import Row
from . import version
from .context import Context
from .definitions import BLANK, Parsed, accept, carry, has_changes, parsed
from .errors import RefusedError
from .mutation import labels


def read(context: Context, identifier: str) -> Row:
    """The record as it is now; what was read before may be out of date."""
    context.forget()
    row = context.store.get("integration", identifier)
    assert row is not None
    return row


def create(context: Context, name: str, description: str, given: Row, text: str | None) -> Row:
    """A new draft with its test instance."""
    content = accept(context, text or BLANK)
    identifier, sequence, now = str(uuid.uuid4()), str(uuid.uuid4()), context.store.now()
    row = {
        "id": identifier,
        "sequence": sequence,
        "is_draft": 1,
        "number": 0,
        "name": name,
        "description": description,
        "category": "",
        "labels": "[]",
        "unpublished": 1,
        **content_columns(context, content),
        **given,
        "created_at": now,
        "updated_at": now,
    }
    context.store.insert("integration", row)
    _create_system_instance(context, row)
    return read(context, identifier)


def _create_system_instance(context: Context, draft: Row) -> None:
    customer = context.store.select("customer", ["is_system"], [])[0]
    now = context.store.now()
    context.store.insert(
        "instance",
        {
            "id": str(uuid.uuid4()),
            "name": draft["name"],
            "description": "",
            "labels": "[]",
            "integration": draft["id"],
            "sequence": draft["sequence"],
            "customer": customer["id"],
            "is_system": 1,
            "enabled": 1,
            "needs_deploy": 0,
            "deployed_version": version.number(context, draft),
            "last_deployed_at": now,
            "created_at": now,
            "updated_at": now,
        },
    )


def content_columns(context: Context, content: Parsed, old: Row | None = None) -> Row:
    """The columns that a definition fills; flows and variables keep who they are across imports."""
    renamed = content.body.get("renameAttributes")
    renamed = renamed if isinstance(renamed, dict) else {}
    before = parsed(context.store, old["definition"]) if old else None
    flows = carry(
        before.flows if before else [],
        json.loads(old["flows"]) if old else [],
        content.flows,
        renamed.get("flows"),
    )
    variables = carry(
        before.variables if before else [],
        json.loads(old["variables"]) if old else [],
        content.variables,
        renamed.get("requiredConfigVars"),
    )
    if context.rules["import_flow_ids"] == "change":
        flows = [state and {**state, "g": state.get("g", 0) + 1} for state in flows]
    return {
        "definition": content.digest,
        "flows": json.dumps([state or {"s": str(uuid.uuid4())} for state in flows]),
        "variables": json.dumps([state or {"s": str(uuid.uuid4())} for state in variables]),
        "code_native": int(bool(content.body.get("isCodeNative"))),
        "agent": int(any(flow["is_agent_flow"] for flow in content.flows)),
        "category": str(content.body.get("category") or ""),
    }


def definition_labels(context: Context, content: Parsed) -> str | None:
    """The labels that a definition holds, if it names any."""
    given = content.body.get("labels")
    return labels(context, [str(label) for label in given]) if isinstance(given, list) else None


def put(context: Context, draft: Row, text: str, *, replace: bool) -> Row:
    """Import a definition into a draft: whatever the draft held is gone."""
    if not draft["is_draft"]:
        raise RefusedError("integrationId", "A published version cannot be changed.")
    content = accept(context, text)
    changes = content_columns(context, content, draft)
    if changes["code_native"] != draft["code_native"] and not replace:
        raise RefusedError(
            "definition",
            "Set replace to exchange a low-code integration for a code-native one or the reverse.",
        )
    if context.rules["import_updates_metadata"] == "name_and_description":
        changes["name"] = content.body["name"]
        changes["description"] = content.body.get("description") or ""
    named = definition_labels(context, content)
    if named is not None:
        changes["labels"] = named
    elif context.rules["import_clears_labels"] == "true":
        changes["labels"] = "[]"
    context.store.update("integration", draft["id"], {**changes, "updated_at": context.store.now()})
    redeploy_test(context, draft["sequence"])
    return settle(context, draft["id"])


def redeploy_test(context: Context, sequence: str) -> None:
    """The test instance follows its draft."""
    context.forget()
    draft, instance = context.draft(sequence), context.system_instance(sequence)
    changes = {
        "name": draft["name"],
        "needs_deploy": 0,
        "deployed_version": version.number(context, draft),
        "last_deployed_at": context.store.now(),
    }
    context.store.update("instance", instance["id"], changes)


def settle(context: Context, identifier: str) -> Row:
    """Work out anew whether a draft has unpublished changes, and read it."""
    row = read(context, identifier)
    if row["is_draft"]:
        unpublished = int(has_changes(context, row))
        if unpublished != row["unpublished"]:
            context.store.update("integration", identifier, {"unpublished": unpublished})
            row = read(context, identifier)
    return row


def same_name(context: Context, name: str, customer: str | None) -> list[Row]:
    """Drafts that already have this name."""
    where = ["is_draft", "name = ?", "customer IS ?"]
    return context.store.select("integration", where, [name, customer])


def flow_settings(context: Context, draft: Row, given: list[dict[str, Any]]) -> str:
    """The flows' settings with the given test data put in."""
    from .ids import from_global
    from .parts import flows_of

    flows = {flow.id: flow for flow in flows_of(context, draft)}
    for one in given:
        flow = flows.get(from_global("IntegrationFlow", one["id"]))
        if flow is None:
            raise RefusedError("flows", "Record not found")
        for name, key in (
            ("testPayload", "test_payload"),
            ("testContentType", "test_content_type"),
            ("organizationApiKeys", "api_keys"),
        ):
            if one.get(name) is not None:
                flow.state[key] = one[name]
        if one.get("testHeaders") is not None:
            flow.state["test_headers"] = json.dumps(one["testHeaders"])
    return json.dumps([flow.state for flow in flows.values()])
