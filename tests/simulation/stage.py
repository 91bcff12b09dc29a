"""Where a drill is played: the tenant, the machines and their processes, and what was noted of each run."""

from __future__ import annotations

import gc
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from reconciler.sandbox.app import build_app
from reconciler.sandbox.inprocess import InProcess
from reconciler.sandbox.nature import Nature
from reconciler.sandbox.resolve.frame.ids import to_global
from reconciler.verbs.session import Options
from tests.simulation.checkout import lay
from tests.simulation.judge import judged
from tests.simulation.ledger import Ledger
from tests.simulation.loop import LONGEST, Loop
from tests.simulation.process import EPOCH, Process
from tests.simulation.run import Run
from tests.simulation.runs import Ended, Runs
from tests.simulation.script import Attempt, Phase, Script
from tests.simulation.secrets import Watch
from tests.simulation.wire import Letter, Network, Wire, away
from tests.simulation.world import Commit
from tests.torture.model import Findings
from tests.torture.world import KEY

URL = "http://tenant.localhost"
_WRITERS = ("apply", "saved", "adopt", "forget")


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


@dataclass(frozen=True, slots=True)
class Setting:
    """What goes on around a run: its phase, since when, whether nothing else does (`calm`), and whether it
    may overwrite people's drafts and deploy what they saved.
    """

    phase: Phase
    began: float
    calm: bool = False
    permitted: bool = False


class Stage:
    """All that a drill is played with."""

    def __init__(self, script: Script, folder: Path, longest: float = LONGEST) -> None:
        self.script, self.folder = script, folder
        self.played = Played(script)
        self.loop = Loop(script.seed, longest)
        rng = random.Random(f"tenant {script.seed}")
        nature = Nature(lambda: EPOCH.timestamp() + self.loop.time(), rng.randbytes)
        self.tenant = Ledger(":memory:", rules=script.rules, nature=nature, now=self.loop.time)
        self.tenant.busy = lambda: any(process.writes and process.runs for process in self.processes)
        self.tenant.others()
        if script.crowd:
            self.tenant.crowd(script.crowd)
        app = InProcess(
            build_app(
                self.tenant,
                token_seconds=script.token_seconds,
                clock=nature.clock,
                entropy=nature.entropy,
            )
        )
        self.network = Network(self.loop, app)
        self.watch = Watch({self.tenant.token, self.tenant.refresh_token, digest_key(script)})
        self.processes: list[Process] = []
        self.sides: dict[int, Commit] = {}
        """The commit of each run."""

    async def attempt(self, name: str, machine: Runs, attempt: Attempt, setting: Setting) -> Run:
        """One run of a verb on a machine, to its end."""
        phase, calm = setting.phase, setting.calm
        number = len(self.processes) + 1
        rng = random.Random(f"process {self.script.seed} {phase.chance} {name} {number}")
        pauses = () if calm else phase.pauses
        note = partial(self.tell, f"{name} {number}")
        run_of: list[Run] = []
        wire = Wire(
            self.network,
            rng,
            away(pauses, setting.began, self.loop.time),
            note,
            number=number,
            distance=self.script.distance,
            watch=lambda letter, body: self._leaves(run_of[0], letter, body),
            echo=0.0 if calm else phase.echo,
        )
        process = Process(self.loop, number, rng, wire, fate=attempt.killed_at)
        process.disk.room = attempt.room
        process.skew, process.jumps_at = attempt.skew, attempt.jumps_at
        process.writes = attempt.verb in _WRITERS
        self.processes.append(process)
        if attempt.interrupted_at:
            self.loop.outside(process.interrupt, attempt.interrupted_at)
        self.sides[number] = machine.side
        self.tell(name, f"run {number}: {attempt.verb}")
        began = self.loop.time()
        options = self._options(attempt, setting.permitted)
        ended = Ended(None)
        run_of.append(self._run(attempt, machine.side, process, wire, ended, setting))
        await machine.run(process, attempt, options, ended)
        ended.seconds = self.loop.time() - began
        self.played.runs += 1
        self.played.requests += wire.requests
        self.played.kills += not process.alive
        how = "killed" if not process.alive else f"exit code {ended.code}"
        self.tell(name, f"run {number}: {how}")
        self.played.findings.secrets += self.watch.seen_in(f"run {number}", "\n".join(ended.said))
        return run_of[0]

    def _run(
        self,
        attempt: Attempt,
        side: Commit,
        process: Process,
        wire: Wire,
        ended: Ended,
        setting: Setting,
    ) -> Run:
        phase, calm = setting.phase, setting.calm
        return Run(
            process.pid,
            attempt,
            side,
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
            permitted=setting.permitted,
            distance=self.script.distance,
            frugal=self.script.rules.get("query_cost", "none") == "none"
            and self.script.batch == 1
            and not self._options(attempt, deploy=False).refresh,
        )

    def judge(self, run: Run) -> None:
        """Notes what was wrong with a run."""
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
            refresh=self.script.refresh if attempt.verb in ("plan", "drift") else None,
            parallelism=attempt.parallelism,
        )

    def adopted(self) -> dict[str, str]:
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
            address: next(key[1] for key in rows if to_global("Customer", key[1]) == identifier)
            for address, identifier in found.items()
        }

    def machine(self, name: str, side: Commit) -> Runs:
        """The machine's checkout of a commit, and its environment."""
        folder = self.folder / name
        rotates = self.script.rules.get("token_rotation") == "true"
        environment = {
            "url": URL,
            "tenant": self.tenant.tenant_id,
            "auth": {"accessToken" if rotates else "refreshToken": {"env": "SIMULATED_TOKEN"}},
            "rate": 20,
            "batch": self.script.batch,
            "secretKey": {"env": KEY},
            "updatedAtMoves": self.script.rules.get("updated_at_moves", "everything"),
        }
        lay(folder, side, environment, lease=self.script.lease)
        token = self.tenant.token if rotates else self.tenant.refresh_token
        own = {
            KEY: digest_key(self.script),
            "SIMULATED_TOKEN": token,
            "CI_JOB_URL": f"https://ci.test/{name}",
        }
        return Runs(folder, {**side.secrets, **own}, side)

    def tell(self, who: str, what: str) -> None:
        """One line of the story."""
        self.played.story.append(f"{self.loop.time():9.3f} {who}: {what}")

    def bury(self) -> None:
        """Looks at all that is left on the disks, and lets go of the processes."""
        found = self.played.findings
        for path in sorted(self.folder.rglob("*")):
            pulled = path.parent.parent.name.endswith("pulls")
            if path.is_file() and (pulled or path.parent.name not in ("definitions", "manifests")):
                text = path.read_text("utf-8", "replace")
                found.secrets += self.watch.seen_in(str(path.relative_to(self.folder)), text)
        for process in self.processes:
            process.bury()


def digest_key(script: Script) -> str:
    """The environment's key for digests of secrets."""
    return f"canary/{script.seed}+key {script.seed:016x}=key"


def memory() -> str | None:
    """Where files cost least."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def quiet() -> Iterator[None]:
    """The dead say nothing, and nobody collects them in the middle of a drill."""
    hook, collects = sys.unraisablehook, gc.isenabled()
    _freeze()
    sys.unraisablehook = _ignored
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        sys.unraisablehook = hook


@cache
def _freeze() -> None:
    """All modules: nobody need look at them again after each drill."""
    gc.freeze()


def _ignored(_: Any) -> None:
    """Of coroutines that were cut off."""
