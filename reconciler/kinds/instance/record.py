"""The record that an instance bears: what it says of each key, and when a key counts as plain.

A key counts as plain from when its plain value is there, never from when it is about to be sent: a run may
end in between. It counts as a secret from before one is sent, until a plain value was written over it,
whether git mentions it meanwhile or not, and under which release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from reconciler.kinds.instance.config import changed_keys
from reconciler.kinds.instance.config_causes import recorded, unmentioned
from reconciler.kinds.instance.config_forms import form, form_digest, how
from reconciler.kinds.instance.config_values import has_secret
from reconciler.kinds.instance.config_wanted import config_wanted
from reconciler.kinds.instance.desk import OWED
from reconciler.kinds.instance.facts import overwritten
from reconciler.kinds.instance.fields import (
    given_config,
    given_flows,
    integration_of,
    live_config,
    live_flows,
)
from reconciler.kinds.instance.flows import FLOWS, TEXTS, flow_changes
from reconciler.kinds.instance.release import moves_to
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.labels import PROTECTION
from reconciler.kinds.table.record import LabelRecord, Layout, label
from reconciler.kinds.table.rotation import DIGITS, SECRETS
from reconciler.kinds.table.secrets import remembered
from reconciler.model.address import Ref
from reconciler.model.digest import Plain, sha256
from reconciler.model.refs import KeysRef
from reconciler.model.secret import SHOWN
from reconciler.model.state import How, LiveObject, Written

LAYOUT = Layout(
    (
        *("name", "description", "release", "config", "flows", "enabled"),
        *("labels", SECRETS, "tests", OWED, PROTECTION),
    ),
    {SECRETS: DIGITS, "enabled": 1, PROTECTION: 1},
    "config",
    spare=PROTECTION,
)


def keys_of(config: Iterable[str], flows: Iterable[str]) -> tuple[str, ...]:
    """The keys of a version of which the record has room for something, in their order."""
    return _keys_of(tuple(config), tuple(flows))


@lru_cache(1_000)
def _keys_of(config: tuple[str, ...], flows: tuple[str, ...]) -> tuple[str, ...]:
    named = [f"config.{key}" for key in config]
    return tuple(sorted(named) + sorted(f"flows.{flow}.{text}" for flow in flows for text in TEXTS))


def recorded_on(
    labels: frozenset[str], keys: tuple[str, ...], id: str, customer: str, name: str
) -> LabelRecord:
    """What the labels say of an instance that has these keys: its id, or else its customer and name, tell
    whose record it is.
    """
    return LabelRecord(LAYOUT, labels, keys, (id, (customer, name.strip())))


def record(request: Request, applied: Mapping[str, str], step: str) -> str:
    """The label to write with `step`; `applied` are the digests of all groups but the config's."""
    written = _written(request, step)
    has_config = any(path.startswith("config.") for path in written)

    def whole() -> str:
        return sha256(recorded(_forms(request, written)))

    return label(
        LAYOUT, applied, written, _keys(request), _owner(request), whole=whole if has_config else None
    )


def _owner(request: Request) -> Plain:
    """What tells the instance from others: its id; while it has none, its customer and its name."""
    if request.live is not None:
        return request.live.id
    fields = request.resource.fields
    return [str(request.resolve(Ref(fields["customer"]))), str(fields["name"]).strip()]


def _keys(request: Request) -> tuple[str, ...]:
    """The keys of the version that runs once the call is carried out."""
    live, version = request.live, moves_to(request)
    if version is not None:
        found = request.resolve(KeysRef(integration_of(request.resource), version))
        if isinstance(found, tuple):
            return keys_of(*found)
    if live is not None:
        return keys_of(live_config(live), live_flows(live))
    return keys_of(given_config(request.resource), given_flows(request.resource))


def _written(request: Request, step: str) -> dict[str, Written]:
    out = dict(remembered(request).written or {})
    changed = set(changed_keys(request)) if request.live else set()
    over = overwritten(request.live)
    for key, value in config_wanted(request).items():
        path = f"config.{key}"
        now = _next(out.get(path), value, there=key not in changed, over=request.live is None or key in over)
        if now is not None:
            out[path] = now
    for path, value, differs in _texts(request):
        if has_secret(value):
            out[path] = Written(How.SECRET)
        elif step == FLOWS or (request.live and not differs and path not in out):
            out[path] = Written(How.PLAIN)
    return out


def _next(before: Written | None, value: object, *, there: bool, over: bool) -> Written | None:
    """How a variable is recorded from now on: `there` says that it has git's value, `over` that this run has
    written it.
    """
    kind = how(value)
    if kind is How.SECRET:
        return Written(kind)
    is_known = before is not None and before.how is kind
    if kind is How.PARTS or is_known or (there and (over or before is None)):
        return Written(kind, form_digest(value))
    return before


def newly_written(before: LiveObject, after: LiveObject) -> frozenset[str]:
    """The variables that this run has written, after a call: by what differs."""
    then, now = live_config(before), live_config(after)
    return overwritten(before) | {key for key in now if now[key] != then.get(key)}


def is_late(request: Request) -> bool:
    """Whether a variable counts as plain only once it is written, so that the record follows it."""
    written = remembered(request).written or {}
    config = config_wanted(request)
    return any(
        how(config[key]) is How.PLAIN and getattr(written.get(f"config.{key}"), "how", None) is not How.PLAIN
        for key in changed_keys(request)
        if key in config
    )


def is_early(request: Request) -> bool:
    """Whether git now calls something a secret that the record has as plain: it must say so first."""
    secret = [f"config.{key}" for key, value in config_wanted(request).items() if how(value) is How.SECRET]
    secret += [path for path, value in _given_texts(request) if has_secret(value)]
    written = (remembered(request).written or {}) if secret else {}
    return any(path in written and written[path].how is How.PLAIN for path in secret)


def _texts(request: Request) -> list[tuple[str, object, bool]]:
    """The flows' settings that may hold secrets: path, value, and whether it differs."""
    differing = {change.path for change in flow_changes(request)}
    return [(path, value, path in differing) for path, value in _given_texts(request)]


def _given_texts(request: Request) -> list[tuple[str, object]]:
    return [
        (path, settings[name])
        for flow, settings in given_flows(request.resource).items()
        for name in TEXTS
        for path in [f"flows.{flow}.{name}"]
        if name in settings and not (request.live and ignored(request.resource, path))
    ]


def _forms(request: Request, written: Mapping[str, Written]) -> dict[str, object]:
    config = config_wanted(request)
    found = live_config(request.live)
    forms: dict[str, object] = {}
    for path, one in written.items():
        key = path.removeprefix("config.")
        if key == path:
            continue
        if key not in config:
            forms[key] = unmentioned(one, found.get(key))
        else:
            forms[key] = SHOWN if one.how is How.SECRET else form(config[key])
    return forms
