"""Values of which a run that reads no secret cannot tell whether both sides have the same."""

from __future__ import annotations

from reconciler.model.nested import holds
from reconciler.model.secret import Unread, Unseen


def is_uncompared(wanted: object, found: object) -> bool:
    """Whether one side is not known, while both have something."""
    is_there = found not in (None, "", [], (), {})
    return holds(found, Unseen) or (is_there and holds(wanted, Unread))
