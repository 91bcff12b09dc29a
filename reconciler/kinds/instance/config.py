"""Config variables of an instance: how they read, how they are compared, and what is sent.

All values travel as text, lists and JSON as JSON text, a connection's inputs as a JSON text of
`[{name, type, value}]` (api notes: "Config variables: input"). A value that cannot be read back is compared
through the keyed digest of the record, where the environment names a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.instance.config_causes import config_causes
from reconciler.kinds.instance.config_values import (
    ALWAYS_SHOWN,
    NEVER_SHOWN,
    SHARED,
    UNTYPED,
    ValueType,
    as_json,
    has_secret,
    is_bound,
    is_connection,
    is_held,
    is_schedule,
    on_wire,
    same_value,
    secret_parts,
    settled,
    spaced,
    text,
)
from reconciler.kinds.instance.config_wanted import resolved, unignored
from reconciler.kinds.instance.secrets import secrets_rotated
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import ignored
from reconciler.kinds.table.secrets import resting, shown
from reconciler.model.plan import Change
from reconciler.model.secret import Hidden, Secret, unproven
from reconciler.model.state import LiveObject


def parse_variables(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Config variables by key: text, Unproven where its type may hold secrets; for a connection `{"inputs":
    {…}}`, its values Secret or Hidden; for a shared one that is bound `{"customerConnection": ID}`; for a
    schedule `{"value", "scheduleType", "timeZone"}`.
    """
    out: dict[str, Any] = {}
    for node in nodes:
        required = node["requiredConfigVariable"]
        if bound := node.get("customerConfigVariable"):
            out[required["key"]] = {SHARED: bound["id"]}
        elif required["dataType"] == "CONNECTION":
            rows = (node.get("inputs") or {}).get("nodes") or ()
            out[required["key"]] = {"inputs": {row["name"]: _input(row) for row in rows if row}}
        elif required["dataType"] == "SCHEDULE":
            out[required["key"]] = {
                "value": node.get("value") or "",
                "scheduleType": (node.get("scheduleType") or "").lower(),
                "timeZone": node.get("timeZone") or "",
            }
        else:
            out[required["key"]] = _read(node.get("value") or "", ValueType.of(required))
    return out


def parse_types(nodes: Sequence[Mapping[str, Any]]) -> dict[str, ValueType]:
    """The types of the variables of the version that the instance runs, by key."""
    required = [node["requiredConfigVariable"] for node in nodes]
    return {one["key"]: ValueType.of(one) for one in required}


