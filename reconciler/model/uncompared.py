"""Values of which a run that reads no secret cannot tell whether both sides have the same."""

from __future__ import annotations

from reconciler.model.nested import leaves
from reconciler.model.secret import Unread, Unseen


def is_uncompared(wanted: object, found: object) -> bool:
    """Whether one side is not known, while both have something."""
    if any(isinstance(leaf, Unseen) for _, leaf in leaves(found)):
        return True
    is_there = found not in (None, "", [], (), {})
    return is_there and any(isinstance(leaf, Unread) for _, leaf in leaves(wanted))
