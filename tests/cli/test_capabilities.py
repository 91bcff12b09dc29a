"""What people look up in a tenant from the command line, one row each: on the embedded and on a served
sandbox, as JSON and as text.
"""

from __future__ import annotations

import pytest

from tests.cli.tenants import Tenant


def test_a_refresh_token_opens_the_tenant_that_is_named_or_the_first(tenant: Tenant) -> None:
    first = tenant.json("whoami", "-e", tenant.environments[0])
    assert first["user"]["email"]
    assert [tenant.json("whoami", "-e", name) for name in tenant.environments] == [
        {**first, "environment": name} for name in tenant.environments
    ]
    if "elsewhere" in tenant.others:
        tenant("whoami", "-e", "elsewhere", code=4)
        assert "not a member of this tenant" in tenant.err


def test_whoami_lists_the_tenants_of_the_user_and_their_environments(tenant: Tenant) -> None:
    who = tenant.json("whoami", "--tenants")
    (only,) = who["tenants"]
    assert only["tenantId"] == who["tenant"]
    assert only["current"] is True
    assert only["environments"] == tenant.environments
    text = tenant("whoami", "--tenants")
    assert all(word in text for word in (who["tenant"], who["user"]["email"], *tenant.environments))


def test_the_current_user(tenant: Tenant) -> None:
    (row,) = tenant.json("get", "user")
    assert row["email"] == tenant.json("whoami")["user"]["email"]
    assert row["email"] in tenant("get", "user")


@pytest.mark.parametrize(
    ("kind", "name"), [("customer", "Acme"), ("integration", "Orders"), ("instance", "Orders for Globex")]
)
def test_one_object_by_name_or_by_id(tenant: Tenant, kind: str, name: str) -> None:
    (row,) = tenant.json("get", kind, name)
    assert row["id"] == tenant.ids[name]
    assert tenant.json("get", kind, row["id"]) == [row]
    assert name in tenant("get", kind, row["id"])


ROWS = {
    "customers": (["customers"], ["Acme", "Globex", "Initech"]),
    "customers by name": (["customers", "--name", "Acme"], ["Acme"]),
    "customers by external id": (["customers", "--external-id", "globex-1"], ["Globex"]),
    "customers, description contains": (
        ["customers", "--description-contains", "SILVER"],
        ["Globex", "Initech"],
    ),
    "customers, label contains": (["customers", "--label-contains", "OLD"], ["Acme"]),
    "customers, name contains": (["customers", "--name-contains", "e"], ["Acme", "Globex", "Initech"]),
    "customers, name starts with": (["customers", "--name-starts-with", "in"], ["Initech"]),
    "customers, first": (["customers", "--first", "1"], ["Acme"]),
    "customers, first and offset": (["customers", "--first", "1", "--offset", "1"], ["Globex"]),
    "customers, last": (["customers", "--last", "1"], ["Initech"]),
    "integrations": (["integrations"], ["Orders", "Plain"]),
    "integrations by name": (["integrations", "--name", "Plain"], ["Plain"]),
    "integrations, name contains": (["integrations", "--name-contains", "ORD"], ["Orders"]),
    "integrations by category": (["integrations", "--category", "Commerce"], ["Orders"]),
    "integrations, category contains": (["integrations", "--category-contains", "OTH"], ["Plain"]),
    "integrations by description": (["integrations", "--description", "Order notices"], ["Orders"]),
    "integrations, description contains": (["integrations", "--description-contains", "NOTICES"], ["Orders"]),
    "integrations with instances": (["integrations", "--has-instances"], ["Orders"]),
    "integrations without instances": (["integrations", "--no-has-instances"], ["Plain"]),
    "integrations with unpublished changes": (["integrations", "--has-unpublished-changes"], ["Plain"]),
    "integrations without unpublished changes": (
        ["integrations", "--no-has-unpublished-changes"],
        ["Orders"],
    ),
    "integrations, label contains": (["integrations", "--label-contains", "NOTIC"], ["Orders"]),
    "integrations in the marketplace": (["integrations", "--marketplace"], ["Orders"]),
    "integrations, marketplace config": (
        ["integrations", "--marketplace-config", "available_and_deployable"],
        ["Orders"],
    ),
    "integrations, version is available": (
        ["integrations", "--all-versions", "--version-is-available", "--name", "Orders"],
        ["Orders", "Orders"],
    ),
    "integrations, version number": (
        ["integrations", "--all-versions", "--version-number", "1", "--version-is-available"],
        ["Orders"],
    ),
    "integrations, all versions": (
        ["integrations", "--all-versions", "--name", "Orders"],
        ["Orders", "Orders", "Orders"],
    ),
    "integrations, last": (["integrations", "--last", "1"], ["Plain"]),
    "integrations with outdated components": (["integrations", "--has-outdated-components"], ["Plain"]),
    "flows": (["flows", "--integration", "Orders"], ["Receive order", "Broken", "Slow", "Stuck"]),
    "instances": (["instances"], ["Orders for Acme", "Orders for Globex"]),
    "instances by name": (["instances", "--name", "Orders for Acme"], ["Orders for Acme"]),
    "instances, name contains": (["instances", "--name-contains", "GLOBEX"], ["Orders for Globex"]),
    "instances of a customer": (["instances", "--customer", "Acme"], ["Orders for Acme"]),
    "instances, customer external id": (
        ["instances", "--customer-external-id", "globex-1"],
        ["Orders for Globex"],
    ),
    "instances by description": (["instances", "--description", "Notices to acme"], ["Orders for Acme"]),
    "instances, description contains": (
        ["instances", "--description-contains", "TO ACME"],
        ["Orders for Acme"],
    ),
    "instances enabled": (["instances", "--enabled"], ["Orders for Acme"]),
    "instances disabled": (["instances", "--disabled"], ["Orders for Globex"]),
    "instances of an integration": (
        ["instances", "--integration", "Orders"],
        ["Orders for Acme", "Orders for Globex"],
    ),
    "instances, compatibility": (
        ["instances", "--compatibility", "1", "--name-contains", "acme"],
        ["Orders for Acme"],
    ),
    "instances, label contains": (["instances", "--label-contains", "FOR-GLO"], ["Orders for Globex"]),
    "instances that need a deploy": (["instances", "--needs-deploy"], ["Orders for Globex"]),
    "instances that need none": (["instances", "--no-needs-deploy"], ["Orders for Acme"]),
    "instances, offset": (["instances", "--first", "5", "--offset", "1"], ["Orders for Globex"]),
}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_lists_and_filters(tenant: Tenant, row: str) -> None:
    arguments, expected = ROWS[row]
    assert tenant.names(*arguments) == expected


