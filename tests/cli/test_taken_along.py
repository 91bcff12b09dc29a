"""What a deletion takes along: listed by the plan, and looked at once more right before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Sandbox, transport
from tests.cli.projects import Folder

Act = Callable[[Sandbox], None]
OUTER = {"customer": "Customer/acme", "integration": "Integration/orders"}


class Meanwhile(httpx.AsyncBaseTransport):
    """Somebody does something just after an instance of ours was deleted."""

    def __init__(self, sandbox: Sandbox, act: Act) -> None:
        self._inner, self._sandbox, self._act = transport(sandbox), sandbox, act

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if "mutation deleteInstance(" in json.loads(request.content)["query"]:
            await response.aread()
            self._act(self._sandbox)
        return response


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop that is applied, and of which no manifest is left."""
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "birch", name="Birch")
    assert project("apply", "--yes")[0] == 0
    for path in (project.root / "manifests").glob("*.yaml"):
        if "birch" not in path.name:
            path.unlink()
    return project


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """Has somebody act while a run deletes."""

    def make(act: Act) -> None:
        monkeypatch.setattr("reconciler.sandbox.transport", lambda sandbox: Meanwhile(sandbox, act))

    return make


def references(shop: Folder) -> dict[str, str]:
    query = "{ customers(isSystem: false) { nodes { id name } } integrations { nodes { id } } }"
    found = shop.ask(query)
    (acme,) = [one["id"] for one in found["customers"]["nodes"] if one["name"] == "Acme"]
    sequence = "{ instances(isSystem: false) { nodes { integration { id } } } }"
    (instance,) = shop.ask(sequence)["instances"]["nodes"]
    return {"customer": acme, "integration": instance["integration"]["id"]}


def made(values: dict[str, Any]) -> Act:
    """Makes an instance by hand."""

    def act(sandbox: Sandbox) -> None:
        _, answer, _ = sandbox.execute(
            "mutation ($input: CreateInstanceInput!) "
            "{ createInstance(input: $input) { instance { id } errors { messages } } }",
            {"input": values},
        )
        assert answer["data"]["createInstance"]["instance"], answer

    return act


def statuses(shop: Folder, *arguments: str) -> dict[str, dict[str, Any]]:
    found = shop.json("apply", "--yes", "--prune", *arguments)
    return {action["address"]: action for action in found["actions"]}


def _others(kind: str) -> list[str]:
    return [address for name, address in OUTER.items() if name != kind]


@pytest.mark.parametrize("kind", OUTER)
def test_what_a_stranger_makes_meanwhile_stays_and_is_named(
    shop: Folder, meanwhile: Callable[[Act], None], kind: str
) -> None:
    meanwhile(made({"name": "By hand", **references(shop)}))
    found = statuses(shop, "--exclude", *_others(kind))
    (left,) = shop.ask("{ instances(isSystem: false) { nodes { id } } }")["instances"]["nodes"]
    ended = found[OUTER[kind]]
    assert ended["status"] == "stale"
    assert f'someone made instance "By hand" ({left["id"]}) meanwhile' in ended["error"]
    assert "--delete-strangers" in ended["hint"]
    assert found["Instance/acme/orders"]["status"] == "done"


def test_it_goes_along_where_that_is_asked_for(shop: Folder, meanwhile: Callable[[Act], None]) -> None:
    meanwhile(made({"name": "By hand", **references(shop)}))
    found = statuses(shop, "--delete-strangers")
    assert {action["status"] for action in found.values()} == {"done"}
    assert shop.ask("{ instances(isSystem: false) { nodes { id } } }")["instances"]["nodes"] == []


@pytest.mark.parametrize("label", ["reconciler:other/instance/x", "reconciler:shop/instance/orders"])
@pytest.mark.parametrize("flags", [[], ["--delete-strangers"]])
def test_what_bears_a_mark_and_was_not_in_the_plan_stays_in_any_case(
    shop: Folder, meanwhile: Callable[[Act], None], label: str, flags: list[str]
) -> None:
    meanwhile(made({"name": "Another's", **references(shop), "labels": [label]}))
    found = statuses(shop, *flags)
    assert [found[one]["status"] for one in sorted(OUTER.values())] == ["stale", "stale"]
    assert all("someone made instance" in found[one]["error"] for one in OUTER.values())
    assert all("--delete-strangers" not in found[one]["hint"] for one in OUTER.values())


def test_what_somebody_takes_over_meanwhile_stays(shop: Folder, meanwhile: Callable[[Act], None]) -> None:
    """The plan showed it as nobody's."""
    made_before = shop.behind("createInstance", {"name": "By hand", **references(shop)})["id"]

    def marks(sandbox: Sandbox) -> None:
        sandbox.execute(
            "mutation ($id: ID, $labels: [String]) { updateInstance(input: "
            "{id: $id, labels: $labels, preserveDeployState: true}) { instance { id } } }",
            {"id": made_before, "labels": ["reconciler:other/instance/x"]},
        )

    meanwhile(marks)
    found = statuses(shop, "--delete-strangers")
    assert [found[one]["status"] for one in sorted(OUTER.values())] == ["stale", "stale"]
    assert all("someone changed instance" in found[one]["error"] for one in OUTER.values())


