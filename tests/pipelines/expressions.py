"""GitHub's expressions, as far as our files use them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

HOLE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_WORDS = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w.-]*(?=\()|[A-Za-z_][\w.-]*|&&|\|\||!=|==|!|[(),]|\s+")


def _format(text: str, *values: Any) -> str:
    return text.format(*map(written, values))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "fromJSON": json.loads,
    "contains": lambda where, what: what in where,
    "format": _format,
    "always": lambda: True,
    "cancelled": lambda: False,
}
_STATUS = ("always(", "cancelled(")


def value_of(expression: str, context: Mapping[str, Any]) -> Any:
    """What an expression amounts to; names that the context lacks are empty, as on GitHub."""
    parts, at = [], 0
    while at < len(expression):
        word = _WORDS.match(expression, at)
        assert word, f"not understood: {expression[at:]}"
        parts.append(_python(word[0], expression[word.end() : word.end() + 1] == "("))
        at = word.end()
    return eval("".join(parts), {"__builtins__": {}, "_": lambda name: context.get(name, ""), **_FUNCTIONS})


def _python(word: str, is_called: bool) -> str:
    operators = {"&&": " and ", "||": " or ", "!": " not "}
    if word in operators or not re.match(r"[A-Za-z_']", word):
        return operators.get(word, word.strip() or " ")
    if word[0] == "'":
        return repr(word[1:-1].replace("''", "'"))
    assert not is_called or word in _FUNCTIONS, word
    return word if is_called else f"_({word!r})"


def filled(text: Any, context: Mapping[str, Any]) -> str:
    """A text with its expressions filled in."""
    return HOLE.sub(lambda hole: written(value_of(hole[1], context)), written(text))


def written(value: Any) -> str:
    """A value as GitHub writes it."""
    return json.dumps(value) if isinstance(value, (bool, list, dict)) else str(value)


def holds(gate: str, context: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether a step or job with this condition runs, after one has failed or not."""
    found = HOLE.fullmatch(gate.strip())
    inner = " ".join((found[1] if found else gate).split())
    if failed and not any(word in inner for word in _STATUS):
        return False
    return not inner or bool(value_of(inner, context))
