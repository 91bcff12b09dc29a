"""An instance told as its manifest would say it: what was set on it, beside what its definition gives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.kinds.instance.config_values import (
    SHARED,
    ValueType,
    as_json,
    holds_json,
    inputs_of,
    is_bound,
    is_connection,
    same_value,
    text,
)
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import live_config, live_flows
from reconciler.kinds.instance.flows import KEYS, TEXTS
from reconciler.kinds.table.secrets import resting
from reconciler.kinds.telling import Telling, Untellable
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.model.state import LiveObject

_HEADERS = "testHeaders"
_NAME = re.compile(r"[a-z0-9-]{1,63}")


def instance_told(live: LiveObject, telling: Telling) -> dict[str, object]:
    """The fields of the manifest. Raises Untellable."""
    facts = facts_of(live)
    integration = telling.integrations.get(facts.sequence or "")
    if integration is None:
        raise Untellable("it runs no integration of this tenant")
    said: dict[str, object] = {
        "customer": telling.name("Customer", live.fields["customer"]),
        "integration": telling.name("Integration", integration.id),
        **_running(live, integration, telling),
        "name": live.fields["name"],
    }
    if live.fields["description"]:
        said["description"] = live.fields["description"]
    # What was never deployed, or stopped by the vendor, is not what somebody switched off.
    if not live.fields["enabled"] and facts.last_deployed_at and not facts.suspended:
        said["enabled"] = False
    if live.fields["labels"]:
        said["labels"] = live.fields["labels"]
    if config := _config(live, telling):
        said["config"] = config
    if flows := _flows(live, telling):
        said["flows"] = flows
    return said


def _running(live: LiveObject, integration: LiveObject, telling: Telling) -> dict[str, object]:
    facts = facts_of(live)
    version = next((one for one in integration.versions if one.id == facts.version_id), None)
    if version is None:
        raise Untellable("it runs a version that is not among its integration's")
    release = telling.release(integration, version)
    return {"release": release} if release else {"version": version.number}


def _config(live: LiveObject, telling: Telling) -> dict[str, object]:
    facts, found = facts_of(live), dict[str, object]()
    for key, value in live_config(live).items():
        kind, default = facts.types.get(key, ValueType()), facts.defaults.get(key)
        if is_bound(value):
            told = _bound(value, telling)
        elif is_connection(value):
            told = _inputs(value)
        elif isinstance(value, Mapping):
            told = _schedule(value, default)
        else:
            told = _value(telling.said(key, resting(value, f"config.{key}", live)), default, kind)
        if told not in (None, "", {}):
            found[key] = told
    return found


def _value(value: object, default: str | None, kind: ValueType) -> object:
    """A value in the manifest's form; None where the definition gives it."""
    if value in (None, "") or text(value) == (default or ""):
        return None
    if isinstance(value, Secret):
        return value
    given = text(value)
    if default is not None and same_value(given, default, kind):
        return None
    for form in (_formed(given, kind), given):
        if same_value(form, given, kind):
            return form
    return given


def _formed(given: str, kind: ValueType) -> object:
    """A text as people would write what it means."""
    if kind.collection or holds_json(given, kind):
        held = as_json(given)
        return _pairs(held) if kind.collection == "keyvaluelist" else held
    if kind.data == "boolean":
        return {"true": True, "false": False}.get(given.lower(), given)
    if kind.data == "number":
        held = as_json(given)
        is_number = isinstance(held, int | float) and not isinstance(held, bool)
        return held if is_number and text(held) == given else given
    return given


def _pairs(held: object) -> object:
    """A key-value list as a map, where nothing is lost by that."""
    if not isinstance(held, list) or not all(
        isinstance(one, Mapping) and set(one) == {"key", "value"} for one in held
    ):
        return held
    pairs = {str(one["key"]): one["value"] for one in held}
    return pairs if len(pairs) == len(held) else held


def _inputs(value: object) -> object:
    found = {
        name: one
        for name, one in inputs_of(value).items()
        if not (isinstance(one, Hidden) and not one.present)
    }
    return {"inputs": found} if found else None


def _bound(value: Mapping[str, object], telling: Telling) -> object:
    bound = value[SHARED]
    name = telling.names.get(("CustomerConnection", str(bound)))
    if name is None and _NAME.fullmatch(str(bound)):
        return None  # it would be taken for a manifest's name
    return {SHARED: name or bound}


def _schedule(value: Mapping[str, object], default: str | None) -> object:
    said = {name: one for name, one in value.items() if one}
    if not said or (set(said) == {"value"} and said["value"] == default):
        return None
    if said.get("scheduleType") == "none" and not said.get("value"):
        return None
    return said["value"] if set(said) == {"value"} else said


def _flows(live: LiveObject, telling: Telling) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, settings in live_flows(live).items():
        said: dict[str, object] = {}
        if isinstance(settings.get(KEYS), list) and settings[KEYS]:
            said[KEYS] = settings[KEYS]
        for field in TEXTS:
            value = resting(settings.get(field), f"flows.{name}.{field}", live)
            value = telling.said(f"{name}.{field}", value)
            if field == _HEADERS and isinstance(value, str):
                held = as_json(value)
                value = held if isinstance(held, Mapping) else None
            if isinstance(value, Unproven) or (value and isinstance(value, str | Mapping)):
                said[field] = value
        if settings.get("usesLre"):
            said["usesLre"] = True
        if said:
            found[name] = said
    return found
