"""The lease on a sandbox, with time that only sleeping moves and answers that get lost."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest

from reconciler.apply import lease_calls as profile
from reconciler.apply.lease import Claim, Holding, Ports, held, present
from reconciler.model.errors import NoLease, PayloadError
from reconciler.model.lease import Lease
from reconciler.sandbox import Sandbox, transport
from tests.harness import client_of

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
PROJECT = "shop"


class Time:
    """A clock; `due` is done when it comes to its moment."""

    def __init__(self) -> None:
        self.now = START
        self.due: dict[float, Callable[[], None]] = {}
        self.said: list[str] = []

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for at in [at for at in self.due if self.now >= START + timedelta(seconds=at)]:
            self.due.pop(at)()
        await anyio.lowlevel.checkpoint()

    def ports(self) -> Ports:
        return Ports(lambda: self.now, self.sleep, self.said.append)


class Wire(httpx.AsyncBaseTransport):
    """Carries everything to the tenant, but for mutations that `on` says something about: "lost" before they
    arrive, "silent" where only the answer is lost, "stop" where the run is cancelled while it waits for the
    answer, or something to be done first.
    """

    def __init__(self, sandbox: Sandbox, **on: str | Callable[[], None]) -> None:
        self.inner, self.on, self.seen = transport(sandbox), on, list[str]()
        self.stop: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        name = next((n for n in ("create", "update", "delete") if f"{n}InstanceProfile" in query), "read")
        self.seen.append(name)
        what = self.on.pop(name, "") if self.on.get(name) != "down" else "down"
        if callable(what):
            what()
        if what in ("lost", "down"):
            raise httpx.ReadError("connection reset")
        response = await self.inner.handle_async_request(request)
        if what == "stop":
            self.stop()
            await anyio.sleep_forever()
        if what == "silent":
            await response.aread()
            raise httpx.ReadError("connection reset")
        return response


def other(sandbox: Sandbox, *, until: float = 600, token: str = "theirs", text: str | None = None) -> str:
    """Someone else's lease; its id."""
    lease = Lease("bob@there", "2 actions", START, START + timedelta(seconds=until), token)
    op = profile.create(PROJECT, lease)
    values = dict(op.variables["input"])
    if text is not None:
        values["description"] = text
    _, answer, _ = sandbox.execute(op.document, {"input": values})
    payload = answer["data"]["createInstanceProfile"]
    assert not payload["errors"], payload
    return str(payload["instanceProfile"]["id"])


def remove(sandbox: Sandbox) -> None:
    """Takes away whatever lease there is."""
    lease = left(sandbox)
    assert lease is not None
    op = profile.remove(lease)
    sandbox.execute(op.document, dict(op.variables))


def left(sandbox: Sandbox) -> Lease | None:
    op = profile.find(PROJECT)
    _, answer, _ = sandbox.execute(op.document, dict(op.variables))
    return profile.found(PROJECT, answer["data"]["instanceProfiles"])


def run(
    sandbox: Sandbox,
    work: Callable[[Holding], Awaitable[Any]],
    *,
    time: Time | None = None,
    wire: Wire | None = None,
    take: bool = False,
) -> Any:
    claim = Claim(PROJECT, "alice@here", "3 actions", "ours", take=take)

    async def main() -> Any:
        async with (
            client_of(sandbox, wire=wire) as client,
            held(client, claim, (time or Time()).ports()) as h,
        ):
            return await work(h)

    return anyio.run(main)


async def nothing(_: Holding) -> None:
    return None


@pytest.fixture
def sandbox() -> Any:
    with Sandbox() as made:
        yield made


def test_held_while_the_work_lasts_and_given_back(sandbox: Sandbox):
    async def work(_: Holding) -> Lease | None:
        async with client_of(sandbox, read_only=True) as reader:
            return await present(reader, PROJECT)

    seen = run(sandbox, work)
    assert (seen.holder, seen.reason, seen.token) == ("alice@here", "3 actions", "ours")
    assert (seen.since, seen.until) == (START, START + timedelta(seconds=600))
    assert left(sandbox) is None


def test_given_back_after_a_failure(sandbox: Sandbox):
    async def work(_: Holding) -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError):
        run(sandbox, work)
    assert left(sandbox) is None


def test_given_back_when_cancelled(sandbox: Sandbox):
    async def main() -> None:
        claim = Claim(PROJECT, "alice@here", "", "ours")
        with anyio.CancelScope() as scope:
            async with client_of(sandbox) as client, held(client, claim, Time().ports()):
                assert left(sandbox) is not None
                scope.cancel()
                await anyio.sleep_forever()

    anyio.run(main)
    assert left(sandbox) is None


def test_a_claim_that_is_cut_off_leaves_nothing(sandbox: Sandbox):
    wire = Wire(sandbox, create="stop")

    async def main() -> None:
        claim = Claim(PROJECT, "alice@here", "", "ours")
        with anyio.CancelScope() as scope:
            wire.stop = scope.cancel
            async with client_of(sandbox, wire=wire) as client, held(client, claim, Time().ports()):
                pytest.fail("it was cut off")

    anyio.run(main)
    assert wire.seen == ["read", "create", "read", "delete"]
    assert left(sandbox) is None


@pytest.mark.parametrize("text", [None, "", "someone wrote here", '{"holder": "x"}', "[1]"])
def test_another_holder_is_named_and_left_alone(sandbox: Sandbox, text: str | None):
    theirs = other(sandbox, text=text)
    writes = sandbox.writes()
    with pytest.raises(NoLease) as caught:
        run(sandbox, nothing)
    named = "an unknown holder" if text is not None else (
        "bob@there since 2026-01-31T12:00:00Z until 2026-01-31T12:10:00Z (2 actions)"
    )  # fmt: skip
    assert caught.value.message == f"another run works on this tenant: {named}"
    assert "--take-lease" in caught.value.hint
    assert caught.value.exit_code == 5
    assert (left(sandbox).id, sandbox.writes()) == (theirs, writes)  # type: ignore[union-attr]


