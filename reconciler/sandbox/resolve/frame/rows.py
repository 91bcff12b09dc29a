"""Why this exists: small kinds are a row each, made, changed and removed alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...store import Row
from .context import Context
from .errors import NotFoundError, RefusedError, missing
from .ids import from_global
from .inputs import Columns, columns
from .mutation import Run

Changes = Callable[[Context, dict[str, Any], Row | None], Row]
"""(context, input, the row before or None for a new one) to the columns that are set."""


def read(context: Context, table: str, identifier: str) -> Row:
    """A row that is there, as it is now; what was read before may be out of date."""
    context.forget()
    row = context.store.get(table, identifier)
    assert row is not None
    return row


def target(context: Context, table: str, kind: str, given: Mapping[str, Any], name: str = "id") -> Row:
    """The row that a mutation is about."""
    row = context.store.get(table, from_global(kind, given.get(name) or ""))
    if row is None:
        raise NotFoundError
    return row


def create(context: Context, table: str, changes: Row) -> Row:
    """A new row."""
    identifier, now = context.store.new_id(), context.store.now()
    context.store.insert(table, {"id": identifier, **changes, "created_at": now, "updated_at": now})
    return read(context, table, identifier)


def change(context: Context, table: str, row: Row, changes: Row) -> Row:
    """A row after a change."""
    moved = {"updated_at": context.store.now()} if _moves(context, changes) else {}
    if changes or moved:
        context.store.update(table, row["id"], {**changes, **moved})
    return read(context, table, row["id"])


_DEPLOY = frozenset({"deployed_config", "deployed_version", "enabled", "last_deployed_at", "needs_deploy"})
_CONFIG = frozenset({"config", "config_mode", "flow_configs", "labels", "needs_deploy"})


def _moves(context: Context, changes: Row) -> bool:
    """Whether a change is one of the row's own fields: a deploy, configuration and labels need not be."""
    if context.rules["updated_at_moves"] == "everything":
        return True
    return not changes.keys() <= (_DEPLOY if "deployed_version" in changes else _CONFIG)


def by(table: Columns) -> Changes:
    """Columns that an input sets by a table alone."""
    return lambda _, given, __: columns(table, given)


def creation(table: str, changes: Changes) -> Run:
    """The mutation that makes a row."""
    return lambda context, given: create(context, table, changes(context, given, None))


def updating(kind: str, table: str, changes: Callable[[Context, dict[str, Any], Row], Row]) -> Run:
    """The mutation that changes a row."""

    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        return change(context, table, row, changes(context, given, row))

    return run


def removal(kind: str, table: str, refuse: Callable[[Context, Row], None] = lambda _, __: None) -> Run:
    """The mutation that deletes a row; refuse raises where one must stay."""

    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        refuse(context, row)
        context.store.delete(table, "id", row["id"])
        return row

    return run


def mutations(
    kind: str, table: str, changes: Changes, refuse: Callable[[Context, Row], None] = lambda _, __: None
) -> dict[str, Run]:
    """What creates, updates and deletes rows of a kind."""
    return {
        f"create{kind}": creation(table, changes),
        f"update{kind}": updating(kind, table, changes),
        f"delete{kind}": removal(kind, table, refuse),
    }


def once(context: Context, table: str, column: str, value: Any, own: str, refusal: tuple[str, str]) -> None:
    """Refuse a value that another row has already; refusal is the input's field and the message."""
    if value and context.store.select(table, [f"{column} = ?", "id <> ?"], [value, own]):
        raise RefusedError(*refusal)


def referred(context: Context, table: str, kind: str, value: str | None, field: str) -> str | None:
    """The uuid behind a reference to a row, which must be there."""
    if not value:
        return None
    identifier = from_global(kind, value)
    if context.store.get(table, identifier) is None:
        raise missing(field)
    return identifier


def referred_all(
    context: Context, table: str, kind: str, values: Sequence[str | None] | None, field: str
) -> str:
    """A list of references, as it is stored: as a set in the order given."""
    found = (referred(context, table, kind, value, field) for value in values or ())
    return json.dumps([identifier for identifier in dict.fromkeys(found) if identifier])
