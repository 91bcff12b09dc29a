"""`adopt`: puts this project's mark, and a record of how it stands, on existing objects."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.labels import own_mark
from reconciler.kinds.table.marks import marks_of, project_of
from reconciler.manifests.sealed import unread
from reconciler.model.address import Address
from reconciler.model.adoption import Adoption
from reconciler.model.errors import InvalidInput, NotFound, NotUnderstood, Refused
from reconciler.model.hints import suggest
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.plan.adoption import adopting, adoption, baseline_of, has_both, to_be_adopted
from reconciler.plan.build import asked_for
from reconciler.plan.match import Matched, match
from reconciler.plan.select import Selection, idle
from reconciler.verbs.plan import Planned
from reconciler.verbs.session import Options, Session, connect, load_desired, policy_of_unread_secrets

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

    desired = unread(load_desired(session)[0])
    wanted = _named(desired, address)
    kind = all_kinds()[wanted.kind]
    allowed = policy_of_unread_secrets(session, Options())
    async with connect(session, read_only=True) as client:
        whole = await fetch(client, kinds_to_read(desired, prune=False))
        matched = match(desired, whole)
        live = await _read(Tenant(client), kind, object_id)
        _refuse_anothers(wanted, live, matched, own_mark(matched.request(wanted)))
        matched.learn(wanted, live)
        await look_further(client, [wanted], lambda one: matched.request(one, allowed), matched.learn, _stop)
        reads = client.stats.reads
    request = matched.request(wanted, allowed)
    as_it_stands = replace(request, resource=baseline_of(kind, request))
    actions = [] if has_both(kind, request) else [adopting(kind, as_it_stands)]
    made = asked_for(desired, whole, actions, {wanted: live}, reads=reads + 2 * len(actions))
    resources = {**desired.resources, wanted: as_it_stands.resource}
    known = replace(desired, resources=resources)
    return Planned(made, known, whole, matched.within_reach, allowed)


class Takeover(Struct, frozen=True):
    """What there is to take over, and the plan that does it."""

    planned: Planned
    adoption: Adoption


async def plan_to_adopt_all(
    session: Session, selection: Selection, files: Collection[str] | None = None
) -> Takeover:
    """The plan that marks all that matches the manifests that are selected, by the matching of plans, and
    writes the baselines; what could be several objects is left out. Nothing is written. With `files`, only
    the manifests in them count.

    Raises InvalidInput where a pattern names nothing.
    """
    from reconciler.apply.pages import Pages
    from reconciler.live.fetch import fetch, kinds_to_read
    from reconciler.verbs.further import look_further

    desired = unread(load_desired(session)[0])
    if idle_patterns := idle(selection, desired.resources, ()):
        raise InvalidInput([replace(one, severity="error") for one in idle_patterns])

    def asked(resource: Resource) -> bool:
        return selection.about(resource) and (files is None or resource.source.file in files)

    allowed = policy_of_unread_secrets(session, Options())
    async with connect(session, read_only=True) as client:
        whole = await fetch(client, kinds_to_read(desired, prune=False))
        matched = match(desired, whole)
        unmarked = [
            address
            for address, resource in desired.resources.items()
            if asked(resource) and to_be_adopted(matched, address, allowed)
        ]
        await look_further(
            client, unmarked, lambda one: matched.request(one, allowed), matched.learn, matched.puzzled
        )
        reads = client.stats.reads
    found = adoption(matched, allowed, asked)
    actions = [one.action for one in found.found if one.action]
    looks = 1 + Pages(actions, whole).requests if actions else 0
    objects = matched.within_reach
    made = asked_for(desired, whole, actions, objects, reads=reads + looks, unchanged=found.owned)
    resources = {**desired.resources, **found.baselines}
    return Takeover(Planned(made, replace(desired, resources=resources), whole, objects, allowed), found)


def _stop(_: Address, error: NotUnderstood) -> None:
    raise error


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
