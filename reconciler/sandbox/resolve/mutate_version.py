"""Why this exists: publishing a draft, and what can still be set on a published version."""

from __future__ import annotations

import json
import uuid
from typing import Any

from ..store import Row
from . import drafts, version
from .context import Context
from .definitions import has_changes, state
from .errors import RefusedError
from .fields import Resolver
from .mutation import Columns, as_given, columns, flag, json_text, mutation, target

_KNOWN_ATTRIBUTES = ("commitHash", "commitUrl", "repoUrl", "pullRequestUrl")
_MARKETPLACE = ("AVAILABLE_AND_DEPLOYABLE", "AVAILABLE_NOT_DEPLOYABLE", "NOT_AVAILABLE_IN_MARKETPLACE")
_OF_MARKETPLACE = ("marketplace", "overview", "multiple", "marketplace_tabs")


def _attributes(context: Context, given: str | None) -> str | None:
    text = json_text("attributes")(given)
    if text is None or context.rules["attributes_keep_own_keys"] == "true":
        return text
    attributes = json.loads(text)
    if not isinstance(attributes, dict):
        return text
    return json.dumps({name: value for name, value in attributes.items() if name in _KNOWN_ATTRIBUTES})


def _comment(context: Context, given: str | None) -> str | None:
    limit = context.rules["comment_limit"]
    if given and limit != "none" and len(given) > int(limit):
        raise RefusedError(
            "comment", f"Ensure this value has at most {limit} characters (it has {len(given)})."
        )
    return given


def _publish(context: Context, given: dict[str, Any]) -> Row:
    """A snapshot of the draft under an id of its own; the draft keeps its id."""
    draft = target(context, "integration", "Integration", given)
    if not draft["is_draft"]:
        raise RefusedError("id", "A published version cannot be published again.")
    if context.rules["publish_unchanged"] == "refused" and not has_changes(context, draft):
        raise RefusedError("__all__", "There are no changes to publish.")
    before = version.newest_published(context, draft["sequence"])
    number = version.next_number(context, draft["number"])
    now = context.store.now()
    delayed = context.rules["published_available"] == "after_delay"
    row = {
        **draft,
        "id": str(uuid.uuid4()),
        "is_draft": 0,
        "number": number,
        "comment": _comment(context, given.get("comment")),
        "attributes": _attributes(context, given.get("attributes")),
        "labels": draft["labels"] if context.rules["publish_copies_labels"] == "true" else "[]",
        **_marketplace_of(context, before or draft),
        "published_at": now,
        "published_by": context.meta["user"],
        "published_state": None,
        "unpublished": 0,
        "starred": 0,
        "available": 1,
        "available_from": context.requests + version.DELAY if delayed else 0,
        "created_at": now,
        "updated_at": now,
    }
    context.store.insert("integration", row)
    changes = {"number": number, "published_state": json.dumps(state(context, draft)), "unpublished": 0}
    context.store.update("integration", draft["id"], {**changes, "updated_at": context.store.now()})
    drafts.redeploy_test(context, draft["sequence"])
    return drafts.read(context, row["id"])


def _marketplace_of(context: Context, before: Row) -> Row:
    if context.rules["publish_copies_marketplace"] == "true":
        return {name: before[name] for name in _OF_MARKETPLACE}
    return {
        "marketplace": "NOT_AVAILABLE_IN_MARKETPLACE",
        "overview": None,
        "multiple": 0,
        "marketplace_tabs": None,
    }


def _availability(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "integration", "Integration", given)
    if row["is_draft"]:
        raise RefusedError("id", "Only a published version has an availability.")
    changes = {"available": flag(given["available"]), "updated_at": context.store.now()}
    context.store.update("integration", row["id"], changes)
    return drafts.read(context, row["id"])


def _setting(value: str | None) -> str:
    found = (value or "NOT_AVAILABLE_IN_MARKETPLACE").upper()
    if found not in _MARKETPLACE:
        raise RefusedError("marketplaceConfiguration", f"Value {value!r} is not a valid choice.")
    return found


def _tabs(value: str | None) -> str | None:
    text = json_text("marketplaceTabConfiguration")(value)
    tabs = json.loads(text) if text else None
    if tabs is not None and not (isinstance(tabs, list) and all(isinstance(tab, str) for tab in tabs)):
        raise RefusedError("marketplaceTabConfiguration", "Value must be a JSON list of texts.")
    return text


_COLUMNS: Columns = {
    "marketplaceConfiguration": ("marketplace", _setting),
    "overview": ("overview", as_given),
    "allowMultipleMarketplaceInstances": ("multiple", flag),
    "marketplaceTabConfiguration": ("marketplace_tabs", _tabs),
}


def _marketplace(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "integration", "Integration", given)
    changes = columns(_COLUMNS, given)
    context.store.update("integration", row["id"], {**changes, "updated_at": context.store.now()})
    return drafts.read(context, row["id"])


MUTATIONS: dict[str, Resolver] = {
    "publishIntegration": mutation("integration", _publish),
    "updateIntegrationVersionAvailability": mutation("integration", _availability),
    "updateIntegrationMarketplaceConfiguration": mutation("integration", _marketplace),
}
