"""What a new definition means for the instances that will run it, before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.definition import Definition, Variable
from reconciler.kinds.base import Request, address_of, source_of
from reconciler.kinds.config_values import text
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.secret import Hidden, Secret

NAMED = 3


def impact(request: Request, followers: Sequence[Request]) -> list[Diagnostic]:
    """One warning for each way in which the new definition does not fit instances: a required variable that
    nothing sets, a key that is gone, a picklist value that is gone, a connection of another component. Each
    counts the instances that it hits.
    """
    wanted: Definition | None = request.resource.fields.get("definition")
    if wanted is None:
        return []
    hits: dict[str, list[str]] = {}
    new = wanted.variables
    old = request.live.fields["definition"].variables if request.live else {}
    for follower in followers:
        for message in _misfits(new, old, follower):
            hits.setdefault(message, []).append(address_of(follower.resource))
    return [
        Diagnostic(
            "impact",
            f"{message}: {_instances(addresses)}",
            source_of(request.resource, "definition"),
            address_of(request.resource),
            "set the variable in these instances' config, give it a default, or keep them on their release",
            "warning",
        )
        for message, addresses in sorted(hits.items())
    ]


def _misfits(new: Mapping[str, Variable], old: Mapping[str, Variable], follower: Request) -> Iterator[str]:
    config = follower.resource.fields.get("config") or {}
    live = follower.live.fields["config"] if follower.live else {}
    for key, variable in new.items():
        value = config.get(key, live.get(key))
        if variable.needs_value and not _set(value):
            yield f'config variable "{key}" is required, has no default and is not set'
        if variable.choices and isinstance(value, str) and value and text(value) not in variable.choices:
            yield f'config variable "{key}" no longer offers the value in use'
        before, after = old[key].connected_to if key in old else "", variable.connected_to
        if before and after and before != after and key in live:
            yield f'connection "{key}" changes from component "{before}" to "{after}"'
    for key in sorted(live.keys() - new.keys()):
        if key in old and _set(live[key]):
            yield f'config variable "{key}" is dropped, and with it the value in use'


def _set(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_set(v) for v in value.values())
    if isinstance(value, Hidden):
        return value.present
    return value is not None and (isinstance(value, Secret) or value != "")


def _instances(addresses: Sequence[str]) -> str:
    shown = ", ".join(sorted(addresses)[:NAMED])
    more = len(addresses) - NAMED
    count = f"{len(addresses)} instance{'s' if len(addresses) != 1 else ''}"
    return f"{count} ({shown}{f' and {more} more' if more > 0 else ''})"
