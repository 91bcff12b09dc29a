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


class FurtherSequence(Struct, rename="camel"):
    """The same of an answer that was asked for nothing else."""

    total_count: int
    nodes: list[object]


class Sequenced(Struct, rename="camel"):
    """An object with versions."""

    id: str = ""
    version_sequence: Sequence | UnsetType | None = UNSET


class Further(Struct, rename="camel"):
    """The object that was asked for further versions."""

    version_sequence: FurtherSequence


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
    then = fitted(Further, more, name.capitalize()).version_sequence
    rows = [*first, *then.nodes]
    total = then.total_count if then.nodes else len(rows)
    return {**node, "versionSequence": {"totalCount": total, "nodes": rows}}


def _rows(shown: Sequenced) -> tuple[list[object], int]:
    sequence = shown.version_sequence or Sequence()
    return sequence.nodes or [], sequence.total_count or 0
