"""Why this exists: inputs of steps, connections and data sources show as objects of one type."""

from __future__ import annotations

import json
from typing import Any

from ...definition_rows import expression_type
from ..frame.ids import derived
from ..frame.kinds import Kind
from ..frame.resolvers import alike, attribute


class Expression:
    """An input: a name, a type, a value."""

    __slots__ = ("has_value", "id", "meta", "name", "type", "value")

    def __init__(self, owner: str, name: str, kind: str, value: str, meta: dict[str, Any] | None) -> None:
        self.id = derived(owner, f"input/{name}")
        self.name, self.type, self.value = name, kind, value
        self.has_value = value != ""
        self.meta = json.dumps(meta) if meta else None


def of_definition(owner: str, name: str, given: dict[str, Any]) -> Expression:
    """An input as a definition writes it, whatever its value is."""
    value = given.get("value")
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return Expression(owner, name, expression_type(given), text, given.get("meta"))


KINDS = (Kind("Expression", fields=alike(attribute, "name", "type", "value", "hasValue", "meta")),)
