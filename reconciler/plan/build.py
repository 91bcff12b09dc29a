"""Desired × Live × Policy → Plan. Reads no network, no clock, no environment and no disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Held, Paged, why_absent
from reconciler.kinds.protocol import Policy, Step
from reconciler.model.address import Address, Ref
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.digest import sha256
from reconciler.model.plan import Action, Cause, Change, Drift, Plan, Refusal, Rollout, Verb
from reconciler.model.secret import Secret, Unproven
from reconciler.model.state import Desired, Live, LiveObject, Resource
from reconciler.plan.baseline import without_baseline
from reconciler.plan.deletion import deletions, not_understood, unread
from reconciler.plan.graph import ordered
from reconciler.plan.guards import not_permitted, on_the_whole
from reconciler.plan.match import Matched, match
from reconciler.plan.scope import Mending, scope
from reconciler.plan.seal import sealed
from reconciler.plan.select import Selection, idle


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

    chains: dict[Address, list[Action]] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0


def make_plan(
    desired: Desired,
    live: Live,
    policy: Policy,
    *,
    matched: Matched | None = None,
    selection: Selection | None = None,
) -> Plan:
    """The smallest ordered set of actions that makes `live` match `desired`, with the reasons.

    The same two sides and policy give the same plan, in the same order. What must not be done is not
    raised, but stands in the plan's `refusals`. `matched` spares the pairing to a caller who has it.
    """
    matched = matched or match(desired, live)
    selection = selection or Selection()
    mending = Mending(desired, matched, policy)
    found = scope(mending, selection)
    resources = found.resources
    concerned = {str(address) for address in resources}
    draft = _Draft(refusals=[r for r in matched.refusals if not r.address or r.address in concerned])
    draft.warnings += [
        *unread(live),
        *not_understood(live),
        *idle(selection, desired.resources, matched.orphans),
    ]
    for address in desired.resources:
        if address in found.unjudged:
            continue
        if address in resources:
            _plan_resource(address, mending, draft)
        elif address in found.left_out:
            draft.drift += _drifted(address, mending)
    draft.notes += without_baseline(resources, draft.chains, matched, policy)
    _connect(resources, matched, draft)
    _impact(resources, mending, draft)
    removal = deletions(desired, live, matched, policy, selection)
    draft.refusals += removal.refusals
    actions = _in_order([a for chain in draft.chains.values() for a in chain])
    actions += _once_let_go(removal.actions, actions)
    objects = {**matched.objects, **matched.orphans}
    denied = [" ".join(objects[a.address].denied) if a.target else "" for a in actions]
    draft.refusals += not_permitted(actions, denied)
    draft.refusals += on_the_whole(
        actions, len(removal.consequences), matched.owned, policy, selection.select
    )
    rollouts = _rollouts(desired, actions)
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
        unchanged=draft.unchanged,
        unmanaged=matched.unmanaged,
        unreadable=len(live.unreadable),
        orphans=tuple(sorted(matched.orphans)),
        left_out=(*found.left_out.values(), *removal.left_out),
        consequences=tuple(removal.consequences),
        rollouts=rollouts,
        reads=live.requests + _reads(actions, objects),
    )
    return sealed(plan)


def _plan_resource(address: Address, mending: Mending, draft: _Draft) -> None:
    found, live = mending.steps(address), mending.matched.objects.get(address)
    draft.warnings += found.warnings
    draft.refusals += found.refusals
    draft.notes += found.notes
    draft.drift += _drifted(address, mending)
    if not found.steps:
        draft.unchanged += not found.refusals
        return
    chain: list[Action] = []
    for step in found.steps:
        after = (chain[-1].id,) if chain else ()
        chain.append(_action(address, step, after, mending.basis(address), live.id if live else ""))
    draft.chains[address] = chain


def _drifted(address: Address, mending: Mending) -> list[Drift]:
    live = mending.matched.objects.get(address)
    # An object that keeps no record was as its manifest says when it was last applied, or never was.
    unrecorded = live is not None and not live.applied and address not in mending.matched.adopting
    return [
        Drift(address, change.path, _applied(change), change.before, change.cause)
        for change in mending.steps(address).changes
        if change.cause in (Cause.DRIFT, Cause.BOTH)
        or (change.cause is Cause.UNKNOWN and (unrecorded or _of_secret(change)))
    ]


def _of_secret(change: Change) -> bool:
    """Whether nobody can tell since the record holds no values of secrets; else it is git's new wish."""
    return any(map(_has_secret, (change.before, change.after)))


def _has_secret(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_secret, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_secret, value))
    return isinstance(value, Secret) and not isinstance(value, Unproven)


