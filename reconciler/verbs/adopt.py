"""`adopt`: puts this project's mark on one existing object."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.kinds import all_kinds
from reconciler.kinds.base import Kind, Request
from reconciler.kinds.baseline import baseline
from reconciler.kinds.labelled import own_mark
from reconciler.kinds.marks import marks_in
from reconciler.manifests.messages import suggest
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, NotFound, Refused
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Action, Plan, Refusal, Verb
from reconciler.model.state import Desired, Live, LiveObject, Resource
from reconciler.plan.build import content, live_digest
from reconciler.plan.match import match
from reconciler.verbs.session import Options, Session, connect, load_desired, policy

if TYPE_CHECKING:
    from reconciler.live.tenant import Tenant


async def adopt(session: Session, address: str, object_id: str) -> str:
    """Marks the object as ADDRESS's, records what of it is as git says, and changes nothing of it; returns a
    sentence that says so.

    Raises InvalidInput where no manifest has the address or no such object exists, and Refused where it
    already bears a mark, or where another object already belongs to the address.
    """
    from reconciler.live.fetch import fetch, kinds_to_read
    from reconciler.live.tenant import Tenant

    desired, _ = load_desired(session, resolve_secrets=False)
    wanted, resource = _named(desired, address)
    kind = all_kinds()[wanted.kind]
    async with connect(session, read_only=False) as client:
        whole = await fetch(client, kinds_to_read(desired, prune=False))
        matched = match(desired, whole)
        tenant = Tenant(client)
        live = await _read(tenant, kind, object_id)
        owner = matched.objects.get(wanted)
        if owner is not None and wanted not in matched.adopting and owner.id != live.id:
            raise Refused([_refusal(wanted, f"another object already belongs to it: {owner.id}")])
        request = Request(desired.project, resource, live, matched.resolve, policy(session, Options()))
        # Only the mark is written, and the record of what agrees: all else stays until the next plan.
        request = replace(request, resource=baseline(kind, request))
        if own_mark(request) in live.labels:
            return f"{address} already is {object_id}."
        if marks := marks_in(live.labels, kind.name):
            raise Refused([_refusal(wanted, f"the object bears the mark {marks[0]}")])
        await _send(session, tenant, desired, whole, request)
    return f"{address} now is {object_id}. See what would change: reconciler plan --select {address}"


def _named(desired: Desired, text: str) -> tuple[Address, Resource]:
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise InvalidInput.of("address", str(error)) from error
    resource = desired.resources.get(address)
    if resource is None:
        hint = suggest(text, [str(one) for one in desired.resources], "write it first")
        raise InvalidInput.of("address", f'no manifest has the address "{text}"', hint=hint)
    if not all_kinds()[address.kind].marked:
        message = f"objects of the kind {address.kind} bear no mark: their key tells which is whose"
        raise InvalidInput.of("address", message, hint="leave it to the next apply")
    return address, resource


async def _read(tenant: Tenant, kind: Kind, object_id: str) -> LiveObject:
    try:
        live = await tenant.read(kind, kind.get(object_id))
    except NotFound:
        live = None
    if live is None:
        raise InvalidInput.of("no-object", f'there is no {kind.name.lower()} with the id "{object_id}"')
    return live


async def _send(session: Session, tenant: Tenant, desired: Desired, whole: Live, request: Request) -> None:
    """Sends the one call, and has the journal tell of it."""
    from reconciler.apply.journal import FileJournal
    from reconciler.verbs.apply import JOURNAL

    live, address = request.live, request.resource.address
    assert live is not None
    kind, name = all_kinds()[address.kind], Verb.ADOPT.value
    op = kind.operation(name, Verb.ADOPT, request)
    action = Action(f"{address}#{name}", address, Verb.ADOPT, "exists without an owner", target=live.id)
    action = replace(action, content=content(action))
    plan = Plan(desired.project, desired.environment, desired.digest, live_digest(whole), (action,))
    journal, error = FileJournal(session.state / JOURNAL, lambda: datetime.now(UTC)), ""
    journal.begin(plan)
    journal.before(action, op)
    try:
        await tenant.send(kind, op)
    except BaseException as problem:
        error = problem.__class__.__name__
        raise
    finally:
        journal.after(action, op, error)
        journal.ended(Result(action, Status.FAILED if error else Status.DONE, error))
        journal.end("finished")


def _refusal(address: Address, message: str) -> Refusal:
    return Refusal("owned-otherwise", message, str(address), "take that mark off first")
