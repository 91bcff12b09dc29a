"""Every fault, in the process and over a port."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from reconciler.sandbox import BASE_URL, Sandbox
from reconciler.sandbox.faults import KINDS, Fault
from tests.sandbox.ways import CREATE, CUSTOMERS, ME, Way, names_in

RESET = httpx.ReadError
CUT = httpx.RemoteProtocolError
OUTCOMES: list[tuple[str, bool, int | type[httpx.HTTPError]]] = [
    ("latency", True, 200),
    ("jitter", True, 200),
    ("refuse", False, httpx.ConnectError),
    ("reset_before", False, RESET),
    ("throttle", False, 429),
    ("throttle_silent", False, 429),
    ("error_500", False, 500),
    ("error_502", False, 502),
    ("error_503", False, 503),
    ("graphql_errors", False, 200),
    ("unauthorized", False, 401),
    ("reset_after", True, RESET),
    ("half_answer", True, CUT),
    ("drip", True, 200),
    ("error_502_after", True, 502),
    ("data_with_400", True, 400),
    ("garbage", True, 200),
    ("null_object", True, 200),
]


def test_every_fault_is_in_the_tables() -> None:
    elsewhere = {"shifting_list", "stale_read"}  # which do not befall mutations
    elsewhere |= {"gateway_gives_up", "rolled_back_but_answered"}  # which befall several at once
    assert {row[0] for row in OUTCOMES} | elsewhere == set(KINDS)


@pytest.mark.parametrize(("kind", "carried_out", "outcome"), OUTCOMES)
def test_what_a_mutation_meets(
    way: Way, kind: str, carried_out: bool, outcome: int | type[httpx.HTTPError]
) -> None:
    if kind == "refuse" and way.is_served:
        outcome = RESET  # the connection was taken already
    way.sandbox.set_faults([Fault(kind, seconds=0.05, times=1)])
    met = way.create()
    if isinstance(outcome, int):
        assert isinstance(met, httpx.Response), met
        assert met.status_code == outcome
    else:
        assert type(met) is outcome
    assert len(way.names()) == way.sandbox.writes() == carried_out
    assert way.sandbox.injected() == {kind: 1}
    after = way.ask(ME)  # the sandbox goes on
    assert isinstance(after, httpx.Response)
    assert after.status_code == 200


def answered(way: Way, kind: str, seconds: float = 0.01) -> httpx.Response:
    way.sandbox.set_faults([Fault(kind, seconds=seconds)])
    met = way.create()
    assert isinstance(met, httpx.Response), met
    return met


def test_what_the_answers_look_like(way: Way) -> None:
    assert answered(way, "throttle", seconds=2.5).headers["retry-after"] == "3"
    assert "retry-after" not in answered(way, "throttle_silent").headers
    for kind in ("error_500", "error_502", "error_503", "error_502_after"):
        page = answered(way, kind)
        assert page.headers["content-type"].startswith("text/html")
        assert page.text.startswith("<html>")
    assert answered(way, "graphql_errors").json() == {"errors": [{"message": "Internal error"}], "data": None}
    assert answered(way, "unauthorized").json() == {"errors": [{"message": "Unauthorized"}]}
    assert answered(way, "data_with_400").json()["data"]["createCustomer"]["customer"]["id"]
    empty = {"data": {"createCustomer": {"customer": None, "errors": []}}}
    assert answered(way, "null_object").json() == empty
    assert way.ask().json() == {"data": {"customers": None}}  # type: ignore[union-attr]
    dripped = answered(way, "drip")
    assert dripped.json()["data"]["createCustomer"]["errors"] == []
    assert dripped.headers["content-length"] == str(len(dripped.content))


def test_garbage_is_of_both_sorts(alone: Way) -> None:
    alone.sandbox.set_faults([Fault("garbage")])
    bodies = {alone.ask(ME).content[:1] for _ in range(12)}  # type: ignore[union-attr]
    assert bodies == {b"{", b"u"}
    for _ in range(4):
        with pytest.raises(ValueError, match=r"."):
            alone.ask(ME).json()  # type: ignore[union-attr]


def test_delays_do_not_hold_up_others(alone: Way) -> None:
    """The patient request ends after the quick ones although it came first."""
    alone.sandbox.set_faults([Fault("latency", operation="createCustomer", seconds=0.3)])
    order: list[str] = []

    async def run() -> None:
        headers = {"Authorization": f"Bearer {alone.sandbox.token}"}
        async with httpx.AsyncClient(transport=alone.transport(), headers=headers) as client:

            async def one(name: str, query: str) -> None:
                await client.post(f"{BASE_URL}/api", json={"query": query, "variables": {"name": "Slow"}})
                order.append(name)

            async with anyio.create_task_group() as group:
                group.start_soon(one, "slow", CREATE)
                await anyio.sleep(0.02)
                for _ in range(3):
                    group.start_soon(one, "quick", ME)

    anyio.run(run)
    assert order == ["quick", "quick", "quick", "slow"]


def test_a_stale_read_is_of_the_moment_before_the_last_write(way: Way) -> None:
    way.sandbox.set_faults([Fault("stale_read", operation="customers", times=2)])
    query, reader = ("/api", {"query": CUSTOMERS}), []
    makes = [("/api", {"query": CREATE, "variables": {"name": name}}) for name in ("A", "B")]
    for met in way.send(makes[0], query, makes[1], query, query):
        assert isinstance(met, httpx.Response), met
        if "customers" in met.json()["data"]:
            reader.append(names_in(met.json()))
    assert reader == [[], ["A"], ["A", "B"]]
    assert way.sandbox.injected() == {"stale_read": 2}


def test_without_a_write_nothing_is_stale(alone: Way) -> None:
    alone.sandbox.set_faults([Fault("stale_read")])
    assert alone.ask().json()["data"]["customers"]["nodes"] == []  # type: ignore[union-attr]
    assert alone.sandbox.injected() == {}


def test_a_shifting_list_shifts(way: Way) -> None:
    way.create()
    way.sandbox.set_faults([Fault("shifting_list")], seed=2)
    pages = []
    for _ in range(8):
        met = way.ask()
        assert isinstance(met, httpx.Response), met
        pages.append(met.json()["data"]["customers"])
    sizes = [page["totalCount"] for page in pages]
    steps = {after - before for before, after in itertools.pairwise([1, *sizes])}
    assert steps == {1, -1}
    full = max(pages, key=lambda page: page["totalCount"])
    assert full["nodes"][0]["name"].startswith("Somebody's")
    assert full["nodes"][0]["labels"] in ([], None)
    assert full["nodes"][-1]["name"].startswith("Acme")
    assert way.sandbox.writes() == 1  # somebody's changes are not the client's


# what a fault can be aimed at


@pytest.mark.parametrize(
    ("operation", "struck"),
    [
        ("", [1, 1, 1, 0]),
        ("createCustomer", [1, 0, 0, 0]),
        ("create*", [1, 0, 0, 0]),
        ("customers", [0, 1, 0, 0]),
        ("query", [0, 1, 1, 0]),
        ("mutation", [1, 0, 0, 0]),
        ("auth", [0, 0, 0, 1]),
        ("*", [1, 1, 1, 0]),
        ("updateCustomer", [0, 0, 0, 0]),
    ],
)
def test_operations(alone: Way, operation: str, struck: list[int]) -> None:
    alone.sandbox.set_faults([Fault("error_503", operation=operation)])
    met = alone.send(
        ("/api", {"query": CREATE, "variables": {"name": "A"}}),
        ("/api", {"query": "{ x: customers { totalCount } }"}),
        ("/api/", {"query": "query A { org: authenticatedUser { name } }", "operationName": "A"}),
        ("/auth/refresh", {"refresh_token": alone.sandbox.refresh_token}),
    )
    assert [int(one.status_code == 503) for one in met if isinstance(one, httpx.Response)] == struck


@pytest.mark.parametrize(
    ("aim", "struck"),
    [
        ({"nth": 3}, [3]),
        ({"times": 2}, [1, 2]),
        ({"nth": 2, "times": 1}, [2]),
        ({"probability": 0}, []),
        ({}, [1, 2, 3, 4, 5]),
    ],
)
def test_nth_and_times(alone: Way, aim: dict[str, Any], struck: list[int]) -> None:
    alone.sandbox.set_faults([Fault("throttle", **aim)])
    met = alone.send(*[("/api", {"query": ME})] * 5)
    found = [n for n, one in enumerate(met, 1) if isinstance(one, httpx.Response) and one.status_code == 429]
    assert found == struck
    assert alone.sandbox.injected().get("throttle", 0) == len(struck)
    assert [(one.seen, one.struck) for one in alone.sandbox.faults.armed] == [(5, len(struck))]


MIXED = [Fault("throttle", probability=0.3), Fault("garbage", probability=0.3), Fault("jitter", seconds=0.0)]


def pattern(sandbox: Sandbox, count: int) -> list[list[str]]:
    return [[strike.kind for strike in sandbox.strike(ME)] for _ in range(count)]


def test_the_same_seed_goes_wrong_in_the_same_places() -> None:
    with Sandbox() as first, Sandbox() as second:
        first.set_faults(MIXED, seed=7)
        second.set_faults(MIXED, seed=7)
        drawn = pattern(first, 60)
        assert pattern(second, 60) == drawn
        kinds = [kind for strikes in drawn for kind in strikes]
        assert set(kinds) == {"throttle", "garbage", "jitter"}
        assert not any({"throttle", "garbage"} <= set(strikes) for strikes in drawn)
        second.set_faults(MIXED, seed=8)
        assert pattern(second, 60) != drawn
        first.reseed(7)
        assert pattern(first, 60) == drawn


def test_another_process_meets_the_same_faults_and_counters(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(path) as whole:
        whole.set_faults(MIXED, seed=3)
        drawn = pattern(whole, 20)
        whole.reseed(3)
        found = pattern(whole, 10)
    with Sandbox(path) as again:
        assert found + pattern(again, 10) == drawn
        again.reset()
        assert [one.fault for one in again.faults.armed] == MIXED
        again.clear_faults()
        assert again.faults.armed == []
        assert again.injected()["jitter"] == 20
        assert pattern(again, 2) == [[], []]
        again.arm(MIXED[2])
        assert pattern(again, 1) == [["jitter"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "earthquake"},
        {"kind": "latency", "probability": 1.5},
        {"kind": "latency", "seconds": -1.0},
        {"kind": "latency", "seconds": float("nan")},
        {"kind": "latency", "nth": -1},
        {"kind": "stale_read", "operation": "auth"},
        {"kind": "null_object", "operation": "auth"},
    ],
)
def test_faults_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Fault(**wrong)
