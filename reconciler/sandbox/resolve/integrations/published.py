"""Why this exists: publishing a draft, and what can still be set on a published version."""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from .. import definitions
from ..content import versions
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import RefusedError
from ..frame.inputs import Columns, as_given, columns, flag, into, json_text, one_of
from ..frame.mutation import Run
from ..frame.rows import target
from . import drafts

_KNOWN_ATTRIBUTES = ("commitHash", "commitUrl", "repoUrl", "pullRequestUrl")
_MARKETPLACE = ("AVAILABLE_AND_DEPLOYABLE", "AVAILABLE_NOT_DEPLOYABLE", "NOT_AVAILABLE_IN_MARKETPLACE")
_NOT_OFFERED: Row = {
    "marketplace": "NOT_AVAILABLE_IN_MARKETPLACE",
    "overview": None,
    "multiple": 0,
    "marketplace_tabs": None,
}


def _attributes(context: Context, given: str | None) -> str | None:
    text = json_text("attributes", given)
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
    newest = versions.newest_published(context, draft["sequence"])
    unchanged = context.rules["publish_unchanged"]
    if newest and unchanged != "new_version" and not definitions.has_changes(context, draft):
        if unchanged == "refused":
            raise RefusedError("__all__", "There are no changes to publish.")
        return newest
    before = newest or draft
    copies = context.rules["publish_copies_marketplace"] == "true"
    available = context.rules["published_available"]
    number, now = versions.next_number(context, draft["number"]), context.store.now()
    row = {
        **draft,
        "id": context.store.new_id(),
        "is_draft": 0,
        "number": number,
        "comment": _comment(context, given.get("comment")),
        "attributes": _attributes(context, given.get("attributes")),
        "labels": draft["labels"] if context.rules["publish_copies_labels"] == "true" else "[]",
        **({name: before[name] for name in _NOT_OFFERED} if copies else _NOT_OFFERED),
        "published_at": now,
        "published_by": context.meta["user"],
        "published_state": None,
        "unpublished": 0,
        "starred": 0,
        "available": int(available != "not_until_told"),
        "available_from": context.requests + versions.DELAY if available == "after_delay" else 0,
        "created_at": now,
        "updated_at": now,
    }
    context.store.insert("integration", row)
    state = json.dumps(definitions.state(context, draft))
    rows.change(context, "integration", draft, {"number": number, "published_state": state, "unpublished": 0})
    drafts.redeploy_test(context, draft["sequence"])
    return rows.read(context, "integration", row["id"])


def _availability(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "integration", "Integration", given)
    if row["is_draft"]:
        raise RefusedError("id", "Only a published version has an availability.")
    return rows.change(context, "integration", row, {"available": int(given["available"])})


def _tabs(name: str, value: str | None) -> str | None:
    text = json_text(name, value)
    tabs = json.loads(text) if text else None
    if tabs is not None and not (isinstance(tabs, list) and all(isinstance(tab, str) for tab in tabs)):
        raise RefusedError(name, "Value must be a JSON list of texts.")
    return text


_COLUMNS: Columns = {
    **into(one_of(_MARKETPLACE, _MARKETPLACE[-1]), marketplaceConfiguration="marketplace"),
    **into(as_given, "overview"),
    **into(flag, allowMultipleMarketplaceInstances="multiple"),
    **into(_tabs, marketplaceTabConfiguration="marketplace_tabs"),
}


def _marketplace(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "integration", "Integration", given)
    return rows.change(context, "integration", row, columns(_COLUMNS, given))


MUTATIONS: dict[str, Run] = {
    "publishIntegration": _publish,
    "updateIntegrationVersionAvailability": _availability,
    "updateIntegrationMarketplaceConfiguration": _marketplace,
}
