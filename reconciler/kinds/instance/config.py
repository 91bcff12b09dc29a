"""Config variables of an instance: how they read, how they are compared, and what is sent.

All values travel as text, lists and JSON as JSON text, a connection's inputs as a JSON text of
`[{name, type, value}]` (api notes: "Config variables: input"). A value that cannot be read back is compared
through the keyed digest of the record, where the environment names a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.kinds.instance.carried import as_saved, held
from reconciler.kinds.instance.config_causes import config_causes
from reconciler.kinds.instance.config_values import (
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
from reconciler.kinds.instance.secrets import secrets_rotated
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.secrets import resting, shown
from reconciler.model.plan import Change
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject


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