@pytest.mark.parametrize("kind", ["customers", "integrations", "instances"])
def test_pages_by_cursor(tenant: Tenant, kind: str) -> None:
    everything = tenant.names(kind)
    assert tenant.names(kind, "--first", "1") == everything[:1]
    cursor = tenant.err.split()[-1]
    assert tenant.names(kind, "--first", "1", "--after", cursor) == everything[1:2]
    second = tenant.json("api", f"{{ {kind}(first: 2) {{ pageInfo {{ endCursor }} }} }}")
    before = second["data"][kind]["pageInfo"]["endCursor"]
    assert len(tenant.names(kind, "--last", "1", "--before", before)) == 1


def test_versions_of_an_integration(tenant: Tenant) -> None:
    assert tenant.names("versions", "--integration", "Orders", column="release") == ["1.1.0", "1.0.0"]
    (row,) = tenant.json("get", "integrations", "Orders")
    sequence = ["--version-sequence", row["versionSequence"]]
    assert tenant.names("integrations", *sequence) == ["Orders"]
    assert len(tenant.names("integrations", *sequence, "--all-versions")) == 3


def test_components_and_their_versions(tenant: Tenant) -> None:
    assert tenant.names("components", "--key", "http", column="key") == ["http"]
    every = tenant.names("components", "--key", "http", "--all-versions", column="version")
    assert every == sorted(every)
    assert len(every) > 1


def test_which_integrations_use_an_outdated_component(tenant: Tenant) -> None:
    rows = tenant.json("get", "components", "--outdated")
    assert [(row["integration"], row["key"], row["public"]) for row in rows] == [("Plain", "http", True)]
    assert rows[0]["version"] < rows[0]["newest"]
    assert "Plain" in tenant("get", "components", "--outdated", "--key", "http")
    assert tenant("get", "components", "--outdated", "--key", "slack") == "Nothing found.\n"
    tenant("get", "components", "--outdated", "--search", "http", code=3)


def test_raw_graphql(tenant: Tenant) -> None:
    answer = tenant.json("api", "query ($n: String) { customers(name: $n) { totalCount } }", "-f", "n=Acme")
    assert answer == {"data": {"customers": {"totalCount": 1}}}
