"""The shards of a plan are apart from each other, and together are the plan."""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Plan, Rollout
from reconciler.model.state import Desired, Live, Resource
from reconciler.plan.build import make_plan, plan_of
from reconciler.plan.mending import Mending
from reconciler.plan.shards import Shard, elsewhere, part, shards
from reconciler.sandbox import Sandbox
from tests.harness import converge, paired, snapshot
from tests.worlds import World, wanted, worlds

POLICY = Policy(guard_minimum=1000)


def parts(plan: Plan, desired: Desired, of: int) -> list[Plan]:
    """The plans of all shards, once it is seen that they are the plan."""
    found = [part(plan, Shard(number, of), desired) for number in range(1, of + 1)]
    by_id = {action.id: action for action in plan.actions}
    ids = Counter(action.id for one in found for action in one.actions)
    assert ids == Counter(by_id.keys()), "each action is in one shard"
    places = shards(desired, of)
    for number, one in enumerate(found, 1):
        assert [a.id for a in one.actions] == [i for i in by_id if i in {a.id for a in one.actions}]
        assert all(action == by_id[action.id] for action in one.actions)
        assert {places[a.address] for a in one.actions} <= {number}
        assert {places[by_id[name].address] for name in elsewhere(one)} <= {1}, "only the first is waited for"
        if number == 1:
            assert not elsewhere(one)
    for listed in ("drift", "missing", "orphans", "left_out", "refusals", "strangers"):
        told = [repr(entry) for one in found for entry in getattr(one, listed)]
        assert sorted(told) == sorted(map(repr, getattr(plan, listed))), listed
    for counted in ("unchanged", "unmanaged", "unreadable"):
        assert sum(getattr(one, counted) for one in found) == getattr(plan, counted), counted
    return found


def together(desired: Desired, of: int) -> None:
    """Whoever has a customer is where the customer is; an integration is in the first shard."""
    places = shards(desired, of)
    assert places.keys() == desired.resources.keys()
    for address, resource in desired.resources.items():
        customers = {ref.address for ref in all_kinds()[address.kind].needs(resource)}
        for customer in customers if address.kind == "Instance" else ():
            assert customer.kind != "Customer" or places[address] == places[customer]
        assert address.kind != "Integration" or places[address] == 1


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(wanted(), st.integers(1, 4))
def test_of_a_new_tenant(found: Desired, of: int) -> None:
    together(found, of)
    parts(make_plan(found, Live("T", {}), POLICY), found, of)


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(worlds(), st.integers(2, 4))
def test_of_a_tenant_that_changes(world: World, of: int) -> None:
    with Sandbox() as sandbox:
        converge(sandbox, world.first)
        matched = paired(sandbox, world.later, snapshot(sandbox, world.later))
        parts(plan_of(Mending(matched, POLICY)), world.later, of)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted(), st.integers(2, 4))
def test_nobody_moves_for_others(found: Desired, of: int) -> None:
    places = shards(found, of)
    for gone in [a for a in found.resources if a.kind == "Customer"]:
        left = {a: r for a, r in found.resources.items() if gone not in (a, r.fields.get("customer"))}
        fewer = Desired(found.project, found.environment, left)
        named = {a for a in left if a.kind in ("Customer", "Instance", "Integration")}
        assert {a: n for a, n in shards(fewer, of).items() if a in named} == {a: places[a] for a in named}


def test_sets_with_waves_keep_their_customers_together() -> None:
    def rollout(name: str, *customers: str) -> Rollout:
        return Rollout(name, tuple((Address("Instance", f"{one}/{name}"),) for one in customers))

    names = [f"c{number:02}" for number in range(30)]
    resources = {Address("Customer", name): Resource(Address("Customer", name), {}) for name in names}
    first, second, third = rollout("z", *names[:4]), rollout("a", *names[3:8]), rollout("m", *names[8:10])
    found = Desired("p", "e", resources, rollouts=(first, second, third))
    places = shards(found, 50)
    assert len({places[Address("Customer", name)] for name in names[:8]}) == 1
    assert len({places[Address("Customer", name)] for name in names[8:10]}) == 1
    assert len({places[Address("Customer", name)] for name in names}) > 5
