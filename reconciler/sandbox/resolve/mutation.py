"""Why this exists: every mutation has the same frame: permission, its own savepoint, refusals, counting."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..store import Row
from .context import Context
from .errors import DeniedError, NotFoundError, RefusedError, required
from .fields import Resolver
from .ids import from_global

Run = Callable[[Context, dict[str, Any]], Any]


def mutation(result: str, run: Run, *, writes: bool = True) -> Resolver:
    """The resolver of a mutation whose payload shows its outcome as this field."""

    def resolve(_: Any, info: Any, input: dict[str, Any]) -> dict[str, Any]:
        context: Context = info.context
        if writes and not context.may_write:
            context.failed = True
            raise DeniedError
        context.forget()
        context.store.savepoint()
        payload: dict[str, Any] = {
            "clientMutationId": input.get("clientMutationId"),
            "errors": [],
            result: None,
        }
        try:
            payload[result] = run(context, without_nulls(context, input))
        except RefusedError as refused:
            context.store.undo()
            context.failed = True
            payload["errors"] = refused.payload()
        except NotFoundError as error:
            context.store.undo()
            context.failed = True
            if context.rules["mutation_not_found"] == "top_level":
                raise
            payload["errors"] = [{"field": "id", "messages": [error.message]}]
        except Exception:
            context.store.undo()
            context.failed = True
            raise
        else:
            if writes:
                context.store.count_up("writes")
            context.store.release()
        context.forget()
        return payload

    return resolve


def without_nulls(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """The input; an explicit null counts as absent, unless the rule says that it clears."""
    if context.rules["null_input"] == "clears":
        return dict(given)
    return {name: value for name, value in given.items() if value is not None}


def target(context: Context, table: str, kind: str, given: Mapping[str, Any], name: str = "id") -> Row:
    """The row that a mutation is about."""
    row = context.store.get(table, from_global(kind, given.get(name) or ""))
    if row is None:
        raise NotFoundError
    return row


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


def text(value: str | None) -> str:
    """A text that is cleared by null."""
    return value or ""


def filled(name: str) -> Callable[[str | None], str]:
    """A text that must not be empty."""

    def read(value: str | None) -> str:
        if not (value or "").strip():
            raise required(name)
        assert value is not None
        return value

    return read


def json_text(name: str) -> Callable[[str | None], str | None]:
    """A text that must be JSON, stored as the database writes it."""

    def read(value: str | None) -> str | None:
        if not value:
            return None
        try:
            return json.dumps(json.loads(value))
        except ValueError as error:
            raise RefusedError(name, f"Value must be valid JSON: {error}.") from error

    return read


def flag(value: bool | None) -> int:
    """A boolean that is cleared by null."""
    return int(bool(value))


def as_given(value: Any) -> Any:
    """Stored as it comes, null included."""
    return value


Columns = Mapping[str, tuple[str, Callable[[Any], Any]]]


def columns(table: Columns, given: Mapping[str, Any]) -> Row:
    """The columns that an input sets."""
    return {column: read(given[name]) for name, (column, read) in table.items() if name in given}


def refuse_unsupported(given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Say so when an input holds what is not simulated, instead of dropping it."""
    for name in names:
        if given.get(name) is not None:
            raise RefusedError(name, "the sandbox does not implement this")
