"""Why this exists: creating, changing and deleting customers."""

from __future__ import annotations

import uuid
from typing import Any

from ..store import Row
from .context import Context
from .errors import RefusedError
from .fields import Resolver
from .mutation import (
    Columns,
    as_given,
    columns,
    filled,
    flag,
    labels,
    mutation,
    refuse_unsupported,
    target,
    text,
)

_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "description": ("description", text),
    "externalId": ("external_id", as_given),
    "avatarUrl": ("avatar_url", as_given),
    "starred": ("starred", flag),
    "allowEmbeddedDesigner": ("embedded_designer", flag),
    "allowWorkflowCopilot": ("workflow_copilot", flag),
    "concurrentExecutionLimit": ("execution_limit", as_given),
}
_ATTACHMENTS = ("addAttachment", "removeAttachment", "renameAttachment")


def _changes(context: Context, given: dict[str, Any], own: str) -> Row:
    """The columns to set; names and external ids that another customer has are refused."""
    changes = columns(_COLUMNS, given)
    if "labels" in given:
        changes["labels"] = labels(context, given["labels"])
    if changes.get("external_id") == "" and context.rules["empty_external_id"] == "null":
        changes["external_id"] = None
    for column, field in (("name", "name"), ("external_id", "externalId")):
        value = changes.get(column)
        if value and context.store.select("customer", [f"{column} = ?", "id <> ?"], [value, own]):
            raise RefusedError(field, f"Customer with this {field} already exists.")
    return changes


def _create(context: Context, given: dict[str, Any]) -> Row:
    identifier, now = str(uuid.uuid4()), context.store.now()
    row = {"id": identifier, "description": "", "labels": "[]", "created_at": now, "updated_at": now}
    context.store.insert("customer", row | _changes(context, given, identifier))
    return _read(context, identifier)


def _read(context: Context, identifier: str) -> Row:
    row = context.store.get("customer", identifier)
    assert row is not None
    return row


def _update(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "customer", "Customer", given)
    refuse_unsupported(given, _ATTACHMENTS)
    changes = _changes(context, given, row["id"])
    context.store.update("customer", row["id"], {**changes, "updated_at": context.store.now()})
    return _read(context, row["id"])


def _delete(context: Context, given: dict[str, Any]) -> Row:
    """Instances go with their customer, and so do the integrations that are its own."""
    from .mutate_integration import remove

    row = target(context, "customer", "Customer", given)
    if row["is_system"]:
        raise RefusedError("__all__", "A system customer cannot be deleted.")
    for draft in context.store.select("integration", ["customer = ?", "is_draft"], [row["id"]]):
        remove(context, draft["sequence"])
    context.store.delete("instance", "customer", row["id"])
    context.store.delete("customer", "id", row["id"])
    return row


MUTATIONS: dict[str, Resolver] = {
    "createCustomer": mutation("customer", _create),
    "updateCustomer": mutation("customer", _update),
    "deleteCustomer": mutation("customer", _delete),
}
