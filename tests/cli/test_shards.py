"""plan and apply --shard: runs side by side, each with its own share of the customers."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from msgspec import structs

from reconciler.apply import lease_calls as profile
from reconciler.apply.elsewhere import Elsewhere
from reconciler.apply.lease import Claim, Ports, held
from reconciler.manifests.schemas import validator
from reconciler.model.address import Address
from reconciler.model.errors import NoLease, Unreachable
from reconciler.model.lease import Lease
from reconciler.model.operation import Operation
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Action, Verb
from reconciler.sandbox import Sandbox
from reconciler.verbs.apply import apply
from reconciler.verbs.plan import plan
from reconciler.verbs.session import Options, Session, open_session
from tests.cli.projects import PROJECT, Folder

CUSTOMERS = 7
ALL = ("1/3", "2/3", "3/3")


@pytest.fixture
def fleet(project: Folder) -> Folder:
    """An integration, and customers with an instance each; two of them are released to in waves."""
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.0"
    )
    for number in range(CUSTOMERS):
        name = f"c{number}"
        project.manifest("Customer", name, name=f"Customer {number}", externalId=name)
        spec = {"customer": name, "integration": "orders", "release": "latest"}
        project.write(
            f"manifests/instance-{name}.yaml",
            json.dumps(
                {
                    "apiVersion": "reconciler/v1",
                    "kind": "Instance",
                    "metadata": {"name": "own"},
                    "spec": {**spec, "name": f"Own of {name}", "enabled": True},
                }
            ),
        )
    project.manifest(
        "InstanceSet",
        "more",
        customers={"names": ["c0", "c5"]},
        strategy={"waves": [{"percent": 50}, {"percent": 100}]},
        template={"integration": "orders", "release": "latest", "name": "More of ${customer.name}"},
    )
    return project


def test_a_share_is_rehearsed_after_what_the_others_do_first(fleet: Folder) -> None:
    asked = fleet.json("plan", "--shard", "2/3")
    code, out, err = fleet(
        "rehearse", "--shard", "2/3", "--detailed-exitcode", "--strict", "--format", "json"
    )
    assert code == 2, out + err
    found = json.loads(out)
    assert found["succeeds"]
    assert found["left"] == []
    done = {one["address"] for one in found["outcome"]["actions"]}
    assert done == {one["address"] for one in asked["actions"]} != set()
    assert fleet("rehearse", "--shard", "2/3", "--prune")[0] == 3


def documents(project: Folder) -> dict[str, dict[str, Any]]:
    return {shard: project.json("plan", "--shard", shard) for shard in ALL}


def test_one_after_another_they_bring_about_what_the_plan_would(fleet: Folder) -> None:
    assert len([one for one in documents(fleet).values() if one["actions"]]) == 3
    for shard in ALL:
        code, out, err = fleet("apply", "--yes", "--shard", shard)
        assert code == 0, out + err
    assert fleet("plan", "--detailed-exitcode")[0] == 0
    code, out, _ = fleet("plan", "--shard", "2/3", "--detailed-exitcode")
    assert (code, out) == (0, "No changes. Shard 2/3 matches the manifests.\n")
    twice = [
        str(fleet.write(f"{name}.json", json.dumps(fleet.json("plan", "--shard", "2/3")))) for name in "ab"
    ]
    code, _, err = fleet("merge-reports", *twice)
    assert code == 3
    assert "both tell of shard 2/3" in err


async def _nothing() -> AsyncIterator[int]:
    await anyio.sleep_forever()
    yield 0


@contextmanager
def deaf() -> Iterator[AsyncIterator[int]]:
    """Of several runs in one process none can hear its signals."""
    yield _nothing()


def session_of(project: Folder) -> Session:
    return open_session(project.root / "reconciler.yaml", None, {"USER": "alice"}, project.root)


async def carried(session: Session, shard: str, seconds: float, ended: dict[str, Outcome]) -> None:
    planned = await plan(session, Options(shard=shard))
    ended[shard] = await apply(
        session, planned, listener=lambda _: None, say=lambda _: None, shard_seconds=seconds
    )


def side_by_side(
    project: Folder, *, seconds: float = 300.0, shards: tuple[str, ...] = ALL
) -> dict[str, Outcome]:
    """All of these at once; how each ended."""
    ended: dict[str, Outcome] = {}
    session = session_of(project)
    session = replace(session, machine=structs.replace(session.machine, signals=deaf))

    async def work() -> None:
        async with anyio.create_task_group() as group:
            for shard in shards:
                group.start_soon(carried, session, shard, seconds, ended)

    anyio.run(work)
    return ended


def test_side_by_side_they_wait_for_what_the_first_does(fleet: Folder) -> None:
    ended = side_by_side(fleet, shards=("3/3", "2/3", "1/3"))
    assert {shard: one.exit_code for shard, one in ended.items()} == dict.fromkeys(ALL, 0)
    assert fleet("plan", "--detailed-exitcode")[0] == 0


def test_what_does_not_come_in_time_skips_what_needs_it(fleet: Folder) -> None:
    (outcome,) = side_by_side(fleet, shards=("2/3",), seconds=0.0).values()
    assert outcome.exit_code == 1
    ends = {(one.action.address.kind, one.status) for one in outcome.results}
    assert ends == {("Customer", Status.DONE), ("Instance", Status.SKIPPED)}
    skipped = [one for one in outcome.results if one.status is Status.SKIPPED]
    assert {one.because for one in skipped} == {"Integration/orders#publish"}
    assert all("another shard does that" in one.hint for one in skipped)


def test_a_plan_tells_of_its_share_and_merged_they_are_the_plan(fleet: Folder) -> None:
    whole, found = fleet.json("plan"), documents(fleet)
    files = []
    for shard, document in found.items():
        assert [one.message for one in validator("plan").iter_errors(document)] == []
        assert document["options"]["shard"] == shard
        files.append(str(fleet.write(f"{shard[0]}.json", json.dumps(document))))
    merged = fleet.json("merge-reports", *files)
    assert {one["id"]: one for one in merged["actions"]} == {one["id"]: one for one in whole["actions"]}
    assert merged["summary"] == whole["summary"]
    assert [one["name"] for one in merged["rollouts"]] == ["more"]
    assert "errors" not in merged
    (lost,) = fleet.json("merge-reports", files[0], files[2])["errors"]
    assert lost["message"] == "shard 2/3 is in none of these reports"
    other = str(fleet.write("other.json", json.dumps(fleet.json("plan", "--shard", "1/2"))))
    code, _, err = fleet("merge-reports", *files, other)
    assert code == 3
    assert f'"{other}" is of one of 2 shards, and "{files[0]}" of one of 3 shards' in err


def test_drift_is_told_by_shards_and_merged_is_all_of_it(fleet: Folder) -> None:
    assert fleet("apply", "--yes")[0] == 0
    assert fleet("drift", "--shard", "2/3")[1] == "No drift. Shard 2/3 is as it was last applied.\n"
    nodes = fleet.ask("{ customers { nodes { id } } }")["customers"]["nodes"]
    for number, node in enumerate(nodes):
        fleet.behind("updateCustomer", {"id": node["id"], "name": f"Theirs {number}"})
    files = []
    for shard in ALL:
        document = fleet.json("drift", "--shard", shard)
        assert [one.message for one in validator("drift").iter_errors(document)] == []
        files.append(str(fleet.write(f"{shard[0]}.json", json.dumps(document))))
    whole, merged = fleet.json("drift"), fleet.json("merge-reports", *files)
    assert len(whole["drift"]) == CUSTOMERS
    assert sorted(one["address"] for one in merged["drift"]) == [one["address"] for one in whole["drift"]]
    assert merged["summary"] == whole["summary"]
    assert fleet("drift", "--shard", "1/3", "--since", files[0], "--detailed-exitcode")[0] == 0
    assert fleet("drift", "--shard", "1/3", "--since", files[1])[0] == 3


def test_a_saved_plan_of_a_shard_is_carried_out(fleet: Folder) -> None:
    assert fleet("apply", "--yes", "--shard", "1/3")[0] == 0
    file = str(fleet.root / "plan.json")
    assert fleet("plan", "--shard", "2/3", "-o", file)[0] == 0
    code, out, err = fleet("apply", file)
    assert code == 0, out + err
    assert fleet.json("plan", "--shard", "2/3")["actions"] == []
    assert fleet.json("plan", "--shard", "3/3")["actions"]


def test_guards_count_the_whole_plan(fleet: Folder) -> None:
    assert fleet("apply", "--yes")[0] == 0
    for number in range(CUSTOMERS):
        name = f"c{number}"
        fleet.manifest("Customer", name, name=f"Customer {number}", externalId=name, description="New")
    strict = "spec: {policy: {guards: {update: 30%, minimum: 5}}, "
    fleet.write("reconciler.yaml", PROJECT.replace("spec: {", strict))
    for document in documents(fleet).values():
        (refusal,) = document["refusals"]
        assert refusal["code"] == "guard-update"
        assert f"would change {CUSTOMERS} of " in refusal["message"]
    assert fleet("apply", "--yes", "--shard", "2/3")[0] == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--shard", "0/3"), '"0/3" is no shard'),
        (("--shard", "4/3"), '"4/3" is no shard'),
        (("--shard", "a/b"), '"a/b" is no shard'),
        (("--shard", ""), '"" is no shard'),
        (("--shard", "1/3", "--prune"), "--prune is about the whole project"),
    ],
)
@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_what_is_no_shard_is_an_error_of_input(
    project: Folder, verb: str, words: tuple[str, ...], said: str
) -> None:
    project.shop()
    code, out, err = project(verb, *words)
    assert (code, out) == (3, "")
    assert said in err
    assert "hint" in err


def test_a_project_that_prunes_deletes_nothing_by_shards(project: Folder) -> None:
    project.write("reconciler.yaml", PROJECT.replace("spec: {", "spec: {policy: {prune: true}, "))
    project.shop()
    project.manifest("Customer", "beta", name="Beta", externalId="beta")
    assert project("apply", "--yes")[0] == 0
    (project.root / "manifests/customer-beta.yaml").unlink()
    assert project.json("plan")["summary"]["delete"] == 1
    found = [project.json("plan", "--shard", shard) for shard in ALL]
    assert [one["summary"]["delete"] for one in found] == [0, 0, 0]
    assert [name for one in found for name in one["orphans"]] == ["Customer/beta"]


@pytest.mark.parametrize(
    ("held", "code"), [("", 5), ("2/3", 5), ("1/4", 5), ("1/3", 0), ("3/3", 0)], ids=["all", *"abcd"]
)
def test_the_lease_is_of_a_shard(fleet: Folder, held: str, code: int) -> None:
    fleet.write("reconciler.yaml", PROJECT.replace("spec: {", "spec: {policy: {lease: true}, "))
    assert fleet("apply", "--yes", "--shard", "1/3")[0] == 0
    now = datetime.now(UTC)
    op = profile.create(
        "shop", Lease("bob@there", "2 actions", now, now + timedelta(seconds=600), "t", shard=held)
    )
    with fleet.sandbox() as sandbox:
        sandbox.execute(op.document, dict(op.variables))
    said = fleet("apply", "--yes", "--shard", "2/3")
    assert said[0] == code, said
    assert ("another run works on this tenant: bob@there" in said[2]) == (code == 5)
    assert ("lease" in fleet.json("plan", "--shard", "2/3")) == (code == 5)
    plain = fleet("apply", "--yes")
    assert plain[0] == 5
    assert f"(shard {held}, 2 actions)" in plain[2] or not held
    names = fleet.ask("{ instanceProfiles { nodes { name } } }")["instanceProfiles"]["nodes"]
    assert [one["name"] for one in names if "lease" in one["name"]] == [profile.name("shop", held)]


class Abreast:
    """A tenant that answers two runs' looks only when both have looked."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._looked, self._both = sandbox, 0, anyio.Event()

    async def execute(self, op: Operation) -> Any:
        _, answer, _ = self._sandbox.execute(op.document, dict(op.variables))
        found = answer["data"][op.name]
        if op.name == "instanceProfiles":
            self._looked += 1
            if self._looked == 2:
                self._both.set()
            await self._both.wait()
            return found
        await anyio.lowlevel.checkpoint()
        return found[op.result] if op.result else found


