"""A definition as git keeps it: with a name in the place of each secret, and without the numbers that mean
something in one tenant alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.definition.definition import Definition
from reconciler.definition.holes import hole
from reconciler.definition.withheld import Inputs, places
from reconciler.model.problem import Where

_LATEST = "LATEST"
_NAMES = ("name", "key")
_SAYS_NOTHING = ("requiredConfigVars", "flows", "steps", "inputs", "value")
"""Parts of a place that its name does not need."""


class Portable(Struct, frozen=True):
    """What the file says, the names of the secrets that it leaves out, and which numbers LATEST stands for,
    by their places.
    """

    content: dict[str, Any]
    secrets: tuple[str, ...]
    numbers: Mapping[Where, int]


def portable(definition: Definition, newest: Mapping[tuple[str, bool], int], inputs: Inputs) -> Portable:
    """The definition for git; `newest` are the newest versions of components of which it uses older ones."""
    numbers = dict(_latest(definition, newest))
    names = _secrets(definition.tree, inputs)
    holes = {path: hole(name) for path, name in names.items()}
    content = _replaced(definition.tree, (), {**dict.fromkeys(numbers, _LATEST), **holes})
    return Portable(content, tuple(names.values()), numbers)


def _latest(definition: Definition, newest: Mapping[tuple[str, bool], int]) -> Iterator[tuple[Where, int]]:
    """The numbers of components that are the newest: numbers mean something in one tenant alone."""
    for one in definition.components if not definition.is_code_native else ():
        if isinstance(one.version, int) and (one.key, one.is_public) not in newest:
            yield (*one.path, "version"), one.version


def _secrets(tree: Mapping[str, Any], inputs: Inputs) -> dict[Where, str]:
    """The scalars that are withheld, each with a name of its own."""
    found: dict[Where, str] = {}
    taken: set[str] = set()
    for path in places(tree, inputs):
        first = name = _name(tree, path)
        number = 2
        while name in taken:
            name, number = f"{first}_{number}", number + 1
        taken.add(name)
        found[path] = name
    return found


def _name(tree: Any, path: Where) -> str:
    """What a place is called: by what people named on the way to it."""
    words: list[str] = []
    node = tree
    for part in path:
        node = node[part]
        if isinstance(part, int):
            named = next((node[one] for one in _NAMES if isinstance(node, Mapping) and node.get(one)), "")
            words += _words(str(named))
        elif path and part not in _SAYS_NOTHING:
            words += _words(str(part))
    found = "_".join(words).upper()[-80:].strip("_")
    return found if found and not found[0].isdigit() else f"SECRET_{found}".rstrip("_")


def _words(text: str) -> list[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


def _replaced(value: Any, path: Where, edits: Mapping[Where, Any]) -> Any:
    if path in edits:
        return edits[path]
    if isinstance(value, dict):
        return {key: _replaced(inner, (*path, key), edits) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, (*path, index), edits) for index, inner in enumerate(value)]
    return value
