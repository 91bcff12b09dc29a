"""The drills: through faults and kills, every request boundary in turn, two runs at once beside a person."""

from __future__ import annotations

import random
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.sandbox.faults import KINDS, Fault
from tests.torture import model
from tests.torture.model import Findings
from tests.torture.person import Person
from tests.torture.runner import Ended, Launcher, misbehaved, spilled
from tests.torture.tenant import Door, Kill, Tenant, served
from tests.torture.world import KEY, Side, World, world

RESTARTS = 12
KILLED = -signal.SIGKILL
FAULTY = {0, 1, 4, 5, KILLED}


@dataclass
class Tally:
    """What was done to the product, and what came of it."""

    drills: int = 0
    applies: int = 0
    requests: int = 0
    kills: int = 0
    edits: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)

    def __iadd__(self, other: Tally) -> Tally:
        for name in ("drills", "applies", "requests", "kills", "edits", "faults", "findings"):
            value = getattr(self, name)
            value += getattr(other, name)
            setattr(self, name, value)
        return self


class Stage:
    """A door and launchers, for many drills one after another."""

    def __init__(self, door: Door, url: str, launchers: tuple[Launcher, Launcher]) -> None:
        self.door, self.url, self.launchers = door, url, launchers

    def faulty(self, seed: int) -> Tally:
        """Both commits of a seed's world are applied through faults and kills."""
        with self._scene(world(seed)) as scene:
            rng = random.Random(f"faults {seed}")
            for side in (scene.world.first, scene.world.later):
                scene.commit(side)
                scene.through_faults(rng)
                scene.settle()
        return scene.tally

    def crowded(self, seed: int) -> Tally:
        """Both commits are applied by two runs at once, while a person works in the web app; in every other
        seed the project asks for a lease.
        """
        with self._scene(world(seed)) as scene:
            scene.lease = bool(seed % 2)
            rng = random.Random(f"crowd {seed}")
            for side in (scene.world.first, scene.world.later):
                scene.commit(side)
                scene.beside_each_other(rng)
                scene.settle("--overwrite-drafts", "--deploy-pending")
        return scene.tally

    def every_kill(self, base: World, *, part: int = 0, parts: int = 1) -> Tally:
        """Kills at every request of a clean run of each commit, on either side of it; or at every so many."""
        with self._scene(base) as scene:
            for side in (base.first, base.later):
                scene.commit(side)
                scene.walk(part, parts)
                scene.settle()
        return scene.tally

    @contextmanager
    def _scene(self, base: World) -> Iterator[Scene]:
        with TemporaryDirectory() as folder:
            scene = Scene(self, base, Path(folder))
            try:
                yield scene
            finally:
                scene.tenant.close()


@contextmanager
def stage() -> Iterator[Stage]:
    """Opens the door, and has two launchers ready."""
    with served() as (door, url), Launcher() as one, Launcher() as two:
        yield Stage(door, url, (one, two))


