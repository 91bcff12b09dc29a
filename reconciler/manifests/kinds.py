"""What manifests may declare: the kinds with their rows, and InstanceSet, which only manifests know."""

from __future__ import annotations

from typing import Any

from reconciler.kinds import CORE, all_kinds
from reconciler.kinds.instance.rows import TEMPLATE
from reconciler.kinds.table.declared import Declared
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.schema import manifest
from reconciler.manifests import instance_set

_DECLARED: dict[str, Declared] = {
    name: kind
    for name, kind in all_kinds().items()
    if isinstance(kind, Declared) and kind.declared and kind.fields
}
TABLED = {name: kind for name, kind in _DECLARED.items() if isinstance(kind, TabledKind)}
"""The kinds that a table tells."""
KINDS = (*CORE, instance_set.NAME, *(name for name in _DECLARED if name not in CORE))
"""The names of the kinds, the most usual first."""

ROWS = {**{name: kind.fields for name, kind in _DECLARED.items()}, instance_set.NAME: instance_set.ROWS}
"""What the spec of a kind may say."""

FIELDS = {
    **{name: tuple(row.name for row in kind.fields) for name, kind in _DECLARED.items()},
    instance_set.NAME: tuple(row.name for row in TEMPLATE),
}
"""What `metadata.ignore` may begin with: the fields of model.state.Resource, by kind."""

SECRETS = {
    **{
        name: tuple(row.name for row in kind.fields if row.secret != "never")
        for name, kind in _DECLARED.items()
    },
    instance_set.NAME: tuple(row.name for row in TEMPLATE if row.secret != "never"),
}
"""What `metadata.sensitive` may begin with: all else is always shown."""

ALWAYS_SECRET = {
    name: frozenset(row.name for row in kind.fields if row.secret == "always")
    for name, kind in _DECLARED.items()
}
"""The fields that are never shown, from wherever they come."""


def any_manifest() -> dict[str, Any]:
    """The schema of a document of any kind, for files that hold several: its kind says which counts."""
    found = schemas()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://reconciler.invalid/schemas/manifest.json",
        "title": "Manifest",
        "description": "A manifest of any kind: the schema of files with documents of several kinds.",
        "type": "object",
        "properties": {"kind": {"enum": list(KINDS), "description": "The kind of resource."}},
        "required": ["kind"],
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS],
        "$defs": {kind: {k: v for k, v in found[kind].items() if k[0] != "$"} for kind in KINDS},
    }


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind as its rows make it, from which those in `schemas/` are written."""
    found = {
        name: manifest(name, kind.doc, kind.fields, kind.example, marked=kind.marked, rules=kind.rules)
        for name, kind in _DECLARED.items()
    }
    set_ = manifest(instance_set.NAME, instance_set.DOC, instance_set.ROWS, instance_set.EXAMPLE)
    return {**found, instance_set.NAME: set_}
