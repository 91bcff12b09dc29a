"""A probe that is refused, disturbed or cut off leaves nothing behind, and claims nothing wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from reconciler.model.errors import ReconcilerError
from reconciler.probe.leftovers import Leftover, Runs, remove
from reconciler.probe.run import examine
from reconciler.probe.runs import forget, known, noted
from reconciler.probe.scratch import run_of
from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.rules import Rules
from tests.probe.tenants import OBJECTS, RUN, SCRATCH, client_of, probed

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LABELS = '"reconciler-probe", "{}"'
OTHER = "ba9876543210"
FOREIGN = (
    ("reconciler probe", LABELS.format(RUN)),
    ("Notes of the reconciler probe", LABELS.format(RUN)),
    (f"reconciler probe {OTHER} - scratch, may be deleted", LABELS.format(OTHER)),
    (f"reconciler probe {RUN[:-1]} - scratch, may be deleted", LABELS.format(RUN)),
    (f"Copy of {SCRATCH}", LABELS.format(RUN)),
)


class Killed(BaseException):
    """Stands for the process's end: nothing gets through after it."""


class Deadly(httpx.AsyncBaseTransport):
    """Ends the process at its n-th mutation, before it is carried out or after."""

    def __init__(self, inner: httpx.AsyncBaseTransport, kill_at: int, after: bool) -> None:
        self.inner, self.left, self.after = inner, kill_at, after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        mutation = json.loads(request.content or b"{}").get("query", "").startswith("mutation")
        if self.left <= 0 or (mutation and self.left == 1 and not self.after):
            self.left = 0
            raise Killed
        response = await self.inner.handle_async_request(request)
        self.left -= mutation
        if self.left <= 0:
            raise Killed
        return response


def plant(sandbox: Sandbox) -> None:
    """Customers that look like scratch objects and are none, or are another run's."""
    for name, labels in FOREIGN:
        given = f'{{name: "{name}", labels: [{labels}]}}'
        mutation = f"mutation {{ createCustomer(input: {given}) {{ errors {{ messages }} }} }}"
        assert sandbox.execute(mutation)[1] == {"data": {"createCustomer": {"errors": []}}}


def names(sandbox: Sandbox) -> list[str]:
    data = sandbox.execute(OBJECTS)[1]["data"]
    return sorted(node["name"] for connection in data.values() for node in connection["nodes"])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 7, 11, 15, 16, 31, 44])
def test_what_a_killed_run_left_is_removed_by_the_next(kill_at: int, after: bool, tmp_path: Path) -> None:
    async def work(sandbox: Sandbox) -> list[Leftover]:
        client, clock = client_of(sandbox, wire=lambda inner: Deadly(inner, kill_at, after))
        with pytest.raises(Killed), noted(tmp_path, RUN, "tenant", NOW):
            async with client:
                await examine(client, RUN, sleep=clock.sleep)
        client, _ = client_of(sandbox)
        async with client:
            runs = known(tmp_path, "tenant")
            assert runs == Runs(dead=frozenset({RUN}))
            removed = await remove(client, lambda one: runs.has_left(one, datetime.now(UTC)))
            forget(tmp_path, runs)
        return removed

    with Sandbox(rules={"import_clears_labels": "true"}) as sandbox:
        plant(sandbox)
        before = names(sandbox)
        removed = anyio.run(work, sandbox)
        assert names(sandbox) == before == sorted(name for name, _ in FOREIGN)
        assert bool(removed) == (kill_at > 1 or after)
    assert known(tmp_path, "tenant") == Runs()


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_network_spoils_no_answer(seed: int) -> None:
    kinds = ("reset_before", "reset_after", "half_answer", "garbage", "error_502_after", "null_object")
    faults = [Fault(kind, probability=0.03) for kind in kinds]
    found, _, left = probed({}, faults=faults, seed=seed)
    rules = Rules()
    assert {name: one.value for name, one in found.items() if one.value not in (None, rules[name])} == {}
    assert sum(one.value is not None for one in found.values()) > 5
    assert not any(connection["nodes"] for connection in left.values())


def test_what_depends_on_a_failed_creation_is_not_found_out() -> None:
    found, _, left = probed({}, faults=[Fault("graphql_errors", operation="createInstance")])
    assert found["deploy_enables"].value is None
    assert found["deploy_enables"].evidence == "not found out: the instance could not be created"
    assert found["publish_copies_labels"].value == "true"
    assert not any(connection["nodes"] for connection in left.values())


def test_a_token_that_may_only_read_is_told_so() -> None:
    with Sandbox() as sandbox:
        sandbox.role = "guest"
        client, clock = client_of(sandbox)

        async def work() -> Any:
            async with client:
                return await examine(client, RUN, sleep=clock.sleep)

        with pytest.raises(ReconcilerError, match=r"the token may not write: .*Permission denied") as caught:
            anyio.run(work)
        assert "a user who may manage customers" in caught.value.hint


@pytest.mark.parametrize(
    ("run", "marked", "age", "runs", "left"),
    [
        (RUN, True, timedelta(minutes=1), Runs(), False),
        (RUN, True, timedelta(hours=2), Runs(), True),
        (RUN, False, timedelta(hours=2), Runs(), False),
        (RUN, False, timedelta(0), Runs(dead=frozenset({RUN})), True),
        (RUN, True, timedelta(hours=2), Runs(alive=frozenset({RUN})), False),
        (OTHER, True, timedelta(minutes=1), Runs(dead=frozenset({RUN})), False),
    ],
)
def test_which_scratch_objects_are_left(
    run: str, marked: bool, age: timedelta, runs: Runs, left: bool
) -> None:
    one = Leftover("customer", "id", SCRATCH, run, (NOW - age).isoformat(), marked)
    assert runs.has_left(one, NOW) is left


@pytest.mark.parametrize(
    ("name", "run"),
    [
        (SCRATCH, RUN),
        (f"{SCRATCH} renamed", RUN),
        (SCRATCH.upper(), None),
        (f"{SCRATCH}d", None),
        ("reconciler probe", None),
    ],
)
def test_scratch_objects_are_known_by_their_whole_name(name: str, run: str | None) -> None:
    assert run_of(name) == run


def test_a_run_that_goes_on_counts_as_alive(tmp_path: Path) -> None:
    with noted(tmp_path, RUN, "tenant", NOW):
        assert known(tmp_path, "tenant") == Runs(alive=frozenset({RUN}))
        assert known(tmp_path, "another tenant") == Runs()
    assert known(tmp_path, "tenant") == Runs()
