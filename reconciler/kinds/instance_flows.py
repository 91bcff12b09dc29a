"""The settings of an instance's flows: how they read, how they are compared, and what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.base import Request
from reconciler.kinds.cause import cause, fits
from reconciler.kinds.config_values import as_json, has_secret, on_wire, same_json, text
from reconciler.kinds.instance_secrets import secrets_rotated, why
from reconciler.kinds.labelled import ignored
from reconciler.model.plan import Change
from reconciler.model.secret import Hidden, Secret

KEYS = "apiKeys"
SETTINGS = ("testContentType", "testHeaders", "testPayload", "usesLre")


def parse_flow(row: Mapping[str, Any]) -> dict[str, Any]:
    """A flow's settings. Keys that the server does not tell count as hidden; whether it has any, it does not
    say either.
    """
    keys = row.get(KEYS)
    shown = Hidden() if keys is None else [Secret(key, "live") for key in keys]
    return {KEYS: shown, **{name: row.get(name) for name in SETTINGS}}


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
            out.append((path, _veiled(current, value), value))
    reason = cause(live.applied, "flows", flows_form(wanted), flows_form(_project(wanted, found)))
    return [Change(path, b, a, why(reason, b, a, request)) for path, b, a in out]


def same_setting(wanted: Any, found: Any, rotated: bool) -> bool:
    """Whether a flow's setting is as wanted; one that the server hides counts as such unless rotated."""
    if isinstance(found, Hidden):
        return found.present and not rotated
    if isinstance(found, list | tuple):
        return [text(v) for v in wanted or ()] == [text(v) for v in found]
    if isinstance(wanted, Mapping | list | tuple):
        return same_json(as_json(text(wanted)), as_json(text(found)))
    if isinstance(wanted, bool):
        return wanted is bool(found)
    # No headers read back as nothing, or as an empty map.
    return text(wanted) == text(found) or {text(wanted), text(found)} == {"", "{}"}


def flows_form(flows: Mapping[str, Any]) -> dict[str, Any]:
    """The form of the settings that goes into the record's digest; secrets count by their presence alone."""
    return {name: {k: _form(v) for k, v in settings.items()} for name, settings in flows.items()}


def flow_inputs(request: Request) -> list[dict[str, Any]]:
    """The inputs to send: for each flow that the manifest mentions, the settings that it does not ignore."""
    live = request.live
    assert live is not None
    rows = []
    for name, settings in (request.resource.fields.get("flows") or {}).items():
        row: dict[str, Any] = {"flowId": live.facts["flowIds"].get(name)}
        for field, value in settings.items():
            if not ignored(request.resource, f"flows.{name}.{field}"):
                row[field] = _sent(field, value)
        rows.append(row)
    return rows


def _sent(field: str, value: Any) -> Any:
    if field == KEYS:
        return [on_wire(v) for v in value or ()]
    if field == "testHeaders" and not value:
        return "{}"
    return value if isinstance(value, bool) else on_wire(value)


def _form(value: Any) -> Any:
    return "(secret)" if isinstance(value, Hidden) or has_secret(value) else as_json(text(value))


def _veiled(found: Any, wanted: Any) -> Any:
    """What a secret replaces is taken to be one, too."""
    return Secret(text(found)) if isinstance(found, str) and has_secret(wanted) else found


def _project(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    return {n: {k: found.get(n, {}).get(k) for k in settings} for n, settings in wanted.items()}
