"""Two runs may each make an object that has no place for a mark. Both look again, and both keep the older
one: the run that made the later takes it back, where that takes nothing away from anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.apply.look import Objects, there
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Refers, TakenBack
from reconciler.kinds.protocol import Kind, Request
from reconciler.model.errors import ApiError, Stale
from reconciler.model.plan import Action, Verb
from reconciler.model.state import LiveObject


def older_than_own(
    kind: Kind, action: Action, request: Request, found: Sequence[LiveObject]
) -> LiveObject | None:
    """The oldest of those `found` in a list that was read after our own was made; None where that is our own.
    Raises Stale where nobody can tell.
    """
    own = request.live
    if own is None or all(one.id == own.id for one in found):
        return None
    if all(one.id != own.id for one in found):  # the list is older than our call
        raise beside_another(action, [*found, own])
    ages = {one.id: age for one in found if (age := _age(kind, one))}
    if len(ages) < len(found):
        raise beside_another(action, found)
    oldest = min(found, key=lambda one: ages[one.id])
    return None if oldest.id == own.id else oldest


def taking_back(kind: Kind, action: Action, request: Request) -> Action:
    """The action that deletes what `action` made, as long as it is what was made."""
    own = request.live
    assert own is not None
    return Action(
        f"{action.address}#{Verb.DELETE.value}",
        action.address,
        Verb.DELETE,
        "another run made one of its name at the same time, which is the older",
        (action.id,),
        basis=kind.basis(own, request.resource),
        target=own.id,
    )


async def lost_to_nobody(
    kind: Kind, removal: Action, request: Request, older: LiveObject, tenant: Objects
) -> bool:
    """Looks right before the deletion; False where the object is gone already. Raises Stale where it is not
    as this run made it, something refers to it, or the older one is not there any more.
    """
    await _referred_by_none(removal, tenant)
    first = await there(tenant, kind, kind.get(older.id))
    if first is None or not kind.is_own(first, request):
        raise _left(removal, f"{older.id}, which is older, is gone, or called otherwise now")
    fresh = await there(tenant, kind, kind.get(removal.target))
    if fresh is not None and kind.basis(fresh, request.resource) != removal.basis:
        raise _left(removal, "someone changed it since it was created")
    return fresh is not None


def beside_another(action: Action, found: Sequence[LiveObject]) -> Stale:
    """That several are left, one of which this run made."""
    return several(action, found, "it was created, and so was another of its name: ")


def several(action: Action, found: Sequence[LiveObject], how: str = "") -> Stale:
    """That several objects are one resource's."""
    ids = ", ".join(one.id for one in found)
    return Stale(
        f"{how}{len(found)} objects are {action.address}: {ids}",
        address=str(action.address),
        hint="plan again: the plan names a way out",
    )


def _age(kind: Kind, live: LiveObject) -> tuple[datetime, str] | None:
    """What sorts objects the same in every run."""
    made = kind.made_at(live) if isinstance(kind, TakenBack) else None
    return (made, live.id) if made else None


async def _referred_by_none(removal: Action, tenant: Objects) -> None:
    """Raises Stale where something refers to the object, or that cannot be read."""
    name = removal.address.kind
    for kind in all_kinds().values():
        if not isinstance(kind, Refers) or name not in kind.refers:
            continue
        try:
            objects = await tenant.find(kind, kind.list_page(kind.page_size, 0))
        except ApiError as error:
            raise _left(removal, f"whether something refers to it cannot be read: {error.message}") from error
        for one in objects:
            if removal.target in kind.referred(one, name):
                raise _left(removal, f"{kind.name.lower()} {one.id} refers to it")


def _left(removal: Action, why: str) -> Stale:
    return Stale(f"{removal.target} is left: {why}", address=str(removal.address), hint="plan again")
