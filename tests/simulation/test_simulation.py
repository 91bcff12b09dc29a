"""Some seeds of the simulation, and that what it plays can be played again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import anyio
import pytest

from tests.simulation.draw import script
from tests.simulation.drill import play
from tests.simulation.loop import Deadlock, Loop
from tests.torture.runner import ROOT

DIGESTS = "from tests.simulation.draw import script\nfrom tests.simulation.drill import play\n"
DIGESTS += "for seed in range(20): print(play(script(seed)).digest)"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_next_run_ends_well(seed: int):
    assert play(script(seed)).findings.all() == []


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


def test_hours_pass_in_no_time_and_without_a_thread(monkeypatch: pytest.MonkeyPatch):
    def forbidden(*_: object) -> None:
        raise AssertionError("real time passes")

    loop = Loop(0)
    monkeypatch.setattr(time, "sleep", forbidden)
    before = threading.active_count()
    loop.run_until_complete(anyio.sleep(10_000))
    assert loop.time() == 10_000
    assert threading.active_count() == before
    with pytest.raises(AssertionError, match="a thread"):
        loop.run_until_complete(anyio.to_thread.run_sync(lambda: None))
    loop.close()


def test_who_waits_for_nobody_is_told():
    loop = Loop(0)
    with pytest.raises(Deadlock):
        loop.run_until_complete(anyio.Event().wait())


def test_what_is_ready_goes_in_an_order_that_follows_from_the_seed():
    async def order() -> list[int]:
        found: list[int] = []

        async def note(number: int) -> None:
            found.append(number)

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(note, number)
        return found

    orders = [Loop(seed).run_until_complete(order()) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
