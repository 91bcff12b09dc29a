"""A week of `watch`: the loop applies what git asks for, while commits come, people edit, and the tenant
fails, is away, and lets tokens end. It must go on whatever happens, hold no more in the end than in the
beginning, be well once nothing goes wrong any more, and end when it is asked to.

`python -m tests.simulation.week [DAYS] [SEED]` plays it and tells what it took. Its exit code is 1 where
something was not as it must be.
"""

from __future__ import annotations

import gc
import random
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import anyio

from reconciler.model.watching import RUNS, Board, State, Turn
from reconciler.report.html.watch import status_page
from reconciler.report.metrics import metrics
from reconciler.report.watching import json_line
from reconciler.sandbox.faults import Fault
from reconciler.verbs.session import Options, Session, open_session
from reconciler.verbs.watch import Loop, watch
from reconciler.verbs.watch_turn import Carrying
from tests.simulation.draw import _faults
from tests.simulation.ledger import PERSON, SENDER
from tests.simulation.process import Process
from tests.simulation.script import Phase, Script
from tests.simulation.stage import Stage, memory
from tests.simulation.wire import Wire
from tests.simulation.world import history
from tests.torture.person import Person

HOUR, DAY = 3600.0, 24 * 3600.0
EVERY = 300.0
MOST = 300
"""MiB that the loop may take, with the tenant and the machine that are simulated beside it."""
_LATE = 120.0
"""Virtual seconds within which it has to end: what is under way in an apply waits for the tenant."""
_KNOWN = 3000
"""Objects that may be kept of what was read before: the last thousand records of instances, each as three."""
_EDITS = ("rename_customer", "describe", "label", "delete")


@dataclass
class Week:
    """What became of it."""

    board: Board
    findings: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    sizes: list[int] = field(default_factory=list)
    """MiB of the process at the end of each day."""
    held: list[int] = field(default_factory=list)
    """How many objects of the product there are then, without those of the tenant that is simulated."""


def play(seed: int, seconds: float, *, troubled: float) -> Week:
    """The loop for so many virtual seconds, of which the first `troubled` are."""
    with TemporaryDirectory(dir=memory()) as folder:
        return _Play(seed, seconds, troubled, Path(folder)).play()


