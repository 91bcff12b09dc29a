"""Why this exists: creating a draft, putting a definition into it, and what follows for its test instance."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from .. import definitions
from ..content import versions
from ..content.flows import flows_of
from ..content.merging import TEST_DATA
from ..definitions import Parsed
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import RefusedError
from ..frame.ids import from_global
from ..frame.inputs import labels
from .accepted import accept, blank, carry, named_by


def create(context: Context, name: str, description: str, given: Row, text: str | None) -> Row:
    """A new draft with its test instance."""
    content = accept(context, text) if text else blank(context)
    identifier, sequence, now = context.store.new_id(), context.store.new_id(), context.store.now()
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
    create_system_instance(context, row)
    return rows.read(context, "integration", identifier)


def create_system_instance(context: Context, draft: Row) -> None:
    """The hidden instance that tests a draft."""
    customer = context.store.select("customer", ["is_system"], [])[0]
    now = context.store.now()
    context.store.insert(
        "instance",
        {
            "id": context.store.new_id(),
            "name": draft["name"],
            "description": "",
            "labels": "[]",
            "integration": draft["id"],
            "sequence": draft["sequence"],
            "customer": customer["id"],
            "is_system": 1,
            "enabled": 1,
            "needs_deploy": 0,
            "deployed_version": versions.number(context, draft),
            "last_deployed_at": now,
            "created_at": now,
            "updated_at": now,
        },
    )


def content_columns(context: Context, content: Parsed, old: Row | None = None) -> Row:
    """The columns that a definition fills; flows and variables keep who they are across imports."""
    given = content.body.get("renameAttributes")
    obeyed = context.rules["import_renames"] == "obeyed"
    renamed = given if obeyed and isinstance(given, dict) else {}
    before = definitions.of(context, old) if old else None

    def states(name: str, known: list[Any], new: list[Any], renames: str) -> list[dict[str, Any] | None]:
        return carry(known, json.loads(old[name]) if old else [], new, renamed.get(renames))

    flows = states("flows", before.flows if before else [], content.flows, "flows")
    variables = states(
        "variables", before.variables if before else [], content.variables, "requiredConfigVars"
    )
    if context.rules["import_flow_ids"] == "change":
        flows = [state and {**state, "g": state.get("g", 0) + 1} for state in flows]
    return {
        "definition": content.digest,
        "flows": json.dumps([state or {"s": context.store.new_id()} for state in flows]),
        "variables": json.dumps([state or {"s": context.store.new_id()} for state in variables]),
        "code_native": int(bool(content.body.get("isCodeNative"))),
        "agent": int(any(flow["is_agent_flow"] for flow in content.flows)),
        "category": str(content.body.get("category") or ""),
    }


def definition_labels(context: Context, content: Parsed) -> str | None:
    """The labels that a definition holds, if it names any."""
    given = content.body.get("labels")
    return labels(context, [context.text(str(label)) for label in given]) if isinstance(given, list) else None


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
        changes |= named_by(context, content)
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
        "deployed_version": versions.number(context, draft),
        "last_deployed_at": context.store.now(),
    }
    context.store.update("instance", instance["id"], changes)


def settle(context: Context, identifier: str) -> Row:
    """Work out anew whether a draft has unpublished changes, and read it."""
    row = rows.read(context, "integration", identifier)
    if row["is_draft"]:
        unpublished = int(definitions.has_changes(context, row))
        if unpublished != row["unpublished"]:
            context.store.update("integration", identifier, {"unpublished": unpublished})
            row = rows.read(context, "integration", identifier)
    return row


def flow_settings(context: Context, draft: Row, given: list[dict[str, Any]]) -> str:
    """The flows' settings with the given test data put in."""
    flows = {flow.id: flow for flow in flows_of(context, draft)}
    known = TEST_DATA | {"organizationApiKeys": "api_keys"}
    for one in given:
        flow = flows.get(from_global("IntegrationFlow", one["id"]))
        if flow is None:
            raise RefusedError("flows", "Record not found")
        flow.state |= {key: one[name] for name, key in known.items() if one.get(name) is not None}
        if one.get("testHeaders") is not None:
            flow.state["test_headers"] = json.dumps(one["testHeaders"])
    return json.dumps([flow.state for flow in flows.values()])
