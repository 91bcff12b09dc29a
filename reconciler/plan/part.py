"""Whether a plan may rest on a part of the tenant: what was read of it must tell all that the plan says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Redeploys
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.model.state import Desired, Live
from reconciler.plan.guards import on_the_whole
from reconciler.plan.mending import Mending
from reconciler.plan.select import Selection, fits

_NO_TENANT_HAS = 2**31
"""So many resources."""


def may_be_part(desired: Desired, selection: Selection, policy: Policy) -> bool:
    """Whether a run is about resources that were named, and each of its patterns names some: to delete what
    no manifest names, or to tell that nothing bears a name, takes the whole tenant.
    """
    if not selection.is_part or policy.prune:
        return False
    patterns = (*selection.select, *selection.exclude)
    resources = desired.resources.values()
    return all(any(fits(one.address, one.labels, pattern) for one in resources) for pattern in patterns)


def cut_short(live: Live) -> list[str]:
    """The kinds of which something that nobody manages, or no manifest names, may not have been read: such
    are objects that stand alone.
    """
    return sorted(name for name in live.partial if all_kinds()[name].stands_alone)


def wants_whole(plan: Plan, mending: Mending, covered: Collection[Address]) -> bool:
    """Whether a plan made from a part of the tenant may be another one if all of it is known: a step may have
    any instance deployed along, or the plan comes to resources that were not looked at (`covered` are those
    that were). What guards count is another question: `owned_for`.
    """
    named = {action.address for action in plan.actions} | {one.address for one in plan.left_out}
    named |= {Address.parse(one.address) for one in plan.refusals if one.address}
    return not named <= set(covered) or any(_deploys_along(a, mending) for a in covered)


def owned_for(plan: Plan, mending: Mending, selection: Selection) -> int:
    """How many resources must be owned at least, so that no guard refuses the plan: what is owned is the one
    number of theirs that a part of the tenant does not tell, and the more that is, the less they refuse.
    """
    objects, policy = mending.matched.objects, mending.policy

    def passes(owned: int) -> bool:
        along = len(plan.consequences)
        return not on_the_whole(plan.actions, along, owned, objects, policy, selection.select)

    return bisect_left(range(_NO_TENANT_HAS), True, key=passes)


def _deploys_along(address: Address, mending: Mending) -> bool:
    kind, resource = all_kinds()[address.kind], mending.desired.resources.get(address)
    if resource is None or not isinstance(kind, Redeploys):
        return False
    return any(kind.redeploys(resource, step)[0] for step in mending.steps(address).steps)
