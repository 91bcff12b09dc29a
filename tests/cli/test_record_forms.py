"""The record in an integration's metadata has a form: of another one it proves nothing, and guards still."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.projects import DEFINITION, Folder

FORMS = [None, 1, 99, "2", True]


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def record(shop: Folder) -> dict[str, Any]:
    (found,) = shop.ask("{ integrations { nodes { metadata } } }")["integrations"]["nodes"]
    part: dict[str, Any] = json.loads(found["metadata"])["reconciler"]
    return part


def put(shop: Folder, part: dict[str, Any]) -> None:
    text = json.dumps({"reconciler": part, "theirs": 1})
    shop.behind("updateIntegration", {"id": shop.id_of("integrations"), "metadata": text})


def of_form(shop: Folder, form: object, **more: Any) -> None:
    part = {key: value for key, value in record(shop).items() if key != "v"}
    put(shop, {**part, **more, **({} if form is None else {"v": form})})


def test_it_says_its_form(shop: Folder) -> None:
    assert record(shop)["v"] == 2


@pytest.mark.parametrize("form", FORMS)
def test_another_form_is_no_difference(shop: Folder, form: object) -> None:
    of_form(shop, form)
    plan, writes = shop.json("plan"), shop.writes()
    assert (plan["actions"], plan["refusals"], plan["drift"]) == ([], [], [])
    assert shop("apply", "--yes")[0] == 0
    assert shop.writes() == writes


@pytest.mark.parametrize("form", FORMS)
def test_it_proves_nothing_and_is_replaced_with_the_next_write(shop: Folder, form: object) -> None:
    of_form(shop, form)
    spec = {"definition": "../definitions/orders.yml", "release": "1.0.0"}
    shop.manifest("Integration", "orders", name="Orders, renamed", **spec)
    (action,) = shop.json("plan")["actions"]
    assert (action["verb"], action["changes"][0]["cause"]) == ("update", "unknown")
    assert shop("apply", "--yes")[0] == 0
    assert record(shop)["v"] == 2
    assert shop.json("plan")["actions"] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_draft_is_not_proven_to_be_ours(shop: Folder, form: object) -> None:
    (shop.root / "manifests" / "instance-orders.yaml").unlink()
    shop.write("definitions/orders.yml", DEFINITION.replace("example.com", "example.org"))
    shop.manifest("Integration", "orders", name="Orders", definition="../definitions/orders.yml")
    assert shop("apply", "--yes", "--select", "Integration/orders")[0] == 0
    of_form(shop, form)
    shop.write("definitions/orders.yml", DEFINITION.replace("example.com", "example.net"))
    found = shop.json("plan", "--select", "Integration/orders")["refusals"]
    assert [one["code"] for one in found] == ["unpublished-draft"]


@pytest.mark.parametrize("form", FORMS)
def test_what_guards_holds_in_any_form(shop: Folder, form: object) -> None:
    of_form(shop, form, protect=True)
    (shop.root / "manifests" / "integration-orders.yaml").unlink()
    (shop.root / "manifests" / "instance-orders.yaml").unlink()
    found = shop.json("plan", "--prune", "--select", "Integration/orders")["refusals"]
    assert ("protected", "Integration/orders") in [(one["code"], one["address"]) for one in found]