@pytest.mark.parametrize(
    ("one", "other", "apart"), [("", "1/3", False), ("1/3", "1/2", False), ("1/3", "2/3", True)]
)
def test_only_shards_that_are_apart_hold_the_lease_at_once(
    fleet: Folder, one: str, other: str, apart: bool
) -> None:
    """The server lets both make theirs, since their names differ: each looks once more."""
    got: list[str] = []

    async def hold(client: Abreast, shard: str) -> None:
        ports = Ports(lambda: datetime.now(UTC), anyio.sleep, lambda _: None)
        with suppress(NoLease):
            async with held(client, Claim("shop", "someone", "", f"token {shard}", shard=shard), ports):
                got.append(shard)
                await anyio.sleep(0.05)
                got.append(shard)

    async def work(sandbox: Sandbox) -> None:
        client = Abreast(sandbox)
        async with anyio.create_task_group() as group:
            group.start_soon(hold, client, one)
            group.start_soon(hold, client, other)

    with fleet.sandbox() as sandbox:
        anyio.run(work, sandbox)
        _, answer, _ = sandbox.execute("{ instanceProfiles { nodes { name } } }", {})
    names = [one["name"] for one in answer["data"]["instanceProfiles"]["nodes"]]
    assert not [name for name in names if "lease" in name]
    assert (len(set(got)) == 2) == apart


