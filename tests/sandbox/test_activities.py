"""The audit log: one English sentence for each change."""

from __future__ import annotations

from typing import Any

from test_core_world import World

from reconciler.sandbox.seed import seed


def told(w: World, arguments: str = "") -> list[Any]:
    query = f"{{ activities{arguments} {{ nodes {{ description userName timestamp user {{ email }} }} }} }}"
    nodes: list[Any] = w.ask(query)["activities"]["nodes"]
    return nodes


def test_each_change_is_told_newest_first() -> None:
    w = World()
    customer = w.customer("Acme")
    instance = w.instance(w.version(), customer=customer, name="sync")
    w.call("deployInstance", id=instance)
    w.call("deleteCustomer", id=customer)
    assert [one["description"] for one in told(w)] == [
        'Sandbox Owner deleted the customer "Acme".',
        'Sandbox Owner deployed the instance "sync".',
        'Sandbox Owner created the instance "sync".',
        'Sandbox Owner published the integration "Sync".',
        'Sandbox Owner created the integration "Sync".',
        'Sandbox Owner created the customer "Acme".',
    ]
    first = told(w)[-1]
    assert (first["userName"], first["user"]["email"]) == ("Sandbox Owner", "owner@sandbox.localhost")


def test_what_is_refused_or_only_read_is_not_told() -> None:
    w = World()
    w.customer("Acme")
    before = told(w)
    assert w.refused("createCustomer", name="Acme")[0] == "name"
    w.ask('mutation { v: validateIntegrationSchema(input: {definition: "x"}) { result { isValid } } }')
    assert told(w) == before


def test_it_is_searched_by_text_and_by_time() -> None:
    w = World()
    w.customer("Acme")
    w.customer("Birch")
    assert len(told(w, '(description_Icontains: "BIRCH")')) == 1
    newest = told(w)[0]["timestamp"]
    assert len(told(w, f'(timestamp_Gte: "{newest}")')) == 1
    assert told(w, f'(timestamp_Gt: "{newest}")') == []
    assert len(told(w, f'(timestamp_Lt: "{newest}")')) == 1
    oldest = told(w, "(sortBy: [{field: TIMESTAMP, direction: ASC}])")[0]
    assert "Acme" in oldest["description"]


def test_one_by_its_id() -> None:
    w = World()
    w.customer("Acme")
    identifier = w.ask("{ activities { nodes { id } } }")["activities"]["nodes"][0]["id"]
    assert "Acme" in w.get("activity", identifier, "description")["description"]


def test_a_rule_keeps_no_log() -> None:
    w = World(activity_log="off")
    w.customer("Acme")
    assert told(w) == []


def test_a_seed_tells_nothing() -> None:
    w = World()
    seed(w.sandbox, integrations=1, customers=1, instances=1)
    assert told(w) == []
