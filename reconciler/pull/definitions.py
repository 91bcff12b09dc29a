"""The definition file of an integration: what the tenant holds, written for people, but for what only one
tenant understands and what must not be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs, places
from reconciler.kinds.telling import Untellable
from reconciler.manifests.definitions import check
from reconciler.model.problem import Where
from reconciler.pull.text import block
from reconciler.yaml12.text import parse

_LATEST = "LATEST"


def definition_text(
    definition: Definition, newest: Mapping[tuple[str, bool], int] | None, inputs: Inputs
) -> str:
    """The text for git. `newest` are the newest versions of the components of which older ones are used; None
    where there are none. Raises Untellable where a definition file could not say it.
    """
    if next(places(definition.tree, inputs), None) is not None:
        raise Untellable("its definition holds secrets")
    numbers = dict(_latest(definition, newest or {}))
    tree = _replaced(definition.tree, (), dict.fromkeys(numbers, _LATEST))
    text = "".join(f"{line}\n" for line in block(tree))
    documents, _ = parse(text, "")
    _, wrong = check(text, documents, "")
    if error := next((one for one in wrong if one.severity == "error"), None):
        raise Untellable(f"its definition would be refused: {error.message}")
    return _annotated(text, {documents[0].source(path).line: str(n) for path, n in numbers.items()})


def _latest(definition: Definition, newest: Mapping[tuple[str, bool], int]) -> Iterator[tuple[Where, int]]:
    """The numbers of components that are the newest: numbers mean something in one tenant alone."""
    for one in definition.components if not definition.is_code_native else ():
        if isinstance(one.version, int) and (one.key, one.is_public) not in newest:
            yield (*one.path, "version"), one.version


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
