"""Plays a script: every process, person and fault in one loop, and then what must hold in the end."""

from __future__ import annotations

import gc
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import format_exception
from typing import Any

import anyio

from reconciler.sandbox.app import build_app
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.inprocess import InProcess
from reconciler.sandbox.nature import Nature
from reconciler.verbs.session import Options
from tests.simulation import model
from tests.simulation.checkout import files, remembered
from tests.simulation.judge import judged
from tests.simulation.ledger import PERSON, SENDER, Ledger
from tests.simulation.loop import Loop
from tests.simulation.process import EPOCH, Process
from tests.simulation.run import Run
from tests.simulation.runs import Ended, Runs
from tests.simulation.script import Actor, Attempt, Edit, Phase, Script
from tests.simulation.secrets import Watch
from tests.simulation.wire import Letter, Network, Wire, away
from tests.torture import model as manifests
from tests.torture.model import Findings
from tests.torture.person import Person
from tests.torture.world import KEY

URL = "http://tenant.localhost"
CALM = 3
"""Runs without faults in which everything must have settled."""
LEASE = 610.0
"""Seconds after which a lease that nobody gives back is over."""
LONGEST = 900.0
"""Virtual seconds that a run without faults may take."""


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
    with TemporaryDirectory(dir=_memory()) as folder, _quiet(), remembered():
        return _Drill(script, Path(folder)).play()


