"""What a kill, a full disk and a wrong clock are in the simulation."""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path

import anyio
import httpx
import pytest

from reconciler.apply.journal import is_running
from tests.simulation.loop import Loop
from tests.simulation.process import Process

FLAGS = os.O_CREAT | os.O_WRONLY | os.O_APPEND


def process(loop: Loop, fate: int = 0) -> Process:
    return Process(loop, 1, random.Random(1), httpx.MockTransport(lambda _: httpx.Response(200)), fate=fate)


@pytest.mark.parametrize("fate", range(1, 8))
def test_the_dead_clean_nothing_up_and_hold_no_lock(tmp_path: Path, fate: int):
    path = tmp_path / "note.txt"
    done: list[str] = []

    async def work() -> int:
        file = one.disk.open(path, FLAGS)
        try:
            for number in range(20):
                one.disk.write_all(file, b".")
                await anyio.sleep(number)
            return 0
        finally:
            done.append("cleaned up")
            one.disk.write_all(file, b"!")
            one.disk.close(file)

    with closing(Loop(fate)) as loop:
        one = process(loop, fate)
        assert loop.run_until_complete(one.run(work())) is None
        assert done == []
        written = path.read_bytes() if path.exists() else b""
        one.bury()
        assert (path.read_bytes() if path.exists() else b"") == written
        assert b"!" not in written
        assert not path.exists() or not is_running(path)


def test_a_disk_takes_as_much_as_there_is_room_for(tmp_path: Path):
    with closing(Loop(0)) as loop:
        one = process(loop)
        one.disk.room = 3
        file = one.disk.open(tmp_path / "note.txt", FLAGS)
        with pytest.raises(OSError, match="No space left"):
            one.disk.write_all(file, b"12345")
        one.disk.close(file)
    assert (tmp_path / "note.txt").read_bytes() == b"123"


def test_a_clock_jumps_and_the_steady_one_does_not():
    with closing(Loop(0)) as loop:
        one = process(loop)
        one.skew, one.jumps_at = -3600.0, 5.0
        before = one.machine.now()
        loop.run_until_complete(anyio.sleep(6))
        assert (one.machine.now() - before).total_seconds() == 6 - 3600
        assert one.machine.clock() == 6
