"""Config variables of an instance: how they read, how they are compared, and what is sent.

All values travel as text, lists and JSON as JSON text, a connection's inputs as a JSON text of
`[{name, type, value}]` (api notes: "Config variables: input"). A value that cannot be read back is compared
through the keyed digest of the record, where the environment names a key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.cause import cause, fits, projections
from reconciler.kinds.config_values import (
    UNTYPED,
    ValueType,
    as_json,
    has_secret,
    is_held,
    on_wire,
    same_value,
    secret_parts,
    settled,
    text,
)
from reconciler.kinds.instance_secrets import secrets_rotated, why
from reconciler.kinds.labelled import ignored
from reconciler.model.address import Address, Ref
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import SHOWN, Hidden, Secret
from reconciler.model.state import LiveObject, Resource

SCHEDULE = ("value", "scheduleType", "timeZone")
SHARED = "customerConnection"
"""Names a customer's own values of a connection that integrations share: a manifest's address, or an id."""
_MANIFEST = "CustomerConnection/"


def parse_variables(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Config variables by key: text; for a connection `{"inputs": {…}}`, its values Secret or Hidden; for a
    shared one that is bound `{"customerConnection": ID}`; for a schedule `{"value", "scheduleType",
    "timeZone"}`.
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
            out[required["key"]] = node.get("value") or ""
    return out


def parse_types(nodes: Sequence[Mapping[str, Any]]) -> dict[str, ValueType]:
    """The types of the variables of the version that the instance runs, by key."""
    required = [node["requiredConfigVariable"] for node in nodes]
    return {one["key"]: ValueType.of(one) for one in required}


def variable_inputs(request: Request, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The inputs to send for these keys. A connection's known inputs that the manifest does not mention go
    along, since the platform may reset those that are left out.
    """
    wanted = request.resource.fields["config"]
    live = request.live.fields["config"] if request.live else {}
    types = types_of(request.live)
    rows = ((key, _resolved(settled(wanted[key], types.get(key, UNTYPED)), request)) for key in keys)
    return [_variable_input(key, _unignored(key, value, request), live.get(key)) for key, value in rows]


def types_of(live: LiveObject | None) -> Mapping[str, ValueType]:
    """The types of a live instance's variables."""
    found: Mapping[str, ValueType] = live.facts.get("types", {}) if live else {}
    return found


def config_changes(request: Request) -> list[Change]:
    """One change for each variable, or input of a connection, that differs."""
    wanted, live = request.resource.fields.get("config") or {}, request.live
    if live is None:
        return []
    found = live.fields["config"]
    differing = list(_differing(request, live))
    if not differing:
        return []
    changed = dict.fromkeys(key for key, *_ in differing)
    form = config_form(wanted)
    # What does not differ, or is ignored, counts as git writes it: live it may read "1" where git has 1.0.
    live_form = form | {key: _live_form(wanted[key], found.get(key)) for key in changed}
    whole = {**_other_forms(found), **live_form}
    reason = cause(live.applied, "config", form, live_form, *projections(whole, wanted, changed))
    once_secret = _once_secret(live.applied.get("config"), whole, wanted, changed)
    if once_secret and reason is Cause.BOTH:
        reason = Cause.PENDING
    return [
        Change(
            f"config.{path}",
            Secret(b) if key in once_secret and isinstance(b, str) else _like(b, a),
            a,
            why(reason, b, a, request),
        )
        for key, path, b, a in differing
    ]


def changed_keys(request: Request) -> list[str]:
    """The keys of the variables that differ, in the manifest's order."""
    if request.live is None:
        return list(request.resource.fields.get("config") or {})
    return list(dict.fromkeys(key for key, *_ in _differing(request, request.live)))


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


