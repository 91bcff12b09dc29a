from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.errors import Stale
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.match import match
from reconciler.report.document import plan_document
from reconciler.verbs.plan import Planned
from reconciler.verbs.saved import restrict
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
    resource,
    version,
    world,
)


def planned(wanted: Desired, live: Live, policy: Policy | None = None) -> Planned:
    matched = match(wanted, live)
    policy = policy or Policy()
    return Planned(plan(wanted, live, policy), wanted, live, {**matched.objects, **matched.orphans}, policy)


def saved(one: Planned) -> dict[str, Any]:
    return {**plan_document(one.plan, created_at="", rate=10), "tenant": one.live.tenant}


def birds(number: int, **more: Any) -> list[LiveObject]:
    return [customer(f"Bird{n}", mark_of=f"bird{n}", **more) for n in range(number)]


WANTED = desired(resource(ACME, {"description": "New"}))


@pytest.mark.parametrize(
    ("live", "changed"),
    [
        (world(customer()), False),
        (world(customer(), customer("Foreign", mark_of="")), False),
        (world(customer(), customer("Ours", mark_of="ours")), False),
        (world(customer(externalId="theirs")), True),
        (world(), True),
        (world(customer(description="New")), True),
    ],
)
def test_a_saved_plan_is_stale_only_by_what_its_actions_rest_on(live: Live, changed: bool):
    before = planned(WANTED, world(customer()))
    if not changed:
        assert restrict(planned(WANTED, live), saved(before)).plan.checksum == before.plan.checksum
        return
    with pytest.raises(Stale, match="Customer/acme#"):
        restrict(planned(WANTED, live), saved(before))


@pytest.mark.parametrize("field", ["project", "environment", "desired"])
def test_a_plan_of_something_else_is_stale(field: str):
    one = planned(WANTED, world(customer()))
    other = replace(one, plan=replace(one.plan, **{field: "other"}))
    with pytest.raises(Stale):
        restrict(other, saved(one))


def test_an_unrelated_drift_adds_nothing_and_trips_no_guard():
    wanted = desired(
        resource(ACME, {"description": "New"}),
        *(resource(Address("Customer", f"bird{n}"), {"description": ""}) for n in range(20)),
    )
    before = planned(wanted, world(customer(), *birds(20)))
    now = planned(wanted, world(customer(), *birds(20, description="theirs")))
    assert [r.code for r in now.plan.refusals] == ["guard-update"]
    cut = restrict(now, saved(before)).plan
    assert ([a.id for a in cut.actions], cut.refusals) == (["Customer/acme#update"], ())


def test_the_guards_still_hold_for_what_was_saved():
    before = planned(desired(), world(*birds(20)), Policy(prune=True, allow_delete=True))
    now = planned(desired(), world(*birds(20)), Policy(prune=True))
    told = {r.code for r in restrict(now, saved(before)).plan.refusals}
    assert told == {"empties-tenant", "guard-delete"}
    named = {**saved(before), "refusals": [], "options": {"select": [f"Customer/bird{n}" for n in range(20)]}}
    assert [r.code for r in restrict(now, named).plan.refusals] == ["guard-delete"]


def test_actions_wait_as_they_did_when_they_were_reviewed():
    wanted = desired(
        resource(SYNC, {"definition": definition(), "release": "1.0.0"}),
        resource(ACME, {"description": "New"}),
        copy(),
    )
    live = world(integration(versions=(version("1.0.0"),)))
    before = planned(wanted, live)
    document = saved(before)
    document["actions"] = [a for a in document["actions"] if a["address"] != "Customer/acme"]
    for action in document["actions"]:
        action["dependsOn"] = [d for d in action["dependsOn"] if "acme#create" not in d or "copy" in d]
    cut = restrict(before, document).plan
    assert {a.id: a.depends_on for a in cut.actions} == {
        "Instance/acme/copy#create": (),
        "Instance/acme/copy#deploy": ("Instance/acme/copy#create",),
    }


def test_a_deletion_that_would_take_more_along_than_was_reviewed_is_stale():
    prune = Policy(prune=True)
    bare = replace(instance(), labels=frozenset())
    before = planned(desired(), world(customer()), prune)
    assert restrict(before, saved(before)).plan.consequences == ()
    with pytest.raises(Stale, match="would now delete more"):
        restrict(planned(desired(), world(customer(), bare), prune), saved(before))
    with_it = planned(desired(), world(customer(), bare), prune)
    assert len(restrict(with_it, saved(with_it)).plan.consequences) == 1
