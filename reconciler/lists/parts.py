"""Columns and filters that several lists have, and short ways to write a line of their tables."""

from __future__ import annotations

from typing import Any

from reconciler.lists.listing import Column, Filter


def column(name: str, selection: str = "", **more: Any) -> Column:
    """A column that stands at the field of its own name, unless another selection is given."""
    return Column(name, selection or name, **more)


def text(argument: str, option: str, what: str) -> Filter:
    """A filter by a text."""
    return Filter(argument, option, "String", what)


def flag(argument: str, option: str, what: str) -> Filter:
    """A filter that is yes or no; `option` names both sides: `--enabled/--disabled`."""
    return Filter(argument, option, "Boolean", what)


def times() -> tuple[Filter, ...]:
    """The filters by when an object was made and last changed."""
    return (*between("createdAt", "created", "Created"), *between("updatedAt", "updated", "Changed"))


def between(argument: str, option: str, what: str) -> tuple[Filter, ...]:
    """The two filters of one moment: from then on, and until then."""
    form = "as 2025-11-24, 2025-11-24T18:00:00Z, or 2h (ago)"
    return (
        Filter(f"{argument}_Gte", f"--{option}-after", "DateTime", f"{what} at that time or later, {form}."),
        Filter(f"{argument}_Lte", f"--{option}-before", "DateTime", f"{what} at that time or before."),
    )


LABELS = (
    Filter("labels_Contains", "--label", "String", "With this label."),
    Filter("labels_Icontains", "--label-contains", "String", "With such a label, in capitals or not."),
)
VERSIONED = (
    flag("versionIsAvailable", "--version-is-available/--version-is-unavailable", "By availability."),
    Filter("versionNumber", "--version-number", "Int", "Of this version."),
)
LIFE = (column("createdAt", moment=True), column("updatedAt", moment=True))
ID = column("id")
OLDEST_FIRST = "[{field: CREATED_AT, direction: ASC}]"
