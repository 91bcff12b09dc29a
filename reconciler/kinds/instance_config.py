"""Config variables and flow settings of an instance: their text on the wire, and their comparison.

All values travel as text, lists and JSON as JSON text, a connection's inputs as a JSON text of
`[{name, type, value}]` (api notes: "Config variables: input"). A value that cannot be read back is compared
through the keyed digest of the record, where the environment names a key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.cause import cause, fits, projections
from reconciler.kinds.labelled import ignored
from reconciler.model.digest import keyed
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import SHOWN, Hidden, Secret

SECRET_DIGITS = 8
FLOW_SETTINGS = ("testContentType", "testHeaders", "testPayload", "usesLre")
SCHEDULE = ("value", "scheduleType", "timeZone")


def parse_variables(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Config variables by key: text; for a connection `{"inputs": {…}}`, its values Secret or Hidden; for a
    schedule `{"value", "scheduleType", "timeZone"}`.
    """
    out: dict[str, Any] = {}
    for node in nodes:
        required = node["requiredConfigVariable"]
        if required["dataType"] == "CONNECTION":
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


def parse_flow(row: Mapping[str, Any]) -> dict[str, Any]:
    """A flow's settings. Keys that the server does not tell count as hidden; whether it has any, it does not
    say either.
    """
    keys = row.get("apiKeys")
    shown = Hidden() if keys is None else [Secret(key, "live") for key in keys]
    return {"apiKeys": shown, **{name: row.get(name) for name in FLOW_SETTINGS}}


