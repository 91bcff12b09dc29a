"""What LATEST means by now: the components that have a newer version than the draft was given."""

from __future__ import annotations

from msgspec import UNSET

from reconciler.kinds.integration.facts import Component, asked_of, draft_of, facts_of, notes_of
from reconciler.kinds.integration.node import IntegrationNode
from reconciler.kinds.nodes import every
from reconciler.kinds.protocol import Request, ignored
from reconciler.model.plan import Cause, Change
from reconciler.model.state import LiveObject


def newest(shown: IntegrationNode) -> dict[Component, int] | None:
    """The newest versions of the components of which the draft uses older ones, where an answer tells."""
    if not shown.components or shown.components.nodes in (None, UNSET):
        return None
    return {
        (row.key, row.public): row.version_at.version_number
        for row in every(shown.components)
        if row.version_at
    }


def is_to_be_asked(request: Request) -> bool:
    """Whether it must still be asked which components moved on."""
    live = request.live
    if live is None or notes_of(live).newest is not None or not facts_of(live).has_outdated_components:
        return False
    return bool(_latest(request))


def moved_on(request: Request) -> list[tuple[Component, object, int]]:
    """The components that git calls LATEST and that moved on: from which version to which."""
    live = request.live
    known = notes_of(live).newest if live else None
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
    wanted = asked_of(request.resource)
    if wanted is None or ignored(request.resource, "definition"):
        return []
    return sorted({(one.key, one.is_public) for one in wanted.components if one.version == "LATEST"})


def _versions(live: LiveObject) -> dict[Component, object]:
    return {(one.key, one.is_public): one.version for one in draft_of(live).components}
