"""Looks at the tenant: which objects are a resource's, and what decides about one and no list shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from msgspec import structs

from reconciler.kinds.capabilities import AskedFurther, Glanced
from reconciler.kinds.protocol import Kind, Request
from reconciler.model.errors import ApiError, NotFound
from reconciler.model.operation import Operation, Upload
from reconciler.model.state import LiveObject

ATTEMPTS = 3
FIRST_WAIT = 0.25


class Objects(Protocol):
    """The tenant: reads objects, carries mutations out."""

    async def read(self, kind: Kind, op: Operation) -> LiveObject | None:
        """The object that `op` asks for."""

    async def find(self, kind: Kind, op: Operation, known: LiveObject | None = None) -> list[LiveObject]:
        """The objects that `op` asks for; the one that is `known` is not read anew."""

    async def glance(self, kind: Kind, op: Operation) -> list[LiveObject]:
        """The same, without those that cannot be understood."""

    async def ask(self, op: Operation) -> Any:
        """The value at the operation's root field."""

    async def send(self, kind: Kind, op: Operation) -> Mapping[str, Any]:
        """Carries a mutation out; gives the object in its answer."""

    async def upload(self, upload: Upload) -> None:
        """Puts a file to where a mutation's answer said."""


async def own(
    tenant: Objects, kind: Kind, request: Request, known: LiveObject | None = None
) -> list[LiveObject]:
    """The objects that are the resource's, the oldest first: those that `find` sees, and among the newest
    also those whose mark it does not see. The one that is `known` is not read anew.
    """
    there = await tenant.find(kind, kind.find(request), known)
    found = [live for live in there if kind.is_own(live, request)]
    found = found[::-1] if kind.newest_first else found
    if not isinstance(kind, Glanced):
        return found
    newest = await tenant.glance(kind, kind.glance(0))
    hidden = await _whole(tenant, kind, request, newest, {live.id for live in found})
    return _oldest_first(found, hidden, newest)


def _oldest_first(
    found: Sequence[LiveObject], hidden: Sequence[LiveObject], newest: Sequence[LiveObject]
) -> list[LiveObject]:
    """Both in one order; `found` has one of its own. What is not among the newest is too old for that, unless
    it is younger than one that is: then the newest were read before it came to be.
    """
    age: dict[str, float] = {live.id: index for index, live in enumerate(newest)}
    missing = float(len(newest))
    for live in found:
        if live.id in age:
            missing = age[live.id] - 0.5
        age[live.id] = age.get(live.id, missing)
    return sorted([*found, *hidden], key=lambda live: -age[live.id])


async def own_by_now(
    tenant: Objects, kind: Kind, request: Request, sleep: Callable[[float], Awaitable[None]]
) -> list[LiveObject]:
    """The objects that are the resource's, now that one was created. A list that lacks what we know to be
    there is older than our call, and is read again; so is one that was refused: who does not look leaves what
    another run may have made at the same time, and all later plans are refused.
    """
    for attempt in range(1, ATTEMPTS):
        with suppress(ApiError):
            found = await own(tenant, kind, request, request.live)
            if request.live is None or any(o.id == request.live.id for o in found):
                return found
        await sleep(FIRST_WAIT * 2**attempt)
    return await own(tenant, kind, request, request.live)


async def own_anywhere(tenant: Objects, kind: Kind, request: Request) -> list[LiveObject]:
    """The same, however old they are: what `find` does not see is looked for everywhere."""
    found = [live for live in await tenant.find(kind, kind.find(request)) if kind.is_own(live, request)]
    if not isinstance(kind, Glanced):
        return found
    offset = 0
    while not found and (page := await tenant.glance(kind, kind.glance(offset))):
        found, offset = await _whole(tenant, kind, request, page, set()), offset + len(page)
    return found


async def further(tenant: Objects, kind: Kind, request: Request) -> LiveObject | None:
    """The object of a request with all that decides about it and no list shows."""
    live = request.live
    while (
        live
        and isinstance(kind, AskedFurther)
        and (op := kind.open_question(structs.replace(request, live=live)))
    ):
        live = kind.answered(live, op, await there(tenant, kind, op))
    return live


async def _whole(
    tenant: Objects, kind: Kind, request: Request, glanced: list[LiveObject], known: set[str]
) -> list[LiveObject]:
    """Those at which a glance tells that they are the resource's, read as a whole."""
    hidden = [live.id for live in glanced if live.id not in known and kind.is_own(live, request)]
    return [live for one in hidden if (live := await there(tenant, kind, kind.get(one)))]


async def there(tenant: Objects, kind: Kind, op: Operation) -> LiveObject | None:
    """The object that an operation asks for; None where the server has none."""
    try:
        return await tenant.read(kind, op)
    except NotFound:
        return None
