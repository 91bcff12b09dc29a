"""What values a field may have: for JSON Schema, and as what absent counts."""

from __future__ import annotations

from collections.abc import Mapping
from types import GenericAlias
from typing import Any

from msgspec import Struct

Schema = Mapping[str, Any]


class Shape(Struct, frozen=True):
    """The values that a field may have, as JSON Schema says it.

    `empty` is what absent counts as, and `wire` the type in which the server gives it. `unordered` says that
    the order of a list does not matter, and `by_key` that each key of a map stands for itself, so that those
    that are not mentioned are left alone.
    """

    schema: Schema = {}
    empty: object = ""
    unordered: bool = False
    by_key: bool = False
    wire: Any = str


def text(least: int = 0, pattern: str = "", must: str = "") -> Shape:
    """Text of at least this length. `must` says to people what `pattern` asks for."""
    rules: dict[str, object] = {"minLength": least} if least else {}
    if pattern:
        rules |= {"pattern": pattern, "errorMessage": must}
    return Shape({"type": "string", **rules})


def number(least: int, most: int = 2**31 - 1) -> Shape:
    """A whole number; GraphQL's have 32 bits."""
    return Shape({"type": "integer", "minimum": least, "maximum": most}, empty=None, wire=int)


def truth(absent: bool = False) -> Shape:
    """Yes or no, and which of them absent counts as."""
    return Shape({"type": "boolean"}, empty=absent, wire=bool)


def words(*allowed: str) -> Shape:
    """One of these."""
    return Shape({"enum": list(allowed)})


def in_order(of: Shape, least: int = 0) -> Shape:
    """A list whose order matters."""
    rules = {"minItems": least} if least else {}
    return Shape(
        {"type": "array", "items": of.schema, **rules}, empty=(), wire=GenericAlias(list, (of.wire,))
    )


def names() -> Shape:
    """Names without an order, each once."""
    schema = {"type": "array", "items": NAME.schema, "uniqueItems": True}
    return Shape(schema, empty=(), unordered=True, wire=list[str | None])


def by_name(of: Shape, *, by_key: bool = False, keys: Schema | None = None) -> Shape:
    """A map whose keys people choose; `keys` is what they must be."""
    rules = {"propertyNames": keys} if keys else {}
    schema = {"type": "object", **rules, "additionalProperties": of.schema}
    return Shape(schema, empty={}, by_key=by_key)


def secret_or(what: str) -> Shape:
    """A text that may be a secret, with the words for it."""
    hint = f"must be {what}{{secret: {{env: NAME}}}}"
    return Shape({"type": ["string", "object"], "errorMessage": hint})


# White space and what no font draws: a name of these alone is none for people, and for tenants that trim.
_UNSEEN = (
    r"\s\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    r"\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_SEEN = rf"^$|[^{_UNSEEN}]"
_MUST_BE_SEEN = "must have a character that can be seen"

TEXT = text()
NAME = text(1, _SEEN, _MUST_BE_SEEN)
KEY = text(0, _SEEN, _MUST_BE_SEEN)
"""A text that may be empty, and is otherwise looked up by."""
MAYBE_SECRET = secret_or("a text or a secret: ")
URL = Shape({**secret_or("a URL or a secret: ").schema, "minLength": 1, "pattern": _SEEN})
LABELS = Shape({"type": "array", "items": NAME.schema}, empty=(), unordered=True, wire=list[str | None])
"""Labels on the server, which are folded to lower case there."""
