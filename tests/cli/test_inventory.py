"""list: a whole tenant by address, and what is meant to stay by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from reconciler.manifests.schemas import validator
from tests.cli.projects import DEFINITION, PROJECT, Folder


@pytest.fixture
def tenant(project: Folder) -> Folder:
    """Something of each standing."""
    project.shop()
    project.manifest("Customer", "gone", name="Gone")
    assert project("apply", "--yes")[0] == 0
    (project.root / "manifests/customer-gone.yaml").unlink()
    project.manifest("Customer", "new", name="New")
    project.manifest("Customer", "birch", name="Birch", externalId="b-1")
    for name, more in (
        ("Birch", {"externalId": "b-1"}),
        ("Zebra Ltd", {}),
        ("Theirs", {"labels": ["reconciler:other/customer/theirs"]}),
    ):
        project.behind("createCustomer", {"name": name, **more})
    for _ in range(2):
        project.behind("createIntegration", {"name": "Twin", "definition": DEFINITION})
    project.manifest("Integration", "twin", name="Twin", definition="../definitions/orders.yml")
    return project


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {row["address"]: row["status"] for row in document["resources"]}


def test_each_object_has_its_standing(tenant: Folder):
    document = tenant.json("list")
    assert list(validator("inventory").iter_errors(document)) == []
    found = statuses(document)
    assert found == {
        "Customer/acme": "owned",
        "Customer/birch": "matched",
        "Customer/gone": "orphaned",
        "Customer/new": "missing",
        "Customer/theirs": "foreign",
        "Customer/zebra-ltd": "unmanaged",
        "Instance/acme/orders": "owned",
        "Integration/orders": "owned",
        "Integration/twin": "undecided",
    } | {address: status for address, status in found.items() if status == "unmanaged"}
    assert document["kinds"]["Customer"] == {
        "owned": 1,
        "matched": 1,
        "orphaned": 1,
        "foreign": 1,
        "unmanaged": 1,
        "missing": 1,
        "undecided": 0,
        "coverage": 0.25,
    }
    theirs = next(row for row in document["resources"] if row["status"] == "foreign")
    assert (theirs["owner"], theirs["name"]) == ("other", "Theirs")
    assert document["summary"]["unmanaged"] >= 3


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--owned",), {"owned"}),
        (("--unmanaged",), {"unmanaged"}),
        (("--orphaned",), {"orphaned"}),
        (("--missing",), {"missing"}),
        (("--missing", "--orphaned"), {"missing", "orphaned"}),
    ],
)
def test_only_some_are_listed(tenant: Folder, options: tuple[str, ...], wanted: set[str]):
    document = tenant.json("list", *options)
    assert set(statuses(document).values()) == wanted
    assert document["summary"]["owned"] == 3
    kinds = {row["kind"] for row in tenant.json("list", "--kind", "customer", *options)["resources"]}
    assert kinds <= {"Customer"}


def test_an_unknown_kind_is_an_error(tenant: Folder):
    code, _, err = tenant("list", "--kind", "Custmer")
    assert (code, 'there is no kind "Custmer"' in err, "Customer" in err) == (3, True, True)


def test_every_format_shows_it(tenant: Folder):
    code, out, _ = tenant("list")
    assert code == 0
    row = next(line.split() for line in out.splitlines() if line.startswith("Customer/zebra"))
    assert row[:2] == ["Customer/zebra-ltd", "unmanaged"]
    assert "Coverage: " in out.splitlines()[-1]
    _, out, _ = tenant("list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["address"]: row["status"] for row in rows} == statuses(tenant.json("list"))
    _, out, _ = tenant("list", "--format", "markdown")
    assert "| <code>Customer</code> |" in out
    assert "Coverage: " in out
    assert tenant("--format", "csv", "list")[0] == 3  # csv is for list alone, so it stands behind the verb
    code, out, _ = tenant("--format", "junit", "list")
    assert (code, 'classname="Customer/zebra-ltd"' in out) == (0, True)


@pytest.mark.parametrize("pattern", ["Customer/zebra-ltd", "Customer/Zebra *", "Customer/z*", "ID"])
def test_what_is_meant_to_stay_by_hand_is_silent(tenant: Folder, pattern: str):
    rows = tenant.json("list", "--unmanaged")["resources"]
    found = next(row for row in rows if row["name"] == "Zebra Ltd")
    given = found["id"] if pattern == "ID" else pattern
    before = tenant.json("list")["summary"]
    manifests = f'spec: {{unmanaged: {{ignore: ["{given}"]}}, manifests: [manifests/]}}'
    tenant.write("reconciler.yaml", PROJECT.replace("spec: {manifests: [manifests/]}", manifests))
    document = tenant.json("list")
    assert found["address"] not in statuses(document)
    assert document["summary"]["ignored"] == 1
    assert document["summary"]["unmanaged"] == before["unmanaged"] - 1
    drift = tenant.json("drift", "--unmanaged")
    assert found["id"] not in {one["id"] for one in drift["unmanaged"]}
    assert drift["summary"]["unmanaged"] == len(drift["unmanaged"])
    assert tenant("drift", "--unmanaged=fail")[0] == 2


def test_a_project_file_that_ignores_wrongly_is_refused(project: Folder):
    manifests = "spec: {unmanaged: {ignored: [x]}, manifests: [manifests/]}"
    project.write("reconciler.yaml", PROJECT.replace("spec: {manifests: [manifests/]}", manifests))
    code, _, err = project("list")
    assert (code, "ignored" in err) == (3, True)


def test_an_empty_tenant_is_listed(project: Folder):
    code, out, _ = project("list")
    assert (code, out) == (0, "0 objects\n")
    assert project.json("list")["summary"]["coverage"] is None


def test_it_reads_by_page_and_writes_nothing(tenant: Folder):
    with tenant.sandbox() as sandbox:
        before, writes = sandbox.requests(), sandbox.writes()
    tenant.json("list")
    with tenant.sandbox() as sandbox:
        # One page of each kind that somebody may manage, and whose token it is.
        assert sandbox.requests() - before <= 20
        assert sandbox.writes() == writes
