"""Names that change hands, cut off at every point, with another run in between, and in waves that cross."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.outcome import Status
from reconciler.model.plan import Cause, Plan, Rollout
from reconciler.model.state import Desired, Live, Resource
from reconciler.plan.build import plan_of
from reconciler.plan.mending import Mending
from reconciler.sandbox import Sandbox, transport
from tests.harness import Killed, apply_plan, converge, paired, plan_for, snapshot
from tests.unit.apply.test_two_runs import wanted
from tests.unit.samples import ACME, PROJECT, SYNC, resource

POLICY = Policy(guard_minimum=1000)
BIRCH = Address("Customer", "birch")


def customers(**names: str) -> Desired:
    found = [resource(Address("Customer", leaf), {"name": name}) for leaf, name in names.items()]
    return Desired(PROJECT, "sandbox", {one.address: one for one in found})


FIRST = customers(a="Acme", b="Birch", c="Cedar")
ROUND = customers(a="Birch", b="Cedar", c="Acme")


def planned(sandbox: Sandbox, desired: Desired) -> tuple[Plan, Live]:
    live = snapshot(sandbox, desired)
    return plan_of(Mending(paired(sandbox, desired, live), POLICY)), live


def called(sandbox: Sandbox, desired: Desired) -> list[Any]:
    matched = paired(sandbox, desired, snapshot(sandbox, desired))
    return [matched.objects[address].fields["name"] for address in desired.resources]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 3, 4])
@pytest.mark.parametrize("parallelism", [1, 4])
def test_a_rotation_that_was_cut_off_anywhere_is_finished(kill_at: int, after: bool, parallelism: int):
    with Sandbox() as sandbox:
        converge(sandbox, FIRST)
        plan, live = planned(sandbox, ROUND)
        assert len(plan.actions) == 4
        with pytest.raises(Killed):
            apply_plan(
                sandbox, ROUND, plan, live, POLICY, kill_at=kill_at, after=after, parallelism=parallelism
            )
        assert plan_for(sandbox, ROUND).drift == ()
        converge(sandbox, ROUND)
        assert plan_for(sandbox, ROUND).actions == ()
        assert called(sandbox, ROUND) == ["Birch", "Cedar", "Acme"]
        assert called(sandbox, FIRST) == called(sandbox, ROUND), "each object bears the mark that it bore"


class Between(httpx.AsyncBaseTransport):
    """Another run carries out the same plan, as a whole, before our n-th mutation."""

    def __init__(self, sandbox: Sandbox, nth: int) -> None:
        self._inner, self._sandbox, self._left = transport(sandbox), sandbox, nth

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body["query"].lstrip().startswith("mutation"):
            self._left -= 1
            if not self._left:
                for values in self.others():
                    self._sandbox.execute(body["query"], {"input": values})
        return await self._inner.handle_async_request(request)

    def others(self) -> list[dict[str, Any]]:
        """What the other run sends: it makes way and exchanges the names."""
        shown = "{ customers(isSystem: false) { nodes { id labels name } } }"
        _, answer, _ = self._sandbox.execute(shown)
        nodes = {label: n for n in answer["data"]["customers"]["nodes"] for label in n["labels"]}
        a, b, c = (nodes[f"reconciler:{PROJECT}/customer/{leaf}"]["id"] for leaf in "abc")
        return [
            {"id": a, "name": "Birch (elsewhere)"},
            {"id": c, "name": "Acme"},
            {"id": b, "name": "Cedar"},
            {"id": a, "name": "Birch"},
        ]


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_another_run_in_between_leaves_every_name_where_git_wants_it(
    nth: int, monkeypatch: pytest.MonkeyPatch
):
    with Sandbox() as sandbox:
        converge(sandbox, FIRST)
        plan, live = planned(sandbox, ROUND)
        monkeypatch.setattr("tests.harness.transport", lambda _: Between(sandbox, nth))
        apply_plan(sandbox, ROUND, plan, live, POLICY, parallelism=1)
        monkeypatch.undo()
        converge(sandbox, ROUND)
        assert plan_for(sandbox, ROUND).actions == ()
        assert called(sandbox, ROUND) == ["Birch", "Cedar", "Acme"]


def test_a_plan_of_before_another_run_does_nothing():
    with Sandbox() as sandbox:
        converge(sandbox, FIRST)
        plan, live = planned(sandbox, ROUND)
        converge(sandbox, ROUND)
        before = sandbox.writes()
        outcome = apply_plan(sandbox, ROUND, plan, live, POLICY)
        assert {one.status for one in outcome.results} <= {Status.STALE, Status.SKIPPED}
        assert sandbox.writes() == before


def sets(exchanged: bool) -> Desired:
    """Two sets of instances, of which each begins with the customer with whom the other one ends."""
    whole = wanted(resource(BIRCH))
    copies: dict[Address, Resource] = {}
    for customer in (ACME, BIRCH):
        for leaf, other in (("one", "two"), ("two", "one")):
            fields = {
                "customer": customer,
                "integration": SYNC,
                "release": "1.0.0",
                "name": (other if exchanged else leaf).title(),
                "config": {"Channel": f"#{leaf}"},
            }
            address = Address("Instance", f"{customer.leaf}/{leaf}")
            copies[address] = Resource(address, fields)
    waves = [[Address("Instance", f"{c.leaf}/{leaf}") for c in (ACME, BIRCH)] for leaf in ("one", "two")]
    first, second = waves
    rollouts = (
        Rollout("one", ((first[0],), (first[1],))),
        Rollout("two", ((second[1],), (second[0],))),
    )
    return replace(whole, resources={**whole.resources, **copies}, rollouts=rollouts)


@pytest.mark.parametrize("unique", ["false", "per_customer"])
@pytest.mark.parametrize("kill_at", [0, 1, 2, 3, 4])
def test_names_cross_waves_that_cross(unique: str, kill_at: int):
    with Sandbox(rules={"instance_name_unique": unique}) as sandbox:
        converge(sandbox, sets(False))
        desired = sets(True)
        plan, live = planned(sandbox, desired)
        with contextlib.suppress(Killed):
            apply_plan(sandbox, desired, plan, live, POLICY, kill_at=kill_at or None)
        if kill_at:
            again = plan_for(sandbox, desired)
            changes = [change for action in again.actions for change in action.changes]
            assert {(one.path, one.cause) for one in changes} == {("name", Cause.PENDING)}
            assert again.drift == ()
            converge(sandbox, desired)
        assert plan_for(sandbox, desired).actions == ()
        matched = paired(sandbox, desired, snapshot(sandbox, desired))
        assert {
            str(address): matched.objects[address].fields["name"]
            for address in desired.resources
            if address.kind == "Instance"
        } == {
            "Instance/acme/one": "Two",
            "Instance/acme/two": "One",
            "Instance/birch/one": "Two",
            "Instance/birch/two": "One",
        }