def variable_inputs(request: Request, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The inputs to send for these keys. A connection's known inputs that the manifest does not mention go
    along, since the platform may reset those that are left out.
    """
    wanted = request.resource.fields["config"]
    live = request.live.fields["config"] if request.live else {}
    return [_variable_input(key, _unignored(key, wanted[key], request), live.get(key)) for key in keys]


def config_changes(request: Request) -> list[Change]:
    """One change for each variable, or input of a connection, that differs."""
    wanted, live = request.resource.fields.get("config") or {}, request.live
    if live is None:
        return []
    found, rotated = live.fields["config"], secrets_rotated(request)
    differing: list[tuple[str, str, Any, Any]] = []
    for key, value in wanted.items():
        for path, before, after in _compare(key, value, found.get(key), rotated):
            if not ignored(request.resource, f"config.{path}"):
                differing.append((key, path, before, after))
    if not differing:
        return []
    changed = dict.fromkeys(key for key, *_ in differing)
    form = config_form(wanted)
    # What does not differ, or is ignored, counts as git writes it: live it may read "1" where git has 1.0.
    live_form = form | {key: _live_form(wanted[key], found.get(key)) for key in changed}
    whole = {**_other_forms(found), **live_form}
    why = cause(live.applied, "config", form, live_form, *projections(whole, wanted, changed))
    once_secret = _once_secret(live.applied.get("config"), whole, wanted, changed)
    if once_secret and why is Cause.BOTH:
        why = Cause.PENDING
    return [
        Change(
            f"config.{path}",
            Secret(b) if key in once_secret and isinstance(b, str) else b,
            a,
            _why(why, b, a, request),
        )
        for key, path, b, a in differing
    ]


def changed_keys(request: Request) -> list[str]:
    """The keys of the variables that differ, in the manifest's order."""
    wanted, live = request.resource.fields.get("config") or {}, request.live
    if live is None:
        return list(wanted)
    rotated = secrets_rotated(request)
    return [
        key
        for key, value in wanted.items()
        if any(
            not ignored(request.resource, f"config.{path}")
            for path, *_ in _compare(key, value, live.fields["config"].get(key), rotated)
        )
    ]


def flow_changes(request: Request) -> list[Change]:
    """One change for each flow setting that differs."""
    wanted, live = request.resource.fields.get("flows") or {}, request.live
    if live is None:
        return []
    found = live.fields["flows"]
    # Where the record is kept, it must say that settings were written which cannot be read back.
    written = not request.policy.record or fits(live.applied.get("flows", "-"), flows_form(wanted))
    out, rotated = [], secrets_rotated(request) or not written
    for name, settings in wanted.items():
        for field, value in settings.items():
            path, current = f"flows.{name}.{field}", found.get(name, {}).get(field)
            if ignored(request.resource, path) or same_setting(value, current, rotated):
                continue
            out.append((path, current, value))
    why = (
        cause(live.applied, "flows", flows_form(wanted), flows_form(_project(wanted, found))) if out else None
    )
    return [Change(path, b, a, _why(why or Cause.UNKNOWN, b, a, request)) for path, b, a in out]


def same_setting(wanted: Any, found: Any, rotated: bool) -> bool:
    """Whether a flow's setting is as wanted; one that the server hides counts as such unless rotated."""
    if isinstance(found, Hidden):
        return found.present and not rotated
    if isinstance(wanted, list | tuple):
        return [text(v) for v in wanted] == [text(v) for v in found or ()]
    if isinstance(wanted, Mapping):
        return bool(_json(text(found)) == _json(text(wanted)))
    return text(wanted) == text(found)


def config_form(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a manifest's config that goes into its digest; secrets count by their presence alone."""
    return {key: _form(value) for key, value in wanted.items()}


def flows_form(flows: Mapping[str, Any]) -> dict[str, Any]:
    """The same for flow settings."""
    return {name: {k: _form_value(v) for k, v in settings.items()} for name, settings in flows.items()}


def hidden_waits(request: Request) -> bool:
    """Whether a secret is still to be sent that cannot be read back: the record must not say it was."""
    changes = (*config_changes(request), *flow_changes(request))
    return any(isinstance(change.before, Hidden) for change in changes)


def secrets_digest(request: Request) -> str:
    """The keyed digest of all secrets of the manifest, in their order; empty without a key or a secret."""
    key = request.policy.secret_key
    fields = request.resource.fields
    parts = [
        part
        for p, v in _walk({"config": fields.get("config"), "flows": fields.get("flows")})
        for part in (p, v)
    ]
    return keyed(key.reveal(), parts) if key and parts else ""


def secrets_rotated(request: Request) -> bool:
    """Whether secrets that cannot be read back are to be sent: asked for, or other than the record says."""
    return request.policy.send_secrets or _git_rotated(request)


def _git_rotated(request: Request) -> bool:
    known = request.live.applied.get("secrets") if request.live else None
    return bool(known) and bool(now := secrets_digest(request)) and not now.startswith(str(known))


def spoken_of(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The part of live values that a manifest mentions and does not call secret, level by level."""
    out: dict[str, Any] = {}
    for key, value in wanted.items():
        current = found.get(key)
        if isinstance(value, Mapping) and isinstance(current, Mapping):
            out[key] = spoken_of(value, current)
        elif not _has_secret(value):
            out[key] = current
    return out


def text(value: Any) -> str:
    """A value as the API takes it: text, "true", "42", JSON text for lists and maps."""
    if isinstance(value, Secret):
        return value.reveal()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_revealed(value), separators=(",", ":"), ensure_ascii=False)
    return str(value)


def is_connection(value: Any) -> bool:
    """Whether a config value is a connection's: a map with a map of `inputs` alone."""
    return isinstance(value, Mapping) and set(value) == {"inputs"} and isinstance(value["inputs"], Mapping)


def is_schedule(value: Any, live: Any) -> bool:
    """Whether a config value is a schedule's: the live side says so, or it names a schedule's type."""
    shape = isinstance(live, Mapping) and set(live) == set(SCHEDULE)
    return shape or (isinstance(value, Mapping) and "scheduleType" in value and set(value) <= set(SCHEDULE))


def _unignored(key: str, value: Any, request: Request) -> Any:
    """A connection without the inputs that are ignored: these are sent as they are live."""
    if request.live is None or not is_connection(value):
        return value
    path = f"config.{key}.inputs"
    inputs = {n: v for n, v in value["inputs"].items() if not ignored(request.resource, f"{path}.{n}")}
    return {"inputs": inputs}


def _variable_input(key: str, value: Any, live: Any) -> dict[str, Any]:
    if is_connection(value):
        known = live.get("inputs", {}) if isinstance(live, Mapping) else {}
        rest = {n: v for n, v in known.items() if isinstance(v, Secret) and n not in value["inputs"]}
        inputs = {**rest, **value["inputs"]}
        rows = [{"name": name, "type": "value", "value": text(v)} for name, v in sorted(inputs.items())]
        # The whole text is wrapped, since the client keeps only what is a Secret out of its messages.
        return {"key": key, "values": Secret(json.dumps(rows, ensure_ascii=False), parts=_parts(inputs))}
    if is_schedule(value, live):
        parts = value if isinstance(value, Mapping) else {"value": value}
        return {"key": key, **{name: on_wire(v) for name, v in parts.items()}}
    return {"key": key, "value": on_wire(value)}


def on_wire(value: Any) -> str | Secret:
    """A value's text, wrapped where it is or holds a secret."""
    return Secret(text(value), parts=_parts(value)) if _has_secret(value) else text(value)


def _compare(key: str, wanted: Any, found: Any, rotated: bool) -> Iterator[tuple[str, Any, Any]]:
    if is_connection(wanted):
        known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
        for name, value in wanted["inputs"].items():
            current = known.get(name)
            if not _same_input(value, current, rotated):
                yield f"{key}.inputs.{name}", current, value
    elif is_schedule(wanted, found):
        parts = wanted if isinstance(wanted, Mapping) else {"value": wanted}
        for name, value in parts.items():
            current = found.get(name, "") if isinstance(found, Mapping) else None
            if text(value).lower() != text(current).lower():
                yield f"{key}.{name}", _veiled(current, value), value
    elif not same_value(wanted, found):
        yield key, _veiled(found, wanted), wanted


def _same_input(wanted: Any, found: Any, rotated: bool) -> bool:
    if isinstance(found, Hidden):
        return found.present and not (rotated and isinstance(wanted, Secret))
    return text(wanted) == text(found)


def same_value(wanted: Any, found: Any) -> bool:
    """Whether a live text means the wanted value."""
    if found is None:
        return False
    live = text(found)
    if isinstance(wanted, Mapping | list | tuple):
        return bool(_json(live) == _json(text(wanted)))
    if isinstance(wanted, bool):
        return live.lower() == text(wanted)
    if isinstance(wanted, int | float):
        try:
            return Decimal(live) == Decimal(str(wanted))
        except ArithmeticError:
            return False
    return live == text(wanted)


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _veiled(found: Any, wanted: Any) -> Any:
    return Secret(text(found)) if found is not None and _has_secret(wanted) else found


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
    return _json(text(value)) if not _has_secret(value) else "(secret)"


def _live_form(wanted: Any, found: Any) -> Any:
    if is_connection(wanted):
        known = found.get("inputs", {}) if isinstance(found, Mapping) else {}
        return {"inputs": {n: _live_value(v, known.get(n)) for n, v in wanted["inputs"].items()}}
    if is_schedule(wanted, found) and isinstance(found, Mapping):
        return {n: found[n] for n in wanted} if isinstance(wanted, Mapping) else _json(found["value"])
    return _live_value(wanted, found)


def _live_value(wanted: Any, found: Any) -> Any:
    if _has_secret(wanted):
        return "(secret)" if same_value(wanted, found) or isinstance(found, Hidden) else "(another secret)"
    if isinstance(found, Hidden):
        return "" if not found.present else "(secret)"
    return _json(text(found))


def _other_forms(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _json(value) for key, value in found.items() if isinstance(value, str)}


def _project(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    return {n: {k: found.get(n, {}).get(k) for k in settings} for n, settings in wanted.items()}


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


def _why(why: Cause, before: Any, after: Any, request: Request) -> Cause:
    """Of secrets only the keyed digest knows whether git changed them; what is hidden shows no drift."""
    hidden = isinstance(before, Hidden) and isinstance(after, Secret)
    rotated = why is Cause.DRIFT and _has_secret(after) and _git_rotated(request)
    return Cause.PENDING if hidden or rotated else why


def _has_secret(value: Any) -> bool:
    return any(True for _ in _walk(value))


def _parts(value: Any) -> tuple[str, ...]:
    return tuple(secret for _, secret in _walk(value))


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Secret):
        yield path, value.reveal()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _walk(value[key], f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]")


def _revealed(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: _revealed(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(v) for v in value]
    return value
