"""Config variables of an instance: how they read, how they are compared, and what is sent.

All values travel as text, lists and JSON as JSON text, a connection's inputs as a JSON text of
`[{name, type, value}]` (api notes: "Config variables: input"). A value that cannot be read back is compared
through the keyed digest of the record, where the environment names a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from sys import intern

from reconciler.kinds.instance.carried import as_saved, held
from reconciler.kinds.instance.config_causes import config_causes
from reconciler.kinds.instance.config_values import (
    ALWAYS_SHOWN,
    NEVER_SHOWN,
    SHARED,
    UNTYPED,
    ValueType,
    beside,
    has_secret,
    in_api_shape,
    inputs_of,
    is_bound,
    is_connection,
    is_held,
    is_schedule,
    on_wire,
    secret_parts,
    text,
)
from reconciler.kinds.instance.config_wanted import resolved, unignored
from reconciler.kinds.instance.differing import config_rows
from reconciler.kinds.instance.due import go_along
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import given_config, live_config
from reconciler.kinds.instance.node import Required, VariableNode
from reconciler.kinds.instance.secrets import secrets_rotated
from reconciler.kinds.nodes import Told, every, known
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.secrets import resting, shown
from reconciler.model.plan import Change
from reconciler.model.secret import Hidden, Secret, unproven
from reconciler.model.state import LiveObject


def parse_variables(shown: Sequence[VariableNode]) -> dict[str, object]:
    """Config variables by key: text, Unproven where its type may hold secrets; for a connection `{"inputs":
    {…}}`, its values Secret or Hidden; for a shared one that is bound `{"customerConnection": ID}`; for a
    schedule `{"value", "scheduleType", "timeZone"}`.
    """
    return {
        intern(required.key): _variable(one, required)
        for one in shown
        for required in (one.required_config_variable,)
    }


def _variable(shown: VariableNode, required: Required) -> object:
    if shown.customer_config_variable:
        return {SHARED: shown.customer_config_variable.id}
    if required.data_type == "CONNECTION":
        return {"inputs": {row.name: row.held for row in every(shown.inputs)}}
    if required.data_type == "SCHEDULE":
        return {
            "value": shown.value or "",
            "scheduleType": (shown.schedule_type or "").lower(),
            "timeZone": shown.time_zone or "",
        }
    return _read(shown.value or "", type_of_required(required))


def parse_types(shown: Sequence[VariableNode]) -> Mapping[str, ValueType]:
    """The types of the variables of the version that the instance runs, by key."""
    required = (one.required_config_variable for one in shown)
    return _types(tuple((one.key, one.data_type, one.collection_type, one.code_language) for one in required))


@lru_cache(1_000)
def _types(required: tuple[tuple[str, str, Told, Told], ...]) -> Mapping[str, ValueType]:
    """One object for all instances of a version."""
    return {key: _type(data, collection, language) for key, data, collection, language in required}


@lru_cache(1_000)
def _type(data: str, collection: Told, language: Told) -> ValueType:
    """One object for all variables of a type."""
    return ValueType.named(data, known(collection), known(language))


def parse_defaults(shown: Sequence[VariableNode]) -> Mapping[str, str]:
    """What the definition gives the variables of that version, by key."""
    required = [one.required_config_variable for one in shown]
    return _defaults(tuple((one.key, one.default) for one in required if isinstance(one.default, str)))


@lru_cache(1_000)
def _defaults(given: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One object for all instances of a version."""
    return dict(given)


def type_of_required(required: Required) -> ValueType:
    """The type of a variable, as a version has it."""
    return _type(required.data_type, required.collection_type, required.code_language)


