"""Objects of a tenant that cannot be understood: named, counted, and refused where a manifest needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Sandbox, transport
from tests.cli.projects import Folder

INTEGRATION, INSTANCE = "Integration/orders", "Instance/acme/orders"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.shop(release="1.0.0")
    assert project("apply", "--yes")[0] == 0
    return project


@pytest.fixture
def odd(shop: Folder) -> str:
    """The id of the project's integration, into whose metadata a person wrote a list."""
    identity = shop.id_of("integrations")
    shop.behind("updateIntegration", {"id": identity, "metadata": '["theirs"]'})
    return identity


class Odd(httpx.AsyncBaseTransport):
    """A tenant of which some answers are odd."""

    def __init__(self, sandbox: Sandbox, name: str, change: Change) -> None:
        self._inner, self._name, self._change = transport(sandbox), name, change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        answer = json.loads(await response.aread())
        for key, found in (answer.get("data") or {}).items():
            if re.fullmatch(rf"{self._name}(_\d+)?", key) and found:
                for node in found.get("nodes", [found]):
                    if "id" in node:
                        self._change(node)
        return httpx.Response(response.status_code, json=answer)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Change], None]:
    """Makes the tenant answer oddly to the queries of one name."""

    def make(name: str, change: Change) -> None:
        monkeypatch.setattr("reconciler.sandbox.transport", lambda sandbox: Odd(sandbox, name, change))

    return make


def test_it_is_refused_by_its_id_where_a_manifest_needs_it(shop: Folder, odd: str):
    plan = shop.json("plan")
    (refusal,) = plan["refusals"]
    assert (refusal["code"], refusal["address"]) == ("unreadable", INTEGRATION)
    assert odd in refusal["message"]
    assert "metadata is not a map" in refusal["message"]
    assert (plan["actions"], plan["drift"], plan["summary"]["unreadable"]) == ([], [], 1)
    code, out, err = shop("apply", "--yes")
    assert (code, "internal error" in out + err) == (5, False)


def test_all_else_goes_on_without_it(shop: Folder, odd: str):
    shop.manifest("Customer", "birch", name="Birch")
    found = shop.json("apply", "--yes", "--exclude", INTEGRATION)
    assert {a["address"]: a["status"] for a in found["actions"]} == {"Customer/birch": "done"}
    assert [one["address"] for one in found["leftOut"]] == [INSTANCE]
    assert "theirs" in str(shop.ask("{ integrations { nodes { metadata } } }"))


@pytest.mark.parametrize("verb", ["plan", "drift"])
@pytest.mark.parametrize("name", ["text", "json", "markdown", "github"])
def test_one_that_no_manifest_needs_is_named_and_passed_over(
    shop: Folder, verb: str, name: str, answering: Callable[[str, Change], None]
):
    made = shop.behind("createCustomer", {"name": "By hand"})["id"]

    def change(node: dict[str, Any]) -> None:
        if node["id"] == made:
            node["externalId"] = ["a", "list"]

    answering("customers", change)
    code, out, _ = shop(verb, "--format", name, "--detailed-exitcode")
    assert code == 0
    assert f"customer {made} cannot be understood" in out
    if name == "json":
        assert json.loads(out)["summary"]["unreadable"] == 1


def test_a_customer_is_kept_while_something_in_it_cannot_be_understood(
    shop: Folder, answering: Callable[[str, Change], None]
):
    references = {"customer": shop.id_of("customers"), "integration": shop.id_of("integrations")}
    ids = shop.ask("{ instances(isSystem: false) { nodes { id integration { id } } } }")["instances"]["nodes"]
    references["integration"] = ids[0]["integration"]["id"]
    made = shop.behind("createInstance", {"name": "By hand", **references})["id"]
    for kind in ("customer", "instance"):
        for path in (shop.root / "manifests").glob(f"{kind}-*.yaml"):
            path.unlink()

    def change(node: dict[str, Any]) -> None:
        if node["id"] == made:
            node["flowConfigs"] = 7

    answering("instances", change)
    plan = shop.json("plan", "--prune", "--delete-strangers")
    assert [(r["code"], r["address"]) for r in plan["refusals"]] == [("unreadable", "Customer/acme")]
    assert made in plan["refusals"][0]["message"]


def test_one_that_is_odd_only_when_it_is_looked_at_fails_its_action(
    shop: Folder, answering: Callable[[str, Change], None]
):
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    shop.manifest("Customer", "birch", name="Birch")
    answering("customer", lambda node: node.update(labels=None, name=["odd"]))
    found = shop.json("apply", "--yes")
    ends = {a["address"]: (a["status"], a["error"]) for a in found["actions"]}
    status, error = ends["Customer/acme"]
    assert status == "failed"
    assert "cannot be understood: its name is not a text" in error
    assert ends["Customer/birch"] == ("done", None)


def test_what_the_platform_numbers_from_nought_is_understood(shop: Folder):
    spec: dict[str, Any] = {"name": "Lake", "url": "https://example.com/logs", "payloadTemplate": "{}"}
    shop.manifest("LogStream", "lake", **spec, severityLevels=["ERROR"])
    plan = shop.json("plan")
    assert (plan["warnings"], plan["refusals"]) == ([], [])
