"""What an integration definition means, whatever way the server writes it down.

The server normalises definitions: it adds defaults, drops what is empty and resolves LATEST (definition
format notes: "Read-back"). Two texts mean the same when they are equal after all that is neutral is taken
out. Name, description, category and labels are compared as fields of their own, so they do not count here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.meaning_secrets import Inputs, redacted
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
# By default keys such as __typename would be passed over.
_DIFF: dict[str, Any] = {
    "threshold_to_diff_deeper": 0,
    "view": "tree",
    "zip_ordered_iterables": True,
    "ignore_private_variables": False,
}


def own(data: Mapping[str, Any]) -> dict[str, Any]:
    """The definition without the fields that are compared on their own."""
    return {key: value for key, value in data.items() if key not in OWN_FIELDS}


def digest(data: Mapping[str, Any]) -> str:
    """A digest of what a definition says, as it is written (defaults and numbers included)."""
    return sha256(own(data))


def meaning(data: Mapping[str, Any]) -> dict[str, Any]:
    """The definition's meaning: neutral values left out, lists of named things as maps by name with their
    order beside them, so that a difference is found where a person would look for it.
    """
    reduced = _reduce("", own(data))
    return reduced if isinstance(reduced, dict) else {}


def component_versions(data: Mapping[str, Any]) -> dict[str, Any]:
    """The version (number or "LATEST") or signature of each component that the definition refers to, by
    key. A key that is used with several versions gives the list of them.
    """
    found: dict[str, set[Any]] = {}
    for ref in _components(data):
        found.setdefault(str(ref["key"]), set()).add(ref.get("version", ref.get("signature")))
    return {
        key: (v[0] if len(v := sorted(versions, key=str)) == 1 else v)
        for key, versions in sorted(found.items())
    }


def same(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether both mean the same; LATEST equals any number."""
    return _equal(meaning(wanted), meaning(found))


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        if wanted.get("version") == "LATEST" and "key" in wanted and "version" in found:
            wanted, found = {**wanted, "version": 0}, {**found, "version": 0}
        return wanted.keys() == found.keys() and all(_equal(wanted[k], found[k]) for k in wanted)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(_equal(a, b) for a, b in zip(wanted, found, strict=True))
    return bool(wanted == found) and isinstance(wanted, bool) == isinstance(found, bool)


def differences(
    wanted: Mapping[str, Any], found: Mapping[str, Any], inputs: Inputs | None = None
) -> list[tuple[str, Any, Any]]:
    """Each difference as (path, found value, wanted value), with paths that a person reads:
    `definition.flows[Receive order].steps[Post].inputs.channel.value`. Defaults of connections, API keys and
    what a component calls a password (`inputs` tells) come as Secret, and what it calls is not known as
    Unproven.
    """
    from deepdiff import DeepDiff  # costs 70 ms to load, and is needed only where digests differ

    a, b = meaning(found), meaning(wanted)
    _forget_latest(b, a)
    tree = DeepDiff(a, b, **_DIFF)
    out = []
    for group in tree.values():
        for level in group:
            keys = level.path(output_format="list")
            before = None if type(level.t1).__name__ == "NotPresent" else level.t1
            after = None if type(level.t2).__name__ == "NotPresent" else level.t2
            out.append((readable(keys), redacted(keys, before, a, inputs), redacted(keys, after, b, inputs)))
    return sorted(out, key=lambda one: one[0])


def readable(keys: list[Any]) -> str:
    """A path of keys as text; names of flows, steps and variables stand in brackets."""
    text, named = "definition", False
    for key in keys:
        if named or isinstance(key, int):
            text, named = f"{text}[{key}]", False
            continue
        text = f"{text}.{key.removeprefix('$order ') + ' (order)' if str(key).startswith('$order ') else key}"
        named = key in KEYED_LISTS
    return text


def blank(data: Mapping[str, Any]) -> bool:
    """Whether a definition holds nothing yet: no flow, no config variable."""
    return not data.get("flows") and not data.get("requiredConfigVars")


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


def _reduce_map(value: Mapping[str, Any]) -> dict[str, Any]:
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


def _components(value: Any, key: str = "") -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "key" in value and ("version" in value or "signature" in value) and "isPublic" in value:
            yield value
        for name, item in value.items():
            yield from _components(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _components(item, key)


def _forget_latest(wanted: Any, found: Any) -> None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        if wanted.get("version") == "LATEST" and "key" in wanted and "version" in found:
            wanted["version"] = found["version"]
        for key in wanted.keys() & found.keys():
            _forget_latest(wanted[key], found[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        for a, b in zip(wanted, found, strict=False):
            _forget_latest(a, b)
