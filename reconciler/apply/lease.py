"""Holds the project's lease while a run lasts: claims it, renews it, notices its loss, gives it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import anyio
from msgspec import Struct

from reconciler.apply import lease_calls as profile
from reconciler.model.errors import ApiError, NoLease, NotFound, PayloadError, ReconcilerError, Unforeseen
from reconciler.model.lease import Lease, moment
from reconciler.model.operation import Operation

ATTEMPTS = 3
TICK = 15.0  # a machine that slept must soon notice that its lease ran out meanwhile
RELEASE_SECONDS = 10.0
RELEASE_WAITS = (0.5, 1.0, 2.0, 2.5, 2.5)
TELL_SECONDS = 5.0
_NOT_GIVEN_BACK = "the lease was not given back, and runs out by itself"


class Executor(Protocol):
    """Carries operations out on the tenant."""

    async def execute(self, op: Operation) -> Any:
        """The value of a query, or the object of a mutation."""


class Claim(Struct, frozen=True):
    """What a run says of itself, for how long it claims the tenant at a time, and whether it does so against
    another holder.
    """

    project: str
    holder: str
    reason: str
    token: str
    seconds: float = 600.0
    take: bool = False
    shard: str = ""
    """The share of the project that the run is about, as `i/n`; empty: all of it."""


class Ports(Struct, frozen=True):
    """Where time comes from, and where lines for the person at the terminal go."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    say: Callable[[str], None]


async def present(client: Executor, project: str, shard: str = "") -> Lease | None:
    """The lease that keeps a run about a share of the project, or all of it, from working now, expired or
    not; only reads.
    """
    return next(iter(await _concerning(client, project, shard)), None)


async def _concerning(client: Executor, project: str, shard: str) -> list[Lease]:
    return profile.concerning(project, await client.execute(profile.find(project)) or {}, shard)


@asynccontextmanager
async def held(client: Executor, claim: Claim, ports: Ports) -> AsyncIterator[Holding]:
    """Claims the lease, and gives it back in the end, however that comes. Raises NoLease where another run
    holds it.
    """
    holding = Holding(client, claim, ports)
    try:
        await holding.acquire()
        yield holding
    finally:
        with anyio.move_on_after(RELEASE_SECONDS, shield=True) as scope:
            await holding.release()
        if scope.cancelled_caught:
            ports.say(f"{_NOT_GIVEN_BACK}: no answer within {RELEASE_SECONDS:.0f} s")


class Holding:
    """One run's lease."""

    def __init__(self, client: Executor, claim: Claim, ports: Ports) -> None:
        self._client, self._claim, self._ports = client, claim, ports
        self._tried = False
        self._lease: Lease | None = None

    async def acquire(self) -> None:
        """Creates the lease. An expired one goes first, and with `take` any other one too. Raises NoLease."""
        failure: ApiError | None = None
        for _ in range(ATTEMPTS):
            if await self._settled():
                return
            try:
                self._lease = profile.parse(await self._create())
            except ApiError as error:
                # Either another run was quicker, or the answer to our own success was lost: look again.
                if not (error.doubtful or isinstance(error, PayloadError)):
                    raise
                failure = error
            else:
                await self._settled()  # those of shares and of the whole project do not bear one name
                return
        if failure is not None and not await self._settled():
            raise failure

    async def keep(self, lost: Callable[[NoLease], None]) -> None:
        """Renews the lease when a third of its time is over, again and again; calls `lost` once it is not
        ours any more.
        """
        tick = min(TICK, self._claim.seconds / 6)
        third = timedelta(seconds=self._claim.seconds / 3)
        renewed = self._ports.now()
        while self._lease is not None and self._lease.until is not None:
            await self._ports.sleep(tick)
            now = self._ports.now()
            if now >= self._lease.until:
                # Another run may take it from now on, so it is too late to renew it.
                lost(_lost(f"it ran out at {moment(self._lease.until)} and could not be renewed"))
                return
            if now < renewed + third:
                continue
            try:
                with anyio.move_on_after((self._lease.until - now).total_seconds()):
                    await self._renew(now)
                    renewed = now
            except NotFound:
                lost(_lost(await self._taker()))
                return
            except Exception:
                continue  # until it runs out, the next tick may do better

    async def release(self) -> None:
        """Deletes our lease, and only ours; where that fails again and again, it runs out by itself."""
        if not self._tried:
            return
        failure = await self._given_back()
        for wait in RELEASE_WAITS:
            if not failure:
                break
            await self._ports.sleep(wait)
            failure = await self._given_back()
        if failure:
            self._ports.say(f"{_NOT_GIVEN_BACK}: {failure}")
        self._lease = None

    async def _given_back(self) -> str:
        """Tries to give it back once; why that failed, else an empty text."""
        try:
            # Where the claim was cut off, only the tenant knows what came of it.
            ours = self._lease or next((one for one in await self._present() if self._is_ours(one)), None)
            if ours is not None:
                await self._client.execute(profile.remove(ours))
        except NotFound:
            return ""
        except Exception as error:  # the run is over, and its outcome matters more
            return error.message if isinstance(error, ReconcilerError) else Unforeseen(error).message
        return ""

    async def _present(self) -> list[Lease]:
        return await _concerning(self._client, self._claim.project, self._claim.shard)

    def _is_ours(self, lease: Lease) -> bool:
        return lease.token == self._claim.token

    async def _settled(self) -> bool:
        """Whether the lease is ours already; if not, the way is free afterwards."""
        leases = await self._present()
        for lease in leases:
            if not self._is_ours(lease):
                await self._clear(lease)
        ours = next((one for one in leases if self._is_ours(one)), None)
        self._lease = ours or self._lease
        return ours is not None

    async def _create(self) -> Mapping[str, Any]:
        claim, now = self._claim, self._ports.now()
        until = now + timedelta(seconds=claim.seconds)
        self._tried = True
        new = Lease(claim.holder, claim.reason, now, until, claim.token, shard=claim.shard)
        made: Mapping[str, Any] = await self._client.execute(profile.create(claim.project, new))
        return made

    async def _clear(self, lease: Lease) -> None:
        expired = lease.expired(self._ports.now())
        # Whoever was quicker than we were is not the one that was to be taken over.
        if not (expired or (self._claim.take and not self._tried)):
            raise NoLease(
                f"another run works on this tenant: {lease}",
                hint="wait until it ends; if nobody works on it any more, take it over with --take-lease",
            )
        try:
            await self._client.execute(profile.remove(lease))
        except NotFound:
            return
        self._ports.say(f"{'removed the expired lease of' if expired else 'took the lease from'} {lease}")

    async def _renew(self, now: datetime) -> None:
        assert self._lease is not None
        longer = replace(self._lease, until=now + timedelta(seconds=self._claim.seconds))
        await self._client.execute(profile.renew(longer))
        self._lease = longer

    async def _taker(self) -> str:
        taker = None
        with anyio.move_on_after(TELL_SECONDS), suppress(ReconcilerError):
            taker = next(iter(await self._present()), None)
        return f"it was taken by {taker}" if taker else "someone removed it"


def _lost(how: str) -> NoLease:
    return NoLease(
        f"the lease was lost while the plan was carried out: {how}",
        hint="nothing more was started; plan again once the other run has ended",
    )
