from __future__ import annotations

import pytest

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.plan import Action, Verb
from reconciler.plan.guards import (
    empties_tenant,
    not_permitted,
    on_the_whole,
    too_many_deletions,
    too_many_updates,
)
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


@pytest.mark.parametrize("share", [0.0, 0.07, 0.1, 0.29, 0.3, 1.0])
@pytest.mark.parametrize("deleted", [0, 1, 12])
def test_the_more_is_owned_the_less_is_refused(share: float, deleted: int):
    policy = Policy(guard_delete=share, guard_update=share, guard_minimum=1)
    changes = [*actions(deleted, Verb.DELETE), *actions(21, Verb.UPDATE)]
    said = [len(on_the_whole(changes, 0, owned, {}, policy, ())) for owned in range(400)]
    assert said == sorted(said, reverse=True)
    assert said[0] > said[-1] or not share


def test_to_go_on_with_what_a_run_began_is_no_change_of_what_was_there():
    whole = actions(11, Verb.UPDATE)
    assert too_many_updates(whole, 20, Policy()) != []
    assert too_many_updates(whole, 20, Policy(), begun={whole[0].address}) == []


def test_creations_are_not_counted():
    assert too_many_updates(actions(99, Verb.CREATE, target=""), 1, Policy()) == []
    assert too_many_deletions(actions(99, Verb.UPDATE), 0, 1, Policy()) == []


def test_a_refusal_names_the_numbers_and_what_lifts_it():
    (found,) = too_many_deletions(actions(11, Verb.DELETE), 1, 20, Policy())
    assert "12 of 20" in found.message
    assert "30%" in found.message
    assert "--allow-deletes" in found.hint


ALL = ["Customer/c0", "Customer/c1", "Customer/c2"]


@pytest.mark.parametrize(
    ("deleted", "along", "owned", "select", "refused"),
    [
        (3, 0, 3, [], True),
        (3, 0, 4, [], False),
        (0, 0, 0, [], False),
        (1, 0, 1, [], False),
        (1, 1, 1, [], True),
        (3, 0, 3, ["Customer/*"], True),
        (3, 0, 3, ALL[:2], True),
        (3, 0, 3, [*ALL[:2], "Customer/c?"], True),
        (3, 0, 3, ALL, False),
        (3, 5, 3, [*ALL, "Instance/*"], False),
    ],
)
def test_all_that_is_owned_goes_only_by_name(
    deleted: int, along: int, owned: int, select: list[str], refused: bool
):
    found = empties_tenant(actions(deleted, Verb.DELETE), along, owned, select)
    assert [r.code for r in found] == (["empties-tenant"] if refused else [])


def test_a_plan_that_empties_a_tenant_says_what_lifts_it():
    (found,) = empties_tenant(actions(3, Verb.DELETE), 2, 3, [])
    assert "all 3 owned resources" in found.message
    assert "2 more objects" in found.message
    assert " ".join(f"--select {address}" for address in ALL) in found.hint
    (found,) = empties_tenant(actions(37, Verb.DELETE), 0, 37, [])
    assert found.hint.count("--select Customer/") == 10
    assert "each of the 37" in found.hint


@pytest.mark.parametrize(
    "lifted", [Policy(prune=True, allow_delete=True), Policy(prune=True, guard_delete=1.0)]
)
def test_no_flag_empties_a_tenant(lifted: Policy):
    birds = [customer(f"B{n}", mark_of=f"b{n}") for n in range(20)]
    assert [r.code for r in plan(desired(), world(*birds), lifted).refusals] == ["empties-tenant"]


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
