"""The status page says who changed what drifts and where rollouts stand, and is told of what becomes
different.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.plan import Rollout
from reconciler.model.watching import Board, Stands, State, Turn
from reconciler.report.html.watch import status_page
from reconciler.verbs import watch_stream
from reconciler.verbs.watch_pages import application
from reconciler.verbs.watch_server import listen, serving
from reconciler.verbs.watch_stream import MOST, Stream
from reconciler.verbs.watch_waves import waves
from tests.cli.projects import Folder
from tests.cli.watching import MONDAY, Days, applying, nothing, rename


def page(days: Days) -> str:
    return status_page(days.board, MONDAY + timedelta(hours=2))


def test_who_changed_what_drifts_is_told(days: Days, project: Folder) -> None:
    days.run(rename(project), nothing)
    (drift,) = days.told[1]["drift"]
    assert (drift["address"], drift["who"]) == ("Customer/acme", "known")
    assert "Sandbox Owner updated the customer" in drift["activities"][0]["sentence"]
    assert "Sandbox Owner updated the customer" in page(days)


def test_that_nobody_says_who_it_was_costs_no_turn(
    days: Days, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.model.errors import Unreachable

    async def gone(*_: object, **__: object) -> None:
        raise Unreachable("the tenant is gone")

    monkeypatch.setattr("reconciler.verbs.watch_turn.with_touched", gone)
    assert days.run(rename(project)) == ["in-sync", "drifted"]
    assert "who" not in days.told[1]["drift"][0]


def test_what_was_brought_back_drifts_no_more(days: Days, project: Folder) -> None:
    assert applying(days).run(rename(project)) == ["in-sync", "applied"]
    assert days.told[1]["summary"]["drifted"] == 1
    assert days.board.adrift == {}
    assert days.board.turn is not None
    assert days.board.turn.kinds["Customer"]["drifted"] == 0
    assert days.board.turn.kinds["Customer"]["synced"] == 1
    assert "<h2>Drift</h2>" not in page(days)


A, B, C, D = (Address("Instance", f"{name}/orders") for name in "abcd")
ROLLOUT = Rollout("orders", ((A,), (B, C), (D,)), max_failures=0)


@pytest.mark.parametrize(
    ("pending", "failed", "refused", "stands"),
    [
        ([], [], [], "done done done"),
        ([A, B, C, D], [], [], "next later later"),
        ([C, D], [], [], "done next later"),
        ([D], [], [], "done done next"),
        ([B], [], [], "done next done"),
        ([C, D], [C], [], "done stopped later"),
        ([D], [], [str(A)], "stopped done later"),
    ],
)
def test_where_a_rollout_stands(
    pending: list[Address], failed: list[Address], refused: list[str], stands: str
) -> None:
    found = waves(
        [ROLLOUT, Rollout("plain", ((A,),))],
        [replace(ROLLOUT, begun=frozenset({C}))],
        pending,
        failed,
        refused,
    )
    assert [one.set for one in found] == ["orders"] * 3
    words = dict(member for one in found for member in one.members)
    assert words[str(C)] == ("failed" if C in failed else "begun" if C in pending else "")
    assert " ".join(one.stands for one in found) == stands
    assert {address for one in found for address, word in one.members if word == "failed"} == {
        *map(str, failed)
    }


def test_the_page_tells_the_waves_of_a_set(days: Days, project: Folder) -> None:
    (project.root / "manifests/instance-orders.yaml").unlink()
    for name in ("beta", "gamma"):
        project.manifest("Customer", name, name=name.title())
    strategy = {"waves": [{"percent": 50}, {"percent": 100}], "maxFailures": 0}
    template = {"integration": "orders", "name": "Orders", "config": {"Channel": "#a"}}
    customers = {"names": ["beta", "gamma"]}
    project.manifest("InstanceSet", "orders", customers=customers, strategy=strategy, template=template)
    assert days.run() == ["pending"]
    assert [
        (one["wave"], one["instances"], one["pending"], one["stands"]) for one in days.told[0]["waves"]
    ] == [
        (1, 1, 1, "next"),
        (2, 1, 1, "later"),
    ]
    text = page(days)
    assert "Rollout of InstanceSet/orders" in text
    assert "a run goes on here" in text
    assert "<code>Instance/beta/orders</code>" in text
    assert applying(days).run() == ["applied"]
    assert [one["stands"] for one in days.told[0]["waves"]] == ["done", "done"]


def test_what_an_apply_does_is_shown_while_it_does_it(days: Days, project: Folder) -> None:
    project.manifest("Customer", "beta", name="Beta")
    seen: list[str] = []

    def news() -> None:
        board = days.boards[-1]
        seen.append(f"{board.ended_actions} of {board.begun_actions}")
        assert "<html" in status_page(board, MONDAY)

    days.news = news
    applying(days).run()
    assert "1 of 1" in seen
    assert seen[-1] == "0 of 0"


@asynccontextmanager
async def looked_at(stream: Stream, board: Board) -> AsyncIterator[httpx.AsyncClient]:
    listener = listen("127.0.0.1", 0)
    app = application(board, lambda: MONDAY, local=True, stream=stream)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with serving(app, listener), httpx.AsyncClient(base_url=url, trust_env=False) as client:
        try:
            yield client
        finally:
            stream.close()


def test_those_who_look_are_told_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_stream, "CALM", 0.01)

    async def work() -> None:
        stream, told = Stream(), list[str]()

        async def next_event() -> str:
            return [await anext(lines) for _ in range(3)][1]

        with anyio.fail_after(5):
            async with looked_at(stream, Board("shop", "sandbox", MONDAY)) as client:
                async with client.stream("GET", "/events") as events:
                    assert events.headers["content-type"].startswith("text/event-stream")
                    lines = events.aiter_lines()
                    told.append(await next_event())
                    for _ in range(100):
                        stream.tell()  # in a crowd: one event
                    told.append(await next_event())
                    assert stream.clients == 1
                while stream.clients:  # who goes leaves room for another
                    await anyio.sleep(0.01)
                async with client.stream("GET", "/events") as events:
                    lines = events.aiter_lines()
                    told.append(await next_event())
                    stream.close()
                    assert [line async for line in lines] == []
        assert told == ["data: 0", "data: 100", "data: 100"]
        assert stream.clients == 0

    anyio.run(work)


def test_no_more_look_than_there_is_room_for() -> None:
    async def work() -> list[Any]:
        stream = Stream()
        looking = [stream.events() for _ in range(MOST + 1)]
        first = [await anext(one, None) for one in looking]
        app = application(Board("shop", "sandbox", MONDAY), lambda: MONDAY, local=True, stream=stream)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            response = await client.get("/events")
        assert (response.status_code, response.headers["retry-after"]) == (503, "30")
        for one in looking:
            await one.aclose()
        assert stream.clients == 0
        return first

    first = anyio.run(work)
    assert [one is None for one in first] == [False] * MOST + [True]


def test_a_board_keeps_of_who_it_was_only_what_drifts(days: Days, project: Folder) -> None:
    days.run(rename(project))
    assert list(days.board.touched) == ["Customer/acme"]
    days.board.take(Turn(State.IN_SYNC, MONDAY, summary={"drifted": 0}))
    assert days.board.touched == {}
    assert {one.value for one in Stands} == {"done", "next", "later", "stopped"}
