"""`${…}` as a text: where one begins and ends, and where one may stand."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.manifests import schemas
from reconciler.model.problem import Where

HOLE = re.compile(r"\$(\$?)\{([^{}\n]*)(\}?)")
_WHOLE = re.compile(r"\$\{[^{}\n]*\}")


def is_hole(text: str) -> bool:
    """Whether a text is one hole and nothing besides."""
    return _WHOLE.fullmatch(text) is not None


def holes_of(kind: str) -> tuple[Where, ...]:
    """Below which fields of a kind's manifests holes are filled in."""
    return (("spec", "template"), ("spec", "overrides")) if kind == "InstanceSet" else (("spec",),)


def takes_text(kind: str, path: Where) -> bool:
    """Whether text may stand at this place of a kind's manifests."""
    known = schemas.at(kind, path)
    schema = known.schema if known else {}
    return not isinstance(schema, Mapping) or "string" in schema.get("type", "string")