def config_form(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a manifest's config that goes into its digest; secrets count by their presence alone."""
    return {key: _form(value) for key, value in wanted.items()}


def spoken_of(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The part of live values that a manifest mentions and does not call secret, level by level."""
    out: dict[str, Any] = {}
    for key, value in wanted.items():
        current = found.get(key)
        if isinstance(value, Mapping) and isinstance(current, Mapping):
            out[key] = spoken_of(value, current)
        elif not has_secret(value):
            out[key] = current
    return out


def spoken_config(wanted: Mapping[str, Any], live: LiveObject) -> dict[str, Any]:
    """The same of a config, without the variables that git called secret when it was last applied."""
    found, types = live.fields["config"], types_of(live)
    if not wanted:
        return {}
    changed = [
        key
        for key, value in wanted.items()
        if not is_bound(value) and any(_compare(key, value, found.get(key), types.get(key, UNTYPED), False))
    ]
    forms = {key: _live_form(wanted[key], found.get(key)) for key in changed}
    whole = {**_other_forms(found), **config_form(wanted), **forms}
    once = _once_secret(live.applied.get("config"), whole, wanted, changed)
    return spoken_of({key: value for key, value in wanted.items() if key not in once}, found)


def is_connection(value: Any) -> bool:
    """Whether a config value is a connection's: a map with a map of `inputs` alone."""
    return isinstance(value, Mapping) and set(value) == {"inputs"} and isinstance(value["inputs"], Mapping)


def is_bound(value: Any) -> bool:
    """Whether a config value names a customer's own value of a shared connection."""
    return isinstance(value, Mapping) and set(value) == {SHARED}


def is_schedule(value: Any, live: Any) -> bool:
    """Whether a config value is a schedule's: the live side says so, or it names a schedule's type."""
    shape = isinstance(live, Mapping) and set(live) == set(SCHEDULE)
    return shape or (isinstance(value, Mapping) and "scheduleType" in value and set(value) <= set(SCHEDULE))


def bindings(resource: Resource) -> list[Ref]:
    """The customers' values, declared by manifests, that the instance's shared connections are bound to."""
    named = [text(v[SHARED]) for v in (resource.fields.get("config") or {}).values() if is_bound(v)]
    return [Ref(Address.parse(one), "id") for one in named if one.startswith(_MANIFEST)]


def _resolved(value: Any, request: Request) -> Any:
    """A value; of one that names a manifest, what the tenant knows it by."""
    if not is_bound(value) or not text(value[SHARED]).startswith(_MANIFEST):
        return value
    return {SHARED: request.resolve(Ref(Address.parse(text(value[SHARED])), "id"))}


def _differing(request: Request, live: LiveObject) -> Iterator[tuple[str, str, Any, Any]]:
    """What differs and is not ignored: a variable's key, the path, what is live, what is wanted."""
    wanted, found = request.resource.fields.get("config") or {}, live.fields["config"]
    rotated, types = secrets_rotated(request), types_of(live)
    for key, given in wanted.items():
        value = _resolved(given, request)
        for path, before, after in _compare(key, value, found.get(key), types.get(key, UNTYPED), rotated):
            if not ignored(request.resource, f"config.{path}"):
                yield key, path, before, after


def _unignored(key: str, value: Any, request: Request) -> Any:
    """A connection without the inputs that are ignored: these are sent as they are live."""
    if request.live is None or not is_connection(value):
        return value
    path = f"config.{key}.inputs"
    inputs = {n: v for n, v in value["inputs"].items() if not ignored(request.resource, f"{path}.{n}")}
    return {"inputs": inputs}


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
            if _spaced(value) != _spaced(current):
                yield f"{key}.{name}", _veiled(current, value), value
    elif not same_value(wanted, found, kind):
        yield key, _veiled(found, wanted), wanted


def _spaced(value: Any) -> str:
    """A part of a schedule in the one form of all that mean the same."""
    return " ".join(text(value).lower().split())


def _same_input(wanted: Any, found: Any, rotated: bool) -> bool:
    if isinstance(found, Hidden):
        return found.present and not (rotated and isinstance(wanted, Secret))
    return text(wanted) == text(found)


def _veiled(found: Any, wanted: Any) -> Any:
    return Secret(text(found)) if found is not None and has_secret(wanted) else found


def _like(found: Any, wanted: Any) -> Any:
    """A live text as the list or map that it holds, to be read beside the wanted one."""
    plain = isinstance(found, str) and isinstance(wanted, Mapping | list | tuple)
    return as_json(found) if plain else found


def _input(row: Mapping[str, Any]) -> Any:
    value = row.get("value") or ""
    if value == "":
        return Hidden(present=True) if row.get("hasValue") else Hidden(present=False)
    return Secret(value, "live")


def _form(value: Any) -> Any:
    if is_connection(value):
        return {"inputs": {name: _form_value(v) for name, v in value["inputs"].items()}}
    return _form_value(value)


def _form_value(value: Any) -> Any:
    if isinstance(value, Secret | Hidden):
        return "(secret)"
    return as_json(text(value)) if not has_secret(value) else "(secret)"


def _live_form(wanted: Any, found: Any) -> Any:
    if is_connection(wanted):
        known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
        return {"inputs": {n: _live_value(v, known.get(n)) for n, v in wanted["inputs"].items()}}
    if is_schedule(wanted, found) and isinstance(found, Mapping):
        return {n: found[n] for n in wanted} if isinstance(wanted, Mapping) else as_json(found["value"])
    return _live_value(wanted, found)


def _live_value(wanted: Any, found: Any) -> Any:
    if has_secret(wanted):
        return "(secret)" if same_value(wanted, found) or isinstance(found, Hidden) else "(another secret)"
    if isinstance(found, Hidden):
        return "" if not found.present else "(secret)"
    return as_json(text(found))


def _other_forms(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: as_json(value) for key, value in found.items() if isinstance(value, str)}


def _once_secret(
    record: str | None, live: Mapping[str, Any], wanted: Iterable[str], changed: Iterable[str]
) -> Collection[str]:
    """The variables that git called secret when the record was written: their values still are."""
    for keys in (tuple(changed), *((key,) for key in changed)) if record else ():
        veiled = {**live, **dict.fromkeys(keys, SHOWN)}
        for form in (veiled, *projections(veiled, wanted, changed)):
            if form.keys() >= set(keys) and fits(str(record), form):
                return keys
    return ()
