"""Why this exists: creating, changing and deleting instance profiles; one name is given once in a tenant."""

from __future__ import annotations

import uuid
from typing import Any

from ..store import Row
from .context import Context
from .errors import RefusedError, missing, required
from .fields import Resolver
from .ids import from_global
from .mutation import Columns, as_given, columns, filled, flag, mutation, target, text

_COLUMNS: Columns = {
    "name": ("name", filled("name")),
    "description": ("description", text),
    "isDefaultProfile": ("is_default", flag),
    "allocatedMemoryMb": ("memory_mb", lambda value: value or 1024),
    "instanceBillingType": ("billing", text),
    "logsDisabled": ("logs_disabled", flag),
    "stepResultsDisabled": ("results_disabled", flag),
    "quickStart": ("quick_start", flag),
    "quickStartInstances": ("quick_start_instances", as_given),
}
_WHEN_CREATED: Columns = {
    "scope": ("scope", lambda value: value or "ORG"),
    "stableKey": ("stable_key", as_given),
}


def _changes(context: Context, given: dict[str, Any], own: str) -> Row:
    """The columns to set; a name that another profile has is refused."""
    changes = columns(_COLUMNS, given)
    if context.store.select("profile", ["name = ?", "id <> ?"], [changes.get("name"), own]):
        raise RefusedError("name", "Instance Profile with this name already exists.")
    if instance := given.get("instance"):
        changes["instance"] = from_global("Instance", instance)
        if context.store.get("instance", changes["instance"]) is None:
            raise missing("instance")
    return changes


def _settle(context: Context, identifier: str, changes: Row) -> Row:
    """The profile as it is now; a new default one takes the place of the old."""
    if changes.get("is_default"):
        for other in context.store.select("profile", ["is_default", "id <> ?"], [identifier]):
            context.store.update("profile", other["id"], {"is_default": 0})
    row = context.store.get("profile", identifier)
    assert row is not None
    return row


def _create(context: Context, given: dict[str, Any]) -> Row:
    if "name" not in given:
        raise required("name")
    identifier, now = str(uuid.uuid4()), context.store.now()
    changes = _changes(context, given, identifier) | columns(_WHEN_CREATED, given)
    if (changes.get("scope") == "INSTANCE") != ("instance" in changes):
        raise RefusedError("instance", "A profile of scope INSTANCE needs an instance, and no other has one.")
    context.store.insert("profile", {"id": identifier, "created_at": now, "updated_at": now, **changes})
    return _settle(context, identifier, changes)


def _update(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "profile", "InstanceProfile", given)
    changes = _changes(context, given, row["id"])
    if row["is_default"] and changes.get("is_default") == 0:
        raise RefusedError(
            "isDefaultProfile", "There must be a default profile: make another one the default."
        )
    context.store.update("profile", row["id"], {**changes, "updated_at": context.store.now()})
    return _settle(context, row["id"], changes)


def _delete(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "profile", "InstanceProfile", given)
    if row["is_default"]:
        raise RefusedError("__all__", "The default profile cannot be deleted.")
    context.store.delete("profile", "id", row["id"])
    return row


MUTATIONS: dict[str, Resolver] = {
    "createInstanceProfile": mutation("instanceProfile", _create),
    "updateInstanceProfile": mutation("instanceProfile", _update),
    "deleteInstanceProfile": mutation("instanceProfile", _delete),
}
