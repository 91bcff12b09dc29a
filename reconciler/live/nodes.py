"""The objects in a snapshot's answers, as they stand there: what a copy of the tenant is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from reconciler.live.recording import Heard

Node = Mapping[str, Any]

_WHOLE = {
    "integrations": "versionSequence",
    "instances": "configVariables",
    "components": "label",
    "scopedConfigVariables": "variableScope",
}
"""Of lists that are asked for in several ways, what only their objects as a whole have."""
_REST = "versionSequence"


class Nodes(Struct, frozen=True):
    """Objects by the names of their lists, each once; and of versions, by id, definitions and listings."""

    lists: Mapping[str, list[Node]] = {}
    definitions: Mapping[str, str] = {}
    listings: Mapping[str, Node] = {}


def nodes_of(answers: Iterable[Heard], restored: Callable[[Any], Any]) -> Nodes:
    """The objects of all answers, each as `restored` gives it."""
    lists: dict[str, dict[Any, Node]] = {}
    definitions: dict[str, str] = {}
    listings: dict[str, Node] = {}
    further: dict[str, list[Any]] = {}
    for heard in answers:
        found = (heard.body.get("data") or {}).get(heard.name)
        if not isinstance(found, Mapping):
            continue
        for node in found.get("nodes") or ():
            if isinstance(node, Mapping) and "id" in node and _WHOLE.get(heard.name, "id") in node:
                lists.setdefault(heard.name, {})[node["id"]] = restored(node)
        asked_for = heard.variables.get("id")
        if "definition" in found and _REST not in found and found.get("id"):
            definitions[found["id"]] = restored(found)["definition"] or ""
        elif "marketplaceConfiguration" in found and "definition" not in found:
            listings[found["id"]] = found
        elif set(found) == {_REST} and asked_for:
            further.setdefault(asked_for, []).extend((found[_REST] or {}).get("nodes") or ())
    _complete(lists, further)
    return Nodes({name: list(some.values()) for name, some in lists.items()}, definitions, listings)


def _complete(lists: dict[str, dict[Any, Node]], further: Mapping[str, list[Any]]) -> None:
    """Puts the versions that a page left out to their objects."""
    for some in lists.values():
        for key in some.keys() & further.keys():
            page = some[key].get(_REST) or {}
            known = {one["id"]: one for one in [*(page.get("nodes") or ()), *further[key]] if "id" in one}
            some[key] = {**some[key], _REST: {**page, "nodes": list(known.values())}}
