"""Documents of one shape are held against their schema once: thousands of manifests differ in nothing but
texts that the schema takes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from reconciler.manifests import schemas
from reconciler.yaml12.document import Document, Form

_SAID = frozenset({"$schema", "$id", "title", "description", "examples", "default", "errorMessage"})
"""What demands nothing."""
_TEXT = _SAID | {"type", "minLength", "pattern"}
_LIST = _SAID | {"type", "items", "minItems", "maxItems"}
_MAP = _SAID | {"type", "properties", "required", "additionalProperties", "minProperties", "maxProperties"}
_IS = _SAID | {"const"}
_CONDITIONS = frozenset({"if", "then", "else", "not"})
_CHOICES = frozenset({"oneOf", "anyOf", "allOf"})
_ANYTHING, _FITS = "*", "text"
_REMEMBERED = 10_000


class Shapes:
    """The shapes that were found right by the schema of one kind: where one document is right, all of its
    shape are.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._right: set[Hashable] = set()
        self._rules: dict[Form, _Rule] = {}

    def is_right(self, document: Document) -> bool:
        """Whether one of its shape was found right."""
        rule = self._rules.get(document.form) if document.form is not None else None
        if rule is not None and rule.holds(document.texts):
            return True
        right = _shape(document.value, self._schema) in self._right
        if right and rule is None and document.form is not None and len(self._rules) < _REMEMBERED:
            self._rules[document.form] = _rule(document.form, document.texts, self._schema)
        return right

    def learn(self, document: Document) -> None:
        """Remembers that one was found right."""
        if len(self._right) < _REMEMBERED:
            self._right.add(_shape(document.value, self._schema))


class _Rule(Struct, frozen=True):
    """What has documents of one form be of the same shape."""

    demands: Sequence[tuple[int, Demand]]
    """What is demanded of the texts."""
    fixed: Sequence[tuple[int, str]]
    """Those that must be the same."""

    def holds(self, texts: Sequence[str]) -> bool:
        """Whether a document with these texts is of that shape."""
        for index, text in self.fixed:
            if texts[index] != text:
                return False
        return all(demand.is_met(texts[index]) for index, demand in self.demands)


def _rule(form: Form, texts: Sequence[str], schema: Any) -> _Rule:
    demands, fixed = [], []
    for path, index in form.texts.items():
        inner = schema
        for part in path:
            inner = _below(inner, part)
        demand = Demand.of(inner) if isinstance(inner, dict) else None
        if demand is not None and demand.is_met(texts[index]):
            demands.append((index, demand))
        elif not _takes_anything(inner):
            fixed.append((index, texts[index]))
    return _Rule(demands, fixed)


def _below(schema: Any, part: str | int) -> Any:
    """What is demanded of what a map or a list holds; False where it is not asked for by itself."""
    if _takes_anything(schema):
        return True
    if isinstance(schema, dict) and isinstance(part, str) and _sees_keys_alone(schema):
        return schema.get("properties", {}).get(part, schema.get("additionalProperties", True))
    if isinstance(schema, dict) and isinstance(part, int) and schema.keys() <= _LIST:
        return schema.get("items", True)
    return False


def _sees_keys_alone(schema: Mapping[str, Any]) -> bool:
    """Whether what a schema demands of a map, but for what it holds, follows from which keys there are."""
    inner = schema.get("properties", {})
    return all(name in _MAP or _follows_from_keys(name, one, inner) for name, one in schema.items())


def _follows_from_keys(demand: str, given: Any, inner: Mapping[str, Any]) -> bool:
    """The same of a demand on its own; `inner` is what is demanded of what the map holds."""
    if demand in _CONDITIONS or demand in _CHOICES:
        some = given if demand in _CHOICES else [given]
        return all(_follows_from_keys(name, one, inner) for below in some for name, one in below.items())
    if demand == "properties":
        # Whether one is true or false is part of a shape, but where it may be anything.
        return all(
            one.keys() <= _IS
            and type(one.get("const")) is bool
            and not _takes_anything(inner.get(name, True))
            for name, one in given.items()
        )
    return demand == "required" or demand in _SAID


def _takes_anything(schema: Any) -> bool:
    return schema is True or (isinstance(schema, dict) and schema.keys() <= _SAID)


@cache
def known(kind: str) -> Shapes:
    """The shapes of a kind's documents."""
    return Shapes(schemas.load(kind))


def _shape(value: object, schema: Any) -> Hashable:
    if _takes_anything(schema):
        return _ANYTHING
    if isinstance(schema, dict):
        demands = schema.keys()
        if isinstance(value, str) and fits(value, schema):
            return _FITS
        if isinstance(value, dict) and (demands <= _MAP or _sees_keys_alone(schema)):
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
        types = schema.get("type", ())
        if not schema.keys() <= _TEXT or (types != "string" and "string" not in types):
            return None
        pattern = schema.get("pattern")
        return cls(schema.get("minLength", 0), None if pattern is None else schemas.compiled(pattern))

    def is_met(self, text: str) -> bool:
        """Whether a text surely is so, and has nothing to be filled in."""
        if "${" in text or len(text) < self.shortest:
            return False
        return self.pattern is None or self.pattern.search(text) is not None
