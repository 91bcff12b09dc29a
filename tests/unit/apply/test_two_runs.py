"""Two runs of one project at once: between a run's look and its call, and after that, the other one acts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Verb
from reconciler.model.state import Desired, Resource
from reconciler.sandbox import Sandbox, transport
from tests.harness import POLICY, plan_for, prepared, snapshot
from tests.unit.samples import ACME, DATA, PROJECT, SYNC, copy, definition, resource

LISTS = {"createCustomer": "Customer", "createIntegration": "Integration", "createInstance": "Instance"}


def wanted(*more: Resource, release: str = "1.0.0") -> Desired:
    data = {**DATA, "requiredConfigVars": DATA["requiredConfigVars"][:1]}
    first = resource(SYNC, {"definition": definition(data), "release": release})
    resources = [first, resource(ACME), *more]
    return Desired(PROJECT, "sandbox", {r.address: r for r in resources})


def nodes(sandbox: Sandbox, connection: str, fields: str = "id") -> list[dict[str, Any]]:
    _, answer, _ = sandbox.execute(f"{{ {connection} {{ nodes {{ {fields} }} }} }}")
    return list(answer["data"][connection.partition("(")[0]]["nodes"])


class Twice(httpx.AsyncBaseTransport):
    """Another run makes the same call just before or just after ours; our answer may be lost besides."""

    def __init__(self, sandbox: Sandbox, root: str, *, first: bool, lost: bool) -> None:
        self._inner, self._sandbox = transport(sandbox), sandbox
        self._root, self._first, self._lost, self.met = root, first, lost, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if f"mutation {self._root}(" not in body["query"] or self.met:
            return await self._inner.handle_async_request(request)
        self.met = True
        if self._first:
            self._other(body)
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if not self._first:
            self._other(body)
        return httpx.Response(502) if self._lost else response

    def _other(self, body: dict[str, Any]) -> None:
        values = dict(body["variables"]["input"])
        if self._root == "createCustomer":
            # Names of customers are unique: someone renamed one meanwhile.
            if not self._first:
                self._rename()
            self._sandbox.execute(body["query"], {"input": values})
            if self._first:
                self._rename()
        else:
            self._sandbox.execute(body["query"], {"input": values})

    def _rename(self) -> None:
        for customer in nodes(self._sandbox, "customers(isSystem: false)"):
            self._sandbox.execute(
                "mutation ($id: ID) "
                '{ updateCustomer(input: {id: $id, name: "Renamed"}) { customer { id } } }',
                {"id": customer["id"]},
            )


def applied(sandbox: Sandbox, desired: Desired, wire: httpx.AsyncBaseTransport) -> Outcome:
    return anyio.run(prepared(sandbox, desired, wire))


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("root", LISTS)
def test_what_two_runs_create_is_there_once_and_it_is_the_older(root: str, first: bool, lost: bool):
    with Sandbox(rules={"default_order": "name"}) as sandbox:
        wire = Twice(sandbox, root, first=first, lost=lost)
        outcome = applied(sandbox, wanted(copy()), wire)
        assert wire.met
        assert [r.error for r in outcome.results if r.status is not Status.DONE] == []
        objects = snapshot(sandbox).objects[LISTS[root]]
        assert len(objects) == 1
        left = plan_for(sandbox, wanted(copy()), POLICY)
        assert not left.refusals
        assert [a.id for a in left.actions if a.verb is not Verb.UPDATE] == []


class Meanwhile(httpx.AsyncBaseTransport):
    """Somebody does something just before one of our calls is carried out."""

    def __init__(self, sandbox: Sandbox, root: str, act: Callable[[Sandbox], None]) -> None:
        self._inner, self._sandbox, self._root, self._act = transport(sandbox), sandbox, root, act
        self._acted = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if f"mutation {self._root}(" in json.loads(request.content)["query"] and not self._acted:
            await response.aread()
            self._acted = True
            self._act(self._sandbox)
        return response


def _publishes(sandbox: Sandbox) -> None:
    draft = nodes(sandbox, "integrations")[0]
    attributes = json.dumps({"reconciler": {"release": "1.0.0"}})
    sandbox.execute(
        "mutation ($id: ID, $of: String) { publishIntegration(input: {id: $id, attributes: $of}) "
        "{ integration { id } } }",
        {"id": draft["id"], "of": attributes},
    )


def _edits(sandbox: Sandbox) -> None:
    draft = nodes(sandbox, "integrations", "id definition")[0]
    text = draft["definition"].replace("example.com", "example.org")
    assert text != draft["definition"]
    sandbox.execute(
        "mutation ($id: ID, $text: String!) "
        "{ importIntegration(input: {integrationId: $id, definition: $text}) { integration { id } } }",
        {"id": draft["id"], "text": text},
    )


def test_what_another_run_published_meanwhile_is_not_published_again():
    with Sandbox() as sandbox:
        outcome = applied(sandbox, wanted(copy()), Meanwhile(sandbox, "updateIntegration", _publishes))
        assert {r.status for r in outcome.results} == {Status.DONE}
        assert len(snapshot(sandbox).objects["Integration"][0].versions) == 1


def test_a_draft_that_somebody_changed_meanwhile_is_not_published():
    with Sandbox() as sandbox:
        outcome = applied(sandbox, wanted(), Meanwhile(sandbox, "updateIntegration", _edits))
        stale = [r.action.verb for r in outcome.results if r.status is Status.STALE]
        assert stale == [Verb.PUBLISH]
        assert snapshot(sandbox).objects["Integration"][0].versions == ()


def test_of_two_versions_of_one_release_all_runs_take_the_older():
    with Sandbox() as sandbox:
        applied(sandbox, wanted(copy()), transport(sandbox))
        _publishes(sandbox)
        assert len(snapshot(sandbox).objects["Integration"][0].versions) == 2
        assert plan_for(sandbox, wanted(copy()), POLICY).actions == ()


class Lagging(httpx.AsyncBaseTransport):
    """The answer to a call is lost, and what is read for a while after it is older than the call."""

    def __init__(self, sandbox: Sandbox, root: str, search: str, *, lost: bool, stale: int) -> None:
        self._inner, self._root, self._search = transport(sandbox), root, search
        self._lost, self._stale, self._sent = lost, stale, False
        self._before: bytes = b""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        if query.startswith(f"query {self._search}(") and self._sent and self._stale:
            self._stale -= 1
            return httpx.Response(200, content=self._before)
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if query.startswith(f"query {self._search}("):
            self._before = body
        if f"mutation {self._root}(" in query and not self._sent:
            self._sent = True
            return httpx.Response(502) if self._lost else response
        return response


@pytest.mark.parametrize(("lost", "stale"), [(True, 1), (True, 2), (True, 4), (False, 2)])
@pytest.mark.parametrize(
    ("root", "search"), [("createIntegration", "findIntegrations"), ("createInstance", "findInstances")]
)
def test_what_is_read_late_is_not_created_twice(root: str, search: str, lost: bool, stale: int):
    with Sandbox() as sandbox:
        applied(sandbox, wanted(copy()), Lagging(sandbox, root, search, lost=lost, stale=stale))
        assert len(snapshot(sandbox).objects[LISTS[root]]) == 1


def test_what_is_read_late_is_not_published_twice():
    with Sandbox() as sandbox:
        wire = Lagging(sandbox, "publishIntegration", "integration", lost=True, stale=2)
        outcome = applied(sandbox, wanted(copy()), wire)
        assert {r.status for r in outcome.results} == {Status.DONE}
        assert len(snapshot(sandbox).objects["Integration"][0].versions) == 1


class WholeRun(httpx.AsyncBaseTransport):
    """A whole other run right after the n-th of our calls, planned before the first."""

    def __init__(self, sandbox: Sandbox, desired: Desired, after: int) -> None:
        self._inner, self._after, self._calls = transport(sandbox), after, 0
        self._other, self.outcome = prepared(sandbox, desired, transport(sandbox)), None  # type: ignore[var-annotated]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._calls += "mutation" in json.loads(request.content)["query"].split("(")[0]
        response = await self._inner.handle_async_request(request)
        if self._calls == self._after and self.outcome is None:
            await response.aread()
            self.outcome = True
            self.outcome = await self._other()
        return response


@pytest.mark.parametrize("clears", ["true", "false"])
@pytest.mark.parametrize("creates", ["ignores", "imports"])
@pytest.mark.parametrize("after", range(1, 7))
def test_two_first_runs_at_once_make_one_integration(after: int, creates: str, clears: str):
    """Between one run's import, which takes the mark off, and its update, no label tells the other of it."""
    rules = {"create_with_definition": creates, "import_clears_labels": clears}
    with Sandbox(rules=rules) as sandbox:
        desired = wanted(copy({"enabled": True}))
        wire = WholeRun(sandbox, desired, after)
        applied(sandbox, desired, wire)
        assert wire.outcome is not None
        found = snapshot(sandbox).objects
        assert [len(found[kind]) for kind in LISTS.values()] == [1, 1, 1]
        left = plan_for(sandbox, desired, POLICY)
        assert not left.refusals
        assert len(found["Integration"][0].versions) == 1
