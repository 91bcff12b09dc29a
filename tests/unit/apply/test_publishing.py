"""A version is published once and named, whatever the tenant makes of the call and people of the draft."""

from __future__ import annotations

import contextlib
import copy as copies
import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from msgspec.structs import replace

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.protocol import Policy
from reconciler.model.outcome import Outcome, Status
from reconciler.model.state import Desired, LiveObject
from reconciler.plan.build import make_plan
from reconciler.sandbox import Sandbox, transport
from tests import harness
from tests.unit.samples import ACME, DATA, PROJECT, SYNC, copy, definition, resource

POLICY = Policy(guard_minimum=1000)
UPDATE = (
    "mutation ($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { integration { id } } }"
)
IMPORT = (
    "mutation ($input: ImportIntegrationInput!) "
    "{ importIntegration(input: $input) { integration { id } errors { messages } } }"
)


def said(description: str) -> dict[str, Any]:
    data = copies.deepcopy({**DATA, "requiredConfigVars": DATA["requiredConfigVars"][:1]})
    data["flows"][0]["description"] = description
    return data


def wanted(description: str = "first", release: str = "1.0.0", **more: Any) -> Desired:
    integration = resource(SYNC, {"definition": definition(said(description)), "release": release, **more})
    instance = copy({"name": "Copy", "release": release, "enabled": False})
    resources = [integration, resource(ACME), instance]
    return Desired(PROJECT, "sandbox", {r.address: r for r in resources})


def edit(sandbox: Sandbox, description: str = "theirs") -> None:
    """A person's change of the draft."""
    _, answer, _ = sandbox.execute("{ integrations { nodes { id } } }", {})
    (node,) = answer["data"]["integrations"]["nodes"]
    values = {"integrationId": node["id"], "definition": definition(said(description)).text}
    _, answer, _ = sandbox.execute(IMPORT, {"input": values})
    assert not answer["data"]["importIntegration"]["errors"]


def draft(sandbox: Sandbox) -> LiveObject:
    (found,) = harness.snapshot(sandbox).objects["Integration"]
    return found


class Meddling(httpx.AsyncBaseTransport):
    """Somebody acts right after a call was carried out; its answer may be lost besides."""

    def __init__(self, sandbox: Sandbox, call: str, act: Callable[[], None], *, lost: bool = False) -> None:
        self._inner, self._call, self._act, self._lost, self.met = transport(sandbox), call, act, lost, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        response = await self._inner.handle_async_request(request)
        if f"mutation {self._call}(" not in query:
            return response
        self.met += 1
        if self.met > 1:
            return response
        await response.aread()
        self._act()
        return httpx.Response(502) if self._lost else response


def apply(
    sandbox: Sandbox, desired: Desired, monkeypatch: pytest.MonkeyPatch, wire: Any = None, **options: Any
) -> Outcome:
    live = harness.snapshot(sandbox, desired)
    plan = harness.plan_for(sandbox, desired, POLICY)
    assert not plan.refusals, plan.refusals
    if wire is not None:
        monkeypatch.setattr(harness, "transport", lambda _: wire)
    try:
        outcome = harness.apply_plan(sandbox, desired, plan, live, POLICY, parallelism=1, **options)
    finally:
        monkeypatch.undo()
    bad = [(r.action.id, r.status.value, r.error) for r in outcome.results if r.status is not Status.DONE]
    assert not bad, bad
    return outcome


def left(sandbox: Sandbox, desired: Desired) -> list[str]:
    return [action.id for action in harness.plan_for(sandbox, desired).actions]


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("keeps", ["true", "false"])
@pytest.mark.parametrize("unknown", ["keep", "drop"])
def test_a_release_is_found_again_whatever_the_draft_does(
    lost: bool, keeps: str, unknown: str, monkeypatch: pytest.MonkeyPatch
):
    """A person edits the draft between the publish and the read after it."""
    rules = {"attributes_keep_own_keys": keeps, "unknown_definition_keys": unknown}
    with Sandbox(rules=rules) as sandbox:
        for number, release in enumerate(("1.0.0", "1.1.0"), 1):
            desired = wanted(release, release)
            wire = Meddling(sandbox, "publishIntegration", lambda: edit(sandbox), lost=lost)
            apply(sandbox, desired, monkeypatch, wire)
            assert (wire.met, len(draft(sandbox).versions)) == (1, number)
            assert left(sandbox, desired) == []
            edit(sandbox, release)  # the person takes it back


