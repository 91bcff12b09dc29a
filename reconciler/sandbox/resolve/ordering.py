"""Why this exists: ``sortBy``, the older ``orderBy``, and what order holds when neither is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_DEFAULTS = {"created": "created_at", "updated": "updated_at DESC", "name": "name"}


def keys_of(arguments: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The fields to sort by, each with whether it descends; orderBy counts when sortBy is absent."""
    wanted = arguments.get("sortBy") or arguments.get("orderBy") or []
    wanted = wanted if isinstance(wanted, list) else [wanted]
    return [(key["field"], key["direction"] == "DESC") for key in wanted if key]


def sql(columns: Mapping[str, str], arguments: Mapping[str, Any], default: str) -> str:
    """An ORDER BY; created_at decides between equals, so that positions are certain."""
    parts = [f"{columns[field]}{' DESC' if down else ''}" for field, down in keys_of(arguments)]
    return ", ".join([*(parts or [_DEFAULTS[default]]), "created_at"])


def ordered(
    items: Sequence[Any], readers: Mapping[str, Callable[[Any], Any]], arguments: Mapping[str, Any]
) -> Sequence[Any]:
    """A list in the order asked for; what has no value comes first."""
    for field, down in reversed(keys_of(arguments)):
        read = readers[field]
        items = sorted(items, key=lambda item: ((value := read(item)) is not None, value or 0), reverse=down)
    return items
