"""Plays a script: every process, person and fault in one loop, and then what must hold in the end."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import format_exception

import anyio

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.resolve.frame.ids import to_global
from tests.simulation import model
from tests.simulation.checkout import remembered
from tests.simulation.checks import order, people
from tests.simulation.guest import Guest, move_in, move_out
from tests.simulation.ledger import PERSON, SENDER
from tests.simulation.organization import as_wanted
from tests.simulation.run import Run
from tests.simulation.runs import Ended, Runs
from tests.simulation.script import Actor, Attempt, Edit, Phase, Script
from tests.simulation.stage import Played, Setting, Stage, memory, quiet
from tests.simulation.world import RENAMED, Commit
from tests.torture import model as manifests
from tests.torture.person import Person
from tests.torture.world import marker

LIVELY = 12 * 3600.0
"""Virtual seconds after which a lease that nobody gives back, by whatever clock, is over."""
LEASE = 610.0
"""Seconds after which a lease that nobody gives back is over."""
LONGEST = 900.0
"""Virtual seconds that a run without faults may take."""


def play(script: Script) -> Played:
    """The drill, from its first commit to the last plan."""
    with TemporaryDirectory(dir=memory()) as folder, quiet(), remembered():
        return _Drill(script, Path(folder)).play()


class _Drill:
    def __init__(self, script: Script, folder: Path) -> None:
        self.script, self.stage = script, Stage(script, folder)
        self.loop, self.tenant, self.network = self.stage.loop, self.stage.tenant, self.stage.network
        self.played, self.watch = self.stage.played, self.stage.watch
        self.releases: dict[str, set[str]] = {}
        self.known: set[str] = set()
        self.ids = self.stage.adopted()
        self.before = dict(self.ids)
        self.tenant.unmarked = {identifier: address for address, identifier in self.ids.items()}
        self.open: list[Run] = []
        self.guests: list[Guest] = []
        self.strays: set[tuple[str, str]] = set()
        """The releases that machines at other commits may have published by now."""
        self.phase = script.phases[0]
        self.people = self.rivals = self.mixed = False
        """Whether somebody ever changed something: what they saved may wait for their deploy from then on.
        And whether runs were ever there at once without a lease between them: what they doubled stays.
        """
        self.adopted, self.lost_moment = False, ""
        self.unseen: set[people.Lost] = set()
        """What people wrote in the moment between a run's look and its import, which took it away."""
        self.unknown: dict[str, float] = {}
        """The instances that were taken over, and since when, of whose secrets nobody knows whether they are
        git's: those that are not given back, until a deploy.
        """
        self.began = 0.0

    def play(self) -> Played:
        try:
            self.loop.run_until_complete(self._all())
            told = [str(one.get("message")) for one in self.loop.failures]
            self.played.findings.runs += [f"the loop was told: {one}" for one in told]
        except Exception as error:
            self.played.findings.runs.append(f"the drill broke off: {error!r}")
            self.stage.tell("drill", "".join(format_exception(error)))
        finally:
            self.stage.bury()
            self.loop.close()
            self.tenant.close()
        self.played.seconds = self.loop.time()
        return self.played

    async def _all(self) -> None:
        for number, phase in enumerate(self.script.phases, 1):
            self.stage.tell("git", f"commit {number}")
            self.phase, self.began = phase, self.loop.time()
            self.rivals = self.rivals or _rivals(self.script, phase)
            for name, spec in phase.side.of("Integration").items():
                before = phase.side.was.get(f"Integration/{name}", "").partition("/")[2]
                self.releases.setdefault(name, set(self.releases.get(before, ()))).add(spec["release"])
            self.known |= set(phase.side.specs)
            for address, spec in phase.side.specs.items():
                self.tenant.named[address.partition("/")[0], str(spec.get("name"))] = address
            self.watch.secrets(phase.side.secrets.values())
            if number == 1 and self.script.taken:
                await self._forget()
            await self._meanwhile(number - 1)
            if self.lost_moment:
                self.stage.tell("drill", f"{self.lost_moment}: a draft was changed while it was published")
                return
            await self._settle()
            await self._drift()

    async def _forget(self) -> None:
        """All of the commit lies in the tenant, and nothing of it bears our marks."""
        machine = self.stage.machine("before", self.phase.side)
        await self._calm(machine, "apply")
        self.before |= model.identities(self.tenant)
        self.tenant.unmarked = {identifier: address for address, identifier in self.before.items()}
        if self.script.rules.get("secrets_read_back") == "hidden":
            self.unknown = dict.fromkeys(self.before.values(), self.loop.time())
        await self._calm(machine, "forget")
        ended = await self._calm(machine, "plan")
        if ended.code != 0 or ended.document.get("actions") or ended.document.get("refusals"):
            self.played.findings.runs.append(f"what is as git says is planned: {ended.said[-1:]}")

    async def _meanwhile(self, number: int) -> None:
        phase = self.phase
        self.tenant.lag, self.tenant.chance = phase.lag, random.Random(f"lag {self.script.seed} {number}")
        self.tenant.set_faults([Fault(**one) for one in phase.faults], seed=phase.chance)
        async with anyio.create_task_group() as group:
            for actor in phase.actors:
                side = self.script.phases[number + actor.ahead].side
                self._expects(side)
                group.start_soon(self._act, actor, side)
            for edit in phase.edits:
                group.start_soon(self._edit, edit)
        await self.network.is_quiet()
        for run in self.open:
            self.stage.judge(run)
        self.played.findings.foreign += move_out(self.tenant, self.guests, self.open)
        self.unseen.update(one for run in self.open for one in people.unseen(run))
        self.lost_moment = next((a for run in self.open if (a := run.could_not_know())), "")
        self.open.clear()
        self.guests.clear()
        for name, release in [(n, r) for n, r in self.strays if self._is_out(n, r)]:
            self.releases[name].add(release)
        self.tenant.lag = 0.0
        self.played.faults.update(self.tenant.injected())
        self.tenant.set_faults(())

    def _expects(self, side: Commit) -> None:
        """A machine at another commit: what it says may come to be."""
        if side is self.phase.side:
            return
        self.mixed = True
        self.known |= set(side.specs)
        self.watch.secrets(side.secrets.values())
        for name, spec in side.of("Integration").items():
            self.releases.setdefault(name, set())
            self.strays.add((name, spec["release"]))
        for address, spec in side.specs.items():
            self.tenant.named[address.partition("/")[0], str(spec.get("name"))] = address

    def _is_out(self, name: str, release: str) -> bool:
        return self.tenant.publishes(marker(self.script.seed, name.removesuffix(RENAMED), release))

    # what must hold

    async def _settle(self) -> None:
        """Once nothing goes wrong any more, and nobody holds the lease, one run does it all; it stays so."""
        found = self.played.findings
        machine = self.stage.machine("last", self.phase.side)
        if self.script.taken and not self.adopted:
            await self._adopt(machine)
        ended = await self._free(machine, "apply")
        if ended.code != 0:
            found.runs.append(f"no convergence: exit code {ended.code}: {ended.said[-1:]}")
        self._check()
        if ended.code == 0 and not ended.document.get("actions"):
            return  # that run's own plan was the empty one
        ended = await self._calm(machine, "plan")
        if ended.code != 0 or ended.document.get("actions"):
            actions = [one["id"] for one in ended.document.get("actions", ())]
            found.runs.append(f"a plan is left: exit code {ended.code}, {actions}")

    async def _free(self, machine: Runs, verb: str) -> Ended:
        """A run, once nobody holds the lease."""
        ended = await self._calm(machine, verb)
        while getattr(ended.error, "code", "") == "lease" and self.loop.time() < self.began + LIVELY:
            # A killed run's lease runs out by itself, as late as the killed machine's clock said.
            await anyio.sleep(LEASE + max(process.skew for process in self.stage.processes))
            ended = await self._calm(machine, verb)
        return ended

    async def _adopt(self, machine: Runs) -> None:
        """What lay there without marks is taken over, and nothing is left to do."""
        self.adopted = True
        ended = await self._free(machine, "adopt")
        if ended.code != 0:
            self.played.findings.runs.append(f"taking over ended with {ended.code}: {ended.said[-1:]}")
        ended = await self._calm(machine, "plan")
        if ended.code != 0 or ended.document.get("actions"):
            actions = [one["id"] for one in ended.document.get("actions", ())]
            self.played.findings.runs.append(f"after taking over, {actions} is planned ({ended.code})")

    def _check(self) -> None:
        found, phase, script = self.played.findings, self.phase, self.script
        rivals = self.rivals
        found += manifests.check(
            self.tenant,
            phase.side,
            self.releases,
            script.seed,
            rivals=rivals,
            people=self.people,
            unmarked=self.before,
            once={name: name.removesuffix(RENAMED) for name in phase.side.of("Integration")},
        )
        found.lost[:] = [text for text in found.lost if not self._may_be_theirs(text)]
        told = (*model.tabled(self.tenant, phase.side, self.known), *as_wanted(self.tenant, phase.side))
        for promise, text in told:
            getattr(found, promise).append(text)
        found.runs += order.untested(self.tenant.deeds, self.stage.sides, phase.side)
        found.lost += people.lost(self.tenant.deeds, self.stage.sides, self.unseen)
        ids = model.identities(self.tenant)
        if not rivals and not phase.edits and not self.mixed:
            found.lost += model.replaced(self.ids, ids, phase.side)
        self.ids = ids

    def _may_be_theirs(self, text: str) -> bool:
        """Whether it is about a secret of which nobody could know that it rotated, and that nobody sent."""
        for deed in self.tenant.deeds:
            deployed = deed.done and deed.sender > PERSON and deed.name == "deployInstance"
            if deployed and deed.at > self.unknown.get(deed.id, deed.at):
                del self.unknown[deed.id]
        names = {a: one for a, one in model.identities(self.tenant).items() if one in self.unknown}
        return any(text.startswith(f"{address}: Shop.apiKey is ") for address in names)

    async def _drift(self) -> None:
        """Drift names exactly what a person did since all had settled, and the next apply undoes it."""
        phase = self.phase
        if not phase.afterwards or self.played.findings.all():
            return
        edits = [one for one in model.by_hand(phase.side, self.ids, phase.afterwards) if self._by_hand(one)]
        machine = self.stage.machine("last", phase.side)
        ended = await self._calm(machine, "drift")
        named = {(one["address"], one["path"]) for one in ended.document.get("drift", ())}
        if named != (done := {(one.address, one.path) for one in edits}):
            self.played.findings.runs.append(f"drift names {sorted(named)}, and done was {sorted(done)}")
        # What a set makes of a customer's name follows that name.
        follows = {"name"} if phase.side.sets else set()
        told = all(one.address in phase.side.written and one.path not in follows for one in edits)
        # What two runs published both is a version of its own to who pulls.
        if edits and told and not self.rivals:
            await self._pull(certain=all(one["cause"] == "drift" for one in ended.document["drift"]))
        await self._settle()

    async def _pull(self, *, certain: bool) -> None:
        """Whoever pulls what people did has it in git, and nothing of it is planned to be undone, or is told
        what cannot be told apart.
        """
        machine = self.stage.machine("puller", self.phase.side)
        machine.keeps = True
        verb = "pull_drift" if self.phase.afterwards[0] % 2 else "pull"
        pulled = await self._calm(machine, verb)
        ended = await self._calm(machine, "plan")
        if pulled.code == 1 and not certain:
            return  # who has no history, either, cannot tell who changed it: a conflict
        if pulled.code or ended.code or ended.document.get("actions"):
            actions = [one["id"] for one in ended.document.get("actions", ())]
            self.played.findings.lost.append(
                f"once pulled ({pulled.code}), {actions} is planned ({ended.code}): {pulled.said[-1:]}"
            )

    def _by_hand(self, one: model.ByHand) -> bool:
        kind = one.address.partition("/")[0]
        values = {"id": to_global(kind, self.ids[one.address]), **one.values}
        SENDER.set((PERSON, 0.0))
        done = self.tenant.mutate(one.mutation, values) is not None
        self.played.edits += done
        self.people = self.people or done
        self.stage.tell("somebody", f"{one.address}: {one.path} by hand{'' if done else ', in vain'}")
        return done

    # those who act

    async def _act(self, actor: Actor, side: Commit) -> None:
        await anyio.sleep(actor.delay)
        machine = self.stage.machine(actor.name, side)
        for attempt in actor.attempts:
            setting, where = Setting(self.phase, self.began), machine
            if (
                attempt.verb == "pull_drift"
            ):  # a job that makes a pull request of it has a checkout of its own
                where = self.stage.machine(f"{actor.name}-pulls", side)
                where.keeps = True
            self.open.append(await self.stage.attempt(actor.name, where, attempt, setting))

    async def _edit(self, edit: Edit) -> None:
        await anyio.sleep(edit.at)
        if edit.what == "move_in":
            self._move_in(edit)
            return
        person = Person(self.tenant, self.phase.side, random.Random(edit.chance))
        SENDER.set((PERSON, 0.0))
        person.act(edit.what)
        self.played.edits += person.edits
        self.people = self.people or person.edits > 0
        self.stage.tell("somebody", f"{edit.what}{'' if person.edits else ', in vain'}")

    def _move_in(self, edit: Edit) -> None:
        SENDER.set((PERSON, 0.0))
        guest = move_in(self.tenant, self.phase.side, random.Random(edit.chance), self.loop.time())
        if guest:
            self.guests.append(guest)
            self.played.edits += 1
        self.stage.tell("somebody", f"makes an instance inside {guest.host if guest else 'nothing'}")

    async def _calm(self, machine: Runs, verb: str) -> Ended:
        # Of a draft that two runs imported at once, neither knows what LATEST became for the other.
        torn = self.rivals and self.script.rules.get("component_versions_shift") == "true"
        setting = Setting(self.phase, self.began, calm=True, permitted=self.people or torn)
        run = await self.stage.attempt("last", machine, Attempt(verb), setting)
        self.stage.judge(run)
        ended = run.ended
        if ended.seconds > LONGEST * max(1.0, self.script.distance / 4):
            self.played.findings.runs.append(f"a run without faults took {ended.seconds:.0f} virtual seconds")
        return ended


def _rivals(script: Script, phase: Phase) -> bool:
    """Whether two runs may be at work at once. A clock that is wrong takes leases for expired, and who was
    robbed of theirs notices it with the next renewal.
    """
    wrong = any(attempt.skew or attempt.take for actor in phase.actors for attempt in actor.attempts)
    return len(phase.actors) > 1 and (wrong or not script.lease)
