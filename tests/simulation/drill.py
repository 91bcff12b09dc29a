"""Plays a script: every process, person and fault in one loop, and then what must hold in the end."""

from __future__ import annotations

import gc
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from reconciler.sandbox.app import build_app
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.inprocess import InProcess
from reconciler.sandbox.nature import Nature
from reconciler.verbs.session import Options
from tests.simulation.loop import Loop
from tests.simulation.process import EPOCH, Process
from tests.simulation.runs import Ended, Runs
from tests.simulation.script import Actor, Attempt, Edit, Phase, Script
from tests.simulation.secrets import Watch
from tests.simulation.wire import Wire, away
from tests.torture import model
from tests.torture.model import Findings
from tests.torture.person import Person
from tests.torture.tenant import Tenant
from tests.torture.world import KEY

URL = "http://tenant.localhost"
FAULTY = {0, 1, 4, 5, 130, None}
CALM = 3
"""Runs without faults in which everything must have settled."""


@dataclass
class Played:
    """What was done to the product in a drill, and what came of it."""

    script: Script
    findings: Findings = field(default_factory=Findings)
    story: list[str] = field(default_factory=list)
    runs: int = 0
    requests: int = 0
    kills: int = 0
    edits: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def digest(self) -> str:
        """Of all that happened, in order."""
        return sha256("\n".join(self.story).encode()).hexdigest()


def play(script: Script) -> Played:
    """The drill, from its first commit to the last plan."""
    with TemporaryDirectory(dir=_memory()) as folder, _quiet():
        return _Drill(script, Path(folder)).play()


