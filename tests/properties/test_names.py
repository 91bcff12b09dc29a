"""However names change hands: one apply is enough, in any order of manifests, and wherever it was cut off."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Cause
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import plan_of
from reconciler.plan.mending import Mending
from reconciler.sandbox import Sandbox
from tests.harness import Killed, apply_plan, converge, paired, plan_for, snapshot
from tests.properties.test_converge import SLOW
from tests.worlds import PROJECT, rules

POLICY = Policy(guard_minimum=1000)
NAMES = ["Acme", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse"]
LEAVES = [name[0].lower() for name in NAMES]
Called = dict[str, str]


@dataclass(frozen=True)
class Exchange:
    """What objects of a kind are called first, and what later, and in which order manifests say so."""

    first: Desired
    later: Desired
    rules: dict[str, str]


def wanted(kind: str, called: Called, order: list[str], ids: Called) -> Desired:
    """Manifests in this order."""
    resources: dict[Address, Resource] = {}
    for leaf in order:
        fields: dict[str, Any] = {"name": called[leaf], "description": "The same"}
        if leaf in ids and kind == "Customer":
            fields["externalId"] = ids[leaf]
        resources[Address(kind, leaf)] = Resource(Address(kind, leaf), fields)
    return Desired(PROJECT, "sandbox", resources, "sha256:" + "0" * 64)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Up to seven objects with names of their own, and any other names of theirs or new ones; some are new.
    Customers' ids move on, too, from each to the one before it.
    """
    kind = draw(st.sampled_from(["Customer", "Customer", "InstanceProfile"]))
    leaves = draw(st.lists(st.sampled_from(LEAVES), unique=True, min_size=2))
    there = leaves[: draw(st.integers(1, len(leaves)))]
    before = dict(zip(there, NAMES, strict=False))
    after = dict(zip(leaves, draw(st.permutations(NAMES)), strict=False))
    ids = {leaf: str(number) for number, leaf in enumerate(there)}
    moved = draw(st.integers(0, 1))
    first = wanted(kind, before, draw(st.permutations(there)), ids)
    later_ids = {leaf: str(int(number) + moved) for leaf, number in ids.items()}
    return Exchange(first, wanted(kind, after, draw(st.permutations(leaves)), later_ids), draw(rules()))


def names(sandbox: Sandbox, desired: Desired) -> dict[Address, object]:
    matched = paired(sandbox, desired, snapshot(sandbox, desired))
    return {address: live.fields["name"] for address, live in matched.objects.items()}


def asked(desired: Desired) -> dict[Address, object]:
    return {address: resource.fields["name"] for address, resource in desired.resources.items()}


@SLOW
@given(exchanges())
def test_one_apply_is_enough(world: Exchange):
    with Sandbox(rules=world.rules) as sandbox:
        converge(sandbox, world.first)
        converge(sandbox, world.later)
        plan = plan_for(sandbox, world.later)
        assert (plan.actions, plan.drift) == ((), ())
        assert names(sandbox, world.later) == asked(world.later)


@SLOW
@given(exchanges(), st.data())
def test_a_run_that_was_killed_on_the_way_is_finished_by_the_next(world: Exchange, data: st.DataObject):
    """Whatever git says by then: no name in between looks like a person's."""
    sandbox = Sandbox(rules=world.rules)
    record = data.draw(st.booleans())
    policy = Policy(guard_minimum=1000, record=record)
    try:
        converge(sandbox, world.first, policy)
        live = snapshot(sandbox, world.later)
        plan = plan_of(Mending(paired(sandbox, world.later, live), policy))
        kill_at, after = data.draw(st.integers(1, max(1, len(plan.actions)))), data.draw(st.booleans())
        parallelism = data.draw(st.sampled_from([1, 4]))
        with contextlib.suppress(Killed):
            apply_plan(
                sandbox,
                world.later,
                plan,
                live,
                policy,
                kill_at=kill_at,
                after=after,
                parallelism=parallelism,
            )
        desired = data.draw(st.sampled_from([world.first, world.later]))
        plan = plan_for(sandbox, desired, policy)
        changes = [c for a in plan.actions for c in a.changes if "(renaming " in str(c.before)]
        assert all(c.cause is Cause.PENDING for c in changes)
        assert not any("(renaming " in str(one.live) for one in plan.drift)
        left = set(world.later.resources) - set(desired.resources)
        if not left:
            converge(sandbox, desired, policy)
            assert plan_for(sandbox, desired, policy).actions == ()
            assert names(sandbox, desired) == asked(desired)
    finally:
        sandbox.close()


@SLOW
@given(exchanges(), st.data())
def test_the_order_of_manifests_changes_nothing(world: Exchange, data: st.DataObject):
    with Sandbox(rules=world.rules) as sandbox:
        converge(sandbox, world.first)
        order = data.draw(st.permutations(list(world.later.resources)))
        other = Desired(PROJECT, "sandbox", {a: world.later.resources[a] for a in order}, world.later.digest)
        plans = [plan_for(sandbox, desired, POLICY) for desired in (world.later, other)]
        both = [{a.id: (set(a.depends_on), a.changes) for a in plan.actions} for plan in plans]
        assert both[0] == both[1]
