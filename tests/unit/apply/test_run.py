from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from reconciler.apply.run import Walk, first_failure
from reconciler.apply.running import Run
from reconciler.kinds.protocol import Kind, Policy
from reconciler.model.address import Address
from reconciler.model.errors import ApiError, NotAuthenticated, NotFound, PayloadError, TransportError
from reconciler.model.operation import Operation
from reconciler.model.outcome import Ended, Event, Outcome, Started, Status
from reconciler.model.plan import Rollout
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from tests.harness import Silent
from tests.unit.samples import ACME, customer, desired, resource, world

BIRCH, CEDAR = Address("Customer", "birch"), Address("Customer", "cedar")
POLICY = Policy(prune=True)


@dataclass
class Fake:
    """A tenant of customers. `faults` answers an operation on a name with an error, after or before it took
    effect.
    """

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[tuple[str, str], list[tuple[str, Exception]]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    on_send: Callable[[str], None] = lambda _: None

    async def read(self, kind: Kind, op: Operation) -> LiveObject | None:
        await anyio.lowlevel.checkpoint()
        if op.variables["id"] not in self.nodes:
            raise NotFound("Record not found")
        return kind.parse(self.nodes[op.variables["id"]])

    async def find(self, kind: Kind, op: Operation, known: LiveObject | None = None) -> list[LiveObject]:
        if "outer" in op.variables:
            return []  # nothing lies in these customers
        return [kind.parse(n) for n in self.nodes.values() if op.variables["mark"] in n["labels"]]

    async def send(self, kind: Kind, op: Operation) -> Mapping[str, Any]:
        await anyio.lowlevel.checkpoint()
        given = op.variables["input"]
        identity = given.get("id") or f"customer-{given['name']}"
        name = self.nodes.get(identity, given)["name"]
        self.sent.append(f"{op.name} {name}")
        self.on_send(name)
        await anyio.lowlevel.checkpoint()
        when, error = (self.faults.get((op.name, name)) or [("", None)]).pop(0)
        if when == "before" and error:
            raise error
        node = {"id": identity, **self.nodes.get(identity, {}), **given}
        if op.name == "deleteCustomer":
            self.nodes.pop(identity)
        else:
            self.nodes[identity] = node
        if error:
            raise error
        return node


def tenant_of(live: Live) -> Fake:
    objects = [o for kind in live.objects.values() for o in kind]
    return Fake({o.id: {"id": o.id, **o.fields, "labels": sorted(o.labels)} for o in objects})


def walk(
    wanted: Desired,
    live: Live,
    tenant: Fake,
    listener: Callable[[Event], None] = lambda _: None,
    *,
    parallelism: int = 1,
    together: int = 1,
    rollouts: tuple[Rollout, ...] = (),
) -> Walk:
    async def no_sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    matched = match(wanted, live)
    run = Run(
        project=wanted.project,
        resources=wanted.resources,
        observed={**matched.objects, **matched.orphans},
        policy=POLICY,
        tenant=tenant,
        journal=Silent(),
        listener=listener,
        sleep=no_sleep,
    )
    plan = replace(make_plan(wanted, live, POLICY), rollouts=rollouts)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Walk(plan, run, parallelism=parallelism, now=lambda: moment, together=lambda: together)


def apply(wanted: Desired, live: Live, tenant: Fake) -> dict[str, str]:
    outcome = anyio.run(walk(wanted, live, tenant).outcome)
    return statuses(outcome)


def statuses(outcome: Outcome) -> dict[str, str]:
    return {r.action.id: r.status.value for r in outcome.results}


THREE = desired(resource(ACME), resource(BIRCH), resource(CEDAR))
LOST = TransportError("no answer", doubtful=True)
REFUSED = PayloadError("Name is taken")


def test_each_action_ends_well():
    tenant = Fake()
    assert set(apply(THREE, world(), tenant).values()) == {"done"}
    assert tenant.sent == ["createCustomer Acme", "createCustomer Birch", "createCustomer Cedar"]


@pytest.mark.parametrize(("together", "most"), [(1, 2), (3, 12)])
def test_where_calls_travel_together_as_many_again_are_made_ready(together: int, most: int):
    many = desired(*(resource(Address("Customer", f"c{index}")) for index in range(20)))
    begun: list[int] = [0]

    def listen(event: Event) -> None:
        begun.append(begun[-1] + isinstance(event, Started) - isinstance(event, Ended))

    outcome = anyio.run(walk(many, world(), Fake(), listen, parallelism=2, together=together).outcome)
    assert set(statuses(outcome).values()) == {"done"}
    assert max(begun) == most


def test_what_waits_for_its_wave_takes_no_task_and_begins_after_the_wave_before():
    names = [Address("Customer", f"c{index:03}") for index in range(100)]
    waves = Rollout("many", (tuple(names[:3]), tuple(names[3:])), begun=frozenset(names[50:51]))
    tenant, tasks, first = Fake(), [0], names[50].name

    def listen(_: Event) -> None:
        tasks.append(len(asyncio.all_tasks()))

    many = desired(*(resource(name) for name in names))
    outcome = anyio.run(walk(many, world(), tenant, listen, parallelism=2, rollouts=(waves,)).outcome)
    assert set(statuses(outcome).values()) == {"done"}
    assert max(tasks) < 10
    order = [sent.split()[1].lower() for sent in tenant.sent]
    assert (set(order[:3]), order[3], len(order)) == ({one.name for one in names[:3]}, first, 100)


@pytest.mark.parametrize(
    ("faults", "sent", "status"),
    [
        ([("after", LOST)], 1, "done"),
        ([("before", LOST)], 2, "done"),
        ([("before", LOST), ("after", LOST)], 2, "done"),
        ([("before", LOST)] * 3, 3, "failed"),
        ([("before", REFUSED)], 1, "failed"),
        ([("before", ApiError("no"))], 1, "failed"),
        ([("before", NotFound("Record not found"))], 1, "stale"),
    ],
)
def test_a_create_whose_answer_is_lost_is_looked_for(faults: list[Any], sent: int, status: str):
    tenant = Fake(faults={("createCustomer", "Acme"): faults})
    assert apply(desired(resource(ACME)), world(), tenant) == {"Customer/acme#create": status}
    assert tenant.sent == ["createCustomer Acme"] * sent
    assert len(tenant.nodes) == (status == "done")


def test_a_create_is_not_sent_where_an_earlier_run_made_the_object():
    tenant = tenant_of(world(customer()))
    assert apply(desired(resource(ACME)), world(), tenant) == {"Customer/acme#create": "done"}
    assert tenant.sent == []


def test_two_objects_of_one_mark_stop_the_branch():
    tenant = tenant_of(world(customer("A"), customer("B")))
    assert apply(desired(resource(ACME)), world(), tenant) == {"Customer/acme#create": "stale"}


@pytest.mark.parametrize(
    ("meddle", "status"),
    [
        (lambda nodes: nodes["customer-Acme"].update(description="theirs"), "stale"),
        (lambda nodes: nodes.pop("customer-Acme"), "stale"),
        (lambda nodes: nodes["customer-Birch"].update(description="theirs"), "done"),
        (lambda nodes: nodes.update(other={"id": "other", "name": "Other", "labels": []}), "done"),
    ],
)
def test_only_the_branch_that_someone_changed_is_stale(meddle: Callable[[dict[str, Any]], None], status: str):
    live = world(customer(), customer("Birch", mark_of="birch"))
    tenant = tenant_of(live)
    meddle(tenant.nodes)
    wanted = desired(resource(ACME, {"description": "New"}), resource(BIRCH), resource(CEDAR))
    assert apply(wanted, live, tenant) == {"Customer/acme#update": status, "Customer/cedar#create": "done"}


ORPHANS = world(customer("Old", mark_of="old"), customer("Older", mark_of="older"))


def test_deletions_come_last():
    tenant = tenant_of(ORPHANS)
    assert set(apply(THREE, ORPHANS, tenant).values()) == {"done"}
    assert tenant.sent[-2:] == ["deleteCustomer Old", "deleteCustomer Older"]


def test_nothing_is_deleted_where_anything_else_failed():
    tenant = tenant_of(ORPHANS)
    tenant.faults[("createCustomer", "Birch")] = [("before", REFUSED)]
    outcome = anyio.run(walk(THREE, ORPHANS, tenant).outcome)
    ends = {r.action.id: (r.status.value, r.because) for r in outcome.results}
    assert ends["Customer/old#delete"] == ("skipped", "Customer/birch#create")
    assert ends["Customer/cedar#create"] == ("done", "")
    assert "customer-Old" in tenant.nodes


@pytest.mark.parametrize(
    "faults",
    [
        [("after", LOST)],
        [("before", LOST)],
        [("before", NotFound("Record not found"))],
    ],
)
def test_a_deletion_whose_answer_is_lost_is_looked_for(faults: list[Any]):
    live = world(customer("Old", mark_of="old"))
    tenant = tenant_of(live)
    tenant.faults[("deleteCustomer", "Old")] = faults
    assert apply(desired(), live, tenant) == {"Customer/old#delete": "done"}


def test_what_is_gone_already_need_not_be_deleted():
    tenant = Fake()
    assert set(apply(desired(), ORPHANS, tenant).values()) == {"done"}
    assert tenant.sent == []


def test_a_failure_skips_what_depends_on_it_and_names_it():
    from tests.unit.samples import SYNC, copy, definition, integration, version

    live = world(integration(versions=(version("1.0.0"),)))
    wanted = desired(
        resource(SYNC, {"definition": definition(), "release": "1.0.0"}),
        resource(ACME),
        copy({"enabled": True}),
    )
    tenant = Fake(faults={("createCustomer", "Acme"): [("before", REFUSED)]})
    outcome = anyio.run(walk(wanted, live, tenant).outcome)
    ends = {r.action.id: (r.status.value, r.because) for r in outcome.results}
    assert ends["Customer/acme#create"] == ("failed", "")
    skipped = {name: end for name, end in ends.items() if name.startswith("Instance")}
    assert set(skipped.values()) == {("skipped", "Customer/acme#create")}
    assert len(skipped) == 3


def test_the_first_interrupt_starts_nothing_new_and_finishes_what_is_in_flight():
    tenant = tenant_of(ORPHANS)
    made = walk(THREE, ORPHANS, tenant)
    tenant.on_send = lambda _: made.stop()
    outcome = anyio.run(made.outcome)
    assert outcome.interrupted
    assert {r.status for r in outcome.results[1:]} == {Status.SKIPPED}
    assert (outcome.results[0].status, tenant.sent) == (Status.DONE, ["createCustomer Acme"])
    assert "customer-Old" in tenant.nodes


def test_the_second_interrupt_leaves_what_was_in_flight_in_doubt():
    tenant = Fake()
    made = walk(THREE, world(), tenant)

    async def work() -> None:
        with anyio.CancelScope() as scope:
            tenant.on_send = lambda name: scope.cancel() if name == "Birch" else None
            await made.outcome()

    anyio.run(work)
    outcome = made.cut_off()
    assert outcome.interrupted
    assert [(r.status.value, r.because, r.doubtful) for r in outcome.results] == [
        ("done", "", False),
        ("skipped", "interrupted", True),
        ("skipped", "interrupted", False),
    ]


def test_who_only_looked_when_all_was_stopped_is_in_no_doubt():
    class Looked(Fake):
        async def find(self, kind: Kind, op: Operation) -> list[LiveObject]:
            scopes[0].cancel()
            await anyio.lowlevel.checkpoint()
            return await super().find(kind, op)

    scopes: list[anyio.CancelScope] = []
    made = walk(THREE, world(), Looked())

    async def work() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await made.outcome()

    anyio.run(work)
    assert made.begun
    assert not any(result.doubtful for result in made.cut_off().results)


def test_a_token_that_is_no_longer_taken_ends_the_run_for_all():
    tenant = Fake(faults={("createCustomer", "Acme"): [("before", NotAuthenticated("no longer"))]})
    outcome = anyio.run(walk(THREE, world(), tenant).outcome)
    assert isinstance(outcome.fatal, NotAuthenticated)
    assert [r.status.value for r in outcome.results] == ["failed", "skipped", "skipped"]
    assert tenant.sent == ["createCustomer Acme"]


def test_each_end_is_told_and_what_starts_before():
    events: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Started):
            events.append(f"start {event.action.id}")
        elif isinstance(event, Ended):
            events.append(f"end {event.result.action.id}")

    anyio.run(walk(desired(resource(ACME)), world(), Fake(), listen).outcome)
    assert events == ["start Customer/acme#create", "end Customer/acme#create"]


def test_the_first_failure_does_not_depend_on_the_order_of_ends():
    outcome = anyio.run(walk(THREE, world(), Fake()).outcome)
    results = {r.action.id: r for r in outcome.results}
    assert first_failure(results) == ""


def test_actions_that_wait_for_a_place_take_no_task_each():
    many = desired(*(resource(Address("Customer", f"c{n}")) for n in range(200)))
    tasks = []

    class Counting(Fake):
        async def send(self, kind: Any, op: Any) -> Any:
            tasks.append(len(asyncio.all_tasks()))
            return await super().send(kind, op)

    tenant = Counting()
    assert set(apply(many, world(), tenant).values()) == {"done"}
    assert len(tasks) == 200
    assert max(tasks) <= 5  # the walk's, one that is under way, one that is ready, and anyio's own
