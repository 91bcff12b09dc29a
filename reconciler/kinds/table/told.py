"""What a table's rows say of a live object, in a manifest's words: what was set, and references as names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reconciler.kinds.table.row import Row
from reconciler.kinds.table.secrets import resting
from reconciler.kinds.telling import Telling, Untellable
from reconciler.model.secret import Hidden
from reconciler.model.state import LiveObject


def rows_told(
    rows: Iterable[Row],
    live: LiveObject,
    telling: Telling,
    refers_to: Callable[[Row, Mapping[str, object]], str],
) -> dict[str, object]:
    """What a table's rows say of an object: only what was set, references as names."""
    said: dict[str, object] = {}
    for row in rows:
        if row.path is None:
            continue
        value = live.fields[row.name]
        if row.refers:
            value = _named(row, refers_to(row, said), value, telling)
        else:
            value = telling.said(row.name, resting(row.give(value), row.name, live))
        value = _present(value)
        if is_set(row, value):
            said[row.name] = value
        elif row.required:
            raise Untellable(f'it has no "{row.name}"')
    return said


def is_set(row: Row, value: object) -> bool:
    """Whether a value says more than its absence would."""
    if value is None or value in ("", [], (), {}):
        return False
    return row.required or value not in (row.shape.empty, row.default)


def _present(value: object) -> object:
    """A value without what is not there."""
    if isinstance(value, Hidden):
        return value if value.present else None
    if isinstance(value, Mapping):
        return {key: inner for key, one in value.items() if (inner := _present(one)) is not None}
    return list(value) if isinstance(value, tuple) else value


def _named(row: Row, kind: str, value: object, telling: Telling) -> object:
    found = value if isinstance(value, Mapping) else {}
    names = sorted(telling.name(kind, object_id, title) for object_id, title in found.items())
    return names if row.shape.unordered else next(iter(names), None)
