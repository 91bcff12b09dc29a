from __future__ import annotations

import pytest
from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.marks import is_protected
from reconciler.model.address import Address
from reconciler.model.plan import Plan, Verb
from reconciler.model.state import LiveObject, Resource
from tests.effort import growth
from tests.unit.samples import (
    ACME,
    SYNC,
    copy,
    customer,
    definition,
    desired,
    instance,
    integration,
    node,
    plan,
    resource,
    version,
    world,
)

PRUNE = Policy(prune=True)
MARK = "reconciler:p/instance/"
OURS = {f"{MARK}copy"}
EVERYTHING = world(integration(), customer(), instance())
HAND_MADE = all_kinds()["Instance"].parse({**node(), "id": "i2", "name": "By hand", "labels": []})


def deleted(found: Plan) -> dict[str, list[str]]:
    return {a.id: list(a.depends_on) for a in found.actions if a.verb is Verb.DELETE}


def test_nothing_is_deleted_without_prune():
    found = plan(desired(), EVERYTHING)
    assert deleted(found) == {}
    assert [str(a) for a in found.orphans] == ["Customer/acme", "Instance/acme/copy", "Integration/sync"]


def test_what_lies_within_is_deleted_first():
    assert deleted(plan(desired(), EVERYTHING, PRUNE)) == {
        "Instance/acme/copy#delete": [],
        "Customer/acme#delete": ["Instance/acme/copy#delete"],
        "Integration/sync#delete": ["Instance/acme/copy#delete"],
    }


def test_deletions_come_last():
    found = plan(desired(resource(Address("Customer", "new"))), world(customer("Old", mark_of="old")), PRUNE)
    assert [a.id for a in found.actions] == ["Customer/new#create", "Customer/old#delete"]


def test_what_bears_no_mark_of_ours_is_never_deleted():
    foreign = [customer("A", mark_of=""), customer("B", project="q"), integration(labels=(), mark=None)]
    assert deleted(plan(desired(), world(*foreign), PRUNE)) == {}


def test_what_goes_along_is_told_once_and_counts():
    found = plan(desired(), world(integration(), customer(), HAND_MADE), PRUNE)
    assert found.consequences == ('instance "By hand" (i2) is deleted with Customer/acme',)
    guarded = plan(
        desired(), world(integration(), customer(), HAND_MADE), Policy(prune=True, guard_minimum=2)
    )
    assert ["3 of 2" in r.message for r in guarded.refusals if r.code == "guard-delete"] == [True]


def test_what_goes_along_and_is_deleted_itself_is_no_consequence():
    assert plan(desired(), EVERYTHING, PRUNE).consequences == ()


NEAR = all_kinds()["Instance"].parse({**node(), "id": "i3", "name": "By hand, too", "labels": ["theirs"]})
HELD = [integration(), customer(), HAND_MADE, NEAR]
STRANGERS = 'instance "By hand" (i2) and instance "By hand, too" (i3), which bear no mark'


@pytest.mark.parametrize(
    ("objects", "select", "exclude", "told"),
    [
        (HELD, [], [], [("Customer/acme", STRANGERS), ("Integration/sync", STRANGERS)]),
        (HELD, ["Customer/acme"], [], [("Customer/acme", STRANGERS)]),
        (HELD, [], ["Customer/acme"], [("Integration/sync", STRANGERS)]),
        (HELD[:3], ["Customer/*"], [], [("Customer/acme", '"By hand" (i2), which bears no mark')]),
        # What is ours, or another project's, is no stranger's.
        ([customer(), instance()], ["Customer/*"], [], []),
    ],
)
def test_what_nobody_marked_is_deleted_along_only_where_that_is_asked_for(
    objects: list[LiveObject], select: list[str], exclude: list[str], told: list[tuple[str, str]]
):
    other = resource(Address("Customer", "here"), {"name": "Here"})
    live = world(*objects, customer("Here", mark_of="here"))
    found = plan(desired(other), live, PRUNE, select=select, exclude=exclude)
    refused = [r for r in found.refusals if r.code == "strangers"]
    assert [r.address for r in refused] == [address for address, _ in told]
    assert all(text in r.message for r, (_, text) in zip(refused, told, strict=True))
    assert all("--delete-strangers" in r.hint for r in refused)
    lifted = Policy(prune=True, delete_strangers=True)
    again = plan(desired(other), live, lifted, select=select, exclude=exclude)
    assert (again.actions, again.consequences) == (found.actions, found.consequences)
    assert again.refusals == tuple(r for r in found.refusals if r.code != "strangers")


def test_of_many_strangers_some_are_named():
    many = [
        all_kinds()["Instance"].parse({**node(), "id": f"i{n:02}", "name": f"N{n}", "labels": []})
        for n in range(20)
    ]
    found = plan(desired(), world(customer(), *many), PRUNE)
    (told,) = [r for r in found.refusals if r.code == "strangers"]
    assert told.message.startswith(
        "deleting Customer/acme would delete 20 objects that bear no mark: instance"
    )
    assert told.message.endswith(" and 15 more")


PROTECTED = "reconciler-protect"
GONE = customer("Gone", mark_of="gone")
GUARDED = customer("Gone", mark_of="gone", labels=[PROTECTED])


