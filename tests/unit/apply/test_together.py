"""Actions that travel together end as they would alone, whatever befalls the request that carries them."""

from __future__ import annotations

import json

import anyio
import pytest

from reconciler.model.address import Address
from reconciler.model.outcome import Status
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.sandbox import Sandbox
from reconciler.sandbox.app import build_app
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.inprocess import InProcess
from tests.harness import POLICY, Wire, client_of, known_to, run_of, snapshot, walk_of

MANY = 12


class Tenant:
    """A sandbox whose clock only sleeping moves, and its client."""

    def __init__(self, **rules):
        self.sandbox, self.now = Sandbox(), 1_000_000.0
        for name, value in rules.items():
            self.sandbox.set_rule(name, value)
        self.app = build_app(self.sandbox, clock=lambda: self.now)

    async def sleep(self, seconds):
        self.now += seconds
        await anyio.lowlevel.checkpoint()

    def apply(self, desired, *faults, meddle=lambda: None):
        live = snapshot(self.sandbox, desired)
        plan, known = make_plan(desired, live, POLICY), known_to(match(desired, live))
        self.sandbox.set_faults(faults, seed=3)
        meddle()
        self.wire = Wire(InProcess(self.app), None, False)

        async def work():
            async with client_of(self.sandbox, wire=self.wire, batch=50) as client:
                run = run_of(client, desired, known, sleep=self.sleep)
                return await walk_of(plan, run, together=50).outcome()

        outcome = anyio.run(work)
        self.sandbox.set_faults([])
        return outcome

    def goes_on(self):
        """Whatever the server still had to do is done."""
        self.now += 1000

        async def ask():
            async with client_of(self.sandbox, wire=InProcess(self.app)) as client:
                await client.identity()

        anyio.run(ask)

    def names(self):
        query = "{ customers(isSystem: false, first: 100) { nodes { name description labels } } }"
        nodes = self.sandbox.execute(query)[1]["data"]["customers"]["nodes"]
        return sorted(node["name"] for node in nodes if any("made" in label for label in node["labels"]))


def customers(description="", count=MANY, **odd):
    resources = {}
    for index in range(count):
        address = Address("Customer", f"c{index:02}")
        fields = {"name": f"C{index:02}", "description": description}
        if address.name in odd:
            fields["externalId"] = odd[address.name]
        resources[address] = Resource(address, fields)
    return Desired("made", "sandbox", resources, "sha256:0")


def statuses(outcome):
    return {str(r.action.address): r.status for r in outcome.results}


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault("gateway_gives_up", times=1),),
        (Fault("gateway_gives_up", times=2, seconds=20),),
        (Fault("rolled_back_but_answered", times=1),),
        (Fault("reset_after", operation="createCustomer", times=1),),
        (Fault("half_answer", operation="*Customer", times=3),),
        (Fault("error_502_after", operation="createCustomer", times=2),),
        (Fault("garbage", operation="createCustomer", times=2),),
        (Fault("null_object", operation="createCustomer", times=1),),
    ],
    ids=lambda faults: "+".join(f"{f.kind}-{f.seconds:g}" for f in faults),
)
@pytest.mark.parametrize("rule", ["each_alone", "all_or_nothing"])
def test_nothing_is_lost_and_nothing_is_doubled(faults, rule):
    tenant = Tenant(transaction_of_aliases=rule)
    desired = customers()
    first = tenant.apply(desired, *faults)
    assert set(statuses(first).values()) <= {Status.DONE, Status.FAILED}
    again = tenant.apply(desired)
    assert set(statuses(again).values()) <= {Status.DONE}
    tenant.goes_on()
    assert tenant.names() == [f"C{index:02}" for index in range(MANY)]
    assert not make_plan(desired, snapshot(tenant.sandbox, desired), POLICY).actions


@pytest.mark.parametrize("rule", ["each_alone", "all_or_nothing"])
def test_one_that_is_refused_fails_alone(rule):
    tenant = Tenant(transaction_of_aliases=rule)
    theirs = 'mutation { createCustomer(input: {name: "Theirs", externalId: "taken"}) { customer { id } } }'
    assert set(statuses(tenant.apply(customers())).values()) == {Status.DONE}
    changed = tenant.apply(customers("New", c03="taken"), meddle=lambda: tenant.sandbox.execute(theirs))
    ended = statuses(changed)
    assert ended.pop("Customer/c03") is Status.FAILED
    assert set(ended.values()) == {Status.DONE}
    descriptions = tenant.sandbox.execute(
        "{ customers(isSystem: false, first: 100) { nodes { name description } } }"
    )[1]["data"]["customers"]["nodes"]
    assert sum(node["description"] == "New" for node in descriptions) == MANY - 1


def test_they_are_few_requests():
    tenant = Tenant()
    tenant.apply(customers(count=40))
    assert tenant.wire.mutations == 1
    tenant.apply(customers("New", count=40))
    assert tenant.wire.mutations == 1
    assert json.dumps(tenant.names()).count("C") == 40
