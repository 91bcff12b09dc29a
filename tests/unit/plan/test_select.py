from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from reconciler.model.address import Address
from reconciler.model.plan import Plan
from reconciler.model.state import LiveObject, Resource
from reconciler.plan.select import fits
from tests.unit.samples import (
    ACME,
    COPY,
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

BIRCH = Address("Customer", "birch")
RELEASED = resource(SYNC, {"definition": definition(), "release": "1.0.0"})
GOLD = resource(ACME, labels={"tier": "gold"})
FREE = resource(BIRCH, labels={"tier": "free"})
CANARY = copy(labels={"wave": "canary"})
ALL = (RELEASED, GOLD, FREE, CANARY)
PUBLISHED = integration(versions=(version("1.0.0"),))
RUNNING = instance(version_id="v1")
NEW_TEXT = structs.replace(GOLD, fields={"name": "Acme", "description": "New"})
NEXT = resource(SYNC, {"definition": definition(), "release": "2.0.0"})


def planned(found: Plan) -> list[str]:
    return list(dict.fromkeys(str(action.address) for action in found.actions))


def left_out(found: Plan) -> list[str]:
    return [f"{one.address} {one.reason}" for one in found.left_out]


@pytest.mark.parametrize(
    ("pattern", "fit"),
    [
        ("Instance/acme/copy", True),
        ("Instance/*", True),
        ("*/copy", True),
        ("Instance/acme", False),
        ("wave=canary", True),
        ("wave=other", False),
        ("tier=", False),
        ("instance/*", False),
    ],
)
def test_a_pattern_is_an_address_or_a_label(pattern: str, fit: bool):
    assert fits(COPY, {"wave": "canary"}, pattern) is fit


SYNC_, ACME_, BIRCH_, COPY_ = "Integration/sync", "Customer/acme", "Customer/birch", "Instance/acme/copy"
NEEDS_RELEASE = f"{COPY_} needs the release that excluded {SYNC_} would publish"
NEEDS_CUSTOMER = f"{COPY_} needs what excluded {ACME_} would create"


@pytest.mark.parametrize(
    ("select", "exclude", "found", "left"),
    [
        ([], [], [SYNC_, ACME_, BIRCH_, COPY_], []),
        (["Customer/*"], [], [ACME_, BIRCH_], []),
        (["Customer/*"], ["tier=gold"], [BIRCH_], []),
        (["wave=canary"], [], [SYNC_, ACME_, COPY_], []),
        # What needs something that is excluded is left out, and brings nothing along.
        (["wave=canary"], ["Customer/*"], [], [NEEDS_CUSTOMER]),
        ([], [SYNC_], [ACME_, BIRCH_], [NEEDS_RELEASE]),
        ([], [ACME_], [SYNC_, BIRCH_], [NEEDS_CUSTOMER]),
        (["Nothing/*"], [], [], []),
        ([], ["*"], [], []),
        # Exclude beats select.
        ([ACME_], [ACME_], [], []),
    ],
)
def test_from_nothing_all_that_is_needed_comes_along_but_what_is_excluded(
    select: list[str], exclude: list[str], found: list[str], left: list[str]
):
    made = plan(desired(*ALL), world(), select=select, exclude=exclude)
    assert (planned(made), left_out(made), made.refusals) == (found, left, ())


STANDING = [PUBLISHED, customer(), RUNNING]
RENAMED = copy({"description": "New"})


@pytest.mark.parametrize(
    ("resources", "objects", "options", "found", "left"),
    [
        # What is there is not brought along, whatever its manifest asks for besides.
        ([NEXT, NEW_TEXT, RENAMED], STANDING, {"select": [COPY_]}, [COPY_], []),
        ([NEXT, NEW_TEXT, RENAMED], STANDING, {"exclude": ["Customer/*", SYNC_]}, [COPY_], []),
        # A release that is still to be published.
        ([NEXT, NEW_TEXT, copy({"release": "2.0.0"})], STANDING, {"select": [COPY_]}, [SYNC_, COPY_], []),
        ([NEXT, GOLD, copy({"release": "2.0.0"})], STANDING, {"exclude": [SYNC_]}, [], [NEEDS_RELEASE]),
        # An instance that differs in nothing is not left out: it asks for nothing.
        ([NEXT, GOLD, copy()], STANDING, {"exclude": [SYNC_]}, [], []),
        # Not even what is needed.
        (
            [RELEASED, GOLD, CANARY],
            [PUBLISHED],
            {"select": [COPY_], "needed": False},
            [],
            [f"{COPY_} needs what unselected {ACME_} would create"],
        ),
        ([RELEASED, GOLD, RENAMED], STANDING, {"select": [COPY_], "needed": False}, [COPY_], []),
        (
            [RELEASED, GOLD, CANARY],
            [PUBLISHED],
            {"select": [COPY_, ACME_], "needed": False},
            [ACME_, COPY_],
            [],
        ),
    ],
)
def test_what_is_needed_is_judged_by_what_is_live(
    resources: list[Resource],
    objects: list[LiveObject],
    options: dict[str, Any],
    found: list[str],
    left: list[str],
):
    made = plan(desired(*resources), world(*objects), **options)
    assert (planned(made), left_out(made), made.refusals) == (found, left, ())


WITHDRAWN = integration(versions=(version("2.0.0", 2, available=False), version("1.0.0")))
OFFERED = resource(SYNC, {"definition": definition(), "release": "2.0.0", "available": True})


@pytest.mark.parametrize(
    ("release", "options", "found", "left"),
    [
        ("2.0.0", {"select": [COPY_]}, [SYNC_, COPY_], []),
        (
            "2.0.0",
            {"exclude": [SYNC_]},
            [],
            [f"{COPY_} needs the release that excluded {SYNC_} would make available"],
        ),
        ("1.0.0", {"select": [COPY_]}, [COPY_], []),
        ("1.0.0", {"exclude": [SYNC_]}, [COPY_], []),
    ],
)
def test_a_release_that_cannot_be_chosen_yet_is_needed_to_move_to_it(
    release: str, options: dict[str, Any], found: list[str], left: list[str]
):
    wanted = desired(OFFERED, GOLD, copy({"release": release, "description": "New"}))
    made = plan(wanted, world(WITHDRAWN, customer(), RUNNING), **options)
    assert (planned(made), left_out(made)) == (found, left)


def test_what_needs_what_is_left_out_is_left_out():
    monitor = resource(Address("AlertMonitor", "late"), {"instance": COPY, "triggers": []})
    made = plan(desired(*ALL, monitor), world(), exclude=[ACME_])
    assert left_out(made) == [NEEDS_CUSTOMER, f"AlertMonitor/late needs what left-out {COPY_} would create"]
    assert planned(made) == [SYNC_, BIRCH_]


def test_the_drift_of_what_is_left_out_is_told_all_the_same():
    drifted = instance(version_id="v1", description="Theirs", labels=("reconciler-applied:",))
    wanted = desired(NEXT, GOLD, copy({"release": "2.0.0", "description": "Ours"}))
    made = plan(wanted, world(PUBLISHED, customer(), drifted), exclude=[SYNC_])
    assert [d.path for d in made.drift] == ["description", "release"]


@pytest.mark.parametrize(
    ("select", "exclude", "told"),
    [
        (["Customer/acne"], [], [("selects-nothing", '"Customer/acne" selects nothing')]),
        ([], ["Customer/acne"], [("excludes-nothing", '"Customer/acne" excludes nothing')]),
        ([], ["tier=glod"], [("excludes-nothing", '"tier=glod" excludes nothing')]),
        (["tier=gold"], ["Customer/b*"], []),
    ],
)
def test_a_pattern_that_fits_nothing_is_warned_about(
    select: list[str], exclude: list[str], told: list[tuple[str, str]]
):
    made = plan(desired(*ALL), world(), select=select, exclude=exclude)
    assert [(w.code, w.message) for w in made.warnings] == told