@pytest.mark.parametrize(("ago", "free"), [(0, False), (60, False), (61, True)])
def test_an_expired_lease_is_taken_over_after_a_margin(sandbox: Sandbox, ago: float, free: bool):
    other(sandbox, until=-ago)
    time = Time()
    if not free:
        with pytest.raises(NoLease):
            run(sandbox, nothing, time=time)
        return
    run(sandbox, nothing, time=time)
    (said,) = time.said
    assert said.startswith("removed the expired lease of bob@there since")
    assert "until 2026-01-31T11:58:59Z" in said


def test_taken_on_purpose(sandbox: Sandbox):
    other(sandbox)
    time = Time()
    run(sandbox, nothing, time=time, take=True)
    assert len(time.said) == 1
    assert time.said[0].startswith("took the lease from bob@there since")


@pytest.mark.parametrize("take", [False, True])
def test_who_is_quicker_wins(sandbox: Sandbox, take: bool):
    """The other run comes between our look and our claim; taking is not meant for it."""
    wire = Wire(sandbox, create=lambda: other(sandbox))
    with pytest.raises(NoLease, match="bob@there"):
        run(sandbox, nothing, wire=wire, take=take)
    lease = left(sandbox)
    assert lease is not None
    assert lease.token == "theirs"


def test_only_the_expired_lease_is_deleted(sandbox: Sandbox):
    """Two runs see the same expired lease; the second one's deletion must not hit the first one's claim."""
    other(sandbox, until=-100)

    def quicker() -> None:
        remove(sandbox)
        other(sandbox, token="third")

    with pytest.raises(NoLease):
        run(sandbox, nothing, wire=Wire(sandbox, delete=quicker))
    lease = left(sandbox)
    assert lease is not None
    assert lease.token == "third"


@pytest.mark.parametrize(("how", "creates"), [("silent", 1), ("lost", 2)])
def test_a_lost_answer_is_looked_up(sandbox: Sandbox, how: str, creates: int):
    wire = Wire(sandbox, create=how)
    run(sandbox, nothing, wire=wire)
    assert wire.seen.count("create") == creates, "a create is never repeated without a look"
    assert left(sandbox) is None


def test_a_refusal_that_has_nothing_to_do_with_others(sandbox: Sandbox):
    async def main() -> None:
        async with client_of(sandbox) as client:
            claim = Claim(PROJECT, "alice@here", "", "ours")
            async with held(Refusing(client), claim, Time().ports()):
                pytest.fail("it was not claimed")

    with pytest.raises(PayloadError, match="description: too odd"):
        anyio.run(main)


class Refusing:
    """A tenant that takes no profile."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def execute(self, op: Any) -> Any:
        if op.is_mutation:
            raise PayloadError("description: too odd")
        return await self.client.execute(op)


async def kept(holding: Holding) -> NoLease | None:
    """Renews until the lease is lost."""
    lost: list[NoLease] = []
    await holding.keep(lost.append)
    return lost[0] if lost else None


def test_renewed_again_and_again_and_a_loss_names_the_taker(sandbox: Sandbox):
    time, ends = Time(), list[float]()

    def taken() -> None:
        lease = left(sandbox)
        assert lease is not None
        assert lease.until is not None
        ends.append((lease.until - START).total_seconds())
        remove(sandbox)
        other(sandbox)

    time.due[3600] = taken
    lost = run(sandbox, kept, time=time)
    assert ends[0] > 3600 + 300, "it never comes near its end"
    assert "it was taken by bob@there since" in lost.message
    lease = left(sandbox)
    assert lease is not None
    assert lease.token == "theirs", "what another run holds is not released"


def test_a_lease_that_somebody_removed_is_lost(sandbox: Sandbox):
    time = Time()
    time.due[10] = lambda: remove(sandbox)
    assert run(sandbox, kept, time=time).message.endswith("someone removed it")


def test_a_failed_renewal_is_tried_again(sandbox: Sandbox):
    time, wire = Time(), Wire(sandbox, update="down")
    time.due[400] = lambda: wire.on.pop("update") and None
    time.due[2000] = lambda: remove(sandbox)
    assert run(sandbox, kept, time=time, wire=wire).message.endswith("someone removed it")


def test_without_an_answer_it_is_lost_before_another_run_may_take_it(sandbox: Sandbox):
    time, wire = Time(), Wire(sandbox, update="down")
    lost = run(sandbox, kept, time=time, wire=wire)
    assert time.now == START + timedelta(seconds=600)
    assert "ran out at 2026-01-31T12:10:00Z and could not be renewed" in lost.message


def test_a_machine_that_slept_does_not_renew_what_ran_out(sandbox: Sandbox):
    time, wire = Time(), Wire(sandbox)

    def nap() -> None:
        time.now += timedelta(hours=1)

    time.due[30] = nap
    assert "ran out" in run(sandbox, kept, time=time, wire=wire).message
    assert "update" not in wire.seen


def test_a_lease_that_cannot_be_given_back_is_told(sandbox: Sandbox):
    time = Time()
    run(sandbox, nothing, time=time, wire=Wire(sandbox, delete="down"))
    assert len(time.said) == 1
    assert time.said[0].startswith("the lease was not given back, and runs out by itself: ")
    assert left(sandbox) is not None


def test_what_it_says_is_short(sandbox: Sandbox):
    lease = Lease("h" * 300, "r" * 300, START, START, "f" * 16)
    assert len(profile.create("p" * 40, lease).variables["input"]["description"]) <= 255
