"""Why this exists: a definition is taken in as text: checked, its components found, its parts recognised."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from ... import definition
from ...store import Row
from ..components.versions import lookup
from ..definitions import Parsed, keep
from ..frame.context import Context
from ..frame.errors import RefusedError

_BLANK = """\
definitionVersion: 7
name: ""
description: ""
flows:
  - name: Flow 1
    description: ""
    steps:
      - name: Trigger
        isTrigger: true
        inputs: {}
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
"""


@lru_cache(maxsize=256)
def _checked(text: str, unknown_types: str) -> dict[str, Any]:
    body = definition.load(text)
    known = definition.ANYTHING if unknown_types == "taken" else definition.KNOWN
    problems = definition.check(body, known)
    if problems:
        raise definition.DefinitionError(problems)
    return body


def check(context: Context, text: str) -> list[str]:
    """What is wrong with a text, components aside."""
    try:
        _checked(text, context.rules["unknown_types"])
    except definition.DefinitionError as error:
        return error.messages
    return []


def accept(context: Context, text: str) -> Parsed:
    """Take a text in: checked, components resolved, stored; RefusedError with every reason."""
    try:
        return _stored(context, _checked(text, context.rules["unknown_types"]))
    except definition.DefinitionError as error:
        raise RefusedError("definition", *error.messages) from error


def named_by(context: Context, content: Parsed) -> Row:
    """The columns that a definition's own name and description fill."""
    description = content.body.get("description") or ""
    return {"name": context.text(content.body["name"]), "description": context.text(description)}


@lru_cache(maxsize=1)
def _blank() -> dict[str, Any]:
    return definition.load(_BLANK)


def blank(context: Context) -> Parsed:
    """What an integration has of which nobody gave a definition: one flow, and no name."""
    return _stored(context, _blank())


def _shared_connections(context: Context, body: dict[str, Any]) -> None:
    """Refuse shared connections that the tenant lacks."""
    if context.rules["unknown_components"] == "invented":
        return
    variables = body.get("requiredConfigVars") or ()
    wanted = dict.fromkeys(one["useScopedConfigVar"] for one in variables if one.get("useScopedConfigVar"))
    lacking = [
        f"connection {key!r} was not found"
        for key in wanted
        if not context.store.select("scoped_variable", ["stable_key = ?"], [key])
    ]
    if lacking:
        raise definition.DefinitionError(lacking)


def _stored(context: Context, body: dict[str, Any]) -> Parsed:
    _shared_connections(context, body)
    resolved = definition.resolve_components(body, partial(lookup, context))
    unknown_keys = context.rules["unknown_definition_keys"]
    content = keep(context.store, definition.normalise(resolved, year="2025", unknown_keys=unknown_keys))
    if context.rules["component_versions_shift"] == "true":
        context.store.count_up("drift")
    return content


def carry(
    old: Sequence[dict[str, Any]],
    states: Sequence[dict[str, Any]],
    new: Sequence[dict[str, Any]],
    renamed: Any,
) -> list[dict[str, Any] | None]:
    """The state that each new flow or variable takes over: by stable key, by name, or by its old name."""
    name = "name" if new and "name" in new[0] else "key"
    by_stable = {part["stable_key"]: i for i, part in enumerate(old) if part["stable_key"]}
    by_name = {part.get(name): i for i, part in enumerate(old)}
    before = {
        change["newName"]: change["oldName"]
        for change in (renamed if isinstance(renamed, list) else ())
        if isinstance(change, dict)
        and isinstance(change.get("newName"), str)
        and isinstance(change.get("oldName"), str)
    }
    used: set[int] = set()
    result: list[dict[str, Any] | None] = []
    for part in new:
        index = by_stable.get(part["stable_key"]) if part["stable_key"] else None
        if index is None or index in used:
            index = by_name.get(part[name], by_name.get(before.get(part[name])))
        if index is None or index in used:
            result.append(None)
        else:
            used.add(index)
            result.append(states[index])
    return result
