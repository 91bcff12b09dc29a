"""Why this exists: an instance can be deployed, and a draft tested, once people filled in what they must."""

from __future__ import annotations

from ...store import Row
from ..frame.context import Context
from . import headless
from .variables import values_of


def unfilled(context: Context, instance: Row) -> list[str]:
    """What somebody must still fill in: config variables, and the configuration of a headless integration."""
    everybody = context.rules["user_level_counts"] == "true"  # or only what is the instance's own
    found = [
        value.variable.key
        for value in values_of(context, instance)
        if not value.is_complete() and (everybody or not value.variable.body["user_level_configured"])
    ]
    return [*found, "configuration"] if headless.lacks(context, instance) else found
