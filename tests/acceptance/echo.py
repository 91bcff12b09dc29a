"""A tenant that repeats in its errors whatever it is sent, each text by itself and all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from reconciler.sandbox import Sandbox

_REPEATED = ("configVariables", "flowConfigs")


class Echo(Sandbox):
    """Refuses what configures instances, in the payload ("payload") or in top-level errors ("graphql")."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def execute(self, query: str, variables: dict[str, Any] | None = None, *rest: Any, **named: Any) -> Any:
        """The answer, or the refusal."""
        given = (variables or {}).get("input") or {}
        repeated = {name: given[name] for name in _REPEATED if given.get(name)}
        if not repeated:
            return super().execute(query, variables, *rest, **named)
        texts = [*_texts(repeated), json.dumps(repeated), json.dumps(repeated, ensure_ascii=False)]
        messages = [f'"{text}" is not welcome' for text in texts] + [repr(text)[:60] for text in texts]
        if self._where == "graphql":
            return 200, {"data": None, "errors": [{"message": message} for message in messages]}, {}
        name = query.partition("{")[2].strip().partition("(")[0]
        errors = [{"field": "config", "messages": messages}]
        return 200, {"data": {name: {"instance": None, "errors": errors}}}, {}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
        with suppress(ValueError):
            found = json.loads(value)
            yield from () if isinstance(found, str) else _texts(found)
