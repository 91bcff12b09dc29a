"""The versions of an object, of which a page shows the newest hundred and `rest` reads the others."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from reconciler.kinds.nodes import fitted
from reconciler.model.operation import Operation


class Sequence(Struct, rename="camel"):
    """The versions that an answer shows, and how many there are."""

    total_count: int | UnsetType | None = UNSET
    nodes: list[object] | UnsetType | None = UNSET


class Sequenced(Struct, rename="camel"):
    """An object with versions."""

    id: str = ""
    version_sequence: Sequence | UnsetType | None = UNSET


def older(node: Mapping[str, object], name: str, document: str) -> Operation | None:
    """Reads the versions that the node lacks, by its id and an offset; None where it is whole."""
    shown = fitted(Sequenced, node, name.capitalize())
    read, total = _rows(shown)
    if len(read) >= total:
        return None
    return Operation(name, document, {"id": shown.id, "offset": len(read)})


def with_older(node: Mapping[str, object], more: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The node with further versions; a page that brings nothing ends the list."""
    first, _ = _rows(fitted(Sequenced, node, name.capitalize()))
    then, total = _rows(fitted(Sequenced, more, name.capitalize()))
    rows = [*first, *then]
    return {**node, "versionSequence": {"totalCount": total if then else len(rows), "nodes": rows}}


def _rows(shown: Sequenced) -> tuple[list[object], int]:
    sequence = shown.version_sequence or Sequence()
    return sequence.nodes or [], sequence.total_count or 0
