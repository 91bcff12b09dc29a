"""The type of a kind's answer, made from its rows, and from what all kinds are asked besides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Struct, UnsetType, defstruct

from reconciler.kinds.nodes import Named, Page, Told
from reconciler.kinds.table.labels import PERMISSIONS
from reconciler.kinds.table.row import Row

_MAY = bool | None | UnsetType


def node(name: str, rows: Iterable[Row]) -> type[Struct]:
    """The type of an object, as its rows ask for it."""
    also = [("id", str), ("createdAt", Told, UNSET), *((name, _MAY, UNSET) for name in PERMISSIONS)]
    return _struct(name, [(row.place, _leaf(row)) for row in rows if row.place], also)


def _struct(name: str, ways: list[tuple[tuple[str, ...], Any]], also: list[Any]) -> type[Struct]:
    fields: list[Any] = [*also]
    for first in dict.fromkeys(place[0] for place, _ in ways):
        below = [(place[1:], leaf) for place, leaf in ways if place[0] == first and place[1:]]
        shown = _struct(first, below, []) if below else next(t for place, t in ways if place == (first,))
        fields.append((first, shown | None | UnsetType, UNSET))
    return defstruct(name, fields, rename=None)


def _leaf(row: Row) -> Any:
    if not row.refers:
        return row.wire or row.shape.wire
    if not row.shape.unordered:
        return Named
    return list[Named | None] if row.asked_for.startswith("{") else Page[Named]
