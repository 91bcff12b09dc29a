"""The status page in a browser: it renews itself where it is looked at, and says when it cannot."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from reconciler.model.address import Address
from reconciler.model.plan import Rollout, Touched
from reconciler.model.watching import Board, State, Told, Turn
from reconciler.report.metrics import BY_KIND
from reconciler.verbs import watch_stream
from reconciler.verbs.watch_pages import application
from reconciler.verbs.watch_server import listen, serving
from reconciler.verbs.watch_stream import Stream
from reconciler.verbs.watch_waves import waves
from tests.browser import PROGRAM, Browser, browser
from tests.cli.watching import MONDAY

pytestmark = pytest.mark.skipif(not PROGRAM, reason="no browser is installed")
LONG = "a-name-without-any-place-to-break-it-that-is-as-long-as-names-may-be"
INSTANCES = [Address("Instance", f"customer-{n}/{LONG}") for n in range(40)]
CUSTOMER = f"Customer/{LONG}"


def busy() -> Board:
    """A loop with something to show everywhere."""
    board = Board(LONG, "production", MONDAY - timedelta(days=3))
    kinds = {kind: dict.fromkeys(BY_KIND, 1234) for kind in ("Customer", "Instance", "CustomerConnection")}
    rollout = Rollout("orders", tuple(tuple(INSTANCES[n : n + 10]) for n in range(0, 40, 10)), 1)
    said = ((f'Eve updated the customer "{LONG}".', "Eve", "2099-11-30T08:00:00Z"),)
    summary = {**dict.fromkeys(BY_KIND, 1234), "refused": 1, "done": 12, "missing": 0, "orphans": 0}
    for _ in range(20):
        board.take(
            Turn(
                State.FAILED,
                MONDAY,
                12.5,
                summary=summary,
                kinds=kinds,
                drift=(CUSTOMER,),
                touched={CUSTOMER: Touched(Address.parse(CUSTOMER), "2099-11-30T08:00:01Z", said)},
                waves=waves([rollout], [], INSTANCES[15:], INSTANCES[15:16], [str(INSTANCES[30])]),
                told=(Told("graphql", f"{LONG} is taken", CUSTOMER, "choose another name"),),
            )
        )
    board.looking, board.begun_actions, board.ended_actions = MONDAY, 7, 3
    return board


def becomes(one: Browser, expression: str, wanted: str) -> None:
    """Waits until the page says so."""
    until = time.monotonic() + 10
    while (found := one.ask(expression)) != wanted:
        assert time.monotonic() < until, found
        time.sleep(0.02)


def text(name: str) -> str:
    return f"document.getElementById('{name}').textContent"


def look(folder: Path, url: str, board: Board, stream: Stream, portal: BlockingPortal) -> None:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    beside = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with browser(folder) as one:
        one.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
                 uploadThroughput=-1)  # fmt: skip
        for width in (1280, 390):
            one.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                     mobile=False)  # fmt: skip
            one.call("Page.navigate", url=url)
            becomes(one, f"document.getElementById('live') && {text('live')}", "live")
            assert one.ask(beside) == 0
        one.ask("document.querySelectorAll('details').forEach(one => one.open = true)")
        one.ask(f"{axe}; 0")
        found = "axe.run().then(all => all.violations.map(one => one.id + one.nodes.map(node => node.html)))"
        assert one.ask(found) == []
        assert "Eve updated the customer" in one.ask(text("parts"))
        assert one.ask("[...document.querySelectorAll('.stands')].map(one => one.textContent)") == [
            "done", "a run goes on here", "waits for the one before it", "waits for the one before it",
        ]  # fmt: skip
        assert "3 actions ended, 7 begun" in one.ask(text("facts"))

        one.ask("document.getElementById('of-wave-orders-3').focus()")
        assert board.good is not None
        well = Turn(State.IN_SYNC, MONDAY, 1.0, summary=board.good.summary, waves=board.good.waves)
        portal.call(board.take, well)
        portal.call(stream.tell)
        becomes(one, "document.title.split(': ')[1].split(' since')[0]", "in sync")
        assert one.ask(text("line")).startswith("in sync")
        assert CUSTOMER not in one.ask(text("parts"))
        focus = "[document.activeElement.id, document.activeElement.parentElement.open]"
        assert one.ask(focus) == ["of-wave-orders-3", True]

        portal.call(stream.close)
        becomes(one, text("live"), "the loop cannot be reached; trying again")


def test_the_page_is_live_and_fits_and_axe_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_stream, "CALM", 0.01)
    board = busy()

    async def work() -> None:
        stream, listener = Stream(), listen("127.0.0.1", 0)
        app = application(board, lambda: MONDAY, local=True, stream=stream)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        async with BlockingPortal() as portal, serving(app, listener):
            await anyio.to_thread.run_sync(look, tmp_path / "profile", url, board, stream, portal)
        assert stream.clients == 0

    anyio.run(work)
