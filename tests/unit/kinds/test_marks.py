from __future__ import annotations

import hashlib

import pytest

from reconciler.kinds.table.marks import (
    is_ours,
    mark,
    marks_in,
    owned_name,
    project_of,
)
from reconciler.model.address import Address

LONG = "a" * 63


@pytest.mark.parametrize(
    ("project", "kind", "name", "label"),
    [
        ("p", "Customer", "acme", "reconciler:p/customer/acme"),
        ("p", "Instance", "acme/sync", "reconciler:p/instance/sync"),
        ("P", "Integration", "Sync", "reconciler:p/integration/sync"),
    ],
)
def test_a_mark_names_project_kind_and_resource_in_lower_case(project: str, kind: str, name: str, label: str):
    assert mark(project, Address(kind, name)) == label


@pytest.mark.parametrize(("length", "cut"), [(41, False), (42, True), (63, True)])
def test_a_mark_has_at_most_64_characters(length: int, cut: bool):
    whole = "reconciler:p/integration/" + "a" * length
    label = mark("p", Address("Integration", "a" * length))
    assert len(label) <= 64
    assert (label != whole) is (len(whole) > 64)
    if len(whole) > 64:
        assert label == f"{whole[:55]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def test_long_names_that_differ_at_their_ends_have_marks_of_their_own():
    assert mark("p", Address("Customer", LONG + "b")) != mark("p", Address("Customer", LONG + "c"))


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("", ["reconciler:o/instance/a", "reconciler:p/instance/a", "reconciler:p/integration/a"]),
        ("Instance", ["reconciler:o/instance/a", "reconciler:p/instance/a"]),
        ("Integration", ["reconciler:p/integration/a"]),
        ("Customer", []),
    ],
)
def test_a_mark_counts_only_on_its_kind(kind: str, found: list[str]):
    labels = [
        "reconciler:p/integration/a",
        "vip",
        "reconciler:p/instance/a",
        "reconciler-applied:00",
        "reconciler:o/instance/a",
    ]
    assert marks_in(labels, kind) == found


@pytest.mark.parametrize("length", range(28, 41))
@pytest.mark.parametrize("kind", ["Integration", "Customer", "Instance"])
def test_a_mark_that_was_cut_counts_on_its_kind_alone(kind: str, length: int):
    project = "p" * length
    label = mark(project, Address(kind, LONG))
    assert len(label) == 64
    for other in ("Integration", "Customer", "Instance"):
        assert marks_in([label], other) == ([label] if other == kind else [])
        owned = owned_name([label], project, other)
        assert (owned is not None and label.endswith(owned)) is (other == kind)
        assert owned_name([label], project[:-1], other) is None


@pytest.mark.parametrize(
    "label", ["reconciler:p", "reconciler:p/", "reconciler:p/c", "reconciler:p/12345678"]
)
def test_half_a_mark_owns_nothing(label: str):
    assert owned_name([label], "p", "Customer") is None


@pytest.mark.parametrize(
    ("label", "ours"),
    [
        ("reconciler:p/customer/a", True),
        ("reconciler-applied:0", True),
        ("reconciler-protect", True),
        ("reconciler-protector", False),
        ("reconcilers", False),
        ("vip", False),
    ],
)
def test_labels_of_people_are_not_ours(label: str, ours: bool):
    assert is_ours(label) is ours


def test_the_project_of_a_mark():
    assert project_of("reconciler:p/customer/acme") == "p"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (["reconciler:p/customer/acme"], "acme"),
        (["reconciler:pp/customer/acme"], None),
        (["reconciler:p/instance/acme"], None),
        (["vip"], None),
        ([], None),
    ],
)
def test_the_name_that_a_mark_of_project_and_kind_gives(labels: list[str], name: str | None):
    assert owned_name(labels, "p", "Customer") == name
