"""Why this exists: creating, importing, changing, forking and deleting integrations."""

from __future__ import annotations

from typing import Any

from ...store import Row
from .. import definitions
from ..content.merging import merge
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import RefusedError, missing
from ..frame.ids import from_global
from ..frame.inputs import (
    Columns,
    as_given,
    filled,
    flag,
    into,
    json_text,
    one_of,
    refuse_attachments,
    text,
    with_labels,
)
from ..frame.mutation import Reading, Run
from ..frame.rows import target
from . import drafts
from .accepted import accept, check, named_by

_TEMPLATES = ("NOT_AVAILABLE", "AVAILABLE", "CUSTOMER_AVAILABLE", "ORG_AVAILABLE")
_COLUMNS: Columns = {
    **into(filled, "name"),
    **into(text, "description", "category"),
    **into(as_given, "avatarUrl", endpointConfigTestPayload="test_payload"),
    **into(as_given, endpointConfigTestContentType="test_content_type"),
    **into(json_text, "metadata", endpointConfigTestHeaders="test_headers"),
    **into(flag, "starred", "useAsTemplate", allowMultipleMarketplaceInstances="multiple"),
    **into(one_of(_TEMPLATES, "NOT_AVAILABLE"), templateConfiguration="template"),
}
_OF_DRAFTS = ("name", "description", "category", "customer", "definition", "flows", "testConfigVariables")


def _changes(context: Context, given: dict[str, Any]) -> Row:
    changes = with_labels(context, _COLUMNS, given)
    if "customer" in given:
        changes["customer"] = _customer(context, given)
    return changes


def _customer(context: Context, given: dict[str, Any]) -> str | None:
    return rows.referred(context, "customer", "Customer", given.get("customer"), "customer")


def _create(context: Context, given: dict[str, Any]) -> Row:
    """With a definition the rules say whether it counts, and whose name does."""
    changes = _changes(context, given)
    definition = given.get("definition")
    if not definition or context.rules["create_with_definition"] == "ignores":
        return drafts.create(context, changes["name"], changes.get("description", ""), changes, None)
    content = accept(context, definition)
    if context.rules["create_name_from"] == "definition":
        changes |= named_by(context, content)
    if "labels" not in changes:
        changes["labels"] = drafts.definition_labels(context, content) or "[]"
    changes = named_by(context, content) | changes
    return drafts.create(context, changes["name"], changes["description"], changes, definition)


def _import(context: Context, given: dict[str, Any]) -> Row:
    definition, replace = given["definition"], bool(given.get("replace"))
    if given.get("integrationId"):
        draft = target(context, "integration", "Integration", given, "integrationId")
        row = drafts.put(context, draft, definition, replace=replace)
        if "customer" in given:
            context.store.update("integration", row["id"], {"customer": _customer(context, given)})
        return rows.read(context, "integration", row["id"])
    content = accept(context, definition)
    named = named_by(context, content)
    customer = _customer(context, given)
    where = ["is_draft", "name = ?", "customer IS ?"]
    namesakes = context.store.select("integration", where, [named["name"], customer])
    rule = context.rules["import_same_name"]
    if namesakes and rule == "refused":
        raise RefusedError("name", "Integration with this name already exists.")
    if namesakes and rule == "overwrites":
        return drafts.put(context, namesakes[0], definition, replace=replace)
    changes = {"customer": customer, "labels": drafts.definition_labels(context, content) or "[]"}
    return drafts.create(context, named["name"], named["description"], changes, definition)


def _update(context: Context, given: dict[str, Any]) -> Row:
    """A published version takes labels and the like; what makes it that version stays."""
    row = target(context, "integration", "Integration", given)
    refuse_attachments(given)
    if not row["is_draft"]:
        for name in _OF_DRAFTS:
            if name in given:
                raise RefusedError(name, "A published version cannot be changed.")
    if given.get("definition"):
        row = drafts.put(context, row, given["definition"], replace=False)
    changes = _changes(context, given)
    if "metadata" in changes and not row["is_draft"] and context.rules["metadata_per_version"] == "false":
        draft = context.draft(row["sequence"])
        context.store.update("integration", draft["id"], {"metadata": changes["metadata"]})
    if given.get("flows"):
        changes["flows"] = drafts.flow_settings(context, row, given["flows"])
    rows.change(context, "integration", row, changes)
    tested: Row = {"name": changes["name"]} if "name" in changes else {}
    if given.get("testConfigVariables"):
        instance = context.system_instance(row["sequence"])
        tested["config"] = merge(context, instance, given["testConfigVariables"], field="testConfigVariables")
    if tested:
        context.store.update("instance", context.system_instance(row["sequence"])["id"], tested)
    return drafts.settle(context, row["id"])


def _fork(context: Context, given: dict[str, Any]) -> Row:
    parent = context.store.get("integration", from_global("Integration", given["parent"]))
    if parent is None:
        raise missing("parent")
    name, description = filled("name", given["name"]), given.get("description") or ""
    row = drafts.create(context, name, description, {"parent": parent["id"]}, None)
    content = definitions.of(context, parent)
    copied = drafts.content_columns(context, content)
    copied["labels"] = drafts.definition_labels(context, content) or "[]"
    context.store.update("integration", row["id"], copied)
    return drafts.settle(context, row["id"])


def remove(context: Context, sequence: str) -> None:
    """Every version goes, and every instance of any."""
    context.store.delete("instance", "sequence", sequence)
    context.store.delete("integration", "sequence", sequence)


def _delete(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "integration", "Integration", given)
    if not row["is_draft"]:
        raise RefusedError("id", "A published version cannot be deleted by itself.")
    remove(context, row["sequence"])
    return row


def _validate(context: Context, given: dict[str, Any]) -> dict[str, bool]:
    problems = check(context, given["definition"])
    if problems:
        raise RefusedError("definition", *problems)
    return {"isValid": True}


MUTATIONS: dict[str, Run] = {
    "createIntegration": _create,
    "importIntegration": _import,
    "updateIntegration": _update,
    "forkIntegration": _fork,
    "deleteIntegration": _delete,
    "validateIntegrationSchema": Reading(_validate),
}
