"""Why this exists: a definition is text on the way out and rows in between; both ways are cached.

Stored is what was imported, checked, with numbers for LATEST. The release that normalises it, the current
name and the labels are put in when it is read back, so that a platform upgrade can happen meanwhile.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from .. import definition
from ..store import Row, Store
from .frame.context import Context

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
    configuration: dict[str, Any] | None  # of a headless integration
    meaning: str  # digest of what counts as a change: releases and labels left out


def parsed(store: Store, digest: str) -> Parsed:
    """The stored definition with this digest; by content, so every tenant of the process shares it."""
    return _cache.get(digest) or _remember(digest, store.definition(digest))


def of(context: Context, record: Row) -> Parsed:
    """The definition of a draft or version."""
    return parsed(context.store, record["definition"])


def keep(store: Store, body: dict[str, Any]) -> Parsed:
    """Store a definition, once."""
    text = json.dumps(body, sort_keys=True)
    digest = _digest(text)
    store.keep_definition(digest, text)
    return _cache.get(digest) or _remember(digest, text)


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
        definition.configuration(body),
        _digest(json.dumps(plain, sort_keys=True)),
    )
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[digest] = found
    return found


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def read_back(context: Context, record: Row, *, latest: bool) -> str:
    """The text that a client gets."""
    rules = context.rules
    content = of(context, record)
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
    content = of(context, record)
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