@pytest.mark.parametrize("keeps", ["true", "false"])
def test_a_run_that_ends_right_after_publishing_is_gone_on_with(keeps: str, monkeypatch: pytest.MonkeyPatch):
    with Sandbox(rules={"attributes_keep_own_keys": keeps}) as sandbox:
        desired = wanted()
        live = harness.snapshot(sandbox, desired)
        plan = make_plan(desired, live, POLICY)
        publish = [a.id for a in plan.actions].index("Integration/sync#publish")
        writes = sum(a.writes for a in plan.actions[: publish + 1])
        ended = False
        for kill_at in range(1, writes + 1):
            if ended:
                break
            try:
                harness.apply_plan(
                    sandbox, desired, plan, live, POLICY, kill_at=kill_at, after=True, parallelism=1
                )
            except harness.Killed:
                ended = bool(draft(sandbox).versions)
            live = harness.snapshot(sandbox, desired)
            plan = make_plan(desired, live, POLICY)
        assert ended
        edit(sandbox)
        apply(sandbox, desired, monkeypatch)
        assert (len(draft(sandbox).versions), left(sandbox, desired)) == (1, [])


@pytest.mark.parametrize("available", [None, True])
@pytest.mark.parametrize("drafted", [False, True])
@pytest.mark.parametrize("keeps", ["true", "false"])
def test_a_first_release_is_found_below_what_a_person_published_on_top(
    keeps: str, drafted: bool, available: bool | None, monkeypatch: pytest.MonkeyPatch
):
    """The run ended right after the publish, before it gave the version its name."""
    with Sandbox(rules={"attributes_keep_own_keys": keeps}) as sandbox:
        desired = wanted(name="Sync", **({} if available is None else {"available": available}))
        if drafted:
            sync = desired.resources[SYNC]
            drafting = replace(
                sync, fields={k: v for k, v in sync.fields.items() if k in ("name", "definition")}
            )
            apply(sandbox, Desired(PROJECT, "sandbox", {SYNC: drafting}), monkeypatch)

        def die() -> None:
            raise harness.Killed

        with contextlib.suppress(harness.Killed, BaseExceptionGroup):
            apply(sandbox, desired, monkeypatch, Meddling(sandbox, "publishIntegration", die))
        (ours,) = draft(sandbox).versions
        edit(sandbox)
        sandbox.execute(
            "mutation ($id: ID) { publishIntegration(input: {id: $id}) { integration { id } } }",
            {"id": draft(sandbox).id},
        )
        apply(sandbox, desired, monkeypatch)
        assert (len(draft(sandbox).versions), left(sandbox, desired)) == (2, [])
        (running,) = harness.snapshot(sandbox).objects["Instance"]
        assert facts_of(running).version_id == ours.id


def test_trailers_are_written_where_attributes_are_dropped(monkeypatch: pytest.MonkeyPatch):
    with Sandbox(rules={"attributes_keep_own_keys": "false"}) as sandbox:
        for release in ("1.0.0", "1.1.0"):
            apply(sandbox, wanted(release, release, comment="Retries on 429."), monkeypatch)
        query = "{ integrations(allVersions: true) { nodes { versionComment } } }"
        _, answer, _ = sandbox.execute(query, {})
        comments = {n["versionComment"] for n in answer["data"]["integrations"]["nodes"]} - {None, ""}
        assert len(comments) == 2
        assert "Retries on 429." in comments
        (other,) = comments - {"Retries on 429."}
        assert other.startswith("Retries on 429.\n\nReconciler-Release: 1.1.0\n")
        # The metadata is lost, and the name is found again all the same.
        sandbox.execute(UPDATE, {"input": {"id": draft(sandbox).id, "metadata": "{}"}})
        newest = draft(sandbox).versions[0]
        assert (newest.release, newest.comment) == ("1.1.0", "Retries on 429.")


@pytest.mark.parametrize("keeps", ["true", "false"])
def test_an_unchanged_draft_gives_its_name_to_the_version_that_is_there(
    keeps: str, monkeypatch: pytest.MonkeyPatch
):
    rules = {"publish_unchanged": "same_version", "attributes_keep_own_keys": keeps}
    with Sandbox(rules=rules) as sandbox:
        apply(sandbox, wanted(), monkeypatch)
        before = facts_of(harness.snapshot(sandbox).objects["Instance"][0]).last_deployed_at
        desired = wanted(release="1.1.0")
        apply(sandbox, desired, monkeypatch)
        assert (len(draft(sandbox).versions), left(sandbox, desired)) == (1, [])
        (instance,) = harness.snapshot(sandbox).objects["Instance"]
        assert facts_of(instance).last_deployed_at == before, "naming what runs is no deployment"
        assert left(sandbox, wanted()) in ([], ["Instance/acme/copy#update"]), "the first name is still there"


