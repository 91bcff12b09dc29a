"""`adopt`: puts this project's mark, and a record of how it stands, on one existing object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Recorded
from reconciler.kinds.protocol import Kind, Request
from reconciler.kinds.table.labels import mark_changes, own_mark
from reconciler.kinds.table.marks import marks_of, project_of
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, NotFound, NotUnderstood, Refused
from reconciler.model.hints import suggest
from reconciler.model.plan import Action, Refusal, Verb
from reconciler.model.state import Desired, LiveObject
from reconciler.plan.build import asked_for
from reconciler.plan.match import Matched, match
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Options, Session, connect, load_desired, policy

if TYPE_CHECKING:
    from reconciler.live.tenant import Tenant


async def plan_to_adopt(session: Session, address: str, object_id: str) -> Planned:
    """The plan that marks the object as ADDRESS's, writes its baseline, and changes nothing else of it, to be
    carried out by `apply`; empty where it has both. Nothing is written.

    Raises InvalidInput where no manifest has the address or no such object exists, and Refused where it
    already bears a mark, or where another object already belongs to the address.
    """
    from reconciler.live.fetch import fetch, kinds_to_read
    from reconciler.live.tenant import Tenant
    from reconciler.verbs.further import look_further

    desired, _ = load_desired(session)
    wanted = _named(desired, address)
    kind = all_kinds()[wanted.kind]
    # Without the secrets, which are not read here, their digest would say what is not so.
    allowed = replace(policy(session, Options()), secret_key=None)
    async with connect(session, read_only=True) as client:
        whole = await fetch(client, kinds_to_read(desired, prune=False))
        matched = match(desired, whole)
        live = await _read(Tenant(client), kind, object_id)
        _refuse_anothers(wanted, live, matched, own_mark(matched.request(wanted)))
        matched.learn(wanted, live)
        await look_further(client, [wanted], lambda one: matched.request(one, allowed), matched.learn, _stop)
        reads = client.stats.reads
    request = matched.request(wanted, allowed)
    recorded = kind.baseline(request) if isinstance(kind, Recorded) else request.resource
    as_it_stands = replace(request, resource=recorded)
    actions = [] if _has_both(kind, request) else [_action(kind, as_it_stands)]
    made = asked_for(desired, whole, actions, {wanted: live}, reads=reads + 2 * len(actions))
    resources = {**desired.resources, wanted: as_it_stands.resource}
    objects = {**matched.known, **matched.objects, **matched.orphans}
    return Planned(made, replace(desired, resources=resources), whole, objects, allowed)


def _stop(_: Address, error: NotUnderstood) -> None:
    raise error


def _has_both(kind: Kind, request: Request) -> bool:
    recorded = not isinstance(kind, Recorded) or kind.recorded(request)
    return request.live is not None and own_mark(request) in request.live.labels and recorded


def _action(kind: Kind, request: Request) -> Action:
    resource, live = request.resource, request.live
    assert live is not None
    marked = own_mark(request) in live.labels
    named = [
        change
        for step in kind.steps(request, adopt=True).steps
        for change in step.changes
        if step.verb is Verb.ADOPT and change.path == "release"
    ]
    return Action(
        f"{resource.address}#{Verb.ADOPT.value}",
        resource.address,
        Verb.ADOPT,
        "has no baseline" if marked else "exists without an owner",
        (),
        (*mark_changes(request), *named),
        kind.basis(live, resource),
        live.id,
    )


def _refuse_anothers(wanted: Address, live: LiveObject, matched: Matched, mark: str) -> None:
    owner = matched.objects.get(wanted)
    if owner is not None and wanted not in matched.adopting and owner.id != live.id:
        raise Refused([_refusal(wanted, f"another object already belongs to it: {owner.id}")])
    # One of this project's that only the metadata remembers may be taken over: a person took the label off.
    mine = matched.desired.project.lower()
    marks = [one for one in marks_of(live) if one in live.labels or project_of(one) != mine]
    if marks and mark not in marks:
        raise Refused([_refusal(wanted, f"the object bears the mark {marks[0]}")])


def _named(desired: Desired, text: str) -> Address:
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise InvalidInput.of("address", str(error)) from error
    if address not in desired.resources:
        hint = suggest(text, [str(one) for one in desired.resources], "write it first")
        raise InvalidInput.of("address", f'no manifest has the address "{text}"', hint=hint)
    if not all_kinds()[address.kind].marked:
        message = f"objects of the kind {address.kind} bear no mark: their key tells which is whose"
        raise InvalidInput.of("address", message, hint="leave it to the next apply")
    return address


async def _read(tenant: Tenant, kind: Kind, object_id: str) -> LiveObject:
    try:
        live = await tenant.read(kind, kind.get(object_id))
    except NotFound:
        live = None
    if live is None:
        raise InvalidInput.of("no-object", f'there is no {kind.name.lower()} with the id "{object_id}"')
    return live


def _refusal(address: Address, message: str) -> Refusal:
    return Refusal("owned-otherwise", message, str(address), "take that mark off first")