@pytest.mark.parametrize(
    ("objects", "select", "exclude", "told"),
    [
        ([GONE], [], [], []),
        ([GUARDED], [], [], [("protected", "Customer/gone")]),
        ([GUARDED], ["Customer/gone"], [], [("protected", "Customer/gone")]),
        ([GUARDED], [], ["Customer/gone"], []),
        ([integration(protect=True)], [], [], [("protected", "Integration/sync")]),
        (
            [instance(labels=[f"{MARK}copy", PROTECTED])],
            [],
            [],
            [("protected", "Instance/customer-Acme/copy")],
        ),
        # Along with its customer.
        (
            [customer(), instance(labels=[f"{MARK}copy", PROTECTED])],
            ["Customer/*"],
            [],
            [("protected", "Customer/acme")],
        ),
        (
            [customer(), instance(labels=["reconciler:q/instance/copy"], name="Theirs")],
            [],
            [],
            [("owned-otherwise", "Customer/acme")],
        ),
    ],
)
def test_what_is_protected_or_foreign_stays_also_without_a_manifest(
    objects: list[LiveObject], select: list[str], exclude: list[str], told: list[tuple[str, str]]
):
    objects = [*objects, customer("Here", mark_of="here")]
    objects = [
        structs.replace(o, labels=o.labels - OURS) if o.fields["name"] == "Theirs" else o for o in objects
    ]
    here = resource(Address("Customer", "here"), {"name": "Here"})
    found = plan(desired(here), world(*objects), PRUNE, select=select, exclude=exclude)
    assert [(r.code, r.address) for r in found.refusals] == told
    assert not {a.target for a in found.actions} & {o.id for o in objects if is_protected(o)}


def test_a_protected_orphan_says_how_to_be_rid_of_it():
    (told,) = plan(desired(), world(GUARDED), PRUNE).refusals
    assert told.message == 'customer "Gone" (customer-Gone) is protected, and no manifest names it any more'
    assert "protect: false" in told.hint
    assert "--exclude Customer/gone" in told.hint


@pytest.mark.parametrize("kept", [["Customer/gone"], []])
def test_of_two_orphans_with_one_mark_neither_is_deleted(kept: list[str]):
    twins = world(customer("G", mark_of="gone"), customer("H", mark_of="gone"), customer("X", mark_of="x"))
    found = plan(desired(), twins, PRUNE, exclude=kept)
    assert list(deleted(found)) == ["Customer/x#delete"]
    assert [(r.code, r.address) for r in found.refusals] == [("ambiguous", "Customer/gone")]
    assert "customer-G, customer-H" in found.refusals[0].message


def test_the_copy_of_a_mark_is_not_pruned_where_its_address_is_left_out():
    twins = world(customer("Acme"), customer("Copy"))
    found = plan(desired(resource(ACME)), twins, PRUNE, exclude=["Customer/acme"])
    assert (found.actions, found.refusals) == ((), ())


@pytest.mark.parametrize(("protect", "code"), [(True, "protected"), (False, "still-wanted")])
def test_what_a_manifest_asks_for_does_not_go_along(protect: bool, code: str):
    other = Address("Integration", "other")
    moved = copy({"integration": other, "release": "1.0.0"}, protect=protect)
    wanted = desired(resource(other, {"definition": definition(), "release": "1.0.0"}), resource(ACME), moved)
    found = plan(wanted, world(integration(versions=(version("1.0.0"),)), customer(), instance()), PRUNE)
    assert [(r.code, r.address) for r in found.refusals] == [(code, "Integration/sync")]


@pytest.mark.parametrize(
    ("select", "exclude", "found"),
    [
        (["Instance/acme/*"], [], ["Instance/acme/copy#delete"]),
        ([], ["Integration/*"], ["Instance/acme/copy#delete", "Customer/acme#delete"]),
        (["tier=gold"], [], []),
    ],
)
def test_a_selection_limits_deletions(select: list[str], exclude: list[str], found: list[str]):
    assert list(deleted(plan(desired(), EVERYTHING, PRUNE, select=select, exclude=exclude))) == found


KEPT = "holds excluded Instance/acme/copy: that would be deleted along"
OTHER = Address("Integration", "other")


@pytest.mark.parametrize(
    ("resources", "select", "exclude", "left"),
    [
        ([], [], ["Instance/*"], ["Customer/acme", "Integration/sync"]),
        (
            [],
            ["Customer/acme", "Integration/sync"],
            ["Instance/acme/copy"],
            ["Customer/acme", "Integration/sync"],
        ),
        # Where a manifest asks for what is excluded, that is no refusal either.
        (
            [
                resource(OTHER, {"definition": definition(), "release": "1.0.0"}),
                resource(ACME),
                copy({"integration": OTHER}, labels={"wave": "canary"}),
            ],
            ["Integration/sync"],
            ["wave=canary"],
            ["Integration/sync"],
        ),
    ],
)
def test_what_holds_something_excluded_is_not_deleted(
    resources: list[Resource], select: list[str], exclude: list[str], left: list[str]
):
    found = plan(desired(*resources), EVERYTHING, PRUNE, select=select, exclude=exclude)
    assert (found.actions, found.refusals, found.consequences) == ((), (), ())
    assert [(str(one.address), one.reason) for one in found.left_out] == [(one, KEPT) for one in left]


def test_a_deletion_rests_on_the_object_as_it_was():
    (before,) = plan(desired(), world(customer()), PRUNE).actions
    (after,) = plan(desired(), world(customer(description="theirs")), PRUNE).actions
    assert before.target == after.target == "customer-Acme"
    assert before.content != after.content


def test_work_grows_with_the_number_of_customers():
    assert growth(_deletions, 100) < 2.5


def _deletions(number: int) -> None:
    customers = [customer(f"C{n}", mark_of=f"c{n}") for n in range(number)]
    objects = [instance(id=f"i{n}", customer={"id": c.id}) for n, c in enumerate(customers)]
    found = plan(desired(resource(SYNC)), world(*customers, *objects), Policy(prune=True, allow_delete=True))
    assert len(deleted(found)) == 2 * number
