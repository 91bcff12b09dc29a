"""Makes the JSON Schema of a manifest from the rows of its kind: for editors, and for the loader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, TEXT, Shape, by_name, in_order, text, truth

API_VERSION = "reconciler/v1"
RELEASE = text(
    pattern="^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$",
    must="must be letters, digits, dots, hyphens, plus signs and underscores, at most 64",
)
_IN_ADDRESS = text(
    pattern="^[a-z0-9-]{1,63}$", must="must be lower-case letters, digits and hyphens, at most 63"
)


_METADATA = (
    Row(
        "name",
        _IN_ADDRESS,
        "Names the resource in its address. It never changes with the display name.",
        "slack-sync",
        required=True,
    ),
    Row(
        "labels",
        by_name(TEXT),
        "Labels for selection (--select, InstanceSets); they stay in git and are not sent to the server.",
        {"tier": "gold"},
    ),
    Row("protect", truth(), "Refuse every plan that would delete this resource."),
    Row(
        "ignore",
        in_order(NAME),
        "Paths of fields that are never compared.",
        ["description", "config.Channel"],
    ),
    Row(
        "sensitive",
        in_order(NAME),
        "Paths of fields whose values are secrets, though they stand in the manifest: they are never shown.",
        ["config.Channel"],
    ),
    Row(
        "was",
        in_order(_IN_ADDRESS),
        "Earlier names, so that a renamed manifest keeps its resource.",
        ["slack-sync-old"],
    ),
    Row(
        "environments",
        in_order(NAME, least=1),
        "The only environments in which this manifest counts. Absent: all.",
        ["production"],
    ),
)
_TREATED = "What names the manifest and says how it is to be treated."
_MARKED = ("protect", "was")
"""What has a meaning only for kinds that bear a mark."""


def manifest(
    kind: str,
    doc: str,
    rows: Iterable[Row],
    example: str,
    *,
    marked: bool = True,
    rules: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The schema of the manifests of a kind. `rules` are those of the spec that no single row can say, and
    `example` is the name of the example, whose spec the rows' examples make.
    """
    rows = tuple(rows)
    metadata = [row for row in _METADATA if marked or row.name not in _MARKED]
    spec = {row.name: row.example for row in rows if row.example is not None and not row.apart}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://reconciler.invalid/schemas/{kind.lower()}.json",
        "title": kind,
        "description": doc,
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The format of this file."},
            "kind": {"const": kind, "description": "The kind of resource."},
            "metadata": described(group(metadata), _TREATED).schema,
            "spec": {**described(group(rows), f"What the {_words(kind)} should be.").schema, **(rules or {})},
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "examples": [{"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": example}, "spec": spec}],
    }


def group(rows: Iterable[Row]) -> Shape:
    """A map with these fields and no others."""
    rows = tuple(rows)
    required = [row.name for row in rows if row.required]
    return Shape(
        {
            "type": "object",
            "properties": {row.name: _field(row) for row in rows},
            **({"required": required} if required else {}),
            "additionalProperties": False,
        },
        empty={},
    )


def _field(row: Row) -> dict[str, object]:
    found = dict(described(row.shape, row.doc).schema)
    if row.default is not None:
        found["default"] = row.default
    if row.example is not None:
        found["examples"] = [row.example]
    return found


def _words(kind: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()


def described(shape: Shape, doc: str) -> Shape:
    """The shape with its doc, which stands where people look for it: before what may be long."""
    first = {key: value for key, value in shape.schema.items() if key in ("type", "enum")}
    rest = {key: value for key, value in shape.schema.items() if key not in first}
    return replace(shape, schema={**first, "description": doc, **rest})