class Time:
    """A clock that goes on while something sleeps."""

    def __init__(self) -> None:
        self.now, self.looks = 0.0, list[float]()

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await anyio.lowlevel.checkpoint()


def action(name: str, *needs: str) -> Action:
    address = Address("Customer", name)
    return Action(f"{address}#update", address, Verb.UPDATE, "", needs)


@pytest.mark.parametrize("fails", [False, True])
def test_others_are_waited_for_as_long_as_said_and_no_longer(fails: bool) -> None:
    time = Time()

    async def look(asked: frozenset[str]) -> frozenset[str]:
        time.looks.append(time.now)
        if fails:
            raise Unreachable("nobody answers")
        return asked & {"Integration/late#publish"}

    waits, other = action("a", "Integration/late#publish"), action("b", "Integration/quick#publish")
    free = action("c", "Customer/a#update")
    said: list[str] = []
    found = Elsewhere([waits, other, free], look, sleep=time.sleep, clock=lambda: time.now, say=said.append)

    async def work() -> tuple[str, str, str]:
        async with anyio.create_task_group() as group:
            group.start_soon(found.watch)
            return await found.turn(waits), await found.turn(other), await found.turn(free)
        raise AssertionError

    late, quick, none = anyio.run(work)
    assert late == "Integration/late#publish"
    assert quick == ("Integration/quick#publish" if fails else "")
    assert none == ""
    assert time.now == 300.0
    named = "Integration/late#publish" + (", Integration/quick#publish" if fails else "")
    assert said == [f"waiting at most 300 s for what other shards do: {named}"]
    assert time.looks[:5] == [0.0, 2.0, 6.0, 14.0, 29.0]
    assert len(time.looks) < 20
    assert ("nobody answers" in found.hint(late)) == fails
    assert not found.concerns(free)


def test_who_is_stopped_waits_no_longer(fleet: Folder) -> None:
    """Ctrl-C while another shard is waited for."""
    session = session_of(fleet)

    @contextmanager
    def once() -> Iterator[AsyncIterator[int]]:
        async def received() -> AsyncIterator[int]:
            await anyio.sleep(0.2)
            yield signal.SIGINT
            await anyio.sleep_forever()

        yield received()

    session = replace(session, machine=structs.replace(session.machine, signals=once))
    ended: dict[str, Outcome] = {}

    async def work() -> None:
        with anyio.fail_after(20):
            await carried(session, "2/3", 300.0, ended)

    anyio.run(work)
    (outcome,) = ended.values()
    assert outcome.exit_code == 130
    instances = [one for one in outcome.results if one.action.address.kind == "Instance"]
    assert {(one.status, one.because) for one in instances} == {(Status.SKIPPED, "interrupted")}
