"""What live objects are called in manifests: slugs of their names, unique, and the same from run to run."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from reconciler.model.state import LiveObject

LONGEST = 63
"""What a manifest's name may be long."""


def slug(text: str) -> str:
    """A text as a manifest's name; empty where nothing of it can stand there."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST].strip("-")


def called(live: LiveObject) -> str:
    """What people call an object."""
    texts = (live.fields.get(name) for name in ("name", "email", "key"))
    return next((text for text in texts if isinstance(text, str) and text), live.id)


def free_name(live: LiveObject, name: str, is_taken: Callable[[str], bool]) -> str:
    """A name that nothing has yet: that of the object; where that is taken, with its external id, else with
    a number.
    """
    first = slug(name) or live.kind.lower()
    outside = slug(str(live.fields.get("externalId") or ""))
    if not is_taken(first):
        return first
    if outside and not is_taken(wider := _joined(first, outside)):
        return wider
    number = 2
    while is_taken(found := _joined(first, str(number))):
        number += 1
    return found


def _joined(name: str, end: str) -> str:
    return f"{name[: LONGEST - len(end) - 1].strip('-')}-{end}"[-LONGEST:].strip("-")
