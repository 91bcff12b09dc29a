"""What an environment runs, and what of it must not be passed on."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from reconciler.kinds.instance.tests import OUTSTANDING
from reconciler.model.address import Address
from reconciler.model.state import Memory, Version
from reconciler.verbs.running import Running, running
from tests.unit.samples import ACME, SYNC, desired, instance, integration, resource, version
from tests.unit.samples import record as label

OLD, NEW = version("1.0.0", 6), version("2.0.0", 7)


def world(
    versions: tuple[Version, ...], runs: dict[str, int | None], *, asks: str = "2.0.0", **more: Any
) -> Running:
    """Instances by name with the numbers of the versions that they run; None was never deployed."""
    addresses = {name: Address("Instance", f"acme/{name}") for name in runs}
    fields = {"customer": ACME, "integration": SYNC, "release": asks}
    wanted = desired(resource(SYNC, {"release": asks}), *(resource(a, fields) for a in addresses.values()))
    objects = {SYNC: integration(versions=versions, **more)}
    for name, number in runs.items():
        deployed = None if number is None else "2026-01-01T00:00:00Z"
        objects[addresses[name]] = instance(deployedVersion=number or 0, lastDeployedAt=deployed)
    return running(wanted, objects)


def codes(found: Running) -> list[str]:
    return [refusal.code for refusal in found.refusals.get(SYNC, ())]


@pytest.mark.parametrize(
    ("versions", "runs", "release"),
    [
        ((NEW, OLD), {"a": 7, "b": 7}, "2.0.0"),
        ((NEW, OLD), {"a": 6}, "1.0.0"),
        ((NEW, OLD), {}, "2.0.0"),
        ((NEW, OLD), {"a": None}, "2.0.0"),
        ((version("2.0.0", 7, available=False), OLD), {}, "1.0.0"),
        ((), {}, None),
    ],
)
def test_the_release_that_instances_run_or_else_the_newest(
    versions: tuple[Version, ...], runs: dict[str, int | None], release: str | None
):
    found = world(versions, runs, asks=release or "2.0.0")
    assert (found.releases.get(SYNC), codes(found)) == (release, [])


def test_a_name_that_only_the_metadata_keeps_counts():
    found = world((version(None, 7),), {"a": 7}, releases={"2.0.0": "v7"})
    assert found.releases == {SYNC: "2.0.0", Address("Instance", "acme/a"): "2.0.0"}


@pytest.mark.parametrize(
    ("versions", "runs", "code"),
    [
        ((version(None, 8), NEW), {"a": 8}, "unnamed-release"),
        ((NEW,), {"a": 99}, "unnamed-release"),
        ((version(None, 8), NEW), {}, "unnamed-release"),
        ((version("2.0.0", 7, available=False), OLD), {"a": 7}, "withdrawn"),
        ((NEW, OLD), {"a": 7, "b": 6}, "partly-rolled-out"),
    ],
)
def test_what_must_not_be_passed_on(versions: tuple[Version, ...], runs: dict[str, int | None], code: str):
    assert codes(world(versions, runs)) == [code]


def test_an_instance_that_is_pinned_to_an_older_release_holds_nothing_back():
    assert codes(world((NEW, OLD), {"a": 7, "b": 6}, asks="1.9.0")) == []


def test_tests_that_have_not_passed_hold_back_the_instance_and_its_integration():
    tested = Address("Instance", "acme/a")
    fields = {"customer": ACME, "integration": SYNC, "release": "2.0.0"}
    live = instance(deployedVersion=7, labels=(label(release="2.0.0"),))
    late = {**live.applied, "tests": OUTSTANDING[:4]}
    objects = {SYNC: integration(versions=(NEW,)), tested: structs.replace(live, record=Memory(late))}
    found = running(desired(resource(SYNC, {"release": "2.0.0"}), resource(tested, fields)), objects)
    assert codes(found) == [refusal.code for refusal in found.refusals[tested]] == ["tests-outstanding"]
