"""Why this exists: creating, importing, changing, forking and deleting integrations."""

from __future__ import annotations

import json
from typing import Any

from ..store import Row
from . import drafts
from .config_input import merge
from .context import Context
from .definitions import accept, check, parsed
from .errors import RefusedError, missing
from .fields import Resolver
from .ids import from_global
from .mutation import (
    Columns,
    as_given,
    columns,
    filled,
    flag,
    json_text,
    labels,
    mutation,
    refuse_unsupported,
    target,
    text,
)

_TEMPLATES = ("NOT_AVAILABLE", "AVAILABLE", "CUSTOMER_AVAILABLE", "ORG_AVAILABLE")


def _template(value: str | None) -> str:
    found = (value or "NOT_AVAILABLE").upper()
    if found not in _TEMPLATES:
        raise RefusedError("templateConfiguration", f"Value {value!r} is not a valid choice.")
    return found


_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "description": ("description", text),
    "category": ("category", text),
    "avatarUrl": ("avatar_url", as_given),
    "metadata": ("metadata", json_text("metadata")),
    "starred": ("starred", flag),
    "allowMultipleMarketplaceInstances": ("multiple", flag),
    "templateConfiguration": ("template", _template),
    "useAsTemplate": ("use_as_template", flag),
    "endpointConfigTestPayload": ("test_payload", as_given),
    "endpointConfigTestHeaders": ("test_headers", json_text("endpointConfigTestHeaders")),
    "endpointConfigTestContentType": ("test_content_type", as_given),
}
_ATTACHMENTS = ("addAttachment", "removeAttachment", "renameAttachment")
_OF_DRAFTS = ("name", "description", "category", "customer", "definition", "flows", "testConfigVariables")


def _changes(context: Context, given: dict[str, Any]) -> Row:
    changes = columns(_COLUMNS, given)
    if "labels" in given:
        changes["labels"] = labels(context, given["labels"])
    if "customer" in given:
        changes["customer"] = _customer(context, given["customer"])
    return changes


def _customer(context: Context, value: str | None) -> str | None:
    if not value:
        return None
    identifier = from_global("Customer", value)
    if context.store.get("customer", identifier) is None:
        raise missing("customer")
    return identifier


def _create(context: Context, given: dict[str, Any]) -> Row:
    """With a definition the rules say whether it counts, and whose name does."""
    changes = _changes(context, given)
    definition = given.get("definition")
    if not definition or context.rules["create_with_definition"] == "ignores":
        return drafts.create(context, changes["name"], changes.get("description", ""), changes, None)
    content = accept(context, definition)
    if context.rules["create_name_from"] == "definition":
        changes["name"] = content.body["name"]
        changes["description"] = content.body.get("description") or ""
    if "labels" not in changes:
        changes["labels"] = drafts.definition_labels(context, content) or "[]"
    changes.setdefault("description", content.body.get("description") or "")
    return drafts.create(context, changes["name"], changes["description"], changes, definition)


def _import(context: Context, given: dict[str, Any]) -> Row:
    definition, replace = given["definition"], bool(given.get("replace"))
    if given.get("integrationId"):
        draft = target(context, "integration", "Integration", given, "integrationId")
        row = drafts.put(context, draft, definition, replace=replace)
        if "customer" in given:
            context.store.update(
                "integration", row["id"], {"customer": _customer(context, given["customer"])}
            )
        return drafts.read(context, row["id"])
    content = accept(context, definition)
    customer = _customer(context, given.get("customer"))
    namesakes = drafts.same_name(context, content.body["name"], customer)
    rule = context.rules["import_same_name"]
    if namesakes and rule == "refused":
        raise RefusedError("name", "Integration with this name already exists.")
    if namesakes and rule == "overwrites":
        return drafts.put(context, namesakes[0], definition, replace=replace)
    changes = {"customer": customer, "labels": drafts.definition_labels(context, content) or "[]"}
    body = content.body
    return drafts.create(context, body["name"], body.get("description") or "", changes, definition)


def _update(context: Context, given: dict[str, Any]) -> Row:
    """A published version takes labels and the like; what makes it that version stays."""
    row = target(context, "integration", "Integration", given)
    refuse_unsupported(given, _ATTACHMENTS)
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
    context.store.update("integration", row["id"], {**changes, "updated_at": context.store.now()})
    if given.get("testConfigVariables"):
        context.forget()
        instance = context.system_instance(row["sequence"])
        config = merge(context, instance, given["testConfigVariables"], field="testConfigVariables")
        context.store.update("instance", instance["id"], {"config": json.dumps(config)})
    if "name" in changes:
        context.forget()
        instance = context.system_instance(row["sequence"])
        context.store.update("instance", instance["id"], {"name": changes["name"]})
    return drafts.settle(context, row["id"])


def _fork(context: Context, given: dict[str, Any]) -> Row:
    parent = context.store.get("integration", from_global("Integration", given["parent"]))
    if parent is None:
        raise missing("parent")
    name = filled("name")(given["name"])
    row = drafts.create(context, name, text(given.get("description")), {"parent": parent["id"]}, None)
    content = parsed(context.store, parent["definition"])
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


MUTATIONS: dict[str, Resolver] = {
    "createIntegration": mutation("integration", _create),
    "importIntegration": mutation("integration", _import),
    "updateIntegration": mutation("integration", _update),
    "forkIntegration": mutation("integration", _fork),
    "deleteIntegration": mutation("integration", _delete),
    "validateIntegrationSchema": mutation("result", _validate, writes=False),
}
