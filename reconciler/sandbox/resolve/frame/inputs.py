"""Why this exists: what mutations are given becomes columns by a table, each value in one of a few ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...store import Row
from .context import Context
from .errors import RefusedError, required
from .resolvers import snake

Read = Callable[[str, Any], Any]
"""(the input's field, its value) to what is stored."""
Columns = Mapping[str, tuple[str, Read]]


def text(_: str, value: str | None) -> str:
    """A text that is cleared by null."""
    return value or ""


def filled(name: str, value: str | None) -> str:
    """A text that must not be empty."""
    if not (value or "").strip():
        raise required(name)
    assert value is not None
    return value


def json_text(name: str, value: str | None) -> str | None:
    """A text that must be JSON, stored as the database writes it."""
    if not value:
        return None
    try:
        return json.dumps(json.loads(value))
    except ValueError as error:
        raise RefusedError(name, f"Value must be valid JSON: {error}.") from error


def json_object(name: str, value: str | None) -> dict[str, Any]:
    """A text that must be a JSON object, read as one; nothing is an empty one."""
    if not value:
        return {}
    try:
        found = json.loads(value)
    except ValueError as error:
        raise RefusedError(name, f"Value must be valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise RefusedError(name, "Value must be a JSON object.")
    return found


def flag(_: str, value: bool | None) -> int:
    """A boolean that is cleared by null."""
    return int(bool(value))


def as_given(_: str, value: Any) -> Any:
    """Stored as it comes, null included."""
    return value


def one_of(choices: Sequence[str], default: str = "") -> Read:
    """One of a few words, given in any case."""

    def read(name: str, value: str | None) -> str:
        found = (value or default).upper()
        if found not in choices:
            raise RefusedError(name, f"Value {value!r} is not a valid choice.")
        return found

    return read


def into(read: Read, *names: str, **others: str) -> dict[str, tuple[str, Read]]:
    """Fields that are read alike, into the columns that bear their names or into these others."""
    return {name: (column, read) for name, column in ({n: snake(n) for n in names} | others).items()}


def columns(table: Columns, given: Mapping[str, Any]) -> Row:
    """The columns that an input sets."""
    return {column: read(name, given[name]) for name, (column, read) in table.items() if name in given}


def labels(context: Context, given: Sequence[str | None] | None) -> str:
    """Labels as they are stored: lower case, none too long."""
    limit = int(context.rules["label_limit"])
    found = [label.lower() for label in given or () if label is not None]
    for label in found:
        if len(label) > limit:
            raise RefusedError(
                "labels", f"Ensure this value has at most {limit} characters (it has {len(label)})."
            )
    return json.dumps(found)


def with_labels(context: Context, table: Columns, given: Mapping[str, Any]) -> Row:
    """The columns that an input sets, its labels among them."""
    changes = columns(table, given)
    if "labels" in given:
        changes["labels"] = labels(context, given["labels"])
    return changes


def without_nulls(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """The input; an explicit null counts as absent, unless the rule says that it clears."""
    if context.rules["null_input"] == "clears":
        return dict(given)
    return {name: value for name, value in given.items() if value is not None}


_TRIMMED = frozenset({"comment", "description", "labels", "name", "value"})


def as_kept(context: Context, given: Any, *, text: bool = False) -> Any:
    """An input with the texts that may lose the blanks around them as they are kept."""
    if isinstance(given, dict):
        return {name: as_kept(context, value, text=name in _TRIMMED) for name, value in given.items()}
    if isinstance(given, list):
        return [as_kept(context, value, text=text) for value in given]
    return context.text(given) if text and isinstance(given, str) else given


def refuse_attachments(given: Mapping[str, Any]) -> None:
    """Say so when an input holds what is not simulated, instead of dropping it."""
    for name in ("addAttachment", "removeAttachment", "renameAttachment"):
        if given.get(name) is not None:
            raise RefusedError(name, "the sandbox does not implement this")
