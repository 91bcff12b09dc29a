"""People change what bears our mark, or make what our key names: nothing is lost, doubled or taken untold."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.outcome import Status
from reconciler.model.state import Desired, Resource
from reconciler.sandbox import Sandbox, transport
from tests.harness import apply_plan, converge, plan_for, snapshot
from tests.kinds.cases import CASES, address_of
from tests.kinds.world import World
from tests.unit.apply.test_two_runs import Twice, applied

DESCRIBED = [kind for kind, case in CASES.items() if case.marks == "description"]
LINE = "A person's line"


def _description(world: World, kind: str) -> str:
    (found,) = world.objects(kind)
    one = CASES[kind].one
    return str(world.ask(f'{{ {one}(id: "{found["id"]}") {{ description }} }}')[one]["description"])


@pytest.mark.parametrize("kind", DESCRIBED)
def test_what_is_written_below_our_line_does_not_hide_it(world: World, kind: str) -> None:
    spec = {name: value for name, value in CASES[kind].spec.items() if name != "description"}
    world.manifest(kind, kind.lower(), **spec)
    world.apply()
    (found,) = world.objects(kind)
    world.change(kind, found["id"], {"description": f"{_description(world, kind)}\n{LINE}"})
    world.apply()
    assert world.objects(kind) == [found]
    assert LINE in _description(world, kind)
    world.run("forget", "--yes", address_of(kind))
    assert _description(world, kind) == LINE


def _headers(world: World) -> dict[str, Any]:
    (found,) = world.objects("AlertWebhook")
    text = world.ask(f'{{ alertWebhook(id: "{found["id"]}") {{ headers }} }}')["alertWebhook"]["headers"]
    return dict(json.loads(text))


def test_one_header_may_be_ignored(world: World) -> None:
    world.declare("AlertWebhook")
    path = world.root / "manifests" / "alertwebhook-alertwebhook.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("metadata:", "metadata:\n  ignore: [headers.X-Extra]", 1), encoding="utf-8")
    world.apply()
    (found,) = world.objects("AlertWebhook")
    extra = {**_headers(world), "X-Extra": "a person's"}
    world.change("AlertWebhook", found["id"], {"headers": json.dumps(extra)})
    assert world.json("plan")["actions"] == []
    world.change("AlertWebhook", found["id"], {"payloadTemplate": "drifted"})
    world.apply()
    assert _headers(world)["X-Extra"] == "a person's"


def test_a_person_s_header_of_a_like_name_stays(world: World) -> None:
    world.declare("AlertWebhook", headers={"x-reconciler": "theirs"})
    world.apply()
    assert _headers(world)["x-reconciler"] == "theirs"


def test_two_of_one_key_are_refused_with_a_way_out(world: World) -> None:
    world.declare("AlertGroup")
    world.apply()
    world.mutate("createAlertGroup", {"name": "On call", "users": [], "webhooks": []})
    (refusal,) = world.json("plan")["refusals"]
    assert refusal["code"] == "ambiguous"
    assert "adopt" not in refusal["hint"]


def test_what_came_to_be_under_our_key_since_the_plan_is_not_taken_over_untold() -> None:
    sandbox = Sandbox()
    webhook = Resource(
        Address("AlertWebhook", "ops"), {"name": "Ops", "url": "https://a", "payloadTemplate": "{}"}
    )
    group = Resource(Address("AlertGroup", "night"), {"name": "Night", "webhooks": [webhook.address]})
    desired = Desired("shop", "sandbox", {r.address: r for r in (webhook, group)})
    policy = Policy(guard_minimum=1000)
    live, plan = snapshot(sandbox, desired), plan_for(sandbox, desired, policy)

    def meddle() -> None:
        values = '{name: "Night", users: [], webhooks: []}'
        query = f"mutation {{ createAlertGroup(input: {values}) {{ errors {{ field }} }} }}"
        assert sandbox.execute(query)[1]["data"]

    outcome = apply_plan(sandbox, desired, plan, live, policy, meddle=meddle)
    ended = {str(r.action.address): r.status for r in outcome.results}
    assert ended == {"AlertWebhook/ops": Status.DONE, "AlertGroup/night": Status.STALE}
    (shown,) = plan_for(sandbox, desired, policy).actions
    assert [change.path for change in shown.changes] == ["webhooks"]
    converge(sandbox, desired)
    assert not plan_for(sandbox, desired, policy).actions
    assert len(snapshot(sandbox, desired).objects["AlertGroup"]) == 1
    assert not all_kinds()["AlertGroup"].marked


NAMED = {
    "AlertWebhook": {"url": "https://a", "payloadTemplate": "{}"},
    "EventWebhook": {"url": "https://a", "eventTypes": ["user.created"]},
    "LogStream": {
        "url": "https://a",
        "payloadTemplate": "{}",
        "severityLevels": [Address("LogSeverity", "ERROR")],
    },
    "AlertGroup": {},
}


def _one(kind: str) -> Desired:
    resource = Resource(Address(kind, "one"), {"name": "One", **NAMED[kind]})
    return Desired("shop", "sandbox", {resource.address: resource})


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in NAMED if all_kinds()[kind].marked])
def test_of_what_two_runs_create_the_older_stays(kind: str, first: bool, lost: bool) -> None:
    desired = _one(kind)
    with Sandbox() as sandbox:
        wire = Twice(sandbox, CASES[kind].update.replace("update", "create"), first=first, lost=lost)
        outcome = applied(sandbox, desired, wire)
        assert wire.met
        assert [r.error for r in outcome.results if r.status is not Status.DONE] == []
        assert len(snapshot(sandbox, desired).objects[kind]) == 1
        assert not plan_for(sandbox, desired).actions


class Late(httpx.AsyncBaseTransport):
    """A creation takes effect long after the caller was told of an error."""

    def __init__(self, sandbox: Sandbox, root: str) -> None:
        self._inner, self._sandbox, self._root = transport(sandbox), sandbox, root
        self._waiting: dict[str, Any] | None = None
        self.creations = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if f"mutation {self._root}(" in body["query"]:
            self.creations += 1
            if self.creations == 1:
                self._waiting = body
                return httpx.Response(504)
            self.take_effect()
        return await self._inner.handle_async_request(request)

    def take_effect(self) -> None:
        body, self._waiting = self._waiting, None
        if body:
            self._sandbox.execute(body["query"], body["variables"])


@pytest.mark.parametrize("kind", NAMED)
def test_a_creation_that_takes_effect_late_makes_one_object(kind: str) -> None:
    desired = _one(kind)
    with Sandbox() as sandbox:
        wire = Late(sandbox, CASES[kind].update.replace("update", "create"))
        applied(sandbox, desired, wire)
        wire.take_effect()
        converge(sandbox, desired)
        assert len(snapshot(sandbox, desired).objects[kind]) == 1
        assert not plan_for(sandbox, desired).actions


@pytest.mark.parametrize("kind", [kind for kind, case in CASES.items() if case.marks == "headers"])
def test_our_own_header_cannot_be_declared(world: World, kind: str) -> None:
    world.declare(kind, headers={"X-Reconciler": "mine"})
    assert "holds the mark" in world.run("validate", code=3)