def test_the_look_is_in_the_estimate(shop: Folder) -> None:
    asked: list[str] = []
    planned = shop.json("plan", "--prune")["requests"]

    class Counting(httpx.AsyncBaseTransport):
        def __init__(self, sandbox: Sandbox) -> None:
            self._inner = transport(sandbox)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(json.loads(request.content)["query"])
            return await self._inner.handle_async_request(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.sandbox.transport", Counting)
        assert shop("apply", "--yes", "--prune")[0] == 0
    reads = [query for query in asked if query.lstrip().startswith("query")]
    # An embedded tenant is asked once whose token it is, and two looks may travel together.
    assert abs(planned["read"] - len(reads) - 1) <= 2


# Users of a customer


def person(shop: Folder, customer: str) -> str:
    """Makes a user of a customer by hand; its id."""
    roles = shop.ask("{ customerRoles { id } }")["customerRoles"]
    eve = {"customer": customer, "email": "eve@example.com", "name": "Eve", "role": roles[0]["id"]}
    return str(shop.mutate("createCustomerUser", eve, "user { id }")["user"]["id"])


def test_a_user_of_a_customer_counts_as_a_stranger(shop: Folder) -> None:
    made = person(shop, references(shop)["customer"])
    (refused,) = shop.json("plan", "--prune")["refusals"]
    assert (refused["code"], refused["address"]) == ("strangers", "Customer/acme")
    assert f'user "Eve" ({made})' in refused["message"]
    plan = shop.json("plan", "--prune", "--delete-strangers")
    assert plan["refusals"] == []
    assert plan["consequences"] == [f'user "Eve" ({made}) is deleted with Customer/acme']
    assert shop("apply", "--yes", "--prune", "--delete-strangers")[0] == 0


def test_users_are_read_where_a_customer_is_to_be_deleted_and_once(shop: Folder) -> None:
    asked = [shop.json("plan", *flags)["requests"]["read"] for flags in ([], ["--prune"])]
    kept = shop.json("plan", "--prune", "--exclude", "Customer/acme")["requests"]["read"]
    assert asked[0] < kept < asked[1]


def test_users_that_nobody_deletes_are_no_finding(shop: Folder) -> None:
    other = next(
        one["id"]
        for one in shop.ask("{ customers(isSystem: false) { nodes { id name } } }")["customers"]["nodes"]
        if one["name"] == "Birch"
    )
    person(shop, other)
    plan = shop.json("plan", "--prune")
    assert (plan["refusals"], plan["consequences"], plan["summary"]["unmanaged"]) == ([], [], 0)


def test_a_user_that_is_made_meanwhile_stays(shop: Folder, meanwhile: Callable[[Act], None]) -> None:
    customer = references(shop)["customer"]
    meanwhile(lambda _: person(shop, customer) and None)
    found = statuses(shop)["Customer/acme"]
    assert found["status"] == "stale"
    assert 'someone made user "Eve"' in found["error"]


class Blind(httpx.AsyncBaseTransport):
    """A tenant that does not let the token list users."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = transport(sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if " users(" in json.loads(request.content)["query"]:
            return httpx.Response(200, json={"data": None, "errors": [{"message": "Permission denied"}]})
        return await self._inner.handle_async_request(request)


def test_users_that_cannot_be_read_may_be_there(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.sandbox.transport", Blind)
    plan = shop.json("plan", "--prune")
    (refused,) = plan["refusals"]
    assert (refused["code"], refused["address"]) == ("strangers", "Customer/acme")
    assert "cannot be read" in refused["message"]
    assert "nothing of them is deleted" not in str(plan["warnings"])
    assert shop.json("plan", "--prune", "--delete-strangers")["refusals"] == []
    assert shop("apply", "--yes", "--prune", "--delete-strangers")[0] == 0
    assert "Acme" not in str(shop.ask("{ customers { nodes { name } } }"))


# Workflows


def workflow(values: dict[str, Any]) -> Act:
    """Has a person build a workflow for a customer: the API shows it as an instance of another type."""

    def act(sandbox: Sandbox) -> None:
        made(values)(sandbox)
        with sandbox.writing() as context:
            (row,) = context.store.select("instance", ["name = ?"], [values["name"]])
            context.store.insert("workflow", {"id": row["id"], "instance": row["id"]})

    return act


def built(shop: Folder, **more: Any) -> None:
    sandbox = shop.sandbox()
    try:
        workflow({**references(shop), "name": "By hand", **more})(sandbox)
    finally:
        sandbox.close()


def test_a_workflow_is_no_instance(shop: Folder):
    before = shop.json("plan", "--prune")["summary"]
    built(shop)
    assert [one["name"] for one in shop.json("get", "instances")] == ["Orders for Acme"]
    assert [one["name"] for one in shop.json("get", "instances", "--type", "WORKFLOW")] == ["By hand"]
    assert shop.json("drift", "--unmanaged")["unmanaged"] == []
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="First")
    assert shop.json("plan")["refusals"] == []
    assert before["unmanaged"] == shop.json("plan")["summary"]["unmanaged"]


def test_a_customer_with_a_workflow_is_not_deleted_unasked(shop: Folder):
    built(shop, labels=["reconciler:shop/instance/orders"])
    plan = shop.json("plan", "--prune")
    (refusal,) = plan["refusals"]
    assert (refusal["code"], refusal["address"]) == ("strangers", "Customer/acme")
    assert 'workflow "By hand"' in refusal["message"]
    plan = shop.json("plan", "--prune", "--delete-strangers")
    assert plan["refusals"] == []
    assert any('workflow "By hand"' in one for one in plan["consequences"])
    assert statuses(shop, "--delete-strangers")["Customer/acme"]["status"] == "done"
    assert shop.json("get", "instances", "--type", "WORKFLOW") == []


def test_a_workflow_that_is_built_meanwhile_keeps_its_customer(
    shop: Folder, meanwhile: Callable[[Act], None]
):
    meanwhile(workflow({**references(shop), "name": "Late"}))
    ends = statuses(shop, "--exclude", "Integration/*")
    assert ends["Customer/acme"]["status"] == "stale"
    assert 'workflow "Late"' in ends["Customer/acme"]["error"]