class _Play:
    def __init__(self, seed: int, seconds: float, troubled: float, folder: Path) -> None:
        rng = random.Random(f"week {seed}")
        self.rng, self.length, self.troubled = rng, seconds, troubled
        self.commits = history(rng, seed, "fleet")
        script = Script(seed, {}, (Phase(self.commits[0]),), lease=True, token_seconds=900)
        self.stage = Stage(script, folder, seconds + DAY)
        self.loop, self.tenant = self.stage.loop, self.stage.tenant
        self.back = 0.0
        self.wire = Wire(
            self.stage.network, rng, lambda: self.back - self.loop.time(), lambda _: None, number=1
        )
        self.process = Process(self.loop, 1, rng, self.wire)
        self.stage.processes.append(self.process)
        for commit in self.commits:
            self.stage.watch.secrets(commit.secrets.values())
        self.machine = self.stage.machine("loop", self.commits[0])
        self.week = Week(Board("", "", self.process.machine.now()))

    def play(self) -> Week:
        with _undisturbed():
            try:
                self.loop.run_until_complete(self._all())
            except Exception as error:
                self.week.findings.append(f"it broke off: {error!r}")
            finally:
                self.week.findings += [f"left behind: {name}" for name in self.process.bury()]
                self.loop.close()
                self.tenant.close()
        return self.week

    async def _all(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._world)
            ended = await self.process.run(self._watch())
            group.cancel_scope.cancel()
        late = self.loop.time() - self.length
        if ended is None or not 0 <= late < _LATE:
            self.week.findings.append(f"it ended {late:.0f} s after it was asked to")
        self._judge()

    async def _watch(self) -> bool:
        first = self._opened()
        self.week.board = board = Board(first.project.name, first.environment.name, first.machine.now())
        carrying = Carrying(None, lambda _: None)

        async def tell(turn: Turn) -> None:
            self._told(board, turn)

        return await watch(self._opened, first, Loop(EVERY, Options(refresh="delta"), carrying), board, tell)

    def _opened(self) -> Session:
        machine = self.machine
        opened = open_session(machine.folder / "reconciler.yaml", None, machine.environ, machine.folder)
        return replace(opened, machine=self.process.machine)

    def _told(self, board: Board, turn: Turn) -> None:
        """What is told holds no secret, and can be told on each path."""
        self.week.states[turn.state.value] += 1
        now = self.process.machine.now()
        for text in (json_line(board, turn), metrics(board, now), status_page(board, now)):
            self.week.findings += self.stage.watch.seen_in("what it tells", text)
        # What the simulation holds of all that happened is not the loop's.
        self.wire.letters.clear()
        self.wire.mutations.clear()
        self.tenant.deeds.clear()
        self.process.tasks[:] = [task for task in self.process.tasks if not task.done()]

    # what goes on around it

    async def _world(self) -> None:
        last = 0
        while self.loop.time() < self.length:
            await anyio.sleep(min(self.rng.uniform(0.1, 1.5) * HOUR / 4, self.length - self.loop.time()))
            if self.loop.time() < self.troubled:
                self._trouble()
            else:
                self.tenant.set_faults(())
            if (day := int(self.loop.time() / DAY)) > last:
                last = day
                self._weigh()
        self._weigh()
        self.process.interrupt()

    def _weigh(self) -> None:
        gc.collect()
        names = Counter(str(type(one).__module__) for one in gc.get_objects())
        ours = {name: many for name, many in names.items() if name.startswith("reconciler.")}
        self.week.held.append(sum(n for name, n in ours.items() if not name.startswith("reconciler.sandbox")))
        self.week.sizes.append(resident())

    def _trouble(self) -> None:
        what = self.rng.choice(("faults", "faults", "calm", "calm", "edit", "edit", "away", "commit", "wake"))
        self.week.troubles[what] += 1
        if what == "faults":
            self.tenant.set_faults([Fault(**one) for one in _faults(self.rng)], seed=self.rng.getrandbits(30))
        elif what == "calm":
            self.tenant.set_faults(())
        elif what == "edit":
            sender = SENDER.set((PERSON, 0.0))
            Person(self.tenant, self.commits[0], self.rng).act(self.rng.choice(_EDITS))
            SENDER.reset(sender)
        elif what == "away":
            self.back = self.loop.time() + self.rng.choice((30.0, 600.0, 3 * HOUR))
        elif what == "commit":
            self.machine = self.stage.machine("loop", self.rng.choice(self.commits))
        else:
            self.process.signals.put_nowait(signal.SIGUSR1)

    def _judge(self) -> None:
        board, found = self.week.board, self.week.findings
        self.week.seconds = self.loop.time()
        if board.failures or board.turn is None or board.turn.state not in (State.IN_SYNC, State.APPLIED):
            said = [one.message for one in board.turn.told] if board.turn else []
            found.append(f"it is not well in the end: {board.turn and board.turn.state} {said}")
        known = {str(address) for commit in self.commits for address in commit.specs}
        held = {*board.drifting, *board.touched} - known
        if len(board.runs) > RUNS or held or len(board.actions) > 4:
            found.append(f"the board grows: {len(board.runs)} turns, {sorted(held)}, {board.actions}")
        if self.week.held[-1] > self.week.held[0] + _KNOWN:
            found.append(f"it holds more and more: {self.week.held} objects")
        if board.turns < self.length / EVERY / 4:
            found.append(f"it looked {board.turns} times in {self.length / HOUR:.0f} h")
        found += [f"the loop was told: {one.get('message')}" for one in self.loop.failures]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Coroutines of requests that were cut off say nothing."""
    if not gc.get_freeze_count():
        gc.freeze()  # all modules: what is held is looked for among what came later
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        gc.collect()
        sys.unraisablehook = hook


def resident() -> int:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 2**20


def main(arguments: list[str]) -> int:
    """Plays it, and tells."""
    days = float(arguments[0]) if arguments else 7.0
    seed = int(arguments[1]) if len(arguments) > 1 else 0
    began = process_time()
    week = play(seed, days * DAY, troubled=days * DAY - 6 * HOUR)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    board, took = week.board, process_time() - began
    print(f"seed {seed}: {week.seconds / DAY:.2f} virtual days in {took:.0f} s of processor time")
    print(f"{board.turns:,} turns, {board.failed:,} failed; {board.calls:,} calls; actions: {board.actions}")
    print(f"told: {dict(week.states)}; what happened: {dict(week.troubles)}")
    print(f"objects at the end of each day: {week.held}")
    print(f"MiB at the end of each day: {week.sizes}; at most {peak}, and at most {MOST} may be")
    if peak >= MOST:
        week.findings.append(f"it took {peak} MiB")
    print("\n".join(week.findings) or "all is as it must be")
    return 1 if week.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