class Scene:
    """One world's project and tenant in a folder."""

    def __init__(self, stage: Stage, base: World, folder: Path) -> None:
        self.stage, self.world, self.folder = stage, base, folder
        self.project, self.database = folder / "project", folder / "tenant.db"
        self.project.mkdir()
        self.tenant = Tenant(self.database, rules=base.rules)
        self.tenant.others()
        self.tenant.open(stage.door)
        self.tally = Tally(drills=1)
        self.releases: dict[str, set[str]] = {}
        self._side = base.first
        self.lease: bool | None = None
        self.crowded = False

    def commit(self, side: Side) -> None:
        """Git moves on."""
        self._side = side
        side.write(self.project, self._environment(), {"lease": bool(self.lease)})
        for name, spec in side.of("Integration").items():
            self.releases.setdefault(name, set()).add(spec["release"])

    def apply(self, *options: str, codes: Iterable[int] = (0,), **run: Any) -> Ended:
        """One run of apply; how it ended and what it left is looked at, too."""
        launcher = run.pop("launcher", self.stage.launchers[0])
        before = self.stage.door.total
        arguments = ("apply", "--yes", *self._prune(), "--format", "json", "--no-progress", *options)
        ended = launcher.run(self.project, arguments, self._variables(), **run)
        self.tally.applies += 1
        self.tally.requests += self.stage.door.total - before
        self.tally.kills += ended.code == KILLED
        self.tally.findings.runs += misbehaved(ended, set(codes))
        self._look_for_secrets()
        return ended

    def through_faults(self, rng: random.Random) -> None:
        """Runs until one ends well, or twelve did not."""
        self.tenant.set_faults(_mix(rng), seed=rng.randrange(10**6))
        for attempt in range(RESTARTS):
            kill, seconds = _end(rng) if attempt < RESTARTS / 2 else (None, None)
            self.stage.door.arm(kill)
            ended = self.apply(
                "--parallelism", str(rng.choice([1, 2, 8])), codes=FAULTY, kill=kill, seconds=seconds
            )
            if ended.code == 0:
                break
        self.stage.door.arm(None)
        self.tally.faults.update(self.tenant.injected())
        self.tenant.set_faults(())

    def settle(self, *options: str) -> None:
        """Without faults the next run ends well, leaves what the model says, and nothing to do."""
        self.finish(*options)
        planned = self._plan("--detailed-exitcode")
        if planned.code != 0:
            self.tally.findings.runs.append(f"a plan is left: {planned.out}{planned.err}")
        self._look_for_secrets()

    def finish(self, *options: str) -> None:
        """Without faults the next run ends well, and leaves what the model says."""
        self.apply(*options)
        rivals = self.lease is False
        self.tally.findings += model.check(
            self.tenant, self._side, self.releases, self.world.seed, rivals=rivals, people=self.crowded
        )

    def walk(self, part: int, parts: int) -> None:
        """For each boundary: the tenant as it was, a run that is killed there, and one that ends well."""
        self.tenant.close()
        shutil.copy(self.database, self.folder / "before.db")
        self._again()
        self.stage.door.arm(None)
        self.apply("--parallelism", "1")
        requests = self.stage.door.requests
        changing = self.stage.door.changing
        # After a request that changes nothing a tenant is as before it.
        boundaries = [
            (number, after)
            for number in range(1, requests + 1)
            for after in (False, True)
            if number in changing or not after
        ][part::parts]
        for place, (number, after) in enumerate(boundaries):
            self._again()
            kill = Kill(number, after)
            self.stage.door.arm(kill)
            self.apply("--parallelism", "1", codes={KILLED}, kill=kill)
            self.stage.door.arm(None)
            count = len(self.tally.findings.all())
            # A plan costs as much as a run; that nothing is left to do is looked at now and then.
            (self.settle if place % 4 == 0 else self.finish)()
            where = f"killed {'after' if after else 'before'} request {number} of {requests}"
            self._say_where(count, where)
        self._again()

    def beside_each_other(self, rng: random.Random) -> None:
        """Two runs of one commit at once, each twice, and a person meanwhile."""
        self.crowded = True
        person = Person(self.tenant, self._side, random.Random(rng.random()))
        runs = [
            threading.Thread(target=self._runs, args=(launcher, rng.uniform(0, 0.05)))
            for launcher in self.stage.launchers
        ]
        with person.at_work():
            for thread in runs:
                thread.start()
            for thread in runs:
                thread.join()
        self.tally.edits += person.edits

    def _runs(self, launcher: Launcher, pause: float) -> None:
        threading.Event().wait(pause)
        for _ in range(2):
            self.apply(codes=FAULTY, launcher=launcher)

    def _again(self) -> None:
        """The tenant as it was before the walk."""
        foreign = self.tenant.foreign
        self.tenant.close()
        for path in self.folder.glob("tenant.db*"):
            path.unlink()
        shutil.copy(self.folder / "before.db", self.database)
        self.tenant = Tenant(self.database)
        self.tenant.foreign = foreign
        self.tenant.open(self.stage.door)

    def _say_where(self, count: int, where: str) -> None:
        findings = self.tally.findings
        if len(findings.all()) > count:
            findings.runs.append(f"^ {where}")

    def _plan(self, *options: str) -> Ended:
        saved = str(self.project / "saved.json")
        arguments = ("plan", *self._prune(), "--no-progress", "-o", saved, *options)
        return self.stage.launchers[0].run(self.project, arguments, self._variables())

    def _prune(self) -> list[str]:
        """Pruning reads every kind, so only worlds in which something goes away ask for it."""
        return ["--prune"] if set(self.world.first.specs) - set(self.world.later.specs) else []

    def _look_for_secrets(self) -> None:
        tokens = {self.tenant.token, self.tenant.refresh_token}
        self.tally.findings.secrets += spilled(
            self.project, {*self.world.canaries, *tokens, _digest_key(self.world)}
        )

    def _environment(self) -> dict[str, Any]:
        # A rotating refresh token would have to be kept by whoever starts the runs.
        auth = "accessToken" if self.world.rules.get("token_rotation") == "true" else "refreshToken"
        return {
            "url": self.stage.url,
            "tenant": self.tenant.tenant_id,
            "auth": {auth: {"env": "TORTURE_TOKEN"}},
            "rate": 1000,
            "secretKey": {"env": KEY},
        }

    def _variables(self) -> Mapping[str, str]:
        rotates = self.world.rules.get("token_rotation") == "true"
        token = self.tenant.token if rotates else self.tenant.refresh_token
        return {**self._side.secrets, KEY: _digest_key(self.world), "TORTURE_TOKEN": token}


def _digest_key(base: World) -> str:
    return f"canary/{base.seed}+key {base.seed:016x}=key"


def _mix(rng: random.Random) -> list[Fault]:
    """Some kinds of faults, seldom each; some of them for one operation, or for one request, alone."""
    faults = []
    for kind in rng.sample(sorted(KINDS), rng.randint(3, 7)):
        seconds = rng.uniform(0.001, 0.02)
        fault = Fault(kind, probability=rng.uniform(0.02, 0.15), seconds=seconds)
        shape = rng.random()
        if shape < 0.2 and not KINDS[kind].needs:
            fault = Fault(
                kind,
                operation=rng.choice(["create*", "publish*", "update*", "deploy*"]),
                probability=0.5,
                seconds=seconds,
            )
        elif shape < 0.4:
            fault = Fault(kind, nth=rng.randint(1, 30), seconds=seconds)
        faults.append(fault)
    return faults


def _end(rng: random.Random) -> tuple[Kill | None, float | None]:
    """How a run is ended from outside, if at all: at a request, or after a while."""
    drawn = rng.random()
    if drawn < 0.4:
        return Kill(rng.randint(1, 45), after=rng.random() < 0.5), None
    return None, rng.uniform(0.01, 0.6) if drawn < 0.6 else None
