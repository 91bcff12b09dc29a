"""The versions of an object, of which a page shows the newest hundred and `rest` reads the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.operation import Operation


def older(node: Mapping[str, Any], name: str, document: str) -> Operation | None:
    """Reads the versions that the node lacks, by its id and an offset; None where it is whole."""
    sequence = node.get("versionSequence") or {}
    read = len(sequence.get("nodes") or ())
    if read >= (sequence.get("totalCount") or 0):
        return None
    return Operation(name, document, {"id": node["id"], "offset": read})


def with_older(node: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node with further versions; a page that brings nothing ends the list."""
    first, then = node["versionSequence"], more["versionSequence"]
    rows = [*first["nodes"], *then["nodes"]]
    total = then["totalCount"] if then["nodes"] else len(rows)
    return {**node, "versionSequence": {"totalCount": total, "nodes": rows}}