def parse_defaults(nodes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the definition gives the variables of that version, by key."""
    required = [node["requiredConfigVariable"] for node in nodes]
    return {one["key"]: one["default"] for one in required if isinstance(one.get("default"), str)}


def variable_inputs(request: Request, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The inputs to send for these keys. A connection's known inputs that the manifest does not mention go
    along, since the platform may reset those that are left out.
    """
    wanted = request.resource.fields["config"]
    live = request.live.fields["config"] if request.live else {}
    types = types_of(request.live)
    rows = ((key, resolved(settled(wanted[key], types.get(key, UNTYPED)), request)) for key in keys)
    return [_variable_input(key, unignored(key, value, request), live.get(key)) for key, value in rows]


def types_of(live: LiveObject | None) -> Mapping[str, ValueType]:
    """The types of a live instance's variables."""
    found: Mapping[str, ValueType] = live.facts.get("types", {}) if live else {}
    return found


def config_changes(request: Request) -> list[Change]:
    """One change for each variable, or input of a connection, that differs."""
    live = request.live
    differing = list(_differing(request, live)) if live else []
    if live is None or not differing:
        return []
    causes = config_causes(request, differing)
    return [
        Change(f"config.{path}", _like(shown(b, f"config.{key}", request), a), a, causes[path])
        for key, path, b, a in differing
    ]


def changed_keys(request: Request) -> list[str]:
    """The keys of the variables that differ, in the manifest's order."""
    if request.live is None:
        return list(request.resource.fields.get("config") or {})
    return list(dict.fromkeys(key for key, *_ in _differing(request, request.live)))


def resting_config(wanted: Mapping[str, Any], live: LiveObject) -> dict[str, Any]:
    """What a plan for `wanted` rests on: of the live values those that it mentions and does not call secret,
    level by level, and no text that may be one.
    """
    found = live.fields["config"]
    return {
        key: value if not is_connection(wanted[key]) else resting_of(wanted[key], value)
        for key in wanted
        if not has_secret(wanted[key]) or is_connection(wanted[key])
        for value in [resting(found.get(key), f"config.{key}", live)]
    }


def settled_config(request: Request) -> dict[str, Any]:
    """The part of a manifest's config that the instance has; a secret counts where there is a value."""
    assert request.live is not None
    wanted, found = request.resource.fields.get("config") or {}, request.live.fields["config"]
    differing = set(changed_keys(request))
    return {
        key: value
        for key, value in wanted.items()
        if (is_held(found.get(key)) if has_secret(value) else key not in differing)
    }


def resting_of(wanted: Mapping[str, Any], found: Any) -> dict[str, Any]:
    """The part of live values that a manifest mentions and does not call secret, level by level."""
    out: dict[str, Any] = {}
    for key, value in wanted.items():
        current = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(value, Mapping) and isinstance(current, Mapping):
            out[key] = resting_of(value, current)
        elif not has_secret(value):
            out[key] = current
    return out


def _differing(request: Request, live: LiveObject) -> Iterator[tuple[str, str, Any, Any]]:
    """What differs and is not ignored: a variable's key, the path, what is live, what is wanted."""
    wanted, found = request.resource.fields.get("config") or {}, live.fields["config"]
    rotated, types = secrets_rotated(request), types_of(live)
    for key, given in wanted.items():
        value = resolved(given, request)
        for path, before, after in _compare(key, value, found.get(key), types.get(key, UNTYPED), rotated):
            if not ignored(request.resource, f"config.{path}"):
                yield key, path, before, after


def _variable_input(key: str, value: Any, live: Any) -> dict[str, Any]:
    if is_bound(value):
        return {"key": key, "customerConfigVariableId": value[SHARED]}
    if is_connection(value):
        known = live.get("inputs", {}) if isinstance(live, Mapping) else {}
        rest = {n: v for n, v in known.items() if isinstance(v, Secret) and n not in value["inputs"]}
        inputs = {**rest, **value["inputs"]}
        rows = [{"name": name, "type": "value", "value": text(v)} for name, v in sorted(inputs.items())]
        # The whole text is wrapped, since the client keeps only what is a Secret out of its messages.
        return {
            "key": key,
            "values": Secret(json.dumps(rows, ensure_ascii=False), parts=secret_parts(inputs)),
        }
    if is_schedule(value, live):
        parts = value if isinstance(value, Mapping) else {"value": value}
        return {"key": key, **{name: on_wire(v) for name, v in parts.items()}}
    return {"key": key, "value": on_wire(value)}


def _compare(
    key: str, wanted: Any, found: Any, kind: ValueType, rotated: bool
) -> Iterator[tuple[str, Any, Any]]:
    if is_bound(wanted):
        current = found.get(SHARED) if isinstance(found, Mapping) else None
        if current != wanted[SHARED]:
            yield f"{key}.{SHARED}", current, wanted[SHARED]
    elif is_connection(wanted):
        known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
        for name, value in wanted["inputs"].items():
            current = known.get(name)
            if not _same_input(value, current, rotated):
                yield f"{key}.inputs.{name}", current, value
    elif is_schedule(wanted, found):
        parts = wanted if isinstance(wanted, Mapping) else {"value": wanted}
        for name, value in parts.items():
            current = found.get(name, "") if isinstance(found, Mapping) else None
            if spaced(value) != spaced(current):
                yield f"{key}.{name}", _veiled(current, value), value
    elif not same_value(wanted, found, kind):
        yield key, _veiled(found, wanted), wanted


def _same_input(wanted: Any, found: Any, rotated: bool) -> bool:
    if isinstance(found, Hidden):
        return found.present and not (rotated and isinstance(wanted, Secret))
    return text(wanted) == text(found)


def _veiled(found: Any, wanted: Any) -> Any:
    return Secret(text(found)) if found is not None and has_secret(wanted) else found


def _read(value: str, kind: ValueType) -> Any:
    if kind.data in NEVER_SHOWN and value:
        return Secret(value, "live", sure=False)
    return value if kind.data in ALWAYS_SHOWN and not kind.collection else unproven(value)


def _like(found: Any, wanted: Any) -> Any:
    """A live text as the list or map that it holds, to be read beside the wanted one."""
    plain = isinstance(found, str) and isinstance(wanted, Mapping | list | tuple)
    return as_json(found) if plain else found


def _input(row: Mapping[str, Any]) -> Any:
    value = row.get("value") or ""
    if value == "":
        return Hidden(present=True) if row.get("hasValue") else Hidden(present=False)
    return Secret(value, "live", sure=False)