def _applied(change: Change) -> object:
    return change.after if change.cause is Cause.DRIFT else None


def _action(address: Address, step: Step, after: tuple[str, ...], basis: str, target: str) -> Action:
    name = step.name or step.verb.value
    return Action(
        f"{address}#{name}",
        address,
        step.verb,
        step.reason,
        after,
        step.changes,
        basis,
        target,
        reads=step.reads,
        writes=step.writes,
    )


def _connect(resources: Mapping[Address, Resource], matched: Matched, draft: _Draft) -> None:
    for address, chain in draft.chains.items():
        resource = resources[address]
        edges: list[str] = []
        for ref in all_kinds()[resource.kind].needs(resource):
            provider = _provider(ref, resources, draft)
            if isinstance(matched.resolve(ref), Ref):
                if provider is None:
                    draft.refusals.append(_not_there(ref, resource, matched))
                else:
                    edges.append(provider)
            elif provider and provider.endswith(f"#{Verb.AVAILABILITY.value}"):
                edges.append(provider)
        if edges:
            chain[0] = replace(chain[0], depends_on=tuple(dict.fromkeys((*edges, *chain[0].depends_on))))


def _provider(ref: Ref, resources: Mapping[Address, Resource], draft: _Draft) -> str | None:
    kind, resource = all_kinds()[ref.address.kind], resources.get(ref.address)
    if resource is None or not kind.promises(resource, ref):
        return None
    provides, chain = kind.provides, draft.chains.get(ref.address, ())
    return next((a.id for a in reversed(chain) if a.verb in provides), None)


def _not_there(ref: Ref, resource: Resource, matched: Matched) -> Refusal:
    kind = all_kinds()[ref.address.kind]
    live = matched.objects.get(ref.address) or matched.known.get(ref.address)
    code, message, hint = why_absent(kind, ref, live)
    return Refusal(code, message, str(resource.address), hint)


def _impact(resources: Mapping[Address, Resource], mending: Mending, draft: _Draft) -> None:
    publishing = {
        address
        for address, chain in draft.chains.items()
        if any(action.verb is Verb.PUBLISH for action in chain)
    }
    if not publishing:
        return
    followers: dict[Address, list[Address]] = {address: [] for address in publishing}
    for address, resource in resources.items():
        for ref in all_kinds()[resource.kind].needs(resource):
            if ref.address in publishing and isinstance(mending.matched.resolve(ref), Ref):
                followers[ref.address].append(address)
    for address in resources:
        if address in publishing:
            found = mending.impact(address, followers[address])
            draft.warnings += found.warnings
            draft.refusals += found.refusals


def _once_let_go(removed: Sequence[Action], others: Sequence[Action]) -> list[Action]:
    """The deletions, after all that is done to the kinds that the server would first have let go."""
    last = {action.address: action.id for action in (*others, *removed)}
    return [
        replace(action, depends_on=(*action.depends_on, *holding)) if holding else action
        for action in removed
        for kind in [all_kinds()[action.address.kind]]
        for held_by in [kind.held_by if isinstance(kind, Held) else ()]
        for holding in [[name for address, name in last.items() if address.kind in held_by]]
    ]


def _rollouts(desired: Desired, actions: Sequence[Action]) -> tuple[Rollout, ...]:
    """The sets of which some instance is changed."""
    concerned = {action.address for action in actions}
    return tuple(r for r in desired.rollouts if any(a in concerned for wave in r.waves for a in wave))


def _in_order(actions: Sequence[Action]) -> list[Action]:
    by_id = {action.id: action for action in actions}
    return [by_id[name] for name in ordered({a.id: a.depends_on for a in actions})]


def _reads(actions: Sequence[Action], objects: Mapping[Address, LiveObject]) -> int:
    """Whose token it is, one look before the first action on each resource, and what the actions read."""
    if not actions:
        return 0
    looks = {a.address: _queries(objects[a.address]) if a.target else 1 for a in actions}
    return 1 + sum(looks.values()) + sum(a.reads for a in actions)


def _queries(live: LiveObject) -> int:
    """How many queries read an object whole."""
    kind = all_kinds()[live.kind]
    return kind.queries(live) if isinstance(kind, Paged) else 1


def live_digest(live: Live) -> str:
    """The digest of all that plans may rest on."""
    bases = [[kind, [_basis(o) for o in objects]] for kind, objects in sorted(live.objects.items())]
    return f"sha256:{sha256(bases)}"


def _basis(live: LiveObject) -> str:
    return all_kinds()[live.kind].basis(live, None)
