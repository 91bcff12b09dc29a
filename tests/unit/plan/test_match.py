from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.state import LiveObject, Memory, Resource
from reconciler.plan.alike import settle
from reconciler.plan.match import Matched, match
from tests.effort import growth
from tests.unit.samples import (
    ACME,
    COPY,
    SYNC,
    copy,
    customer,
    desired,
    instance,
    integration,
    plan,
    resource,
    world,
)


def matched(*both: Resource | LiveObject) -> Matched:
    wanted = [one for one in both if isinstance(one, Resource)]
    return match(desired(*wanted), world(*(one for one in both if isinstance(one, LiveObject))))


def ids(found: Matched) -> dict[str, str]:
    return {str(address): live.id for address, live in found.objects.items()}


@pytest.mark.parametrize(
    ("live", "found"),
    [
        (customer("Other"), {"Customer/acme": "customer-Other"}),
        (customer("Other", mark_of="earlier"), {"Customer/acme": "customer-Other"}),
        (customer("Other", mark_of="someone"), {}),
        (customer("Other", mark_of="acme", project="q"), {}),
        (customer("Other", mark_of=""), {}),
    ],
)
def test_a_mark_or_an_earlier_name_pairs_whatever_the_object_is_called(
    live: LiveObject, found: dict[str, str]
):
    assert ids(matched(resource(ACME, was=("earlier",)), live)) == found


@pytest.mark.parametrize(
    ("fields", "live"),
    [
        ({}, customer("Acme", mark_of="")),
        ({"externalId": "a-1"}, customer("Other", mark_of="", externalId="a-1")),
        ({"externalId": "a-1"}, customer("Acme", mark_of="")),
        ({}, customer("Acme", mark_of="", labels=["reconciler:p/instance/acme"])),
    ],
)
def test_a_customer_without_an_owner_is_adopted(fields: dict[str, Any], live: LiveObject):
    found = matched(resource(ACME, fields), live)
    assert ids(found) == {"Customer/acme": live.id}
    assert found.adopting == {ACME}


@pytest.mark.parametrize(
    ("live", "code"),
    [
        ([customer("Acme", mark_of="x", project="q")], "owned-otherwise"),
        ([customer("Acme", mark_of="x")], "owned-otherwise"),
        ([customer("A"), customer("B")], "ambiguous"),
        ([customer("Acme", mark_of=""), customer("B", mark_of="", externalId="a-1")], "ambiguous"),
        ([customer("Acme", mark_of=""), customer("Acme", mark_of="", id="other")], "ambiguous"),
    ],
)
def test_whose_a_customer_is_must_be_plain(live: list[LiveObject], code: str):
    found = matched(resource(ACME, {"externalId": "a-1"}), *live)
    assert [r.code for r in found.refusals] == [code]


def test_an_object_with_marks_of_two_resources_is_refused():
    both = customer("A", labels=["reconciler:p/customer/birch"])
    found = matched(resource(ACME), resource(Address("Customer", "birch")), both)
    assert [(r.code, r.address) for r in found.refusals] == [
        ("ambiguous", "Customer/acme"),
        ("ambiguous", "Customer/birch"),
    ]


@pytest.mark.parametrize(
    ("live", "code"),
    [
        (integration(labels=(), mark=None), "exists-unowned"),
        (integration(labels=("reconciler:q/integration/sync",)), None),
    ],
)
def test_an_integration_is_not_adopted_by_its_name_alone(live: LiveObject, code: str | None):
    found = matched(resource(SYNC, {"name": "Sync", "description": "Otherwise"}), live)
    settle(found, Policy())
    assert ids(found) == {}
    assert [r.code for r in found.refusals] == ([code] if code else [])


def test_what_bears_no_mark_and_is_as_its_manifest_says_is_matched_and_left_alone():
    wanted, live = desired(resource(ACME), resource(SYNC)), integration(labels=(), mark=None)
    found = plan(wanted, world(customer(mark_of=""), live))
    assert (found.actions, found.refusals, found.unmanaged) == ((), (), 0)
    (note,) = found.notes
    assert (note.code, note.message[:14]) == ("matched", "2 without a ma")


