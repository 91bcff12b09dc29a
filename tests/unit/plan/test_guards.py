from __future__ import annotations

import pytest

from reconciler.kinds.base import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Action, Verb
from reconciler.plan.guards import not_permitted, too_many_deletions, too_many_updates
from tests.unit.samples import ACME, customer, desired, plan, resource, world


def actions(number: int, verb: Verb, target: str = "id") -> list[Action]:
    addresses = [Address("Customer", f"c{n}") for n in range(number)]
    return [Action(f"{a}#{verb.value}", a, verb, "", target=target) for a in addresses]


TABLE = [
    (10, 20, Policy(), False),
    (11, 20, Policy(), True),
    (11, 37, Policy(), False),
    (11, 36, Policy(), True),
    (2, 2, Policy(guard_minimum=1), True),
    (11, 11, Policy(guard_delete=1.0, guard_update=1.0), False),
    (11, 11, Policy(allow_delete=True, allow_update=True), False),
]


@pytest.mark.parametrize(("number", "owned", "policy", "refused"), TABLE)
def test_a_share_of_what_is_owned_may_be_deleted(number: int, owned: int, policy: Policy, refused: bool):
    for direct in (number, 0):
        found = too_many_deletions(actions(direct, Verb.DELETE), number - direct, owned, policy)
        assert [r.code for r in found] == (["guard-delete"] if refused else [])


@pytest.mark.parametrize(("number", "owned", "policy", "refused"), TABLE)
def test_a_share_of_what_is_owned_may_be_changed(number: int, owned: int, policy: Policy, refused: bool):
    found = too_many_updates(actions(number, Verb.UPDATE) * 2, owned, policy)
    assert [r.code for r in found] == (["guard-update"] if refused else [])


def test_creations_are_not_counted():
    assert too_many_updates(actions(99, Verb.CREATE, target=""), 1, Policy()) == []
    assert too_many_deletions(actions(99, Verb.UPDATE), 0, 1, Policy()) == []


def test_a_refusal_names_the_numbers_and_what_lifts_it():
    (found,) = too_many_deletions(actions(11, Verb.DELETE), 1, 20, Policy())
    assert "12 of 20" in found.message
    assert "30%" in found.message
    assert "--allow-deletes" in found.hint


@pytest.mark.parametrize(
    ("verb", "denied", "refused"),
    [
        (Verb.UPDATE, "update", True),
        (Verb.UPDATE, "delete publish", False),
        (Verb.ENABLE, "update", True),
        (Verb.CONFIGURE, "configure", True),
        (Verb.DEPLOY, "deploy", True),
        (Verb.PUBLISH, "publish", True),
        (Verb.DELETE, "delete", True),
        (Verb.CREATE, "update delete", False),
        (Verb.UPDATE, "", False),
    ],
)
def test_what_the_token_may_not_do_is_refused(verb: Verb, denied: str, refused: bool):
    found = not_permitted(actions(1, verb), [denied])
    assert [r.code for r in found] == (["not-permitted"] if refused else [])


def test_the_snapshot_tells_what_the_token_may_not_do():
    wanted = desired(resource(ACME, {"description": "New"}))
    found = plan(wanted, world(customer(allowUpdate=False, allowRemove=True)))
    assert [r.code for r in found.refusals] == ["not-permitted"]