class _Drill:
    def __init__(self, script: Script, folder: Path) -> None:
        self.script, self.folder = script, folder
        self.played = Played(script)
        self.loop = Loop(script.seed)
        rng = random.Random(f"tenant {script.seed}")
        nature = Nature(lambda: EPOCH.timestamp() + self.loop.time(), rng.randbytes)
        self.tenant = Ledger(":memory:", rules=script.rules, nature=nature, now=self.loop.time)
        self.tenant.busy = lambda: any(process.writes and process.runs for process in self.processes)
        self.tenant.others()
        app = InProcess(
            build_app(
                self.tenant,
                token_seconds=script.token_seconds,
                clock=nature.clock,
                entropy=nature.entropy,
            )
        )
        self.network = Network(self.loop, app)
        self.watch = Watch({self.tenant.token, self.tenant.refresh_token, _digest_key(script)})
        self.releases: dict[str, set[str]] = {}
        self.known: set[str] = set()
        self.ids = self._adopted()
        self.before = dict(self.ids)
        self.tenant.unmarked = {identifier: address for address, identifier in self.ids.items()}
        self.processes: list[Process] = []
        self.open: list[Run] = []
        self.phase = script.phases[0]
        self.people = self.rivals = False
        """Whether somebody ever changed something: what they saved may wait for their deploy from then on.
        And whether runs were ever there at once without a lease between them: what they doubled stays.
        """
        self.began = 0.0

    def play(self) -> Played:
        try:
            self.loop.run_until_complete(self._all())
            told = [str(one.get("message")) for one in self.loop.failures]
            self.played.findings.runs += [f"the loop was told: {one}" for one in told]
        except Exception as error:
            self.played.findings.runs.append(f"the drill broke off: {error!r}")
            self._tell("drill", "".join(format_exception(error)))
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
            self.known |= set(phase.side.specs)
            for address, spec in phase.side.specs.items():
                self.tenant.named[address.partition("/")[0], spec["name"]] = address
            self.watch.secrets(phase.side.secrets.values())
            await self._meanwhile()
            await self._settle()
            await self._drift()

    async def _meanwhile(self) -> None:
        phase = self.phase
        self.tenant.set_faults([Fault(**one) for one in phase.faults], seed=phase.chance)
        async with anyio.create_task_group() as group:
            for actor in phase.actors:
                group.start_soon(self._act, actor)
            for edit in phase.edits:
                group.start_soon(self._edit, edit)
        await self.network.is_quiet()
        for run in self.open:
            self._judge(run)
        self.open.clear()
        self.played.faults.update(self.tenant.injected())
        self.tenant.set_faults(())

    # what must hold

    async def _settle(self) -> None:
        """Once nothing goes wrong any more, everything comes to its end within a few runs, and stays so."""
        found = self.played.findings
        machine = self._machine("last")
        for _ in range(CALM):
            ended = await self._calm(machine, "apply")
            if ended.code == 0:
                break
            if getattr(ended.error, "code", "") == "lease":
                # A killed run's lease runs out by itself, as late as the killed machine's clock said.
                await anyio.sleep(LEASE + max(process.skew for process in self.processes))
        if ended.code != 0:
            found.runs.append(f"no convergence: exit code {ended.code}: {ended.said[-1:]}")
        self._check()
        if ended.code == 0 and not ended.document.get("actions"):
            return  # that run's own plan was the empty one
        ended = await self._calm(machine, "plan")
        if ended.code != 0 or ended.document.get("actions"):
            actions = [one["id"] for one in ended.document.get("actions", ())]
            found.runs.append(f"a plan is left: exit code {ended.code}, {actions}")

    def _check(self) -> None:
        found, phase, script = self.played.findings, self.phase, self.script
        self.rivals = self.rivals or _rivals(script, phase)
        rivals = self.rivals
        found += manifests.check(
            self.tenant,
            phase.side,
            self.releases,
            script.seed,
            rivals=rivals,
            people=self.people,
            unmarked=self.before,
        )
        for promise, text in model.tabled(self.tenant, phase.side, self.known):
            getattr(found, promise).append(text)
        ids = model.identities(self.tenant)
        if not rivals and not phase.edits:
            found.lost += model.replaced(self.ids, ids, phase.side)
        self.ids = ids

    async def _drift(self) -> None:
        """Drift names exactly what a person did since all had settled, and the next apply undoes it."""
        phase = self.phase
        if not phase.afterwards or self.played.findings.all():
            return
        edits = [one for one in model.by_hand(phase.side, self.ids, phase.afterwards) if self._by_hand(one)]
        machine = self._machine("last")
        ended = await self._calm(machine, "drift")
        named = {(one["address"], one["path"]) for one in ended.document.get("drift", ())}
        if named != (done := {(one.address, one.path) for one in edits}):
            self.played.findings.runs.append(f"drift names {sorted(named)}, and done was {sorted(done)}")
        await self._settle()

    def _by_hand(self, one: model.ByHand) -> bool:
        kind = one.address.partition("/")[0]
        values = {"id": _global(kind, self.ids[one.address]), **one.values}
        SENDER.set((PERSON, 0.0))
        done = self.tenant.mutate(one.mutation, values) is not None
        self.played.edits += done
        self.people = self.people or done
        self._tell("somebody", f"{one.address}: {one.path} by hand{'' if done else ', in vain'}")
        return done

    # those who act

    async def _act(self, actor: Actor) -> None:
        await anyio.sleep(actor.delay)
        machine = self._machine(actor.name)
        for attempt in actor.attempts:
            await self._attempt(actor.name, machine, attempt)

    async def _edit(self, edit: Edit) -> None:
        await anyio.sleep(edit.at)
        person = Person(self.tenant, self.phase.side, random.Random(edit.chance))
        SENDER.set((PERSON, 0.0))
        person.act(edit.what)
        self.played.edits += person.edits
        self.people = self.people or person.edits > 0
        self._tell("somebody", f"{edit.what}{'' if person.edits else ', in vain'}")

    async def _calm(self, machine: Runs, verb: str) -> Ended:
        ended = await self._attempt("last", machine, Attempt(verb), calm=True)
        if ended.seconds > LONGEST * max(1.0, self.script.distance / 4):
            self.played.findings.runs.append(f"a run without faults took {ended.seconds:.0f} virtual seconds")
        return ended

    async def _attempt(self, name: str, machine: Runs, attempt: Attempt, *, calm: bool = False) -> Ended:
        number = len(self.processes) + 1
        rng = random.Random(f"process {self.script.seed} {self.phase.chance} {name} {number}")
        pauses = () if calm else self.phase.pauses
        note = partial(self._tell, f"{name} {number}")
        run_of: list[Run] = []
        wire = Wire(
            self.network,
            rng,
            away(pauses, self.began, self.loop.time),
            note,
            number=number,
            distance=self.script.distance,
            watch=lambda letter, body: self._leaves(run_of[0], letter, body),
        )
        process = Process(self.loop, number, rng, wire, fate=attempt.killed_at)
        process.disk.room = attempt.room
        process.skew, process.jumps_at = attempt.skew, attempt.jumps_at
        process.writes = attempt.verb in ("apply", "saved", "adopt")
        self.processes.append(process)
        if attempt.interrupted_at:
            self.loop.outside(process.interrupt, attempt.interrupted_at)
        self._tell(name, f"run {number}: {attempt.verb}")
        began = self.loop.time()
        options = self._options(attempt, calm and self.people)
        ended = Ended(None)
        run_of.append(self._run(number, attempt, process, wire, ended, calm=calm))
        await machine.run(process, attempt, options, ended)
        ended.seconds = self.loop.time() - began
        self.played.runs += 1
        self.played.requests += wire.requests
        self.played.kills += not process.alive
        how = "killed" if not process.alive else f"exit code {ended.code}"
        self._tell(name, f"run {number}: {how}")
        self.played.findings.secrets += self.watch.seen_in(f"run {number}", "\n".join(ended.said))
        self.open.append(run_of[0])
        if calm:
            self._judge(self.open.pop())
        return ended

    def _run(
        self, number: int, attempt: Attempt, process: Process, wire: Wire, ended: Ended, *, calm: bool
    ) -> Run:
        phase = self.phase
        return Run(
            number,
            attempt,
            phase.side,
            process,
            wire,
            ended,
            self.tenant.deeds,
            self.loop.time(),
            calm=calm,
            lease=self.script.lease,
            trouble=frozenset() if calm else frozenset(one["kind"] for one in phase.faults),
            brisk=(calm or not phase.pauses) and self.script.rules.get("rate_limit", "none") == "none",
            right=not any(process.skew for process in self.processes),
            permitted=calm and self.people,
            distance=self.script.distance,
        )

    def _judge(self, run: Run) -> None:
        self.played.findings.runs += [f"run {run.number}: {text}" for text in judged(run)]

    def _leaves(self, run: Run, letter: Letter, body: bytes) -> None:
        """What is looked at before a request leaves its process."""
        if not letter.is_mutation:
            if b"canary/" in body and letter.name != "/auth/refresh":
                self.played.findings.secrets.append(f"a secret in {letter.name} of run {run.number}")
        elif not letter.name.endswith("Lease"):
            root = letter.name.removeprefix("mutation ").encode()
            entries = [path.read_bytes() for path in run.process.disk.journals()]
            if sum(one.count(b'"event": "send"') for one in entries) <= sum(
                one.count(b'"event": "answer"') for one in entries
            ):
                run.unnoted.append(f"{root.decode()} left it, and its journal does not say so")

    def _options(self, attempt: Attempt, deploy: bool) -> Options:
        return Options(
            select=attempt.select,
            exclude=attempt.exclude,
            prune=self.script.prune,
            overwrite_drafts=deploy,
            deploy_pending=deploy,
            parallelism=attempt.parallelism,
        )

    # the stage

    def _adopted(self) -> dict[str, str]:
        """What lay in the tenant before the first commit, without a mark."""
        specs = self.script.phases[0].side.specs
        found = {}
        for address in self.script.adopted:
            spec = specs[address]
            given = {name: spec[name] for name in ("name", "externalId") if name in spec}
            made = self.tenant.mutate("createCustomer", {**given, "description": "before"})
            assert made is not None
            found[address] = made["id"]
        rows = self.tenant.rows()
        return {
            address: next(key[1] for key in rows if _global("Customer", key[1]) == identifier)
            for address, identifier in found.items()
        }

    def _machine(self, name: str) -> Runs:
        """The machine's checkout of the commit, and its environment."""
        side, folder = self.phase.side, self.folder / name
        for old in ("manifests", "definitions"):
            shutil.rmtree(folder / old, ignore_errors=True)
            (folder / old).mkdir(parents=True)
        rotates = self.script.rules.get("token_rotation") == "true"
        environment = {
            "url": URL,
            "tenant": self.tenant.tenant_id,
            "auth": {"accessToken" if rotates else "refreshToken": {"env": "SIMULATED_TOKEN"}},
            "rate": 20,
            "secretKey": {"env": KEY},
        }
        for path, text in files(side, environment, {"lease": self.script.lease}).items():
            (folder / path).write_text(text, encoding="utf-8")
        token = self.tenant.token if rotates else self.tenant.refresh_token
        own = {
            KEY: _digest_key(self.script),
            "SIMULATED_TOKEN": token,
            "CI_JOB_URL": f"https://ci.test/{name}",
        }
        return Runs(folder, {**side.secrets, **own})

    def _tell(self, who: str, what: str) -> None:
        self.played.story.append(f"{self.loop.time():9.3f} {who}: {what}")

    def _bury(self) -> None:
        found = self.played.findings
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.parent.name not in ("definitions", "manifests"):
                text = path.read_text("utf-8", "replace")
                found.secrets += self.watch.seen_in(str(path.relative_to(self.folder)), text)
        for process in self.processes:
            process.bury()


def _rivals(script: Script, phase: Phase) -> bool:
    """Whether two runs may be at work at once. A clock that is wrong takes leases for expired."""
    wrong = any(attempt.skew for actor in phase.actors for attempt in actor.attempts)
    return len(phase.actors) > 1 and (wrong or not script.lease)


def _global(kind: str, identifier: str) -> str:
    from reconciler.sandbox.resolve.frame.ids import to_global

    return to_global(kind, identifier)


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
