"""What of an instance differs from its manifest, variable by variable and setting by setting.

A secret that cannot be read back counts as equal; with `blind` it counts as different, so that it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kinds.instance.config_causes import Differing, config_causes
from reconciler.kinds.instance.config_values import (
    SHARED,
    UNTYPED,
    ValueType,
    exact_json,
    inputs_of,
    is_bound,
    is_connection,
    is_same_text,
    is_schedule,
    same_json,
    same_value,
    schedule_text,
    text,
    veiled,
)
from reconciler.kinds.instance.config_wanted import resolved
from reconciler.kinds.instance.facts import facts_of, notes_of
from reconciler.kinds.instance.fields import given_config, given_flows, live_config, live_flows
from reconciler.kinds.instance.flow_forms import flows_form, keys_in
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.absent import is_absent
from reconciler.kinds.table.causes import fits
from reconciler.kinds.table.secrets import remembered
from reconciler.kinds.table.texts import is_trimmed, was_sent
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject
from reconciler.model.uncompared import is_uncompared


def config_rows(request: Request, live: LiveObject, *, blind: bool) -> list[tuple[str, str, object, object]]:
    """What differs of the config and is not ignored: a variable's key, the path, what is live and wanted."""
    wanted, found, types = given_config(request.resource), live_config(live), facts_of(live).types
    rows = [
        (key, path, before, after)
        for key, given in wanted.items()
        if not is_same_text(given, found.get(key), types.get(key, UNTYPED))
        for path, before, after in _compare(
            key, resolved(given, request), found.get(key), types.get(key, UNTYPED), blind
        )
        if not ignored(request.resource, f"config.{path}")
    ]
    kept = _kept(request, rows)
    return [row for row in rows if row[1] not in kept]


def flow_rows(request: Request, live: LiveObject, *, blind: bool) -> list[tuple[str, object, object]]:
    """What differs of its flows' settings: the path, what is live, what is wanted. Those that cannot be read
    back differ, too, until the record says that they were written.
    """
    found, unseen = live_flows(live), blind or not _is_written(request)
    return [
        (path, current, value)
        for name, settings in given_flows(request.resource).items()
        for field, value in settings.items()
        for path, current in [(f"flows.{name}.{field}", found.get(name, {}).get(field))]
        if not ignored(request.resource, path) and not is_absent(live, "flows", name, field)
        if not _same_setting(value, current, unseen)
    ]


def _kept(request: Request, rows: Differing) -> frozenset[str]:
    """The paths of the texts that are what the tenant made of those that it was sent."""
    trimmed = [(key, path, after) for key, path, before, after in rows if is_trimmed(after, before)]
    if not trimmed or notes_of(request.live).configured:
        return frozenset(path for _, path, _ in trimmed)
    causes, written = config_causes(request, rows), remembered(request).written or {}
    return frozenset(
        path
        for key, path, after in trimmed
        if was_sent(request, after, causes[path], recorded=f"config.{key}" in written)
    )


def _compare(
    key: str, wanted: object, found: object, kind: ValueType, blind: bool
) -> Iterator[tuple[str, object, object]]:
    if is_bound(wanted):
        current = found.get(SHARED) if isinstance(found, Mapping) else None
        if current != wanted[SHARED]:
            yield f"{key}.{SHARED}", current, wanted[SHARED]
    elif is_connection(wanted):
        known = inputs_of(found)
        for name, value in wanted["inputs"].items():
            current = known.get(name)
            if not _same_input(value, current, blind):
                yield f"{key}.inputs.{name}", current, value
    elif is_schedule(wanted, found):
        parts = wanted if isinstance(wanted, Mapping) else {"value": wanted}
        for name, value in parts.items():
            current = found.get(name, "") if isinstance(found, Mapping) else None
            if not is_uncompared(value, current) and schedule_text(value) != schedule_text(current):
                yield f"{key}.{name}", veiled(current, value), value
    elif not same_value(wanted, found, kind):
        yield key, veiled(found, wanted), wanted


def _same_input(wanted: object, found: object, blind: bool) -> bool:
    if is_uncompared(wanted, found):
        return True
    if isinstance(found, Hidden):
        return found.present and not (blind and isinstance(wanted, Secret))
    return text(wanted) == text(found)


def _is_written(request: Request) -> bool:
    """Whether settings that cannot be read back were written: where a record is kept, it must say so. One of
    an earlier version of this tool says nothing, and is not asked.
    """
    memory = remembered(request)
    if not request.policy.record or memory.older:
        return True
    return fits(memory.applied.get("flows", "-"), flows_form(given_flows(request.resource)))


def _same_setting(wanted: object, found: object, blind: bool) -> bool:
    """Whether a flow's setting is as wanted; one that the server hides counts as such unless blind."""
    if is_uncompared(wanted, found):
        return True
    if isinstance(found, Hidden):
        return found.present and not blind
    if isinstance(found, list | tuple):
        return [text(key) for key in keys_in(wanted)] == [text(key) for key in found]
    if isinstance(wanted, Mapping | list | tuple | Secret):
        return same_json(exact_json(text(wanted)), exact_json(text(found)))
    if isinstance(wanted, bool):
        return wanted is bool(found)
    # No headers read back as nothing, or as an empty map.
    return text(wanted) == text(found) or {text(wanted), text(found)} == {"", "{}"}
