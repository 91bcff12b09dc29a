"""What a scalar says: version 1.2 of YAML, core schema.

PyYAML's loaders follow YAML 1.1, where `no`, `2024-01-01`, `1:30` and `1_000` are not text.
"""

from __future__ import annotations

import math
import re
from typing import Any

_CORE = "tag:yaml.org,2002:"
WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
"""What is no text and no number."""
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_START = frozenset("0123456789+-.")
_MAX_DIGITS = 1000
_QUOTE = "put it in quotes to make it text"
_TAGS = "only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are read: remove the tag"


class Unreadable(Exception):
    """A scalar that says nothing we can keep. `value` stands in for it, so that the reading can go on."""

    def __init__(self, code: str, message: str, hint: str, value: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.value = code, message, hint, value


def plain(text: str) -> Any:
    """The value of a scalar without quotes and tag. Raises Unreadable."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INT.fullmatch(text):
        return _int(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        return _float("inf")
    return text


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar that bears a tag. Raises Unreadable."""
    if tag in ("!", _CORE + "str"):
        return text
    if tag == _CORE + "int" and _INT.fullmatch(text):
        return _int(text)
    if tag == _CORE + "float" and (_FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text)):
        return _float(text if _FLOAT.fullmatch(text) else "inf")
    if tag == _CORE + "null" and WORDS.get(text, "") is None:
        return None
    if tag == _CORE + "bool" and isinstance(WORDS.get(text), bool):
        return WORDS[text]
    short = _short(tag)
    if short in ("!!int", "!!float", "!!null", "!!bool"):
        message = f'the value does not fit its tag "{short}"'
        raise Unreadable("yaml-tag", message, "remove the tag or correct the value", text)
    raise _foreign(tag, text)


def container(tag: str | None, kind: str) -> None:
    """Raises Unreadable unless `tag` is one that a `map` or a `seq` (`kind`) may bear."""
    if tag is not None and tag not in ("!", _CORE + kind):
        raise _foreign(tag, None)


def _foreign(tag: str, value: Any) -> Unreadable:
    return Unreadable("yaml-tag", f'tag "{_short(tag)}" is not allowed', _TAGS, value)


def _short(tag: str) -> str:
    return tag.replace(_CORE, "!!", 1)


def _int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise Unreadable("yaml-number", f"a number of {len(text)} digits is too long", _QUOTE, 0)
    base = {"0o": 8, "0x": 16}.get(text[:2])
    return int(text[2:], base) if base else int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise Unreadable("yaml-number", "a number must be finite", _QUOTE, 0.0)
    return value
