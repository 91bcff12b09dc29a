"""`plan`: what apply would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.kinds.protocol import Policy
from reconciler.manifests.load import in_order
from reconciler.manifests.sealed import unsealed
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.errors import InvalidInput
from reconciler.model.lease import Lease
from reconciler.model.plan import Plan
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan import shards
from reconciler.plan.alike import settle
from reconciler.plan.build import looks, plan_of
from reconciler.plan.choice import choices
from reconciler.plan.deletion import along_unread
from reconciler.plan.inventory import without_ignored
from reconciler.plan.match import Matched, match
from reconciler.plan.mending import Mending
from reconciler.plan.scope import scope, within_reach
from reconciler.plan.undecided import undecided
from reconciler.verbs.session import (
    Options,
    Session,
    connect,
    only_warnings,
    opened,
    policy,
    sealed,
    secret_reader,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the two sides that it was made from, and the objects that belong to its resources."""

    plan: Plan
    desired: Desired
    live: Live
    objects: Mapping[Address, LiveObject]
    policy: Policy
    lease: Lease | None = None
    """Who works on the tenant at present, where the project asks for leases."""
    options: Options | None = None
    """What it was made with."""

    @property
    def places(self) -> Mapping[str, Source]:
        """Where each manifest stands, by address."""
        return {str(address): one.source for address, one in self.desired.resources.items()}


async def plan(session: Session, options: Options, *, every_kind: bool = False) -> Planned:
    """Reads both sides and plans; with `every_kind` also what no manifest is about. Nothing can be written:
    the client's transport lets only queries pass.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError. Refusals are in the plan, not raised.
    """
    from reconciler.live.fetch import fetch, kinds_named, kinds_to_read, with_beside, with_inputs
    from reconciler.verbs.changed import narrowed
    from reconciler.verbs.further import look_further, look_up_configurations, look_up_needs
    from reconciler.verbs.lease import seen
    from reconciler.verbs.owed import note_owed
    from reconciler.verbs.people import with_people
    from reconciler.verbs.unseen import cover, named

    selection, reader, shard = options.selection, secret_reader(session), share(options)
    since, loaded = [], sealed(session)
    if options.changed_since:
        selection, about = narrowed(session, options, opened(session, loaded)[0])
        since.append(about)
    desired, diagnostics = opened(session, loaded, selection, reader)
    allowed = policy(session, options)
    async with connect(session, read_only=True, parallelism=options.parallelism) as client:
        kinds = kinds_to_read(desired, prune=allowed.prune, every=every_kind)
        reach = within_reach(desired, selection)
        live = await fetch(client, kinds, needed=kinds_named(reach), concurrency=options.parallelism)
        veil = await cover(client, desired.project, live) if session.no_secrets else None
        live = veil.over(live) if veil else live
        matched = match(desired, live, choices(options.use, desired))
        if along := along_unread(matched, allowed, selection):
            matched.live = with_beside(live, await fetch(client, along, needed=()))
        learn = veil.learning(matched) if veil else matched.learn
        note_owed(session, live.tenant, matched, allowed)
        await look_further(
            client,
            [address for address in matched.objects if address in reach.resources],
            lambda address: matched.request(address, allowed),
            learn,
            matched.puzzled,
        )
        settle(matched, allowed)
        mending = Mending(matched, allowed)
        if keys := undecided(mending, reach.resources.keys()):
            for one in await with_inputs(client, keys):
                matched.know(Address(one.kind, one.fields["reference"]), one)
            mending.renew()
        concerned = [a for a, resource in reach.resources.items() if not selection.bars(resource)]
        await look_up_configurations(client, mending, concerned)
        if veil:
            veil.again(matched)
            mending.renew()
        untold = await look_up_needs(client, mending, concerned)
        matched.live = replace(matched.live, requests=client.stats.reads)
        lease, more = await seen(session, client, options.shard or "")
        if selection.is_part and not session.no_secrets:
            # What comes along is known only now; the secrets of all else stay unread.
            found = scope(mending, selection)
            matched.desired, wrong = unsealed(desired, reader, found.resources)
            if wrong:
                raise InvalidInput(list(in_order(wrong)))
            mending.renew()
        made = plan_of(mending, selection)
        asked = client.stats.reads
        unread = named(matched, concerned) if session.no_secrets else ()
        notes = await with_people(client, (*since, *made.notes, *unread), matched.objects)
        open_ = without_ignored(made.strangers, session.project.by_hand)
        made = replace(
            made,
            warnings=(*only_warnings(diagnostics), *more, *untold, *made.warnings),
            notes=notes,
            strangers=open_,
            unmanaged=len(open_),
            reads=made.reads + client.stats.reads - asked,
            all_or_nothing=options.all_or_nothing,
        )
        made = _part(made, shard, matched) if shard else made
    return Planned(made, matched.desired, matched.live, matched.within_reach, allowed, lease, options)


def share(options: Options) -> shards.Shard | None:
    """The shard that a run is about. Raises InvalidInput."""
    if options.shard is None:
        return None
    if options.prune:
        hint = "leave --prune out; once all shards are done, delete with: reconciler apply --prune"
        raise InvalidInput.of(
            "shard", "--prune is about the whole project, and --shard a part of it", hint=hint
        )
    if (found := shards.parsed(options.shard)) is None:
        hint = "write i/n, where i is from 1 to n: --shard 1/3, --shard 2/3 and --shard 3/3 are all of it"
        raise InvalidInput.of("shard", f'"{options.shard}" is no shard', hint=hint)
    return found


def _part(whole: Plan, shard: shards.Shard, matched: Matched) -> Plan:
    """The shard's part of a plan, with what carrying it out will read."""
    made, objects = shards.part(whole, shard, matched.desired), {**matched.objects, **matched.orphans}
    return replace(made, reads=whole.reads - looks(whole.actions, objects) + looks(made.actions, objects))
