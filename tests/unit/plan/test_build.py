from __future__ import annotations

import random
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.model.digest import canonical
from reconciler.model.plan import Change, Verb
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject, Resource
from reconciler.plan.seal import content
from tests.unit.samples import (
    ACME,
    SYNC,
    copy,
    customer,
    definition,
    desired,
    instance,
    integration,
    plan,
    record,
    resource,
    version,
    world,
)

RELEASED = resource(SYNC, {"definition": definition(), "release": "1.0.0"})
PUBLISHED = integration(versions=(version("1.0.0"),))


def edges(resources: list[Resource], objects: list[LiveObject]) -> dict[str, list[str]]:
    found = plan(desired(*resources), world(*objects))
    return {a.id: list(a.depends_on) for a in found.actions}


def test_from_nothing_each_action_waits_for_what_it_needs():
    assert edges([RELEASED, resource(ACME), copy()], []) == {
        "Integration/sync#create": [],
        "Integration/sync#import": ["Integration/sync#create"],
        "Integration/sync#update": ["Integration/sync#import"],
        "Integration/sync#publish": ["Integration/sync#update"],
        "Customer/acme#create": [],
        "Instance/acme/copy#create": ["Customer/acme#create", "Integration/sync#publish"],
        "Instance/acme/copy#deploy": ["Instance/acme/copy#create"],
    }


@pytest.mark.parametrize(
    ("resources", "objects", "waits"),
    [
        ([RELEASED, resource(ACME)], [PUBLISHED, customer()], []),
        ([RELEASED, resource(ACME, {"description": "New"})], [PUBLISHED, customer()], []),
        ([RELEASED, resource(ACME)], [PUBLISHED], ["Customer/acme#create"]),
        (
            [replace(RELEASED, fields={**RELEASED.fields, "available": True}), resource(ACME)],
            [integration(versions=(version("1.0.0", available=False),)), customer()],
            ["Integration/sync#availability"],
        ),
        (
            [RELEASED, resource(ACME)],
            [integration(versions=(version(None),)), customer()],
            [],
        ),
    ],
)
def test_an_instance_waits_only_for_real_dependencies(
    resources: list[Resource], objects: list[LiveObject], waits: list[str]
):
    assert edges([*resources, copy()], objects)["Instance/acme/copy#create"] == waits


@pytest.mark.parametrize(
    ("fields", "objects"),
    [
        ({}, [PUBLISHED]),
        ({"description": "New"}, [PUBLISHED]),
        ({"release": "2.0.0"}, [PUBLISHED]),
        ({"release": "2.0.0"}, []),
        ({}, []),
    ],
)
def test_a_release_that_nothing_publishes_is_refused(fields: dict[str, Any], objects: list[LiveObject]):
    wanted = desired(
        resource(SYNC, {"definition": definition(), **fields}), resource(ACME), copy({"release": "0.9.0"})
    )
    found = plan(wanted, world(*objects))
    assert [(r.code, r.address) for r in found.refusals] == [("not-published", "Instance/acme/copy")]


def test_nothing_to_do_is_nothing():
    live = instance(version_id="v1")
    found = plan(desired(RELEASED, resource(ACME), copy()), world(PUBLISHED, customer(), live))
    assert (found.actions, found.unchanged, found.refusals) == ((), 3, ())


@pytest.mark.parametrize(
    ("applied", "live", "drift"),
    [
        ("a", "b", [("config.A", "a", "b", "drift")]),
        ("z", "b", [("config.A", None, "b", "both")]),
        ("b", "b", []),
    ],
)
def test_drift_tells_what_was_applied_where_that_is_known(applied: str, live: str, drift: list[Any]):
    labels = (record(config={"A": applied}),)
    found = plan(
        desired(RELEASED, resource(ACME), copy({"config": {"A": "a"}})),
        world(PUBLISHED, customer(), instance(version_id="v1", config={"A": live}, labels=labels)),
    )
    assert [(d.path, d.applied, d.live, d.cause.value) for d in found.drift] == drift


def _several() -> tuple[list[Resource], list[LiveObject]]:
    return [RELEASED, resource(ACME, {"description": "New"}), copy()], [PUBLISHED, customer()]


def test_the_order_of_live_objects_and_their_labels_does_not_matter():
    resources, objects = _several()
    others = [customer(f"Foreign {n}", mark_of="") for n in range(5)]
    checksums = set()
    for seed in range(5):
        shuffled = [*objects, *others]
        random.Random(seed).shuffle(shuffled)
        checksums.add(plan(desired(*resources), world(*shuffled)).checksum)
    assert len(checksums) == 1


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"reason": "another"}, True),
        ({"depends_on": ("x",)}, True),
        ({"changes": (Change("a", 1, 3),)}, False),
        ({"changes": (Change("a", Secret("x"), 2),)}, False),
        ({"basis": "other"}, False),
        ({"target": "other"}, False),
        ({"verb": Verb.UPDATE}, False),
    ],
)
def test_content_is_what_an_action_does_and_rests_on(change: dict[str, Any], same: bool):
    action = replace(
        plan(desired(resource(ACME)), world()).actions[0], changes=(Change("a", 1, 2),), basis="b"
    )
    assert (content(replace(action, **change)) == content(action)) is same


def test_content_holds_no_secret_and_takes_every_value_of_the_model():
    one, two = (Change("a", Secret(value), definition()) for value in "xy")
    action = plan(desired(resource(ACME)), world()).actions[0]
    assert content(replace(action, changes=(one,))) == content(replace(action, changes=(two,)))
    assert b"$definition" in canonical(definition())


def test_the_checksum_is_of_what_would_be_done_alone():
    resources, objects = _several()
    before = plan(desired(*resources), world(*objects))
    after = plan(desired(*resources), world(*objects, customer("Foreign", mark_of="")))
    assert before.checksum == after.checksum
    assert before.live != after.live
    changed = plan(desired(*resources), world(PUBLISHED, customer(description="theirs")))
    assert changed.checksum != before.checksum


def test_actions_and_reads():
    resources, objects = _several()
    found = plan(desired(*resources), world(*objects))
    assert sorted(action.verb for action in found.actions) == ["create", "deploy", "update"]
    assert found.reads == 4  # who we are, a look at each of the two, and one after the creation
