"""Who gives a value up and who takes it, as a table: the order of the actions, and what is refused."""

from __future__ import annotations

import pytest

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.model.state import LiveObject
from reconciler.plan.interim import LONGEST, interim
from tests.effort import growth
from tests.unit.samples import customer, desired, plan, resource, world

LARGE = Policy(allow_update=True)


def exchange(names: dict[str, tuple[str, str]], *others: LiveObject, **more: object) -> Plan:
    """A plan by which customers are called otherwise: by address, the name that is, and the one to be; where
    one of them is empty, there is no object yet, or no manifest any more.
    """
    live = [customer(old, mark_of=leaf) for leaf, (old, _) in names.items() if old]
    wanted = [resource(Address("Customer", leaf), {"name": new}) for leaf, (_, new) in names.items() if new]
    return plan(desired(*wanted), world(*live, *others), LARGE, **more)


def told(found: Plan) -> list[str]:
    return [action.id.removeprefix("Customer/") for action in found.actions]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ({"a": ("A", "B"), "b": ("B", "C")}, ["b#update", "a#update"]),
        ({"a": ("A", "B"), "b": ("B", "A")}, ["a#make-way", "b#update", "a#update"]),
        ({"b": ("B", "A"), "a": ("A", "B")}, ["a#make-way", "b#update", "a#update"]),
        ({"a": ("A", "B"), "b": ("", "A")}, ["a#update", "b#create"]),
        ({"a": ("", "B"), "b": ("B", "C"), "c": ("C", "D")}, ["c#update", "b#update", "a#create"]),
        # Nobody knows whether a server minds the case.
        ({"a": ("A", "b"), "b": ("B", "C")}, ["b#update", "a#update"]),
        ({"a": ("A", "b"), "b": ("B", "a")}, ["a#make-way", "b#update", "a#update"]),
        ({"a": ("A", "a")}, ["a#update"]),
        # Two circles at once.
        (
            {"a": ("A", "B"), "b": ("B", "A"), "c": ("C", "D"), "d": ("D", "E"), "e": ("E", "C")},
            ["a#make-way", "b#update", "a#update", "c#make-way", "e#update", "d#update", "c#update"],
        ),
    ],
)
def test_who_gives_a_name_up_goes_first(names: dict[str, tuple[str, str]], order: list[str]):
    found = exchange(names)
    assert (told(found), found.refusals) == (order, ())
    at = {action.id: index for index, action in enumerate(found.actions)}
    assert all(at[other] < at[action.id] for action in found.actions for other in action.depends_on)


@pytest.mark.parametrize(
    ("names", "others", "refused"),
    [
        ({"a": ("A", "B")}, [customer("B", mark_of="")], {"Customer/a": "taken"}),
        ({"a": ("A", "B")}, [customer("B", mark_of="x", project="q")], {"Customer/a": "taken"}),
        ({"a": ("A", "B")}, [customer("B", mark_of="x")], {"Customer/a": "taken"}),
        # What differs in its case alone may be another name.
        ({"a": ("A", "B")}, [customer("b", mark_of="")], {}),
        ({"a": ("A", "B"), "b": ("B", "B")}, [], {"Customer/a": "ambiguous", "Customer/b": "ambiguous"}),
        ({"a": ("A", "C"), "b": ("B", "C")}, [], {"Customer/a": "ambiguous", "Customer/b": "ambiguous"}),
        ({"a": ("", "C"), "b": ("", "C")}, [], {"Customer/a": "ambiguous", "Customer/b": "ambiguous"}),
    ],
)
def test_what_cannot_be_had_is_refused(
    names: dict[str, tuple[str, str]], others: list[LiveObject], refused: dict[str, str]
):
    found = exchange(names, *others)
    assert {one.address: one.code for one in found.refusals} == refused


def test_who_is_left_alone_keeps_its_name():
    wanted = [
        resource(Address("Customer", "a"), {"name": "B"}),
        resource(Address("Customer", "b"), {"name": "A"}, ignore=("name",)),
    ]
    found = plan(desired(*wanted), world(customer("A", mark_of="a"), customer("B", mark_of="b")))
    assert [(one.code, one.address) for one in found.refusals] == [("taken", "Customer/a")]
    assert "Customer/b" in found.refusals[0].message
    assert found.actions == ()


def test_ties_of_two_kinds_leave_no_one_behind_who_only_seemed_free():
    """`b` waits for `a`, which was looked at before it was known that it cannot be done."""
    live = [
        customer("A", mark_of="a", externalId="1"),
        customer("B", mark_of="b", externalId="2"),
        customer("C", mark_of="c", externalId="3"),
    ]
    wanted = [
        resource(Address("Customer", "a"), {"name": "B", "externalId": "3"}),
        resource(Address("Customer", "b"), {"name": "A", "externalId": "2"}),
        resource(Address("Customer", "c"), {"name": "C", "externalId": "4"}),
    ]
    found = plan(desired(*wanted), world(*live), exclude=["Customer/c"])
    assert found.actions == ()
    assert [str(one.address) for one in found.left_out] == ["Customer/a", "Customer/b"]


@pytest.mark.parametrize("target", ["B", "Birch and Sons", "B" * 63, "B" * 200, " B " * 40])
def test_the_name_for_the_moment_is_short_and_its_own(target: str):
    a, b = (interim("p", Address("Customer", leaf), target) for leaf in "ab")
    assert len(a) <= LONGEST
    assert a.strip() == a
    assert len({a, b, interim("q", Address("Customer", "a"), target), target}) == 4


def _swaps(number: int) -> Plan:
    names = {}
    for n in range(number):
        names |= {f"a{n}": (f"A {n}", f"B {n}"), f"b{n}": (f"B {n}", f"A {n}")}
    found = exchange(names)
    assert len(found.actions) == 3 * number
    return found


def _round(number: int) -> Plan:
    found = exchange({f"a{n}": (f"A {n}", f"A {(n + 1) % number}") for n in range(number)})
    assert len(found.actions) == number + 1
    return found


@pytest.mark.parametrize("work", [_swaps, _round])
def test_work_grows_with_the_number_of_names(work):
    assert growth(work, 100) < 2.6