@pytest.mark.parametrize("available", [None, True, False])
def test_a_version_that_waits_to_be_told_is_told(available: bool | None, monkeypatch: pytest.MonkeyPatch):
    rules = {"published_available": "not_until_told", "unavailable_version": "allowed"}
    with Sandbox(rules=rules) as sandbox:
        more = {} if available is None else {"available": available}
        desired, slept = wanted(**more), []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await anyio.lowlevel.checkpoint()

        monkeypatch.setattr(harness, "no_sleep", sleep)
        apply(sandbox, desired, monkeypatch)
        assert draft(sandbox).versions[0].available is (available is not False)
        assert 2 < sum(slept) < 30 if available is not False else not slept
        assert left(sandbox, desired) == []


def test_a_version_that_becomes_available_by_itself_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    with Sandbox(rules={"published_available": "after_delay"}) as sandbox:
        wire = Meddling(sandbox, "updateIntegrationVersionAvailability", lambda: None)
        apply(sandbox, wanted(), monkeypatch, wire)
        assert wire.met == 0
        assert draft(sandbox).versions[0].available


def cut_after(sandbox: Sandbox, desired: Desired, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends when a call was carried out."""

    def end() -> None:
        raise harness.Killed

    wire = Meddling(sandbox, call, end)
    with contextlib.suppress(harness.Killed):
        apply(sandbox, desired, monkeypatch, wire)
    monkeypatch.undo()
    assert wire.met == 1


def withdraw(sandbox: Sandbox) -> None:
    call = (
        "mutation ($input: UpdateIntegrationVersionAvailabilityInput!) "
        "{ updateIntegrationVersionAvailability(input: $input) { errors { messages } } }"
    )
    sandbox.execute(call, {"input": {"id": draft(sandbox).versions[0].id, "available": False}})
    assert not draft(sandbox).versions[0].available


@pytest.mark.parametrize("keeps", ["true", "false"])
@pytest.mark.parametrize("instance", [True, False])
@pytest.mark.parametrize("call", ["publishIntegration", "updateIntegrationVersionAvailability"])
def test_a_run_that_ends_before_it_told_is_gone_on_with(
    call: str, instance: bool, keeps: str, monkeypatch: pytest.MonkeyPatch
):
    """And a person's withdrawal afterwards is theirs."""
    with Sandbox(
        rules={"published_available": "not_until_told", "attributes_keep_own_keys": keeps}
    ) as sandbox:
        for release in ("1.0.0", "1.1.0"):
            desired = wanted(release, release)
            if not instance:
                desired = replace(desired, resources={SYNC: desired.resources[SYNC]})
            cut_after(sandbox, desired, call, monkeypatch)
            apply(sandbox, desired, monkeypatch)
            assert draft(sandbox).versions[0].available
            assert left(sandbox, desired) == []
        if call == "publishIntegration":
            withdraw(sandbox)
            assert left(sandbox, desired) == []


def test_a_release_that_was_never_told_may_stay_so(monkeypatch: pytest.MonkeyPatch):
    with Sandbox(
        rules={"published_available": "not_until_told", "unavailable_version": "allowed"}
    ) as sandbox:
        cut_after(sandbox, wanted(), "publishIntegration", monkeypatch)
        apply(sandbox, wanted(available=False), monkeypatch)
        assert not draft(sandbox).versions[0].available
        assert left(sandbox, wanted(available=False)) == []


@pytest.mark.parametrize("rule", ["true", "after_delay"])
def test_what_a_person_withdraws_stays_so(rule: str, monkeypatch: pytest.MonkeyPatch):
    with Sandbox(rules={"published_available": rule}) as sandbox:
        for release in ("1.0.0", "1.1.0"):
            apply(sandbox, wanted(release, release), monkeypatch)
            withdraw(sandbox)
            assert left(sandbox, wanted(release, release)) == []


def test_of_a_tenant_that_needs_no_telling_nothing_more_is_noted(monkeypatch: pytest.MonkeyPatch):
    with Sandbox() as sandbox:
        written = []
        for release in ("1.0.0", "1.1.0", "1.2.0"):
            before = sandbox.writes()
            apply(sandbox, wanted(release, release), monkeypatch)
            written.append(sandbox.writes() - before)
        assert written[1] == written[2]


def test_an_instance_is_deployed_where_its_release_is_really_another(monkeypatch: pytest.MonkeyPatch):
    with Sandbox() as sandbox:
        apply(sandbox, wanted(), monkeypatch)
        before = facts_of(harness.snapshot(sandbox).objects["Instance"][0])
        apply(sandbox, wanted("second", "1.1.0"), monkeypatch)
        after = facts_of(harness.snapshot(sandbox).objects["Instance"][0])
        assert after.deployed_version == 2
        assert after.last_deployed_at != before.last_deployed_at
