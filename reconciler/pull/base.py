"""Who changed a value, git or the tenant, and what it was when it was applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from reconciler.model.address import Address
from reconciler.model.plan import Cause, Change
from reconciler.model.problem import Where
from reconciler.model.state import Resource
from reconciler.pull.past import ABSENT, NOT_KNOWN, Past, Reader
from reconciler.pull.text import unfilled

_SPEC = "spec"


class Judged(Struct, frozen=True):
    """The cause of a difference, as far as it can be told, and what was applied."""

    cause: Cause
    applied: object = NOT_KNOWN


def judged(reader: Reader, past: Past, text: str, address: Address, place: Where, live: object) -> Judged:
    """What the earlier texts tell of a value of which no record does. `text` is what git says now, `live`
    what the tenant has. Where a pull left nothing open, both had what stood there; without that, a value that
    git never changed was changed in the tenant.
    """
    ours = reader.value(text, address, place)
    if past.pulled is not None and reader.document(past.pulled, address) is not None:
        before = reader.value(past.pulled, address, place)
        if same(before, ours):
            return Judged(Cause.DRIFT, before)
        return Judged(Cause.PENDING if same(before, unfilled(live)) else Cause.BOTH, before)
    said = list(reader.values(past, address, place))
    if past.whole and said and all(same(one, ours) for one in said):
        return Judged(Cause.DRIFT, ours)
    return Judged(Cause.BOTH)


def took_out(reader: Reader, past: Past, address: Address, place: Where) -> bool:
    """Whether git once spoke of what it does not speak of now: it is left to the tenant."""
    return any(reader.value(text, address, place) is not ABSENT for text in past.all)


def applied(
    reader: Reader,
    past: Past,
    text: str,
    resource: Resource,
    change: tuple[str, Where],
    changes: Callable[[Resource], Sequence[Change]],
) -> object:
    """What was applied where both sides changed: what stood there in the text that the record on the object
    is the digest of. `change` is the difference, as a plan calls it and where it stands, and `changes` are
    the differences of a manifest that says otherwise.
    """
    path, place = change
    now, tried = reader.document(text, resource.address), []
    for before in past.all if now else ():
        then = reader.document(before, resource.address)
        if now is None or then is None or then in tried:
            continue
        tried.append(then)
        found = [one for one in changes(_as_it_was(resource, now[_SPEC], then[_SPEC])) if one.path == path]
        if found and all(one.cause is Cause.DRIFT for one in found):
            return reader.value(before, resource.address, place)
    return NOT_KNOWN


def _as_it_was(resource: Resource, now: Mapping[str, Any], then: Mapping[str, Any]) -> Resource:
    """The resource as an earlier manifest had it, in those fields that say what stands in it."""
    fields = dict(resource.fields)
    for name, value in now.items():
        if value == then.get(name) or name not in fields:
            continue
        if same(fields[name], value) and name in then:
            fields[name] = _like(fields[name], then[name])
        elif isinstance(fields[name], Mapping) and isinstance(value, Mapping):
            fields[name] = _parts(fields[name], value, then.get(name))
    return structs.replace(resource, fields=fields)


def _parts(field: Mapping[str, Any], now: Mapping[str, Any], then: object) -> dict[str, Any]:
    """The parts of a field, config by its keys, as far as they say what stands in the manifest."""
    parts, before = dict(field), then if isinstance(then, Mapping) else {}
    for key, value in now.items():
        if value != before.get(key) and key in parts and same(parts[key], value):
            if key in before:
                parts[key] = before[key]
            else:
                del parts[key]
    return parts


def _like(field: object, value: object) -> object:
    return tuple(value) if isinstance(field, tuple) and isinstance(value, list) else value


def same(one: object, other: object) -> bool:
    """Whether two values of manifests say the same: lists are tuples in a resource."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one is other or (
        one == other and (isinstance(one, bool), one is ABSENT) == (isinstance(other, bool), other is ABSENT)
    )
