"""Lists: pages, orders, filters, labels; and customers, who are little else."""

from __future__ import annotations

from typing import Any

import pytest
from test_core_world import REGION, SLACK, World, definition

from reconciler.sandbox.seed import seed


@pytest.fixture(scope="module")
def many() -> World:
    w = World()
    seed(w.sandbox, integrations=3, customers=120, instances=250)
    return w


def page(w: World, arguments: str, fields: str = "name", **variables: Any) -> Any:
    query = (
        f"{{ customers(isSystem: false, {arguments}) {{ totalCount pageInfo {{ hasNextPage hasPreviousPage"
    )
    query += f" startCursor endCursor }} edges {{ cursor node {{ {fields} }} }} nodes {{ {fields} }} }} }}"
    return w.ask(query, **variables)["customers"]


def numbers(got: Any) -> list[int]:
    return [int(node["name"][-4:]) for node in got["nodes"]]


@pytest.mark.parametrize(
    ("arguments", "wanted", "more"),
    [
        ('after: ""', range(1, 101), True),
        ("first: null, after: null", range(1, 101), True),
        ("first: 2", range(1, 3), True),
        ("offset: 118", range(119, 121), False),
        ('first: 2, after: "YXJyYXljb25uZWN0aW9uOjE="', range(3, 5), True),  # arrayconnection:1
        ('first: 2, after: "YXJyYXljb25uZWN0aW9uOjE=", offset: 3', range(6, 8), True),
        ('first: 2, after: "nonsense"', range(1, 3), True),
        ("last: 2", range(119, 121), False),
        ('last: 2, before: "YXJyYXljb25uZWN0aW9uOjU="', range(4, 6), False),
        ("first: 0", range(0), True),
        ("offset: 500", range(0), False),
    ],
)
def test_pages(many: World, arguments: str, wanted: range, more: bool) -> None:
    got = page(many, arguments)
    assert (numbers(got), got["totalCount"]) == (list(wanted), 120)
    assert got["pageInfo"]["hasNextPage"] is more
    cursors = [edge["cursor"] for edge in got["edges"]]
    ends = (cursors[0], cursors[-1]) if cursors else (None, None)
    assert (got["pageInfo"]["startCursor"], got["pageInfo"]["endCursor"]) == ends


def test_pages_that_are_refused(many: World) -> None:
    for arguments in (
        "first: 101",
        "last: 101",
        "first: -1",
        'offset: 1, before: "YXJyYXljb25uZWN0aW9uOjU="',
    ):
        assert many.errors(f"{{ customers({arguments}) {{ nodes {{ id }} }} }}")
    assert many.errors("{ instances { nodes { flowConfigs(first: 101) { nodes { id } } } } }")


def test_page_overflow_clamps() -> None:
    w = World(page_overflow="clamp")
    seed(w.sandbox, integrations=0, customers=101, instances=0)
    got = page(w, "first: 1000")
    assert (len(got["nodes"]), got["pageInfo"]["hasNextPage"]) == (100, True)


