"""How a tree is read of which nothing is certain: what does not fit is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.problem import Where

Tree = Mapping[str, Any]


def mapping(value: Any) -> Tree:
    """The value, if it is a map; an empty one otherwise."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    """The value, if it is text; "" otherwise."""
    return value if isinstance(value, str) else ""


def maps(value: Any, path: Where = ()) -> Iterator[tuple[Tree, Where]]:
    """The maps in a list that stands at `path`, each with its own place."""
    if isinstance(value, list):
        yield from ((one, (*path, index)) for index, one in enumerate(value) if isinstance(one, Mapping))
