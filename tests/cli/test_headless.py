"""Integrations that are configured by an app of the author's: an instance moves once its values are there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.projects import DEFINITION, Folder

OLD = {"type": "object", "properties": {"region": {"type": "string"}}, "required": ["region"]}
NEW = {**OLD, "properties": {**OLD["properties"], "size": {"type": "number"}}, "required": ["region", "size"]}
VALUES = {"region": "eu", "size": 1}


def text(tag: str, schema: dict[str, Any], url: str = "/orders") -> str:
    flows = DEFINITION.partition("configPages:")[0].replace("/orders", url)
    return f"{flows}isCodeNative: true\nconfiguration: {json.dumps({'schema': schema, 'eTag': tag})}\n"


def release(project: Folder, name: str, definition: str) -> None:
    project.write("definitions/orders.yml", definition)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": name}
    project.manifest("Integration", "orders", **spec)


def instance(project: Folder, customer: str, **more: Any) -> None:
    project.manifest("Customer", customer, name=customer.title())
    spec = {"customer": customer, "integration": "orders", "name": f"Orders of {customer}", **more}
    project.manifest("Instance", f"{customer}-orders", **spec)


def ids(project: Folder) -> dict[str, str]:
    found = project.ask("{ instances(isSystem: false) { nodes { id name } } }")["instances"]["nodes"]
    return {one["name"].rpartition(" ")[2]: one["id"] for one in found}


def configure(project: Folder, *customers: str, version: str | None = None) -> None:
    sandbox, known = project.sandbox(), ids(project)
    try:
        for customer in customers:
            sandbox.configure(known[customer], VALUES, version=version)
    finally:
        sandbox.close()


def runs(project: Folder) -> dict[str, int]:
    query = "{ instances(isSystem: false) { nodes { name deployedVersion } } }"
    found = project.ask(query)["instances"]["nodes"]
    return {one["name"].rpartition(" ")[2]: one["deployedVersion"] for one in found}


def newest(project: Folder) -> str:
    found = project.ask("{ integrations(allVersions: true) { nodes { id versionNumber } } }")
    version = max(
        (one for one in found["integrations"]["nodes"] if one["id"] != project.id_of("integrations")),
        key=lambda one: int(one["versionNumber"]),
    )
    return str(version["id"])


@pytest.fixture
def shop(project: Folder) -> Folder:
    """Three instances of release 1.0.0, configured for its version a and deployed."""
    release(project, "1.0.0", text("a", OLD))
    for customer in ("acme", "beta", "gamma"):
        instance(project, customer)
    assert project("apply", "--yes")[0] == 1  # they are made, and wait for their values
    configure(project, "acme", "beta", "gamma")
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert set(runs(project).values()) == {1}
    return project


MOVES = (
    'Integration/orders, release 1.1.0: the configuration moves from version "a" to version "b", and is to '
    'be given anew (newly required: "size"): '
)


def test_the_move_of_just_those_instances_is_refused(shop: Folder):
    instance(shop, "gamma", release="1.0.0", description="stays")
    release(shop, "1.1.0", text("b", NEW))
    found = shop.json("plan")["refusals"]
    assert [one["address"] for one in found] == ["Instance/acme/acme-orders", "Instance/beta/beta-orders"]
    assert shop("plan")[1].count("is to be given anew") == 1
    refusal = found[0]
    assert refusal["code"] == "configure-anew"
    assert refusal["message"] == found[1]["message"]
    assert refusal["message"] == (
        f"{MOVES}2 instances (Instance/acme/acme-orders, Instance/beta/beta-orders)"
    )
    assert "--configured-anew" in refusal["hint"]
    assert "no public call" in refusal["hint"]
    outcome = shop.json("apply", "--yes")
    assert {one["address"] for one in outcome["actions"]} == {
        "Integration/orders",
        "Instance/gamma/gamma-orders",
    }
    assert {one["status"] for one in outcome["actions"]} == {"done"}
    assert runs(shop) == {"acme": 1, "beta": 1, "gamma": 1}
    assert shop("plan")[0] == 5
    # The release is there, and they are refused all the same; also from a version that is not the newest.
    assert shop.json("plan")["refusals"] == found
    configure(shop, "acme", version=newest(shop))
    (other,) = shop.json("plan", "--exclude", "Instance/acme/*")["refusals"]
    assert other["message"] == f"{MOVES}1 instance (Instance/beta/beta-orders)"
    code, out, err = shop(
        "apply", "--yes", "--select", "Instance/acme/*", "--configured-anew", "--deploy-pending"
    )
    assert code == 0, out + err
    assert runs(shop) == {"acme": 2, "beta": 1, "gamma": 1}
    assert shop("apply", "--yes", "--select", "Instance/beta/*", "--configured-anew")[0] == 1  # it is not


def test_the_same_configuration_goes_on(shop: Folder):
    release(shop, "1.1.0", text("a", OLD, "/new"))
    assert shop.json("plan")["refusals"] == []
    assert shop("apply", "--yes")[0] == 0
    assert set(runs(shop).values()) == {2}
    release(shop, "1.2.0", text("a", NEW))
    plan = shop.json("plan")
    assert plan["refusals"] == []
    (warning,) = (one["message"] for one in plan["warnings"] if one["code"] == "impact")
    assert 'asks for more under the same version "a" (newly required: "size"): 3 instances' in warning


def test_the_way_back_is_judged_too(shop: Folder):
    release(shop, "1.1.0", text("b", NEW))
    excluded = [part for one in ("acme", "beta") for part in ("--exclude", f"Instance/{one}/*")]
    assert shop("apply", "--yes", *excluded, "--exclude", "Instance/gamma/*")[0] == 0
    configure(shop, "gamma", version=newest(shop))
    assert shop("apply", "--yes", *excluded, "--configured-anew", "--deploy-pending")[0] == 0
    assert runs(shop)["gamma"] == 2
    for customer in ("acme", "beta", "gamma"):
        instance(shop, customer, release="1.0.0")
    (refusal,) = shop.json("plan")["refusals"]
    assert 'release 1.0.0: the configuration moves from version "b" to version "a"' in refusal["message"]
    assert refusal["address"] == "Instance/gamma/gamma-orders"


def test_from_pages_to_a_configuration_and_back(project: Folder):
    release(project, "1.0.0", f"{DEFINITION}isCodeNative: true\n")
    instance(project, "acme", config={"Shop": {"inputs": {"apiKey": "k"}}})
    assert project("apply", "--yes")[0] == 0
    release(project, "1.1.0", text("a", OLD))
    instance(project, "acme")
    (refusal,) = project.json("plan")["refusals"]
    assert 'from config pages to version "a"' in refusal["message"]


def test_a_manifest_that_sets_a_value_is_told_where_it_belongs(shop: Folder):
    instance(shop, "acme", config={"region": "eu"})
    code, _, err = shop("validate", "--format", "json")
    (error,) = json.loads(err)["errors"]
    assert (code, error["code"]) == (3, "headless-configuration")
    assert "the platform has no public call for it" in error["hint"]
    assert "app" in error["hint"]
