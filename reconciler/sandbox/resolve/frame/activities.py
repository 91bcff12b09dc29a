"""Why this exists: the platform keeps one English sentence for each change, which tells who changed what."""

from __future__ import annotations

import re
from typing import Any

from ...tables import TIMES
from . import filters
from .context import Context
from .kinds import Kind
from .lists import Rows
from .resolvers import constants

TABLES = {
    "activity": f"""
  id TEXT PRIMARY KEY, description TEXT NOT NULL, user TEXT NOT NULL, user_name TEXT NOT NULL, {TIMES}"""
}
_WORDS = re.compile(r"[A-Z][a-z0-9]+|[A-Z]+(?![a-z])|^[a-z]+")
_DONE = {
    "clear": "cleared",
    "configure": "configured",
    "create": "created",
    "delete": "deleted",
    "deploy": "deployed",
    "disconnect": "disconnected",
    "fork": "forked",
    "import": "imported",
    "publish": "published",
    "update": "updated",
}


def note(context: Context, mutation: str, result: Any) -> None:
    """Keep the sentence for a mutation that was carried out; what only runs a flow is no change."""
    verb, *thing = _WORDS.findall(mutation)
    if context.rules["activity_log"] == "off" or verb not in _DONE:
        return
    person = context.store.get("person", context.meta["user"])
    who = person["name"] if person else ""
    name = f' "{result["name"]}"' if isinstance(result, dict) and result.get("name") else ""
    sentence = f"{who} {_DONE[verb]} the {' '.join(thing).lower()}{name}."
    now, user = context.store.now(), context.meta["user"]
    row = {"id": context.store.new_id(), "description": sentence, "user": user, "user_name": who}
    context.store.insert("activity", row | {"created_at": now, "updated_at": now})


_FILTERS = {**filters.on("description", timestamp="created_at"), "user": filters.reference("user", "User")}
KINDS = (
    Kind(
        "Activity",
        "activity",
        lists=Rows("activity", _FILTERS, {"TIMESTAMP": "created_at"}, "newest").listed,
        fields={"timestamp": "created_at", **constants(False, "allowRemove", "allowUpdate")},
    ),
)
