"""For every generated world, under every combination of rules: apply converges, from wherever it stopped."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.kinds.protocol import Policy
from reconciler.plan.build import make_plan
from reconciler.sandbox import Sandbox
from tests.harness import Killed, apply_plan, converge, plan_for, shape, snapshot
from tests.worlds import World, worlds

POLICY = Policy(guard_minimum=1000)
SLOW = settings(
    max_examples=int(os.environ.get("EXAMPLES", "20")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(worlds())
def test_after_applying_there_is_nothing_to_do_and_nothing_is_written(world: World):
    with Sandbox(rules=world.rules) as sandbox:
        for desired in (world.first, world.later):
            converge(sandbox, desired)
            assert plan_for(sandbox, desired).actions == ()
            before = sandbox.writes()
            converge(sandbox, desired)
            assert sandbox.writes() == before


@SLOW
@given(worlds(), st.data())
def test_every_prefix_of_an_apply_is_a_place_to_go_on_from(world: World, data: st.DataObject):
    whole, cut = Sandbox(rules=world.rules), Sandbox(rules=world.rules)
    try:
        for desired in (world.first, world.later):
            before = whole.writes()
            converge(whole, desired)
            sent = whole.writes() - before
            kill_at = data.draw(st.integers(1, max(1, sent)))
            live = snapshot(cut, desired)
            plan = make_plan(desired, live, POLICY)
            with contextlib.suppress(Killed):
                apply_plan(
                    cut,
                    desired,
                    plan,
                    live,
                    POLICY,
                    kill_at=kill_at,
                    after=data.draw(st.booleans()),
                    parallelism=1,
                )
            converge(cut, desired)
            assert plan_for(cut, desired).actions == ()
            assert shape(snapshot(cut, desired)) == shape(snapshot(whole, desired))
            live = snapshot(cut, desired)
            assert [len(v) for v in live.objects.values()] == [
                len(v) for v in snapshot(whole, desired).objects.values()
            ], "nothing is lost, nothing doubled"
    finally:
        whole.close()
        cut.close()


@SLOW
@given(worlds())
def test_what_manifests_do_not_mention_is_left_alone(world: World):
    with Sandbox(rules=world.rules) as sandbox:
        foreign = _foreign(sandbox)
        converge(sandbox, world.first)
        converge(sandbox, world.later)
        live = snapshot(sandbox)
        now = {o.id: (repr(sorted(o.fields)), o.labels) for o in live.objects["Customer"] if o.id in foreign}
        assert now == foreign


def _foreign(sandbox: Sandbox) -> dict[str, tuple[str, frozenset[str]]]:
    create = (
        "mutation ($input: CreateCustomerInput!) "
        "{ createCustomer(input: $input) { customer { id } errors { field messages } } }"
    )
    for name, labels in (("Foreign One", ["theirs"]), ("Foreign Two", ["reconciler:other/customer/foreign"])):
        _, answer, _ = sandbox.execute(
            create, {"input": {"name": name, "labels": labels, "description": "x"}}
        )
        assert not answer.get("errors"), answer
    live = snapshot(sandbox)
    return {o.id: (repr(sorted(o.fields)), o.labels) for o in live.objects["Customer"]}


_SEEDED = """
from hypothesis import given, settings, seed, Phase
from reconciler.kinds.protocol import Policy
from reconciler.model.state import Live
from reconciler.plan.build import make_plan
from reconciler.report.document import dumps, plan_document
from tests.worlds import worlds
empty = Live("t", {"Integration": (), "Customer": (), "Instance": ()})
@seed(7)
@settings(max_examples=15, database=None, deadline=None, phases=[Phase.generate])
@given(worlds())
def run(world):
    print(dumps(plan_document(make_plan(world.first, empty, Policy()), created_at="", rate=10)))
run()
"""


def test_the_same_two_sides_give_the_same_bytes_whatever_the_hash_seed():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _SEEDED],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


@pytest.mark.parametrize("shift", [0, 5])
def test_two_tenants_whose_numbers_differ_take_the_same_manifests(shift: int):
    from tests.worlds import wanted

    desired = _one(wanted())
    with Sandbox(component_shift=shift, version_shift=shift) as sandbox:
        converge(sandbox, desired)
        assert plan_for(sandbox, desired).actions == ()


def _one(strategy):
    found = []

    @settings(max_examples=25, database=None, deadline=None)
    @given(strategy)
    def collect(value):
        if any(r.kind == "Instance" for r in value.resources.values()):
            found.append(value)

    collect()
    return found[-1]
