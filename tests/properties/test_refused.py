"""Whatever is refused: nothing is deleted beside it, nothing is done to it, and all that does not stand on it
converges.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.marks import mark
from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan, Verb
from reconciler.model.state import Desired, LiveObject
from reconciler.sandbox import Sandbox
from tests.harness import apply_plan, converge, paired, plan_for, snapshot
from tests.properties.test_converge import SLOW
from tests.worlds import World, worlds

POLICY = Policy(guard_minimum=1000, prune=True, overwrite_drafts=True, delete_strangers=True)


def write(sandbox: Sandbox, mutation: str, **values: Any) -> None:
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ errors {{ messages }} }} }}"
    _, answer, _ = sandbox.execute(document, {"input": values})
    assert not answer.get("errors"), answer
    assert not answer["data"][mutation]["errors"], answer


def confuse(sandbox: Sandbox, desired: Desired, address: Address, live: LiveObject) -> None:
    """A person makes it unclear which object is the resource's."""
    if address.kind == "Customer":
        label = mark(desired.project, address)
        write(sandbox, "createCustomer", name=f"Copy of {address.leaf}", labels=[label])
    elif address.kind == "Integration":
        write(sandbox, "updateIntegration", id=live.id, labels=[], metadata=json.dumps({}))
    else:
        write(sandbox, "updateInstance", id=live.id, labels=[], preserveDeployState=True)


def carried_out(sandbox: Sandbox, desired: Desired) -> tuple[Plan, Outcome]:
    plan = plan_for(sandbox, desired, POLICY)
    return plan, apply_plan(sandbox, desired, plan, snapshot(sandbox, desired), POLICY)


@SLOW
@given(worlds(), st.data())
def test_beside_a_refusal_all_else_converges_and_nothing_is_deleted(world: World, data: st.DataObject):
    with Sandbox(rules=world.rules) as sandbox:
        converge(sandbox, world.first)
        matched = paired(sandbox, world.first, snapshot(sandbox, world.first))
        core = [a for a in matched.objects if a.kind in ("Customer", "Integration", "Instance")]
        assume(core)
        for address in data.draw(st.lists(st.sampled_from(core), min_size=1, max_size=3, unique=True)):
            confuse(sandbox, world.first, address, matched.objects[address])
        kept = data.draw(st.sets(st.sampled_from(sorted(world.later.resources))))
        wanted = {a: r for a, r in world.later.resources.items() if a in kept or a.kind != "Instance"}
        desired = replace(world.later, resources=wanted)
        plan, outcome = carried_out(sandbox, desired)
        assume(plan.refusals and not plan.vetoes)
        refused = {one.address for one in plan.refusals} | {str(one.address) for one in plan.left_out}
        for result in outcome.results:
            expected = Status.SKIPPED if result.action.verb is Verb.DELETE else Status.DONE
            assert (result.action.id, result.status, result.error) == (result.action.id, expected, "")
            assert result.action.verb is Verb.DELETE or str(result.action.address) not in refused
        again = plan_for(sandbox, desired, POLICY)
        assert {action.verb for action in again.actions} <= {Verb.DELETE}
        assert set(again.refusals) == set(plan.refusals)
