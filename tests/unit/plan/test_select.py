from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.plan.select import fits, selected
from tests.unit.samples import ACME, COPY, SYNC, copy, resource

ALL = {
    r.address: r
    for r in (
        resource(SYNC),
        resource(ACME, labels={"tier": "gold"}),
        resource(Address("Customer", "birch"), labels={"tier": "free"}),
        copy(labels={"wave": "canary"}),
    )
}


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


@pytest.mark.parametrize(
    ("select", "exclude", "found"),
    [
        ([], [], ["Integration/sync", "Customer/acme", "Customer/birch", "Instance/acme/copy"]),
        (["Customer/*"], [], ["Customer/acme", "Customer/birch"]),
        (["Customer/*"], ["tier=gold"], ["Customer/birch"]),
        (["wave=canary"], [], ["Integration/sync", "Customer/acme", "Instance/acme/copy"]),
        (["wave=canary"], ["Customer/*"], ["Integration/sync", "Customer/acme", "Instance/acme/copy"]),
        (["Nothing/*"], [], []),
        ([], ["*"], []),
    ],
)
def test_what_is_selected_brings_what_it_needs(select: list[str], exclude: list[str], found: list[str]):
    assert [str(a) for a in selected(ALL, select, exclude)] == found
