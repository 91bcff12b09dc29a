"""Desired × Live × Policy → Plan. Reads no network, no clock, no environment and no disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.kinds.answers import resting
from reconciler.kinds.capabilities import Held, Paged
from reconciler.kinds.protocol import Policy, Steps
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.plan import Action, Drift, Plan, Refusal, Rollout, Verb
from reconciler.model.state import Desired, Live, LiveObject, Resource
from reconciler.plan.alike import counted, settle
from reconciler.plan.baseline import without_baseline
from reconciler.plan.deletion import Removal, deletions, not_understood, unread
from reconciler.plan.drift import drifted, missing, strangers
from reconciler.plan.graph import ordered
from reconciler.plan.guards import not_permitted, on_the_whole
from reconciler.plan.handing import action_of, hand_over
from reconciler.plan.match import match
from reconciler.plan.mending import Mending
from reconciler.plan.names import Order
from reconciler.plan.scope import Scope, scope
from reconciler.plan.seal import sealed
from reconciler.plan.select import Selection, idle


class _Draft(Struct):
    """A plan in the making."""

    chains: dict[Address, list[Action]] = {}
    drift: list[Drift] = []
    warnings: list[Diagnostic] = []
    refusals: list[Refusal] = []
    notes: list[Diagnostic] = []
    same: list[Address] = []


class _Settled(Struct, frozen=True):
    """What a plan is about: the resources, what is deleted, which names change hands, and what there is to
    say about its releases.
    """

    scope: Scope
    removal: Removal
    order: Order
    impact: Sequence[Steps]


def make_plan(desired: Desired, live: Live, policy: Policy, selection: Selection | None = None) -> Plan:
    """The smallest ordered set of actions that makes `live` match `desired`, with the reasons.

    The same two sides and policy give the same plan, in the same order. What must not be done is not
    raised, but stands in the plan's `refusals`.
    """
    return plan_of(Mending(match(desired, live), policy), selection)


def plan_of(mending: Mending, selection: Selection | None = None) -> Plan:
    """The plan for two sides that are paired already, and of which more may have been asked."""
    matched, policy, selection = mending.matched, mending.policy, selection or Selection()
    if settle(matched, policy):
        mending.renew()
    desired, live = matched.desired, matched.live
    settled = _settled(mending, selection)
    found, removal = settled.scope, settled.removal
    draft = _Draft(refusals=[one for refusals in found.refused.values() for one in refusals])
    draft.warnings += [
        *unread(live),
        *not_understood(live),
        *idle(selection, desired.resources, matched.orphans),
    ]
    for address in desired.resources:
        if address not in found.unjudged:
            _plan_resource(address, mending, found, draft)
    draft.notes += without_baseline(found.resources, draft.chains, matched, policy)
    draft.notes += counted(matched, list(found.resources))
    _connect(found.resources, mending, draft)
    hand_over(settled.order, mending, draft.chains)
    draft.warnings += [warning for one in settled.impact for warning in one.warnings]
    draft.notes += [note for one in settled.impact for note in one.notes]
    draft.refusals += removal.refusals
    actions = _in_order([a for chain in draft.chains.values() for a in chain])
    actions += _once_let_go(removal.actions, actions)
    draft.refusals += on_the_whole(
        actions, len(removal.consequences), matched.owned, matched.objects, policy, selection.select
    )
    plan = Plan(
        project=desired.project,
        environment=desired.environment,
        desired=desired.digest,
        live=live_digest(live),
        actions=tuple(actions),
        drift=tuple(draft.drift),
        warnings=tuple(draft.warnings),
        refusals=tuple(draft.refusals),
        notes=tuple(draft.notes),
        unchanged=len(draft.same),
        same=tuple(draft.same),
        unmanaged=matched.unmanaged,
        strangers=strangers(live, matched),
        missing=missing([a for a in desired.resources if found.is_about(a)], mending),
        unreadable=len(live.unreadable),
        orphans=tuple(sorted(matched.orphans)),
        left_out=(*found.left_out.values(), *removal.left_out),
        consequences=tuple(removal.consequences),
        rollouts=_rollouts(desired, actions),
        reads=live.requests + looks(actions, {**matched.objects, **matched.orphans}),
    )
    return sealed(plan)


def asked_for(
    desired: Desired,
    live: Live,
    actions: Sequence[Action],
    objects: Mapping[Address, LiveObject],
    *,
    reads: int,
    warnings: Sequence[Diagnostic] = (),
    unchanged: int = 0,
) -> Plan:
    """The plan of just these actions, which a person asks for by name: of all of them, or of none."""
    denied = [" ".join(objects[action.address].denied) for action in actions]
    plan = Plan(
        project=desired.project,
        environment=desired.environment,
        desired=desired.digest,
        live=live_digest(live),
        actions=tuple(actions),
        warnings=tuple(warnings),
        refusals=tuple(not_permitted(actions, denied)),
        unchanged=unchanged,
        reads=reads,
        all_or_nothing=True,
    )
    return sealed(plan)


def _settled(mending: Mending, selection: Selection) -> _Settled:
    """What the run is about once all is known that speaks against it: whom a release meets, and who gives
    up a name, is known only when it is known who is changed.
    """
    desired, matched, names = mending.desired, mending.matched, mending.names
    while True:
        found = scope(mending, selection)
        said = list(_impact(found.resources, mending))
        unplanned = [r for a, r in desired.resources.items() if a not in found.resources]
        removal = deletions(matched, mending.policy, selection, unplanned)
        # Beside a refusal nothing is deleted, so that nothing must make way for that.
        going = () if found.refused or removal.refusals else {one.target for one in removal.actions}
        without = found.resources if names.stay(going) else ()
        order = names.order(found.resources, _late(desired))
        against = [refusal for one in said for refusal in one.refusals]
        against += [*order.refusals, *(refusal for one in without for refusal in names.refusals(one))]
        if not mending.learn(against):
            return _Settled(found, removal, order, said)


def _late(desired: Desired) -> set[Address]:
    """What is changed in a wave after the first: whoever waited for it there might be waited for by it."""
    return {address for rollout in desired.rollouts for wave in rollout.waves[1:] for address in wave}


def _plan_resource(address: Address, mending: Mending, scope: Scope, draft: _Draft) -> None:
    planned = address in scope.resources
    if planned and mending.is_untouched(address):  # of most plans these are nearly all
        draft.same.append(address)
        return
    if not scope.is_about(address):
        return
    draft.drift += drifted(address, mending)
    if address in scope.left_out:
        return
    found, live = mending.steps(address), mending.matched.objects.get(address)
    draft.warnings += found.warnings
    draft.notes += found.notes
    if not planned:
        return
    draft.same += [] if found.steps else [address]
    chain: list[Action] = []
    for step in found.steps:
        after = (chain[-1].id,) if chain else ()
        chain.append(action_of(address, step, after, mending.basis(address), live.id if live else ""))
    if chain:
        draft.chains[address] = chain


def _connect(resources: Mapping[Address, Resource], mending: Mending, draft: _Draft) -> None:
    for address, chain in draft.chains.items():
        edges: list[str] = []
        for ref in all_kinds()[address.kind].needs(resources[address]):
            provider = _provider(ref, resources, draft)
            if provider is None:
                continue
            waits = provider.endswith(f"#{Verb.AVAILABILITY.value}")
            if waits or isinstance(mending.matched.resolve(ref), Ref):
                edges.append(provider)
        if edges:
            chain[0] = replace(chain[0], depends_on=tuple(dict.fromkeys((*edges, *chain[0].depends_on))))


def _provider(ref: Ref, resources: Mapping[Address, Resource], draft: _Draft) -> str | None:
    kind, resource = all_kinds()[ref.address.kind], resources.get(ref.address)
    if resource is None or not kind.promises(resource, ref):
        return None
    provides, chain = kind.provides, draft.chains.get(ref.address, ())
    return next((a.id for a in reversed(chain) if a.verb in provides), None)


def _impact(resources: Mapping[Address, Resource], mending: Mending) -> Iterator[Steps]:
    followers = mending.followers(resources)
    for address in mending.desired.resources:
        if address in followers:
            yield mending.impact(address, followers[address])


def _once_let_go(removed: Sequence[Action], others: Sequence[Action]) -> list[Action]:
    """The deletions, after all that is done to the kinds that the server would first have let go, and to the
    object itself.
    """
    last = {action.address: action.id for action in (*others, *removed)}
    ways = {action.address: action.id for action in others if action.makes_way}
    holding = {
        name: [id_ for address, id_ in last.items() if address.kind in kind.held_by]
        for name in {action.address.kind for action in removed}
        for kind in [all_kinds()[name]]
        if isinstance(kind, Held)
    }
    return [
        replace(action, depends_on=(*action.depends_on, *before)) if before else action
        for action in removed
        for way in [[ways[action.address]] if action.address in ways else []]
        for before in [[*holding.get(action.address.kind, ()), *way]]
    ]


def _rollouts(desired: Desired, actions: Sequence[Action]) -> tuple[Rollout, ...]:
    """The sets of which some instance is changed."""
    concerned = {action.address for action in actions}
    return tuple(r for r in desired.rollouts if any(a in concerned for wave in r.waves for a in wave))


def _in_order(actions: Sequence[Action]) -> list[Action]:
    by_id = {action.id: action for action in actions}
    return [by_id[name] for name in ordered({a.id: a.depends_on for a in actions})]


def looks(actions: Sequence[Action], objects: Mapping[Address, LiveObject]) -> int:
    """Whose token it is, one look before the first action on each resource, and what the actions read."""
    if not actions:
        return 0
    first = {a.address: _queries(objects[a.address]) if a.target else 1 for a in actions}
    return 1 + sum(first.values()) + sum(a.reads for a in actions)


def _queries(live: LiveObject) -> int:
    """How many queries read an object whole."""
    kind = all_kinds()[live.kind]
    return kind.queries(live) if isinstance(kind, Paged) else 1


def live_digest(live: Live) -> str:
    """The digest of all that plans may rest on."""
    bases = [[kind, [_basis(o) for o in objects]] for kind, objects in sorted(live.objects.items())]
    return f"sha256:{sha256(bases)}"


def _basis(live: LiveObject) -> str:
    return resting(all_kinds()[live.kind], live)
