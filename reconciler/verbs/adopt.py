"""`adopt`: puts this project's mark on one existing object."""

from __future__ import annotations

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Request
from reconciler.kinds.labelled import own_mark
from reconciler.kinds.marks import marks_in
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, NotFound, Refused
from reconciler.model.plan import Refusal, Verb
from reconciler.model.state import Resource
from reconciler.plan.match import match
from reconciler.verbs.session import Options, Session, connect, load_desired, policy


async def adopt(session: Session, address: str, object_id: str) -> str:
    """Marks the object as ADDRESS's and changes nothing else of it; returns a sentence that says so.

    Raises InvalidInput where no manifest has the address or no such object exists, and Refused where it
    already bears a mark, or where another object already belongs to the address.
    """
    from reconciler.live.fetch import fetch
    from reconciler.live.tenant import Tenant

    try:
        wanted = Address.parse(address)
    except ValueError as error:
        raise InvalidInput.of("address", str(error)) from error
    desired, _ = load_desired(session, resolve_secrets=False)
    resource = desired.resources.get(wanted)
    if resource is None:
        raise InvalidInput.of("address", f'no manifest has the address "{address}"', hint="write it first")
    kind = all_kinds()[wanted.kind]
    async with connect(session, read_only=False) as client:
        matched = match(desired, await fetch(client))
        tenant = Tenant(client)
        try:
            live = await tenant.read(kind, kind.get(object_id))
        except NotFound:
            live = None
        if live is None:
            raise InvalidInput.of("no-object", f'there is no {kind.name.lower()} with the id "{object_id}"')
        owner = matched.objects.get(wanted)
        if owner is not None and wanted not in matched.adopting and owner.id != live.id:
            raise Refused([_refusal(wanted, f"another object already belongs to it: {owner.id}")])
        # Only the mark is written: everything else stays as it is until the next plan.
        bare = Resource(wanted, {k: v for k, v in resource.fields.items() if k in kind.structural})
        request = Request(desired.project, bare, live, matched.resolve, policy(session, Options()))
        if own_mark(request) in live.labels:
            return f"{address} already is {object_id}."
        if marks := marks_in(live.labels, kind.name):
            raise Refused([_refusal(wanted, f"the object bears the mark {marks[0]}")])
        await tenant.send(kind, kind.operation(Verb.ADOPT.value, Verb.ADOPT, request))
    return f"{address} now is {object_id}. See what would change: reconciler plan --select {address}"


def _refusal(address: Address, message: str) -> Refusal:
    return Refusal("owned-otherwise", message, str(address), "take that mark off first")
