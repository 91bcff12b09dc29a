"""`plan`: what apply would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.manifests.load import in_order
from reconciler.manifests.sealed import SecretReader, unsealed
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
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
from reconciler.plan.part import cut_short, may_be_part, owned_for, wants_whole
from reconciler.plan.scope import scope, within_reach
from reconciler.plan.select import Selection
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

if TYPE_CHECKING:
    from reconciler.api import Client


class Planned(Struct, frozen=True):
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


async def plan(session: Session, options: Options) -> Planned:
    """Reads both sides, plans, and asks the project's rules. Raises as `unruled` does. Refusals are in the
    plan, not raised.
    """
    from reconciler.verbs.policy import judged

    made = await unruled(session, options)
    return replace(made, plan=judged(session, made.plan, made.desired, made.live.tenant))


class _Asked(Struct, frozen=True):
    """What a plan is asked for: what it is about, what is allowed, and what was to be said before."""

    session: Session
    options: Options
    selection: Selection
    desired: Desired
    policy: Policy
    reader: SecretReader
    warnings: Sequence[Diagnostic]
    notes: Sequence[Diagnostic]
    every_kind: bool
    shard: shards.Shard | None


async def unruled(
    session: Session, options: Options, *, every_kind: bool = False, whole: bool = False
) -> Planned:
    """A plan of which the project's rules are not asked: it is not to be carried out. With `every_kind` also
    what no manifest is about is read. For a run about resources that were named only what these take is read,
    unless the `whole` tenant is asked for. Nothing can be written: the client's transport lets only queries
    pass.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError. Refusals are in the plan, not raised.
    """
    from reconciler.verbs.changed import narrowed

    if options.refresh and session.replay:
        hint = "leave one of the two out"
        raise InvalidInput.of(
            "refresh", "--live FILE asks no tenant, of which something could have changed", hint=hint
        )
    selection, reader, shard = options.selection, secret_reader(session), share(options)
    since, loaded = [*session.told], sealed(session)
    if options.changed_since:
        selection, about = narrowed(session, options, opened(session, loaded)[0])
        since.append(about)
    desired, diagnostics = opened(session, loaded, selection, reader)
    allowed = policy(session, options)
    warnings = only_warnings(diagnostics)
    asked = _Asked(session, options, selection, desired, allowed, reader, warnings, since, every_kind, shard)
    a_part = not (whole or every_kind or shard or session.replay) and may_be_part(desired, selection, allowed)
    with session.machine.span("plan", project=session.project.name, environment=session.environment.name):
        async with connect(session, read_only=True, parallelism=options.parallelism) as client:
            made = await _planned(client, asked, whole=False) if a_part else None
            return made or await _of_whole(client, asked)


async def _of_whole(client: Client, asked: _Asked) -> Planned:
    from reconciler.live.earlier import Uncertain

    try:
        made = await _planned(client, asked, whole=True)
    except Uncertain as why:
        from reconciler.verbs.refresh import IN_FULL

        asked.session.say(IN_FULL.format(why=why.message))
        made = await _planned(
            client, replace(asked, options=replace(asked.options, refresh=None)), whole=True
        )
    assert made is not None
    return made


async def _planned(client: Client, asked: _Asked, *, whole: bool) -> Planned | None:
    """The plan, from the whole tenant or from what it takes of it; None where a part is not enough. Raises
    Uncertain where what is known of earlier reads is not.
    """
    from reconciler.live.fetch import fetch, with_beside, with_inputs
    from reconciler.verbs.closer import Closer
    from reconciler.verbs.further import look_further, look_up_configurations, look_up_needs
    from reconciler.verbs.lease import seen
    from reconciler.verbs.owed import note_owed
    from reconciler.verbs.people import with_people
    from reconciler.verbs.tried import tried_before
    from reconciler.verbs.unseen import cover, named

    session, options, selection, desired = asked.session, asked.options, asked.selection, asked.desired
    reach = within_reach(desired, selection)
    with session.machine.span("read"):
        live, covered = await _read(client, asked, reach, whole=whole)
    veil = await cover(client, desired.project, live) if session.no_secrets else None
    live = veil.over(live) if veil else live
    matched = match(desired, live, choices(options.use, desired))
    if along := along_unread(matched, asked.policy, selection):
        matched.live = with_beside(live, await fetch(client, along, needed=()))
    note_owed(session, live.tenant, matched, asked.policy)
    await look_further(
        client,
        [address for address in matched.objects if address in reach.resources],
        lambda address: matched.request(address, asked.policy),
        veil.learning(matched) if veil else matched.learn,
        matched.puzzled,
    )
    closer = Closer(client, matched, set() if veil else set(live.vague))
    await closer.look_at_unmarked()
    settle(matched, asked.policy)
    mending = Mending(matched, asked.policy)
    await closer.look_where_it_matters(mending)
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
    matched.live = replace(matched.live, requests=client.stats.reads + matched.live.spared)
    lease, more = await seen(session, client, options.shard or "")
    _unseal(mending, asked)
    closer.check(mending)
    read = client.stats.reads
    if (made := await _weighed(client, mending, selection, covered)) is None:
        return None
    unread = named(matched, concerned) if session.no_secrets else ()
    cut = cut_short(matched.live)
    notes = await with_people(client, (*asked.notes, *_in_part(cut), *made.notes, *unread), matched.objects)
    open_ = () if cut else without_ignored(made.strangers, session.project.by_hand)
    made = replace(
        made,
        warnings=(*asked.warnings, *more, *untold, *made.warnings),
        notes=notes,
        orphans=() if cut else made.orphans,
        strangers=open_,
        unmanaged=len(open_),
        reads=made.reads + client.stats.reads - read,
        all_or_nothing=options.all_or_nothing,
    )
    made = _part(made, asked.shard, matched) if asked.shard else made
    made = tried_before(session, matched.live.tenant, made)
    return Planned(made, matched.desired, matched.live, matched.within_reach, asked.policy, lease, options)


async def _weighed(
    client: Client, mending: Mending, selection: Selection, covered: Collection[Address]
) -> Plan | None:
    """The plan; None where it takes the whole tenant. Where a guard would refuse what is made from a part of
    it, more of what the project owns is looked for.
    """
    from reconciler.live.owned import owned_beside

    made, matched = plan_of(mending, selection), mending.matched
    if not matched.live.partial:
        return made
    if wants_whole(made, mending, covered):
        return None
    short = owned_for(made, mending, selection) - matched.owned
    if short <= 0:
        return made
    more = await owned_beside(client, matched.live, matched.desired, short)
    if more is None:
        return None
    matched.live = replace(matched.live, owned_beside=more)
    matched.owned += more
    return plan_of(mending, selection)


async def _read(
    client: Client, asked: _Asked, reach: Desired, *, whole: bool
) -> tuple[Live, Collection[Address]]:
    """The tenant, or what the resources within reach take of it; and of which resources that tells."""
    from reconciler.live.fetch import fetch, kinds_named, readable
    from reconciler.live.part import fetch_part

    desired, options = asked.desired, asked.options
    named = kinds_named(desired)
    kinds = readable(named, prune=asked.policy.prune, every=asked.every_kind)
    needed = named if reach is desired else kinds_named(reach)
    if whole and options.refresh:
        from reconciler.verbs.refresh import refreshed

        about = (client, asked.session, desired, asked.policy)
        live = await refreshed(*about, kinds, needed, options.parallelism)
        return live, desired.resources.keys()
    if whole:
        live = await fetch(client, kinds, needed=needed, concurrency=options.parallelism)
        return live, desired.resources.keys()
    customers = {a: one for a, one in desired.resources.items() if a.kind == "Customer"}

    def paired(found: Sequence[LiveObject]) -> Mapping[Address, LiveObject]:
        return match(replace(desired, resources=customers), Live("", {"Customer": tuple(found)})).objects

    return await fetch_part(
        client,
        kinds,
        desired,
        reach.resources.keys(),
        paired,
        needed=needed,
        concurrency=options.parallelism,
    )


def _in_part(cut: Sequence[str]) -> Iterator[Diagnostic]:
    """That not all was read, so that nobody takes what is not told for what is not there."""
    if cut:
        message = (
            f"of {', '.join(cut)} only what the selection takes was read: "
            "what nobody manages, or no manifest names, is not counted"
        )
        yield Diagnostic("read-in-part", message, severity="note")


def _unseal(mending: Mending, asked: _Asked) -> None:
    """Reads the secrets of what comes along with a selection, which is known only now; those of all else stay
    unread.
    """
    if asked.selection.is_part and not asked.session.no_secrets:
        found = scope(mending, asked.selection)
        matched = mending.matched
        matched.desired, wrong = unsealed(asked.desired, asked.reader, found.resources)
        if wrong:
            raise InvalidInput(list(in_order(wrong)))
        mending.renew()


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
