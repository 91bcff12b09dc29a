"""Why this exists: what a version is (numbered, available, newest) is mostly rules."""

from __future__ import annotations

from ...store import Row
from ..frame.context import Context

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


def newest_published(context: Context, sequence: str, *, available: bool = False) -> Row | None:
    """The published version with the greatest number."""
    where = ["sequence = ?", "NOT is_draft"]
    if available:
        where.append(available_sql(context))
    return next(iter(context.store.select("integration", where, [sequence], "number DESC", 1)), None)
