"""Some seeds of the simulation, and that what it plays can be played again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from reconciler.apply import step
from tests import reliability
from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.loop import Deadlock, Loop
from tests.simulation.report import render
from tests.simulation.shrink import CASES, read, shrunk, written
from tests.simulation.totals import Totals
from tests.torture.runner import ROOT

DIGESTS = "from tests.simulation.draw import script\nfrom tests.simulation.drill import play\n"
SHORT = (0, 1, 8, 12, 17, 25, 29, 41, 43, 54, 67, 68, 69, 70, 72, 73, 76, 77, 78, 79)
DIGESTS += f"for seed in {SHORT}: print(play(script(seed)).digest)"


@pytest.mark.parametrize("seed", range(100, 110))
def test_whatever_happens_the_next_run_ends_well(seed: int):
    assert play(script(seed)).findings.all() == []


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_found_once_stays_mended(path: Path):
    assert play(read(path)).findings.all() == []


def test_a_drill_that_is_written_down_is_the_same_drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.simulation.shrink.CASES", tmp_path)
    for seed in (3, 8, 21):
        assert read(written(script(seed), "drawn")) == script(seed)


def test_a_seed_gives_the_same_drill_whatever_the_hashes():
    def digests(seed: str) -> str:
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DIGESTS],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    first = digests("1")
    assert len(set(first.split())) == 20
    assert first == digests("2")


def test_each_command_writes_its_part_of_the_page_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "reliability.md"
    page.write_text("# Reliability\n\nold drills\n", encoding="utf-8")
    monkeypatch.setattr(reliability, "PAGE", page)
    reliability.put_simulation(render(Totals(), 60.0, "make simulate"))
    reliability.put_drills("# Reliability\n\nnew drills\n")
    reliability.put_simulation("simulated")
    assert page.read_text("utf-8") == "# Reliability\n\nnew drills\n\n## The simulation\n\nsimulated\n"


def test_a_product_that_repeats_its_creations_is_red_and_its_drill_shrinks(monkeypatch: pytest.MonkeyPatch):
    """Whether a call was carried out is never looked at: sooner or later something is there twice."""

    async def never(*_: object) -> bool:
        return False

    async def always(*_: object) -> bool:
        return True

    monkeypatch.setattr(step, "_happened", never)
    monkeypatch.setattr(step, "_look_first", always)
    drawn = script(121)
    whole = replace(drawn, rules={}, phases=drawn.phases[:1])
    assert any("bear release 1.0.0" in text for text in play(whole).findings.doubled)
    least = shrunk(whole)
    assert any("bear release 1.0.0" in text for text in play(least).findings.doubled)
    assert "reset_after" in {fault["kind"] for fault in least.phases[0].faults}
    assert len(least.phases[0].faults) < len(whole.phases[0].faults)
    assert {address.partition("/")[0] for address in least.phases[0].side.specs} == {"Integration"}


def test_hours_pass_in_no_time_and_without_a_thread(monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_: object) -> None:
        raise AssertionError("real time passes")

    monkeypatch.setattr(time, "sleep", forbidden)
    before = threading.active_count()
    with closing(Loop(0)) as loop:
        loop.run_until_complete(anyio.sleep(10_000))
        assert loop.time() == 10_000
        assert threading.active_count() == before
        with pytest.raises(AssertionError, match="a thread"):
            loop.run_until_complete(asyncio.to_thread(time.monotonic))


def test_a_drill_asks_for_no_thread_and_no_real_sleep(monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a thread, or real time")

    monkeypatch.setattr(threading.Thread, "start", forbidden)
    monkeypatch.setattr(time, "sleep", forbidden)
    played = play(script(4))
    assert played.findings.all() == []
    assert played.seconds > 10


def test_who_waits_for_nobody_is_told():
    async def wait() -> None:
        await anyio.Event().wait()

    loop = Loop(0)
    waiting = loop.create_task(wait())
    with pytest.raises(Deadlock):
        loop.run_until_complete(waiting)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(waiting)
    loop.close()


def test_what_is_ready_goes_in_an_order_that_follows_from_the_seed():
    async def order() -> list[int]:
        found: list[int] = []

        async def note(number: int) -> None:
            found.append(number)

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(note, number)
        return found

    def drawn(seed: int) -> list[int]:
        with closing(Loop(seed)) as loop:
            return loop.run_until_complete(order())

    assert drawn(1) == drawn(1) != drawn(2)
