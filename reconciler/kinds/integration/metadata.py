"""What an integration remembers of us: mark, applied record and release names, in its `metadata`.

The metadata is a free JSON text on the draft that no import touches, so it survives where an import clears
labels, and it has room for whole digests. Foreign keys in it are kept as they are.

Of a record of another version only what guards is read (mark, protection, release names, and that a creation
is not whole yet): nothing that it says of what was applied proves anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from msgspec import UNSET

from reconciler.kinds.nodes import Odd

KEY = "reconciler"
VERSION = 2
"""The form of a draft's record. One of another form, or of none (the first), is not understood."""
GUARDS = ("mark", "protect", "releases", "created")
"""What is believed whatever the form: without it something would be taken, deleted or published anew."""
_RELEASE, _DEFINITION = "Reconciler-Release", "Reconciler-Definition"
_TRAILERS = re.compile(
    rf"^{_RELEASE}: (?P<release>\S+)\n{_DEFINITION}: (?P<definition>[0-9a-f]{{64}})\s*\Z", re.MULTILINE
)
_LONGEST = 1000
"""Some tenants may refuse longer comments."""


def json_map(text: object) -> dict[str, object]:
    """A JSON text that holds an object, or {} where it holds something else or nothing."""
    if isinstance(text, str) and text:
        try:
            text = json.loads(text)
        except ValueError:
            return {}
    return dict(text) if isinstance(text, Mapping) else {}


def checked_metadata(text: object) -> dict[str, object]:
    """A draft's metadata. Raises ValueError where there is something else than a map: what we wrote there
    would take its place.
    """
    found = json_map(text)
    if not found and text not in (None, UNSET, "", "{}", {}):
        raise Odd("its metadata is not a map")
    return found


def our_part(text: object) -> dict[str, object]:
    """Our own part of it."""
    part = json_map(text).get(KEY)
    return dict(part) if isinstance(part, Mapping) else {}


def recalled(text: object) -> dict[str, object]:
    """What a draft's metadata remembers: all that a record of our form says, and of another what guards."""
    part = our_part(text)
    current = type(part.get("v")) is int and part["v"] == VERSION
    return part if current else {name: value for name, value in part.items() if name in GUARDS}


def remembering(text: object, part: Mapping[str, object]) -> str:
    """The metadata to write, with a record of our form."""
    return with_ours(text, {**part, "v": VERSION})


def text_map(value: object) -> dict[str, str]:
    """`value` as a map of texts; anything else in it is left out."""
    return {str(k): v for k, v in value.items() if isinstance(v, str)} if isinstance(value, Mapping) else {}


def truth_map(value: object) -> dict[str, bool]:
    """`value` as a map of yes and no; anything else in it is left out."""
    return {str(k): v for k, v in value.items() if isinstance(v, bool)} if isinstance(value, Mapping) else {}


def without_ours(text: object) -> str:
    """The JSON text to write so that nothing of ours is left: what else is there."""
    return json.dumps(
        {k: v for k, v in json_map(text).items() if k != KEY}, sort_keys=True, separators=(",", ":")
    )


def with_ours(text: object, part: Mapping[str, object]) -> str:
    """The JSON text to write: what is there, with our part replaced."""
    return json.dumps({**json_map(text), KEY: dict(part)}, sort_keys=True, separators=(",", ":"))


# Trailers


def with_trailers(comment: str, release: str, definition: str) -> str:
    """A comment with the release's name and its definition's digest below it, if that is not too long."""
    trailers = f"{_RELEASE}: {release}\n{_DEFINITION}: {definition}"
    whole = f"{comment}\n\n{trailers}" if comment else trailers
    return whole if len(whole) <= _LONGEST else comment


def without_trailers(comment: str) -> tuple[str, dict[str, str]]:
    """The reverse: what people wrote, and what stands below it."""
    found = _TRAILERS.search(comment)
    return (comment[: found.start()].rstrip(), found.groupdict()) if found else (comment, {})