def test_of_two_of_one_name_none_is_taken_for_the_resource():
    twins = [integration(labels=(), mark=None), integration(labels=(), mark=None)]
    objects = [structs.replace(one, id=f"i{n}", record=Memory()) for n, one in enumerate(twins)]
    found = plan(desired(resource(SYNC)), world(*objects))
    assert [(r.code, "i0, i1" in r.message) for r in found.refusals] == [("exists-unowned", True)]


def test_two_manifests_of_one_name_are_refused_both():
    other = Address("Integration", "other")
    wanted = desired(resource(SYNC), resource(other, {"name": "Sync"}))
    found = plan(wanted, world(integration(labels=(), mark=None)))
    assert [r.code for r in found.refusals] == ["exists-unowned", "exists-unowned"]


def test_the_mark_in_the_metadata_counts_where_an_import_cleared_the_labels():
    assert ids(matched(resource(SYNC), integration(labels=()))) == {"Integration/sync": "draft"}


def test_a_mark_that_is_worn_wins_over_one_that_is_remembered():
    worn = integration()
    fork = structs.replace(worn, id="fork", labels=frozenset())
    found = matched(resource(SYNC), fork, worn)
    assert (ids(found), found.refusals) == ({"Integration/sync": "draft"}, [])


def test_an_instance_is_found_within_its_customer():
    elsewhere = instance(id="i2", customer={"id": "customer-Other"})
    found = matched(resource(ACME), resource(SYNC), copy(), customer(), elsewhere, instance())
    assert ids(found)["Instance/acme/copy"] == "i1"
    assert str(next(iter(found.orphans))) == "Instance/customer-Other/copy"


@pytest.mark.parametrize(
    "labels",
    [[], ["vip"], ["reconciler:p/integration/sync"], ["reconciler:q/integration/sync"]],
)
def test_an_instance_of_that_name_is_not_doubled(labels: list[str]):
    found = matched(resource(ACME), resource(SYNC), copy(), customer(), instance(labels=labels, name="Copy"))
    assert ids(found).get(str(COPY)) == "i1"  # the helper marks it
    bare = instance()
    bare = LiveObject(bare.kind, bare.id, bare.fields, frozenset(labels), bare.facts)
    found = matched(resource(ACME), resource(SYNC), copy(), customer(), bare)
    settle(found, Policy())
    assert [r.code for r in found.refusals] == ["exists-unowned"]


@pytest.mark.parametrize(
    ("live", "orphans", "unmanaged"),
    [
        ([customer("Gone", mark_of="gone")], ["Customer/gone"], 0),
        ([customer("Gone", mark_of="gone", project="q")], [], 0),
        ([customer("Gone", mark_of="")], [], 1),
        ([customer("Gone", mark_of="", labels=["reconciler:p/instance/gone"])], [], 1),
        (
            [customer("G", mark_of="gone"), customer("H", mark_of="gone")],
            ["Customer/gone", "Customer/gone@customer-H"],
            0,
        ),
        (
            [customer("G", mark_of="gone"), instance(customer={"id": "customer-G"})],
            ["Customer/gone", "Instance/gone/copy"],
            0,
        ),
    ],
)
def test_what_no_manifest_names_is_an_orphan_only_with_our_mark(
    live: list[LiveObject], orphans: list[str], unmanaged: int
):
    found = matched(resource(ACME), *live)
    assert [str(a) for a in found.orphans] == orphans
    assert found.unmanaged == unmanaged


def test_work_grows_with_the_number_of_refusals():
    assert growth(_refusals, 100) < 2.5


def _refusals(number: int) -> None:
    many = [Address("Integration", f"a{n}") for n in range(number)]
    live = [integration(labels=(), mark=None) for _ in many]
    objects = [
        structs.replace(o, id=f"i{n}", fields={**o.fields, "name": a.name.title()}, record=Memory())
        for n, (a, o) in enumerate(zip(many, live, strict=True))
    ]
    found = plan(desired(*(resource(a, {"category": "Other"}) for a in many)), world(*objects))
    assert sum(r.code == "exists-unowned" for r in found.refusals) == number
    assert not found.actions
