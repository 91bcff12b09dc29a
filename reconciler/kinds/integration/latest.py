"""What LATEST means by now: the components that have a newer version than the draft was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.definition import Definition
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import ignored
from reconciler.model.plan import Cause, Change
from reconciler.model.state import LiveObject

Component = tuple[str, bool]
"""A component's key, and whether it is public."""
NEWEST = "newest"
"""The fact that holds the newest versions of the components of which the draft uses older ones."""


def newest(node: Mapping[str, Any]) -> dict[str, dict[Component, int]]:
    """The fact, where an answer shows the components."""
    rows = (node.get("components") or {}).get("nodes")
    if rows is None:
        return {}
    return {
        NEWEST: {
            (row["key"], bool(row["public"])): row["versionAt"]["versionNumber"]
            for row in rows
            if row and row.get("versionAt")
        }
    }


def is_to_be_asked(request: Request) -> bool:
    """Whether it must still be asked which components moved on."""
    live = request.live
    if live is None or NEWEST in live.facts or not live.facts.get("outdated"):
        return False
    return bool(_latest(request))


def moved_on(request: Request) -> list[tuple[Component, Any, int]]:
    """The components that git calls LATEST and that moved on: from which version to which."""
    live = request.live
    known: Mapping[Component, int] = live.facts.get(NEWEST, {}) if live else {}
    if live is None or not known:
        return []
    there = _versions(live)
    moving = [one for one in _latest(request) if one in known and one in there]
    return [(one, there[one], known[one]) for one in moving if there[one] != known[one]]


def component_changes(request: Request) -> tuple[Change, ...]:
    """The same as changes, which git asks for."""
    return tuple(
        Change(f"definition.components[{key}].version", before, after, Cause.PENDING)
        for (key, _), before, after in moved_on(request)
    )


def _latest(request: Request) -> list[Component]:
    wanted: Definition | None = request.resource.fields.get("definition")
    if wanted is None or ignored(request.resource, "definition"):
        return []
    return sorted({(one.key, one.is_public) for one in wanted.components if one.version == "LATEST"})


def _versions(live: LiveObject) -> dict[Component, Any]:
    found: Definition = live.fields["definition"]
    return {(one.key, one.is_public): one.version for one in found.components}