class _Drill:
    def __init__(self, script: Script, folder: Path) -> None:
        self.script, self.folder = script, folder
        self.played = Played(script)
        self.loop = Loop(script.seed)
        rng = random.Random(f"tenant {script.seed}")
        nature = Nature(lambda: EPOCH.timestamp() + self.loop.time(), rng.randbytes)
        self.tenant = Tenant(":memory:", rules=script.rules, nature=nature)
        self.tenant.others()
        self.app = InProcess(
            build_app(
                self.tenant,
                token_seconds=script.token_seconds,
                clock=nature.clock,
                entropy=nature.entropy,
            )
        )
        self.watch = Watch({self.tenant.token, self.tenant.refresh_token, _digest_key(script)})
        self.releases: dict[str, set[str]] = {}
        self.processes: list[Process] = []
        self.phase = script.phases[0]
        self.began = 0.0

    def play(self) -> Played:
        try:
            self.loop.run_until_complete(self._all())
            self.played.findings.runs += [
                f"the loop was told: {c.get('message')}" for c in self.loop.failures
            ]
        finally:
            self._bury()
            self.loop.close()
            self.tenant.close()
        self.played.seconds = self.loop.time()
        return self.played

    async def _all(self) -> None:
        for number, phase in enumerate(self.script.phases, 1):
            self._tell("git", f"commit {number}")
            self.phase, self.began = phase, self.loop.time()
            for name, spec in phase.side.of("Integration").items():
                self.releases.setdefault(name, set()).add(spec["release"])
            self.watch.secrets(phase.side.secrets.values())
            await self._meanwhile(phase)
            await self._settle(phase)

    async def _meanwhile(self, phase: Phase) -> None:
        self.tenant.set_faults([Fault(**one) for one in phase.faults], seed=phase.chance)
        async with anyio.create_task_group() as group:
            for actor in phase.actors:
                group.start_soon(self._act, actor)
            for edit in phase.edits:
                group.start_soon(self._edit, edit)
        self.played.faults.update(self.tenant.injected())
        self.tenant.set_faults(())

    async def _settle(self, phase: Phase) -> None:
        """Once nothing goes wrong any more, everything comes to its end within a few runs."""
        machine = self._machine("last", phase)
        people = bool(phase.edits)
        for _ in range(CALM):
            ended = await self._attempt("last", machine, Attempt("apply"), people=people, calm=True)
            if ended.code == 0:
                break
        if ended.code != 0:
            self.played.findings.runs.append(
                f"it does not converge: exit code {ended.code} after {CALM} runs: {ended.said[-1:]}"
            )
        rivals = not self.script.lease and len(phase.actors) > 1
        self.played.findings += model.check(
            self.tenant, phase.side, self.releases, self.script.seed, rivals=rivals, people=people
        )
        ended = await self._attempt("last", machine, Attempt("plan"), people=people, calm=True)
        if ended.code != 0 or ended.document.get("actions"):
            actions = [one["id"] for one in ended.document.get("actions", ())]
            self.played.findings.runs.append(f"a plan is left: exit code {ended.code}, {actions}")

    # those who act

    async def _act(self, actor: Actor) -> None:
        await anyio.sleep(actor.delay)
        machine = self._machine(actor.name, self.phase)
        for attempt in actor.attempts:
            await self._attempt(actor.name, machine, attempt)

    async def _edit(self, edit: Edit) -> None:
        await anyio.sleep(edit.at)
        person = Person(self.tenant, self.phase.side, random.Random(edit.chance))
        person.act(edit.what)
        self.played.edits += person.edits
        self._tell("somebody", f"{edit.what}{'' if person.edits else ', in vain'}")

    async def _attempt(
        self, name: str, machine: Runs, attempt: Attempt, *, people: bool = False, calm: bool = False
    ) -> Ended:
        number = len(self.processes) + 1
        rng = random.Random(f"process {self.script.seed} {self.phase.chance} {name} {number}")
        pauses = () if calm else self.phase.pauses
        note = partial(self._tell, f"{name} {number}")
        wire = Wire(self.app, rng, away(pauses, self.began, self.loop.time), note)
        process = Process(self.loop, number, rng, wire, fate=attempt.killed_at)
        process.disk.room, process.skew = attempt.room, attempt.skew
        self.processes.append(process)
        if attempt.interrupted_at:
            self.loop.outside(process.interrupt, attempt.interrupted_at)
        self._tell(name, f"run {number}: {attempt.verb}")
        ended = await machine.run(process, attempt.verb, self._options(attempt, people))
        self.played.runs += 1
        self.played.requests += wire.requests
        self.played.kills += not process.alive
        self._tell(name, f"run {number}: {'killed' if not process.alive else f'exit code {ended.code}'}")
        self._judge(ended, process)
        return ended

    def _options(self, attempt: Attempt, people: bool) -> Options:
        return Options(
            select=attempt.select,
            exclude=attempt.exclude,
            prune=self.script.prune,
            overwrite_drafts=people,
            deploy_pending=people,
            parallelism=attempt.parallelism,
        )

    def _judge(self, ended: Ended, process: Process) -> None:
        found = self.played.findings
        full = process.disk.room is not None and ended.code == 3  # the plan could not be saved
        if ended.code not in FAULTY and not full:
            found.runs.append(f"run {process.pid}: exit code {ended.code}: {ended.error!r}")
        code = getattr(ended.error, "code", "")
        if code == "unforeseen" or (ended.error is not None and not code):
            found.runs.append(f"run {process.pid}: {ended.error!r}: {ended.error.__cause__!r}")
        if process.alive and (left := [t.get_name() for t in process.tasks if not t.done()]):
            found.runs.append(f"run {process.pid} left tasks behind: {left}")
        found.secrets += self.watch.seen_in(f"run {process.pid}", "\n".join(ended.said))

    # the stage

    def _machine(self, name: str, phase: Phase) -> Runs:
        """The machine's checkout of the commit, and its environment."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        rotates = self.script.rules.get("token_rotation") == "true"
        environment = {
            "url": URL,
            "tenant": self.tenant.tenant_id,
            "auth": {"accessToken" if rotates else "refreshToken": {"env": "SIMULATED_TOKEN"}},
            "rate": 20,
            "secretKey": {"env": KEY},
        }
        phase.side.write(folder, environment, {"lease": self.script.lease})
        token = self.tenant.token if rotates else self.tenant.refresh_token
        environ = {
            **phase.side.secrets,
            KEY: _digest_key(self.script),
            "SIMULATED_TOKEN": token,
            "USER": name,
        }
        return Runs(folder, environ)

    def _tell(self, who: str, what: str) -> None:
        self.played.story.append(f"{self.loop.time():9.3f} {who}: {what}")

    def _bury(self) -> None:
        found = self.played.findings
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "definitions" not in path.parts and "manifests" not in path.parts:
                text = path.read_text("utf-8", "replace")
                found.secrets += self.watch.seen_in(str(path.relative_to(self.folder)), text)
        for process in self.processes:
            process.bury()


def _digest_key(script: Script) -> str:
    return f"canary/{script.seed}+key {script.seed:016x}=key"


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def _quiet() -> Iterator[None]:
    """The dead say nothing, and nobody collects them in the middle of a drill."""
    hook, collects = sys.unraisablehook, gc.isenabled()
    sys.unraisablehook = _ignored
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        sys.unraisablehook = hook


def _ignored(_: Any) -> None:
    """Of coroutines that were cut off."""
