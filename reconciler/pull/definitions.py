"""The definition file of an integration: what the tenant holds, written for people, but for what only one
tenant understands and what must not be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.definition import Definition
from reconciler.definition.holes import hole
from reconciler.definition.withheld import Inputs, places
from reconciler.kinds.telling import Untellable
from reconciler.manifests.definitions import check
from reconciler.model.problem import Where
from reconciler.model.secret import Secret
from reconciler.pull.text import block
from reconciler.yaml12.text import parse

_LATEST = "LATEST"
_NAMES = ("name", "key")


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a definition file, and the secrets that it names instead of holding them."""

    text: str
    secrets: Mapping[str, Secret]


def written(definition: Definition, newest: Mapping[tuple[str, bool], int] | None, inputs: Inputs) -> Written:
    """The definition for git. `newest` are the newest versions of the components of which older ones are
    used; None where there are none. Raises Untellable where a definition file could not say it.
    """
    numbers = dict(_latest(definition, newest or {}))
    secrets = _secrets(definition.tree, inputs)
    holes = {path: hole(name) for path, (name, _) in secrets.items()}
    tree = _replaced(definition.tree, (), {**dict.fromkeys(numbers, _LATEST), **holes})
    text = "".join(f"{line}\n" for line in block(tree))
    documents, problems = parse(text, "")
    if problems or len(documents) != 1 or documents[0].value != tree:
        raise Untellable("its definition cannot be written as YAML")
    _, wrong = check(text, documents, "")
    if error := next((one for one in wrong if one.severity == "error"), None):
        raise Untellable(f"its definition would be refused: {error.message}")
    lines = {documents[0].source(path).line: str(number) for path, number in numbers.items()}
    return Written(_annotated(text, lines), dict(secrets.values()))


def _latest(definition: Definition, newest: Mapping[tuple[str, bool], int]) -> Iterator[tuple[Where, int]]:
    """The numbers of components that are the newest: numbers mean something in one tenant alone."""
    for one in definition.components if not definition.is_code_native else ():
        if isinstance(one.version, int) and (one.key, one.is_public) not in newest:
            yield (*one.path, "version"), one.version


def _secrets(tree: Mapping[str, Any], inputs: Inputs) -> dict[Where, tuple[str, Secret]]:
    """The scalars that are withheld, each with a name of its own."""
    found: dict[Where, tuple[str, Secret]] = {}
    taken: set[str] = set()
    for path in places(tree, inputs):
        first = name = _name(tree, path)
        number = 2
        while name in taken:
            name, number = f"{first}_{number}", number + 1
        taken.add(name)
        found[path] = (name, Secret("", "definition"))
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
        elif path and part not in ("requiredConfigVars", "flows", "steps", "inputs", "value"):
            words += _words(str(part))
    found = "_".join(words).upper()[-80:].strip("_")
    return found if found and not found[0].isdigit() else f"SECRET_{found}".rstrip("_")


def _words(text: str) -> list[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


def _annotated(text: str, comments: Mapping[int, str]) -> str:
    """The text with comments at the ends of these lines."""
    lines = text.split("\n")
    for number, comment in comments.items():
        lines[number - 1] += f"  # {comment}"
    return "\n".join(lines)


def _replaced(value: Any, path: Where, edits: Mapping[Where, Any]) -> Any:
    if path in edits:
        return edits[path]
    if isinstance(value, dict):
        return {key: _replaced(inner, (*path, key), edits) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, (*path, index), edits) for index, inner in enumerate(value)]
    return value
