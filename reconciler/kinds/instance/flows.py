"""The settings of an instance's flows: how they read, how they are compared, and what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from reconciler.kinds.instance.config_values import (
    beside,
    has_secret,
    on_wire,
    veiled,
)
from reconciler.kinds.instance.differing import flow_rows
from reconciler.kinds.instance.due import go_along
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.instance.fields import Flows, given_flows, live_flows
from reconciler.kinds.instance.flow_forms import flows_form, keys_in, setting_form
from reconciler.kinds.instance.node import FlowNode
from reconciler.kinds.instance.secrets import secret_cause, secrets_rotated
from reconciler.kinds.nodes import known
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.absent import Doubtful, Place
from reconciler.kinds.table.causes import fits, judged, part_causes
from reconciler.kinds.table.secrets import remembered, resting, shown
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import SHOWN, Hidden, Secret, unproven
from reconciler.model.state import How, LiveObject

FLOWS = "configure-flows"
"""The step that writes them."""
KEYS = "apiKeys"
TEXTS = ("testContentType", "testHeaders", "testPayload")
"""What may hold secrets."""

_SETTINGS = Doubtful.of(
    {
        KEYS: "api_keys",
        "testContentType": "test_content_type",
        "testHeaders": "test_headers",
        "testPayload": "test_payload",
        "usesLre": "uses_lre",
    }
)
"""All of them, as the type of an answer calls them."""


def parse_flow(shown: FlowNode) -> tuple[dict[str, object], frozenset[Place]]:
    """A flow's settings, and those that the tenant does not know. Keys that the server does not tell count as
    hidden; whether it has any, it does not say either.
    """
    values = keys, *others = _SETTINGS.shown(shown)
    if keys == [] and not any(others):
        return _unset(*others)
    told = keys and None not in keys
    held = [Secret(key, "live") for key in keys] if told or keys == [] else Hidden()
    return _settings(held, others), _SETTINGS.unset_of(values)


@lru_cache(100)
def _unset(*others: object) -> tuple[dict[str, object], frozenset[Place]]:
    """One object for all flows on which nothing is set: most are so."""
    return _settings([], others), _SETTINGS.unset_of(([], *others))


def _settings(keys: object, others: Iterable[object]) -> dict[str, object]:
    return dict(zip(_SETTINGS.names, (keys, *map(unproven, map(known, others))), strict=True))


def flow_changes(request: Request) -> list[Change]:
    """One change for each flow setting that differs."""
    wanted, live = given_flows(request.resource), request.live
    if live is None or not wanted:
        return []
    out = flow_rows(request, live, blind=secrets_rotated(request) or go_along(request))
    causes = _causes(request, [path for path, *_ in out]) if out else {}
    return [
        Change(
            path,
            *beside(veiled(shown(before, path, request), after), after),
            _why(causes, path, before, after, request),
        )
        for path, before, after in out
    ]


def resting_flows(wanted: Flows, live: LiveObject) -> dict[str, object]:
    """What a plan for `wanted` rests on: of the live settings those that it mentions and does not call
    secret, and no text that may be one.
    """
    found = live_flows(live)
    return {
        name: {
            field: resting(found.get(name, {}).get(field), f"flows.{name}.{field}", live)
            for field, value in settings.items()
            if not has_secret(value)
        }
        for name, settings in wanted.items()
    }


def _causes(request: Request, differing: list[str]) -> dict[str, Cause]:
    """The causes of the settings that differ, by their paths, where the record tells them."""
    record, live = remembered(request).applied.get("flows"), request.live
    if not record or live is None:
        return {}
    wanted, found = flows_form(given_flows(request.resource)), live_flows(live)
    there = {
        name: {
            field: SHOWN
            if _was_secret(f"flows.{name}.{field}", request)
            else setting_form(found.get(name, {}).get(field))
            for field in settings
        }
        for name, settings in wanted.items()
    }
    places = {f"flows.{name}.{field}": (name, field) for name in wanted for field in wanted[name]}

    def is_recorded(parts: Mapping[str, object]) -> bool:
        flows: dict[str, dict[str, object]] = {}
        for path, value in parts.items():
            name, field = places[path]
            flows.setdefault(name, {})[field] = value
        return fits(record, flows)

    flat = _flat(there)
    bare = [path for path in differing if path in flat and flat[path] in (None, "", {}, [])]
    return part_causes(is_recorded, _flat(wanted), flat, differing, bare)


def _why(causes: Mapping[str, Cause], path: str, before: object, after: object, request: Request) -> Cause:
    is_secret = has_secret(after)
    return judged(
        # Of a secret this digest holds no more than that there was one.
        Cause.UNKNOWN if is_secret else causes.get(path, Cause.UNKNOWN),
        secret_cause(request) if is_secret else Cause.UNKNOWN,
        is_secret=is_secret,
        was_secret=_was_secret(path, request),
        is_hidden=isinstance(before, Hidden),
    )


def _was_secret(path: str, request: Request) -> bool:
    one = (remembered(request).written or {}).get(path)
    return one is not None and one.how is How.SECRET


def _flat(flows: Flows) -> dict[str, object]:
    return {
        f"flows.{name}.{field}": value
        for name, settings in flows.items()
        for field, value in settings.items()
    }


def flow_inputs(request: Request) -> list[dict[str, object]]:
    """The inputs to send: for each flow that the manifest mentions, the settings that it does not ignore."""
    live = request.live
    assert live is not None
    rows = []
    for name, settings in given_flows(request.resource).items():
        row: dict[str, object] = {"flowId": facts_of(live).flow_ids.get(name)}
        for field, value in settings.items():
            if not ignored(request.resource, f"flows.{name}.{field}"):
                row[field] = _sent(field, value)
        rows.append(row)
    return rows


def _sent(field: str, value: object) -> object:
    if field == KEYS:
        return [on_wire(key) for key in keys_in(value)]
    if field == "testHeaders" and not value:
        return "{}"
    return value if isinstance(value, bool) else on_wire(value)
