"""What decides a plan and no list shows: asked for once it is known which objects are whose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import anyio

from reconciler.api.client import Client
from reconciler.apply.look import further, there
from reconciler.kinds import all_kinds
from reconciler.kinds.answers import not_understood
from reconciler.kinds.capabilities import AskedFurther
from reconciler.kinds.integration.headless import is_code, to_be_read
from reconciler.kinds.protocol import Request
from reconciler.live.needs import look_up
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import GraphQLError, Misfit, NotUnderstood, ReconcilerError
from reconciler.model.state import LiveObject
from reconciler.plan.mending import Mending
from reconciler.plan.needed import lacking, needed


async def look_further(
    client: Client,
    addresses: Iterable[Address],
    request: Callable[[Address], Request],
    learn: Callable[[Address, LiveObject], None],
    puzzled: Callable[[Address, NotUnderstood], None],
) -> None:
    """Reads what plans for these resources need besides, until nothing is left to be known. `request` gives
    what is known of one, `learn` takes more, and `puzzled` what cannot be understood. Raises ApiError,
    Unreachable or NotAuthenticated.
    """
    tenant = Tenant(client)

    async def look(address: Address) -> None:
        about = request(address)
        live = await further(tenant, all_kinds()[address.kind], about)
        if live is not None and live is not about.live:
            learn(address, live)

    async def try_to(address: Address) -> None:
        try:
            await look(address)
        except Exception as error:
            live = request(address).live
            if live is None or (isinstance(error, ReconcilerError) and not isinstance(error, Misfit)):
                raise
            puzzled(address, not_understood(all_kinds()[address.kind], {"id": live.id}, error))

    async with anyio.create_task_group() as group:
        for address in addresses:
            if isinstance(all_kinds()[address.kind], AskedFurther):  # a task each would be many for nothing
                group.start_soon(try_to, address)


async def look_up_configurations(client: Client, mending: Mending, concerned: Iterable[Address]) -> None:
    """Reads what instances that take up another version are, and will be, configured with. Raises ApiError,
    Unreachable or NotAuthenticated.
    """
    tenant, matched = Tenant(client), mending.matched
    code = {
        address
        for address, resource in mending.desired.resources.items()
        if "definition" in resource.fields and is_code(mending.request(address))
    }
    if not code:
        return
    moving = [a for a in concerned if mending.desired.resources[a].fields.get("integration") in code]
    for address, followers in mending.followers(moving).items():
        if address not in code:
            continue
        kind, asked = all_kinds()[address.kind], [mending.request(one) for one in followers]
        while isinstance(kind, AskedFurther) and (op := to_be_read(mending.request(address), asked)):
            found = await there(tenant, kind, op)
            matched.learn(address, kind.answered(matched.objects[address], op, found))
            mending.renew()


async def look_up_needs(client: Client, mending: Mending, concerned: Collection[Address]) -> list[Diagnostic]:
    """Notes what resources would need of the tenant and is not there; a warning where it does not tell.
    Raises ApiError, Unreachable or NotAuthenticated.
    """
    wanted = needed(mending, concerned)
    if not wanted.by:
        return []
    untold: list[Diagnostic] = []
    try:
        found = await look_up(client, wanted.by.keys())
        for address, refusal in lacking(wanted, found):
            mending.matched.unmet.setdefault(address, []).append(refusal)
    except* (GraphQLError, Misfit) as errors:  # of several queries at once
        why = "; ".join(dict.fromkeys(str(one) for one in errors.exceptions))
        message = f"what definitions need of the tenant cannot be looked up, and may be missing: {why}"
        hint = "let the token's user see components and shared connections"
        untold.append(Diagnostic("not-looked-up", message, hint=hint, severity="warning"))
    return untold
