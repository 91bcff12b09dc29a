"""What an integration definition means, whatever way the server writes it down.

The server normalises definitions: it adds defaults, drops what is empty and resolves LATEST (definition
format notes: "Read-back"). Two texts mean the same when they are equal after all that is neutral is taken
out. Name, description, category and labels are compared as fields of their own, so they do not count here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.definition.components import references
from reconciler.definition.holes import Secrets, filled
from reconciler.definition.tree import Tree
from reconciler.model.digest import sha256

OWN_FIELDS = ("name", "description", "category", "labels")
KEYED_LISTS = {
    "flows": "name",
    "steps": "name",
    "branches": "name",
    "configPages": "name",
    "requiredConfigVars": "key",
}
DEFAULTS: dict[str, Any] = {
    "endpointType": "flow_specific",
    "defaultInstanceProfile": "Default Instance Profile",
    "endpointSecurityType": "customer_optional",
    "onPremiseConnectionConfig": "disallowed",
    "errorConfig": {"errorHandlerType": "fail"},
    "configPages": [{"name": "Configuration", "elements": []}],
}
EXACT = ("value", "schemas", "meta")
UNREADABLE = "unreadable"
"""The one key of a tree whose text could not be read; the text is its value, so that it differs from all."""


def own(data: Tree) -> dict[str, Any]:
    """The definition without the fields that are compared on their own."""
    return {key: value for key, value in data.items() if key not in OWN_FIELDS}


def digest(data: Tree) -> str:
    """A digest of what a definition says, as it is written (defaults and numbers included)."""
    return sha256(own(data))


def meaning(data: Tree) -> dict[str, Any]:
    """The definition's meaning: neutral values left out, lists of named things as maps by name with their
    order beside them, so that a difference is found where a person would look for it.
    """
    reduced = _reduce("", own(data))
    return reduced if isinstance(reduced, dict) else {}


def same_part(key: str, one: Tree, other: Tree) -> bool:
    """Whether what stands under a key of two maps means the same, or stands in neither."""
    sides = [_reduce_map({key: side[key]} if key in side else {}) for side in (one, other)]
    return any(_equal(filled(numbered(a, b), b, {}), b) for a, b in (sides, sides[::-1]))


def names_of(key: str, value: Any) -> list[str] | None:
    """What tells the items of a list of named things apart; None for other values."""
    return _names(key, value)


def component_versions(data: Tree) -> dict[str, Any]:
    """The version (number or "LATEST") or signature of each component that the definition refers to, by
    key. A key that is used with several versions gives the list of them.
    """
    found: dict[str, set[Any]] = {}
    for one in references(data):
        found.setdefault(one.key, set()).add(one.wanted)
    return {
        key: (v[0] if len(v := sorted(versions, key=str)) == 1 else v)
        for key, versions in sorted(found.items())
    }


def same(wanted: Tree, found: Tree, secrets: Secrets | None = None) -> bool:
    """Whether both mean the same; LATEST equals any number, and a secret that is not known any text."""
    theirs = meaning(found)
    return _equal(filled(numbered(meaning(wanted), theirs), theirs, secrets or {}), theirs)


def numbered(wanted: Any, found: Any) -> Any:
    """A meaning in which LATEST is whatever number stands at the same place of the other."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        latest = wanted.get("version") == "LATEST" and "key" in wanted and "version" in found
        there = {**wanted, "version": found["version"]} if latest else wanted
        return {key: numbered(one, found[key]) if key in found else one for key, one in there.items()}
    if isinstance(wanted, list) and isinstance(found, list):
        known = len(found)
        return [numbered(one, found[i]) if i < known else one for i, one in enumerate(wanted)]
    return wanted


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return wanted.keys() == found.keys() and all(_equal(wanted[k], found[k]) for k in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(_equal(a, b) for a, b in zip(wanted, found, strict=True))
    return bool(wanted == found) and isinstance(wanted, bool) == isinstance(found, bool)


def blank(data: Tree) -> bool:
    """Whether a definition holds nothing yet: no flow, no config variable. What is unreadable is not."""
    return UNREADABLE not in data and not data.get("flows") and not data.get("requiredConfigVars")


def _reduce(key: str, value: Any) -> Any:
    if key in EXACT and not isinstance(value, Mapping):
        return "" if value is None else value
    if isinstance(value, Mapping):
        if key in EXACT:
            return {k: v for k, v in value.items() if v is not None}
        return _reduce_map(value)
    if isinstance(value, list):
        return [_reduce("", item) for item in value]
    return value


def _reduce_map(value: Tree) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, item in value.items():
        if name in DEFAULTS and _bare(item) == _bare(DEFAULTS[name]):
            continue
        names = _names(name, item)
        if names is not None:
            out[name] = {n: _reduce("", entry) for n, entry in zip(names, item, strict=True)}
            if len(names) > 1:
                out[f"$order {name}"] = names
            continue
        reduced = _reduce(name, item)
        if name != "value" and name not in EXACT and neutral(reduced):
            continue
        out[name] = reduced
    return out


def neutral(value: Any) -> bool:
    """Whether a value says nothing: empty, false, zero, or a map of such values."""
    if isinstance(value, Mapping):
        return all(neutral(v) for v in value.values())
    return value is None or value is False or value in ("", 0) or value == []


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: b for k, v in value.items() if not neutral(b := _bare(v))}
    if isinstance(value, list):
        return [_bare(v) for v in value]
    return value


def _names(key: str, value: Any) -> list[str] | None:
    by = KEYED_LISTS.get(key)
    if by is None or not isinstance(value, list) or not value:
        return None
    names = [item.get(by) if isinstance(item, Mapping) else None for item in value]
    if not all(isinstance(n, str) for n in names) or len(set(names)) != len(names):
        return None
    return [str(n) for n in names]
