"""Why this exists: a definition is text on the way in and out, and rows in between; both ways are cached.

Stored is what was imported, checked, with numbers for LATEST. The release that normalises it, the current
name and the labels are put in when it is read back, so that a platform upgrade can happen meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from .. import definition
from ..store import Row, Store
from .context import Context
from .errors import RefusedError

BLANK = """\
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
_cache: dict[str, Parsed] = {}
_CACHE_SIZE = 1024


@dataclass(frozen=True, slots=True)
class Parsed:
    """A stored definition and what is read from it."""

    digest: str
    text: str
    body: dict[str, Any]
    flows: list[dict[str, Any]]
    variables: list[dict[str, Any]]
    meaning: str  # digest of what counts as a change: releases and labels left out


def parsed(store: Store, digest: str) -> Parsed:
    """The stored definition with this digest; by content, so every tenant of the process shares it."""
    found = _cache.get(digest)
    if found is None:
        found = _remember(digest, store.definition(digest))
    return found


def _remember(digest: str, text: str) -> Parsed:
    body = json.loads(text)
    later = definition.normalise(body, year="2026", unknown_keys="keep")
    plain = {
        key: value for key, value in later.items() if key not in ("name", "description", "category", "labels")
    }
    found = Parsed(
        digest,
        text,
        body,
        definition.flows(body),
        definition.config_variables(body),
        _digest(json.dumps(plain, sort_keys=True)),
    )
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[digest] = found
    return found


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


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
        resolved = definition.resolve_components(_blank_or_checked(context, text), context.components.lookup)
        body = definition.normalise(
            resolved, year="2025", unknown_keys=context.rules["unknown_definition_keys"]
        )
    except definition.DefinitionError as error:
        raise RefusedError("definition", *error.messages) from error
    stored = json.dumps(body, sort_keys=True)
    digest = _digest(stored)
    context.store.keep_definition(digest, stored)
    if context.rules["component_versions_shift"] == "true":
        context.store.count_up("drift")
    return _cache.get(digest) or _remember(digest, stored)


@lru_cache(maxsize=1)
def _blank() -> dict[str, Any]:
    return definition.load(BLANK)


def _blank_or_checked(context: Context, text: str) -> dict[str, Any]:
    return _blank() if text is BLANK else _checked(text, context.rules["unknown_types"])


def read_back(context: Context, record: Row, *, latest: bool) -> str:
    """The text that a client gets."""
    rules = context.rules
    content = parsed(context.store, record["definition"])
    changes: dict[str, Any] = {"category": record["category"]}
    if rules["definition_name_follows"] == "true":
        changes |= {"name": record["name"], "description": record["description"]}
    labels = rules["definition_shows_labels"]
    if labels != "as_sent":
        changes["labels"] = json.loads(record["labels"]) if labels == "current" else None
    return _written(content.digest, content.text, json.dumps(changes), rules["normalisation"], latest)


@lru_cache(maxsize=512)
def _written(digest: str, text: str, changes: str, year: str, latest: bool) -> str:  # noqa: ARG001 - digest is the key
    body = json.loads(text) | json.loads(changes)
    if not body.get("labels"):
        body.pop("labels", None)
    body = definition.normalise(body, year=year, unknown_keys="keep")
    return definition.dump(definition.latest(body) if latest else body)


def state(context: Context, record: Row) -> dict[str, Any]:
    """What a publish fixes; a draft has unpublished changes while its state is another."""
    content = parsed(context.store, record["definition"])
    named = record if context.rules["definition_name_follows"] == "true" else content.body
    return {
        "definition": content.meaning,
        "name": named["name"],
        "description": named.get("description") or "",
        "category": record["category"],
        "labels": sorted(set(json.loads(record["labels"]))),
    }


def has_changes(context: Context, record: Row) -> bool:
    """Whether a draft differs from what was last published."""
    if record["published_state"] is None:
        return True
    then, now = json.loads(record["published_state"]), state(context, record)
    if context.rules["unpublished_on_labels"] == "false":
        then["labels"] = now["labels"]
    return bool(then != now)


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
        if isinstance(change, dict) and "newName" in change and "oldName" in change
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
