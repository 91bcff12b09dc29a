"""What scripts rely on in `get`: pages to go on from, ids, and words that are obeyed or refused."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import yaml

from tests.cli.tenants import ORDERS, Tenant, furnished

NAMES = ["Acme", "Globex", "Initech"]
NOBODY = b64encode(f"Customer:{UUID(int=1)}".encode()).decode()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    yield from furnished(tmp_path_factory.mktemp("shop"), "embedded")


def customers(shop: Tenant, *arguments: str) -> list[str]:
    return [row["name"] for row in shop.json("get", "customers", "--columns", "name", *arguments)]


def go_on(shop: Tenant) -> tuple[str, str]:
    """The option and the cursor that the last command said to go on with."""
    *_, option, cursor = shop.err.split()
    return option, cursor


@pytest.mark.parametrize(
    "page", [["--first", "3", "--limit", "1"], ["--offset", "0", "--limit", "1"], ["--first", "1"]]
)
def test_a_cursor_goes_on_behind_the_last_row_that_was_shown(shop: Tenant, page: list[str]) -> None:
    assert customers(shop, *page) == NAMES[:1]
    option, cursor = go_on(shop)
    assert option == "--after"
    assert customers(shop, "--first", "1", option, cursor) == NAMES[1:2]


def test_pages_from_the_end_go_on_before_the_first_row_that_was_shown(shop: Tenant) -> None:
    for page in (["--last", "1"], ["--last", "3", "--limit", "1"]):
        assert customers(shop, *page) == NAMES[2:]
        option, cursor = go_on(shop)
        assert option == "--before"
        assert customers(shop, "--last", "1", option, cursor) == NAMES[1:2]
    assert customers(shop, "--last", "2", option, cursor) == NAMES[:2]
    assert shop.err == ""


def test_rows_that_are_sorted_and_cut_leave_no_cursor(shop: Tenant) -> None:
    assert customers(shop, "--first", "2", "--sort", "-name", "--limit", "1") == ["Globex"]
    assert shop.err == ""
    assert customers(shop, "--first", "2", "--sort", "-name") == ["Globex", "Acme"]
    assert go_on(shop)[0] == "--after"


def test_nothing_is_asked_for_no_rows(shop: Tenant) -> None:
    assert customers(shop, "--first", "2", "--limit", "0") == []
    assert shop.err == ""


def test_a_page_tells_in_the_document_where_it_lies(shop: Tenant) -> None:
    first = shop.json("get", "customers", "--columns", "name", "--first", "2", "--page-info")
    assert shop.err == ""
    assert [row["name"] for row in first["rows"]] == NAMES[:2]
    page = first["page"]
    assert (page["hasNextPage"], page["hasPreviousPage"], page["totalCount"]) == (True, False, 3)
    asked = ["get", "customers", "--columns", "name", "--page-info", "--format"]
    second = yaml.safe_load(shop(*asked, "yaml", "--first", "2", "--after", page["endCursor"]))
    assert [row["name"] for row in second["rows"]] == NAMES[2:]
    assert second["page"]["hasNextPage"] is False
    lines = [json.loads(line) for line in shop(*asked, "jsonl", "--last", "2").splitlines()]
    assert [row["name"] for row in lines[:-1]] == NAMES[1:]
    assert lines[-1]["page"]["hasPreviousPage"] is True
    whole = shop.json("get", "customers", "--page-info", "--limit", "2")
    assert (len(whole["rows"]), whole["page"]["hasNextPage"]) == (2, True)
    nothing = shop.json("get", "customers", "--page-info", "--name", "Nobody")
    assert (nothing["rows"], nothing["page"]["totalCount"]) == ([], 0)
    for shape in ("table", "csv", "ids"):
        shop("get", "customers", "--page-info", "--format", shape, code=3)


def test_a_row_a_line(shop: Tenant) -> None:
    lines = shop("get", "customers", "--format", "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == shop.json("get", "customers")
    assert shop("get", "customers", "--name", "Nobody", "--format", "jsonl") == ""
    assert shop("--format", "jsonl", "get", "customers").splitlines() == lines
    page = shop("get", "customers", "--first", "1", "--format", "jsonl").splitlines()
    assert [*json.loads(page[-1])] == ["page"]
    (line,) = shop("get", "executions", "--limit", "1", "--format", "jsonl").splitlines() or ["{}"]
    assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize(
    "page", [["--first", "1", "--last", "1"], ["--offset", "1", "--before", "YXJyYXljb25uZWN0aW9uOjE="]]
)
def test_pages_that_no_server_has_are_refused(shop: Tenant, page: list[str]) -> None:
    shop("get", "customers", *page, code=3)
    assert all(option in shop.err for option in page[::2])


def test_instances_name_what_they_belong_to(shop: Tenant) -> None:
    assert shop("get", "instances").splitlines()[0].split()[:3] == ["NAME", "CUSTOMER", "INTEGRATION"]
    (row,) = shop.json("get", "instances", "Orders for Acme")
    assert row["customerId"] == shop.ids["Acme"]
    assert row["integrationId"] == shop.ids["Orders"]
    (version,) = shop.json("get", "versions", str(row["version"]), "--integration", row["integrationId"])
    assert row["versionId"] == version["id"]


def test_executions_name_what_they_belong_to(shop: Tenant) -> None:
    execution = shop.json("test", ORDERS, "--flow", "Receive order")["tests"][0]["execution"]
    (instance,) = shop.json("get", "instances", "Orders for Acme")
    (row,) = shop.json("get", "executions", execution)
    assert row["instanceId"] == instance["id"]
    for column in ("customerId", "integrationId", "versionId"):
        assert row[column] == instance[column]
    assert [one["id"] for one in shop.json("get", "executions", "--flow", row["flowId"])] == [execution]
    found = shop.json("get", "executions", "--flow-config", row["flowConfigId"])
    assert [one["id"] for one in found] == [execution]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["customers", "Acme", "--name", "Globex"], "--name"),
        (["customers", "ACME", "--label", "gold"], "--label"),
        (["executions", "ACME", "--status", "ERROR"], "--status"),
        (["executions", "ACME", "--steps", "--status", "ERROR"], "--status"),
        (["customers", "Acme", "--first", "2"], "--first"),
        (["customers", "Acme", "--page-info", "--format", "json"], "--page-info"),
        (["components", "--outdated", "--first", "2"], "--first"),
        (["components", "--outdated", "--sort", "key"], "--sort"),
        (["components", "--outdated", "--label", "x"], "--label"),
        (["components", "--outdated", "--no-has-actions"], "--has-actions"),
    ],
)
def test_what_stands_beside_a_name_is_obeyed_or_refused(
    shop: Tenant, arguments: list[str], told: str
) -> None:
    shop("get", *(shop.ids["Acme"] if one == "ACME" else one for one in arguments), code=3)
    assert told in shop.err


def test_a_filter_beside_a_name_is_obeyed(shop: Tenant) -> None:
    assert customers(shop, "Acme", "--label", "gold") == ["Acme"]
    shop("get", "customers", "Acme", "--label", "silver", code=1)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["customers", "--external-id", ""], "--external-id"),
        (["customers", "--label", ""], "--label"),
        (["customers", "--columns", ""], "--columns"),
        (["customers", "--sort", ""], "--sort"),
        (["customers", "--after", ""], "--after"),
        (["customers", ""], "NAME"),
        (["instances", "--customer", ""], "--customer"),
        (["instances", "--id", ""], "--id"),
        (["components", "--key-in", "log", "--key-in", ""], "--key-in"),
        (["versions", "--integration", ""], "--integration"),
        (["executions", "--flow", ""], "--flow"),
        (["executions", "--started-after", ""], "--started-after"),
        (["integrations", "--version-sequence", "x"], "--version-sequence"),
        (["customers", "--after", "x"], "--after"),
        (["integrations", "--version-number", "99999999999"], "--version-number"),
        (["executions", "--flow-in", "x"], "--flow-in"),
        (["executions", "--flow-config", "x"], "--flow-config"),
        (["executions", "--execution", "x"], "--execution"),
        (["executions", "--invoked-by", "x"], "--invoked-by"),
        (["executions", "--result-in", "WELL"], "--result-in"),
        (["components", "--filter-query", "{"], "--filter-query"),
        (["customers", "--name", "caf\udce9"], "--name"),
        (["customers", "caf\udce9"], "NAME"),
    ],
)
def test_values_that_say_nothing_are_refused_by_the_option(
    shop: Tenant, arguments: list[str], option: str
) -> None:
    shop("get", *arguments, code=3)
    assert option in shop.err


def test_ids_that_nothing_has_are_said_as_names_are(shop: Tenant) -> None:
    other = shop.ids["Acme"]
    cases: list[tuple[list[Any], str]] = [
        (["instances", "--customer", NOBODY], f'no customer "{NOBODY}"'),
        (["executions", "--customer", NOBODY], f'no customer "{NOBODY}"'),
        (["instances", "--id", b64encode(f"Instance:{UUID(int=1)}".encode()).decode()], "no instance"),
        (["instances", "--integration", b64encode(f"Integration:{UUID(int=1)}".encode()).decode()], "no int"),
        (["instances", "--version-sequence", str(UUID(int=1))], str(UUID(int=1))),
        (["executions", "--flow-config", b64encode(f"InstanceFlowConfig:{UUID(int=1)}".encode())], "no flow"),
        (["executions", "--execution", b64encode(f"InstanceExecutionResult:{UUID(int=1)}".encode())], "no e"),
        (["instances", "--integration", other], "is the id of a Customer"),
    ]
    for arguments, told in cases:
        shop("get", *(one.decode() if isinstance(one, bytes) else one for one in arguments), code=1)
        assert told in shop.err


def test_addresses_are_names(shop: Tenant) -> None:
    (acme,) = shop.json("get", "customers", "Acme")
    assert shop.json("get", "customer", "Customer/acme") == [acme]
    assert shop.json("get", "Customer/acme") == [acme]
    (instance,) = shop.json("get", "Instance/acme/orders")
    assert instance["name"] == "Orders for Acme"
    assert shop.json("get", "Integration/orders")[0]["id"] == shop.ids["Orders"]
    assert shop.json("get", "instances", "--customer", "Customer/acme") == [instance]
    assert shop.json("get", "instances", "--integration", "Integration/orders", "--enabled") == [instance]
    assert shop.json("get", "versions", "--integration", "Integration/orders")
    shop("get", "Customer/acm", code=3)
    assert 'did you mean "Customer/acme"' in shop.err
    shop("get", "customer", "Instance/acme/orders", code=3)
    assert "Instance/acme/orders" in shop.err
