"""Why this exists: what a version is (numbered, available, newest, outdated) is mostly rules."""

from __future__ import annotations

from typing import Any

from ..definition_check import component_refs
from ..store import Row
from . import paging
from .components import Version as ComponentVersion
from .context import Context
from .definitions import parsed
from .fields import Resolver, bind, column
from .filters import Condition
from .ids import from_global, named, to_global
from .user import user

DELAY = 3  # under published_available = after_delay a version is seen as available by the third request after


def number_sql(context: Context) -> str:
    """The number that each record shows, as SQL."""
    shown = {
        "last": "number",
        "next": f"CASE number WHEN 0 THEN {context.first_number} ELSE number + 1 END",
        "zero": "0",
    }[context.rules["draft_version_number"]]
    return f"(CASE is_draft WHEN 1 THEN {shown} ELSE number END)"


def number(context: Context, row: Row) -> int:
    """The number that a record shows."""
    last: int = row["number"]
    rule = context.rules["draft_version_number"]
    if not row["is_draft"] or rule == "last":
        return last
    return 0 if rule == "zero" else next_number(context, last)


def next_number(context: Context, last: int) -> int:
    """The number that the next publish gets."""
    return last + 1 if last else context.first_number


def available_sql(context: Context) -> str:
    """Whether each record is available, as SQL."""
    draft = "1" if context.rules["draft_available"] == "true" else "0"
    published = f"(available AND available_from <= {context.requests})"
    return f"(CASE is_draft WHEN 1 THEN {draft} ELSE {published} END)"


def is_available(context: Context, row: Row) -> bool:
    """Whether instances may be made of a record."""
    if row["is_draft"]:
        return context.rules["draft_available"] == "true"
    return bool(row["available"]) and int(row["available_from"]) <= context.requests


def available_filter(context: Context, value: bool) -> Condition:
    """The filter versionIsAvailable."""
    return f"{available_sql(context)} = ?", [int(value)]


def number_filter(context: Context, value: int) -> Condition:
    """The filter versionNumber."""
    return f"{number_sql(context)} = ?", [value]


def newest_published(context: Context, sequence: str, *, available: bool = False) -> Row | None:
    """The published version with the greatest number."""
    where = ["sequence = ?", "NOT is_draft"]
    if available:
        where.append(available_sql(context))
    return next(iter(context.store.select("integration", where, [sequence], "number DESC", 1)), None)


def used_components(context: Context, row: Row) -> list[ComponentVersion]:
    """The component versions that a definition refers to."""
    references = component_refs(parsed(context.store, row["definition"]).body)
    wanted = dict.fromkeys(
        (ref["key"], bool(ref.get("isPublic")), ref.get("version"))
        for ref in references
        if isinstance(ref.get("version"), int)
    )
    versions = (context.components.version(*reference) for reference in wanted)
    return [found for found in versions if found is not None]


def is_outdated(context: Context, row: Row) -> bool:
    """Whether a newer version of a used component is there."""
    return any(not used.is_latest for used in used_components(context, row))


def outdated_filter(context: Context, value: bool) -> Condition:
    """The filter hasOutdatedComponents; components move under the records, so it is worked out when asked."""
    rows = context.store.select("integration", [], [])
    found = [row["id"] for row in rows if is_outdated(context, row) is value]
    return f"id IN ({','.join('?' * len(found))})", found


def _is_latest(row: Row, info: Any) -> bool:
    context = info.context
    if context.rules["version_is_latest"] == "draft":
        return bool(row["is_draft"])
    newest = context.draft(row["sequence"])["number"]
    return bool(row["number"] == newest and bool(row["is_draft"]) == (newest == 0))


def _version_at(row: Row, info: Any, **wanted: Any) -> Row | None:
    context = info.context
    if wanted.get("latestAvailable"):
        return newest_published(context, row["sequence"], available=True)
    where, parameters = ["sequence = ?"], [row["sequence"]]
    if wanted.get("id"):
        where.append("id = ?")
        parameters.append(from_global("Integration", wanted["id"]))
    elif wanted.get("versionNumber") is not None:
        where += ["NOT is_draft", "number = ?"]
        parameters.append(wanted["versionNumber"])
    else:
        return newest_published(context, row["sequence"])
    return next(iter(context.store.select("integration", where, parameters)), None)


def _versions(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    columns = {"PUBLISHED_AT": "published_at", "PUBLISHED_BY": "published_by", "VERSION_NUMBER": "number"}
    wanted = arguments.get("orderBy")
    order = f"{columns[wanted['field']]} {wanted['direction']}" if wanted else "number DESC"
    where = ["sequence = ?", "NOT is_draft"]
    return paging.of_table(info, "integration", where, [row["sequence"]], order, arguments)


def _published_by(row: Row, info: Any) -> Any:
    return user(None, info) if row["published_by"] else None


FIELDS: dict[str, Resolver] = {
    "versionNumber": lambda row, info: number(info.context, row),
    "versionIsAvailable": lambda row, info: is_available(info.context, row),
    "versionIsLatest": _is_latest,
    "versionAttributes": column("attributes"),
    "versionComment": column("comment"),
    "versionCreatedAt": column("published_at"),
    "versionCreatedBy": _published_by,
    "versionAt": _version_at,
    "versions": _versions,
}
BINDINGS = [
    bind(
        "Version",
        {
            "id": lambda row, _: to_global("Version", named(row["id"], "version")),
            "versionNumber": column("number"),
            "comment": column("comment"),
            "isAvailable": lambda row, info: is_available(info.context, row),
            "publishedAt": column("published_at"),
            "publishedBy": _published_by,
        },
    )
]
