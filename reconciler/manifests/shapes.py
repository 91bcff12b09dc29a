"""Documents of one shape are held against their schema once: thousands of manifests differ in nothing but
texts that the schema takes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from reconciler.manifests import schemas

_SAID = frozenset({"$schema", "$id", "title", "description", "examples", "default", "errorMessage"})
"""What demands nothing."""
_TEXT = _SAID | {"type", "minLength", "pattern"}
_LIST = _SAID | {"type", "items", "minItems", "maxItems"}
_MAP = _SAID | {"type", "properties", "required", "additionalProperties", "minProperties", "maxProperties"}
_ANYTHING, _FITS = "*", "text"
_REMEMBERED = 10_000


class Shapes:
    """The shapes that were found right by the schema of one kind."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._right: set[Hashable] = set()

    def of(self, value: object) -> Hashable:
        """The shape of a document: where one of two of the same shape is right, both are."""
        return _shape(value, self._schema)

    def is_right(self, shape: Hashable) -> bool:
        """Whether one of this shape was found right."""
        return shape in self._right

    def learn(self, shape: Hashable) -> None:
        """Remembers that one was found right."""
        if len(self._right) < _REMEMBERED:
            self._right.add(shape)


@cache
def known(kind: str) -> Shapes:
    """The shapes of a kind's documents."""
    return Shapes(schemas.load(kind))


def _shape(value: object, schema: Any) -> Hashable:
    if schema is True or (isinstance(schema, dict) and schema.keys() <= _SAID):
        return _ANYTHING
    if isinstance(schema, dict):
        demands = schema.keys()
        if isinstance(value, str) and fits(value, schema):
            return _FITS
        if isinstance(value, dict) and demands <= _MAP:
            inner, others = schema.get("properties", {}), schema.get("additionalProperties", True)
            return tuple((key, _shape(one, inner.get(key, others))) for key, one in value.items())
        if isinstance(value, list) and demands <= _LIST:
            return (len(value), *(_shape(one, schema.get("items", True)) for one in value))
    return type(value), repr(value)


def fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text surely fits a schema, and has nothing to be filled in."""
    demand = Demand.of(schema)
    return demand is not None and demand.is_met(text)


class Demand(Struct, frozen=True):
    """What a schema demands of a text, where that can be asked without the machinery of schemas."""

    shortest: int
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Demand | None:
        """That of a schema; None where it demands more."""
        if not schema.keys() <= _TEXT or schema.get("type") != "string":
            return None
        pattern = schema.get("pattern")
        return cls(schema.get("minLength", 0), None if pattern is None else schemas.compiled(pattern))

    def is_met(self, text: str) -> bool:
        """Whether a text surely is so, and has nothing to be filled in."""
        if "${" in text or len(text) < self.shortest:
            return False
        return self.pattern is None or self.pattern.search(text) is not None
