"""Who changed in the tenant what drifted, and when, where the tenant tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.plan import Cause, Touched
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Session, connect

if TYPE_CHECKING:
    from reconciler.live.touched import Asked, Told


async def with_touched(session: Session, planned: Planned, *, parallelism: int = 8) -> Planned:
    """The plan with what the tenant tells of the objects that somebody changed there. Nothing is asked where
    there are none or a snapshot stands in the tenant's place, and in few requests else. Raises
    NotAuthenticated or Unreachable.
    """
    from reconciler.live.touched import MOST, touched

    addresses = _changed(planned)[:MOST] if session.replay is None else []
    if not addresses:
        return planned
    asked = [_asked(planned, address) for address in addresses]
    async with connect(session, read_only=True, parallelism=parallelism) as client:
        told = await touched(client, asked)
    found = tuple(_touched(planned, *pair) for pair in zip(addresses, told, strict=True))
    return replace(planned, plan=replace(planned.plan, touched=found))


def _changed(planned: Planned) -> list[Address]:
    """What the tenant changed for sure."""
    certain = (one for one in planned.plan.drift if one.cause in (Cause.DRIFT, Cause.BOTH) and one.is_certain)
    return [
        address for address in dict.fromkeys(one.address for one in certain) if address in planned.objects
    ]


def _asked(planned: Planned, address: Address) -> Asked:
    from reconciler.live.touched import Asked

    live = planned.objects[address]
    sides = (live.fields, _said(planned, address))
    names = [one for fields in sides if isinstance(one := fields.get("name"), str) and one]
    return Asked(address.kind, live.id, tuple(dict.fromkeys(names)))


def _said(planned: Planned, address: Address) -> Mapping[str, object]:
    resource = planned.desired.resources.get(address)
    return resource.fields if resource is not None else {}


def _touched(planned: Planned, address: Address, told: Told) -> Touched:
    """What is shown of it: sentences without the object's secrets, on whichever side they stand."""
    from reconciler.api.wire import clean

    secrets = {"live": _plain(planned.objects[address].fields), "git": _plain(_said(planned, address))}
    entries = tuple(replace(one, sentence=clean(one.sentence, secrets)) for one in told.entries)
    return Touched(address, told.updated_at, tuple((one.sentence, one.who, one.at) for one in entries))


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields in which secrets may stand, without what is none."""
    return {name: fields[name] for name in fields if name != "definition"}