def test_every_instance_is_on_one_page(many: World) -> None:
    query = """query ($a: String) { instances(isSystem: false, after: $a, sortBy: [{field: CREATED_AT,
        direction: ASC}]) { nodes { id integration { name } customer { name } }
        pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after = ""
    while True:
        got = many.ask(query, a=after)["instances"]
        seen += [node["id"] for node in got["nodes"]]
        if not got["pageInfo"]["hasNextPage"]:
            break
        after = got["pageInfo"]["endCursor"]
    assert len(seen) == len(set(seen)) == 250


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [("created", ["B", "A", "C"]), ("updated", ["B", "C", "A"]), ("name", ["A", "B", "C"])],
)
def test_default_order(rule: str, wanted: list[str]) -> None:
    w = World(default_order=rule)
    first, *_ = [w.customer(name) for name in ("B", "A", "C")]
    w.call("updateCustomer", id=first, description="x")
    got = w.ask("{ customers(isSystem: false) { nodes { name } } }")["customers"]["nodes"]
    assert [node["name"] for node in got] == wanted


def test_orders(many: World) -> None:
    down = page(many, "first: 1, sortBy: [{field: NAME, direction: DESC}]")
    assert numbers(down) == [120]
    old = page(many, "first: 1, orderBy: {field: CREATED_AT, direction: DESC}")
    assert numbers(old) == [120]
    for field in ("VERSION", "CUSTOMER", "INTEGRATION", "CATEGORY", "ENABLED", "LAST_EXECUTED_AT"):
        query = (
            f"{{ instances(first: 1, sortBy: [{{field: {field}, direction: ASC}}]) {{ nodes {{ id }} }} }}"
        )
        assert len(many.ask(query)["instances"]["nodes"]) == 1


@pytest.mark.parametrize(("rule", "all_of"), [("false", 3), ("true", 1)])
def test_system_objects(rule: str, all_of: int) -> None:
    w = World(system_hidden=rule)
    version = w.version(definition(variables=REGION))
    w.integration(name="Other")
    w.instance(version)
    data = w.ask(
        """{ all: instances { totalCount } own: instances(isSystem: false) { totalCount }
        system: instances(isSystem: true) { nodes { isSystem } }
        null: instances(isSystem: null) { totalCount }
        customers { totalCount } }"""
    )
    assert (data["all"]["totalCount"], data["null"]["totalCount"], data["own"]["totalCount"]) == (
        all_of,
        all_of,
        1,
    )
    assert data["system"]["nodes"] == [{"isSystem": True}] * 2
    assert data["customers"]["totalCount"] == (1 if rule == "true" else 2)


@pytest.mark.parametrize(("rule", "found"), [("sequence", 2), ("exact", 1)])
def test_integration_filter(rule: str, found: int) -> None:
    w = World(integration_filter=rule)
    draft = w.integration()
    first, customer = w.publish(draft), w.customer()
    w.instance(first, customer=customer)
    second = w.publish(draft)
    w.instance(second, customer=customer)
    query = "query ($i: ID) { instances(integration: $i, isSystem: false) { totalCount } }"
    assert w.ask(query, i=second)["instances"]["totalCount"] == found
    nested = w.get("integration", second, "versionSequenceId instances(isSystem: false) { totalCount }")
    assert nested["instances"]["totalCount"] == found
    query = (
        "query ($s: UUID) { instances(integration_VersionSequenceId: $s, isSystem: false) { totalCount } }"
    )
    assert w.ask(query, s=nested["versionSequenceId"])["instances"]["totalCount"] == 2


def test_filters() -> None:
    w = World()
    acme = w.customer("Acme", externalId="a-1", description="First", labels=["VIP"])
    w.customer("Other")
    version = w.version(definition(variables=REGION))
    instance = w.instance(version, customer=acme, labels=["Live"], description="text")
    for kind, arguments, count in (
        ("customers", 'name: "Acme"', 1),
        ("customers", 'name: "acme"', 0),
        ("customers", 'name_Icontains: "acM"', 1),
        ("customers", 'externalId: "a-1"', 1),
        ("customers", "isSystem: false, externalId_Isnull: true", 1),
        ("customers", 'description_Icontains: "FIRST"', 1),
        ("customers", 'labels_Contains: "vip"', 1),
        ("customers", 'labels_Contains: "vi"', 0),
        ("customers", 'labels_Icontains: "VI"', 1),
        ("customers", 'createdAt_Gte: "2999-01-01T00:00:00Z"', 0),
        ("customers", 'updatedAt_Lte: "2999-01-01"', 3),
        ("instances", 'customer_ExternalId: "a-1"', 1),
        ("instances", f'customer: "{acme}", enabled: false, needsDeploy: true', 1),
        ("instances", f'id_In: ["{instance}"], description: "text"', 1),
        ("instances", 'labels_Contains: "live", name_Icontains: "i", instanceType: INTEGRATION', 1),
        ("instances", "instanceType: WORKFLOW", 0),
        ("integrations", "hasInstances: true, customer_Isnull: true", 1),
        ("integrations", "allVersions: true, versionIsAvailable: true", 1),
        ("integrations", "hasUnpublishedChanges: true", 0),
        ("integrations", "hasOutdatedComponents: false, isCodeNative: false, marketplace: false", 1),
        ("integrations", 'allVersions: true, marketplaceConfiguration_Istartswith: "not"', 2),
        ("users", 'email_Icontains: "OWNER"', 1),
        ("users", "customer_Isnull: false", 0),
    ):
        got = w.ask(f"{{ {kind}({arguments}) {{ totalCount nodes {{ id }} }} }}")[kind]
        assert (got["totalCount"], len(got["nodes"])) == (count, count), (kind, arguments)


def test_label_match_part() -> None:
    w = World(label_match="part")
    w.customer(labels=["abc"])
    assert w.ask('{ customers(labels_Contains: "b") { totalCount } }')["customers"]["totalCount"] == 1


@pytest.mark.parametrize(
    ("rules", "sent", "read"),
    [
        ({}, ["B", "a/:x", "B"], ["b", "a/:x", "b"]),
        ({"labels_read_back": "sorted"}, ["B", "a"], ["a", "b"]),
        ({"labels_read_back": "deduplicated"}, ["B", "a", "b"], ["b", "a"]),
        ({}, [], []),
        ({"empty_labels": "null"}, [], None),
    ],
)
def test_labels_read_back(rules: Any, sent: list[str], read: Any) -> None:
    w = World(**rules)
    assert w.call("createCustomer", "labels", name="A", labels=sent)["labels"] == read


@pytest.mark.parametrize("limit", ["255", "64", "100"])
def test_label_limit(limit: str) -> None:
    w = World(label_limit=limit)
    w.customer(labels=["x" * int(limit)])
    assert w.refused("createCustomer", name="B", labels=["x" * (int(limit) + 1)])[0] == "labels"
    assert w.refused("updateIntegration", id=w.integration(), labels=["x" * (int(limit) + 1)])


def test_labels_of_a_tenant() -> None:
    w = World()
    w.customer(labels=["c"])
    draft = w.integration(labels=["i", "J"])
    w.instance(w.publish(draft), labels=["k"], customer=w.customer("B"))
    query = "{ integrationLabels { id name } customerLabels { name } instanceLabels { name } }"
    got = {key: [label["name"] for label in found] for key, found in w.ask(query).items()}
    assert got == {"integrationLabels": ["i", "j"], "customerLabels": ["c"], "instanceLabels": ["k"]}


def test_customers_are_unique_and_partial_updates_are_partial() -> None:
    w = World()
    acme = w.customer("Acme", externalId="1", labels=["a"], description="d")
    assert w.refused("createCustomer", name="Acme")[0] == "name"
    assert w.refused("createCustomer", name="B", externalId="1")[0] == "externalId"
    other = w.customer("B")
    assert w.refused("updateCustomer", id=other, externalId="1")[0] == "externalId"
    got = w.call("updateCustomer", "name labels description externalId", id=acme, labels=["b"])
    assert got == {"name": "Acme", "labels": ["b"], "description": "d", "externalId": "1"}


@pytest.mark.parametrize(("rule", "read"), [("null", None), ("empty", "")])
def test_empty_external_id(rule: str, read: Any) -> None:
    w = World(empty_external_id=rule)
    assert w.call("createCustomer", "externalId", name="A", externalId="")["externalId"] == read
    w.customer("B", externalId="")


def test_instances_go_with_their_customer() -> None:
    w = World()
    acme = w.customer()
    instance = w.instance(w.version(), customer=acme)
    assert w.get("customer", acme, "instances { nodes { id } }")["instances"]["nodes"] == [{"id": instance}]
    w.call("deleteCustomer", id=acme)
    assert w.errors("query ($id: ID!) { instance(id: $id) { id } }", id=instance) == ["Record not found"]


def test_components() -> None:
    w = World()
    draft = w.integration(definition(variables=SLACK))
    query = """{ components(key: "slack", public: true) { totalCount nodes { id key public versionNumber
        versionIsLatest signature versionSequence { totalCount } connections(key: "oauth2") {
        nodes { oauth2Type inputs { nodes { key type required } } } }
        actions(isTrigger: true) { totalCount } } } }"""
    (slack,) = w.ask(query)["components"]["nodes"]
    assert slack["connections"]["nodes"][0]["oauth2Type"] == "AUTHORIZATION_CODE"
    assert w.get("component", slack["id"], "key versionNumber")["versionNumber"] == slack["versionNumber"]
    every = w.ask('{ components(key: "slack", allVersions: true) { totalCount } }')["components"]
    assert every["totalCount"] == slack["versionSequence"]["totalCount"] > 1
    used = w.get("integration", draft, "components { nodes { key } }")["components"]["nodes"]
    assert sorted(node["key"] for node in used) == ["slack", "webhook-triggers"]
    like = """query ($q: JSONString) { components(filterQuery: $q) { nodes { key } } }"""
    found = w.ask(like, q='["or", ["in", "key", "SLA"], ["in", "label", "nothing"]]')["components"]["nodes"]
    assert {"key": "slack"} in found