def variable_inputs(request: Request, keys: Sequence[str]) -> list[dict[str, object]]:
    """The inputs to send for these keys: git's values, or else those that were saved and got lost. A
    connection's known inputs that the manifest does not mention go along, since the platform may reset those
    that are left out.
    """
    wanted, live = given_config(request.resource), held(request)
    mine = [key for key in keys if key in wanted and not _is_left(key, request)]
    types = types_of(request.live)
    rows = [(key, resolved(in_api_shape(wanted[key], types.get(key, UNTYPED)), request)) for key in mine]
    rows += [(key, as_saved(live[key])) for key in keys if key not in mine]
    return [_variable_input(key, unignored(key, value, request), live.get(key)) for key, value in rows]


def _is_left(key: str, request: Request) -> bool:
    """Whether a variable is ignored as a whole, once the instance is there."""
    return request.live is not None and ignored(request.resource, f"config.{key}")


def types_of(live: LiveObject | None) -> Mapping[str, ValueType]:
    """The types of a live instance's variables."""
    return facts_of(live).types if live else {}


def config_changes(request: Request) -> list[Change]:
    """One change for each variable, or input of a connection, that differs."""
    live = request.live
    differing = list(_differing(request, live)) if live else []
    if live is None or not differing:
        return []
    causes = config_causes(request, differing)
    types = types_of(live)
    return [
        Change(
            f"config.{path}",
            *beside(shown(before, f"config.{key}", request), after, types.get(key, UNTYPED)),
            causes[path],
        )
        for key, path, before, after in differing
    ]


def changed_keys(request: Request) -> list[str]:
    """The keys of the variables that differ, in the manifest's order."""
    if request.live is None:
        return list(given_config(request.resource))
    return list(dict.fromkeys(key for key, *_ in _differing(request, request.live)))


def resting_config(wanted: Mapping[str, object], live: LiveObject) -> dict[str, object]:
    """What a plan for `wanted` rests on: of the live values those that it mentions and does not call secret,
    level by level, and no text that may be one.
    """
    found = live_config(live)
    return {
        key: resting_of(given, value) if is_connection(given) else value
        for key, given in wanted.items()
        if not has_secret(given) or is_connection(given)
        for value in [resting(found.get(key), f"config.{key}", live)]
    }


def matching_config(request: Request) -> dict[str, object]:
    """The part of a manifest's config that the instance has; a secret counts where there is a value."""
    assert request.live is not None
    wanted, found = given_config(request.resource), live_config(request.live)
    differing = set(changed_keys(request))
    return {
        key: value
        for key, value in wanted.items()
        if (is_held(found.get(key)) if has_secret(value) else key not in differing)
    }


def resting_of(wanted: Mapping[str, object], found: object) -> dict[str, object]:
    """The part of live values that a manifest mentions and does not call secret, level by level."""
    out: dict[str, object] = {}
    for key, value in wanted.items():
        current = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(value, Mapping) and isinstance(current, Mapping):
            out[key] = resting_of(value, current)
        elif not has_secret(value):
            out[key] = current
    return out


def _differing(request: Request, live: LiveObject) -> list[tuple[str, str, object, object]]:
    """What differs and is not ignored."""
    rows = config_rows(request, live, blind=True)
    if not any(isinstance(before, Hidden) for *_, before, _ in rows):
        return rows  # no secret is among them that cannot be read back
    return rows if secrets_rotated(request) or go_along(request) else config_rows(request, live, blind=False)


def _variable_input(key: str, value: object, live: object) -> dict[str, object]:
    if is_bound(value):
        return {"key": key, "customerConfigVariableId": value[SHARED]}
    if is_connection(value):
        known = inputs_of(live)
        unmentioned = {n: v for n, v in known.items() if isinstance(v, Secret) and n not in value["inputs"]}
        inputs = {**unmentioned, **value["inputs"]}
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


def _read(value: str, kind: ValueType) -> object:
    if kind.data in NEVER_SHOWN and value:
        return Secret(value, "live", sure=False)
    value = intern(value)  # many instances have the same
    return value if kind.data in ALWAYS_SHOWN and not kind.collection else unproven(value)
