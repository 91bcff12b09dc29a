"""`rehearse`: the plan carried out on a copy of the tenant, and planned again."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import httpx
from msgspec import structs

from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.table.secrets import proven_plain
from reconciler.live.recording import Recording
from reconciler.live.stand_ins import StandIns
from reconciler.model.address import Address
from reconciler.model.nested import leaves
from reconciler.model.outcome import Outcome
from reconciler.model.rehearsal import Cut, Looks, Rehearsal
from reconciler.model.secret import Secret, Unproven
from reconciler.model.state import LiveObject
from reconciler.plan import shards
from reconciler.verbs.apply import apply
from reconciler.verbs.elsewhere import about
from reconciler.verbs.offline import checked, key_of
from reconciler.verbs.plan import Planned, plan, share
from reconciler.verbs.sandbox import check_rule, read_rules
from reconciler.verbs.session import Options, Session
from reconciler.verbs.snapshot import recorded
from reconciler.verbs.staging import Stage, stage

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox

SEED = 0
_SHOWN = ("name", "description", "enabled", "config", "flows", "labels")
_BYTES = 16


async def rehearse(
    session: Session, options: Options, *, file: Path | None = None, faults: int = 0, seed: int = SEED
) -> Rehearsal:
    """Copies the tenant, or what a snapshot holds of it, into a sandbox, and carries the plan out there; with
    `faults` as many times more, killed at moments that follow from the seed. Nothing is written to the
    tenant, and no secret is needed. What other shards do first is done before a shard's part is.

    Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    share(options)
    rules = _rules(session)
    if file is None:
        entropy = session.machine.entropy
        stand_ins = StandIns(entropy(_BYTES).hex(), Secret(entropy(_BYTES).hex(), "rehearsal"))
        taken = (await recorded(session, Recording(), stand_ins, options.parallelism)).snapshot
    else:
        taken = checked(session, file)
        stand_ins = key_of(session, taken, file)
    ready = await stage(session, options, taken, stand_ins, rules)
    async with _begun(ready, options) as (sandbox, there):
        planned = await plan(there, options)
        before = (sandbox.requests(), sandbox.writes())
        outcome = await _carried_out(there, planned, options)
        sent, writes = sandbox.requests() - before[0], sandbox.writes() - before[1]
        again = await plan(there, options)
    cuts = [cut async for cut in _cuts(ready, options, writes, faults, seed)]
    return Rehearsal(
        taken.tenant,
        taken.taken_at,
        file is not None,
        rules,
        planned.plan,
        outcome,
        again.plan,
        sent,
        writes,
        tuple(_looks(planned, again)),
        tuple(cuts),
        seed,
    )


def _rules(session: Session) -> dict[str, str]:
    """What probe found out of the tenant. Raises InvalidInput."""
    if session.environment.rules is None:
        return {}
    found = dict(read_rules(session.environment.rules))
    for name, value in found.items():
        check_rule(name, value)
    return found


@asynccontextmanager
async def _begun(ready: Stage, options: Options) -> AsyncIterator[tuple[Sandbox, Session]]:
    """A copy of the tenant, in which other shards have done what those of a shard wait for."""
    with ready.fresh() as (sandbox, there):
        if options.shard:
            waits = shards.elsewhere((await plan(there, options)).plan)
            others = about(options, waits)
            if waits:
                await _carried_out(there, await plan(there, others), others)
        yield sandbox, there


async def _carried_out(session: Session, planned: Planned, options: Options) -> Outcome:
    """How carrying the plan out ends, if it is approved; nothing of one that is refused on the whole is."""
    if planned.plan.vetoes or not planned.plan.actions:
        return Outcome(planned.plan, ())
    approved = structs.replace(planned, plan=planned.plan.unruled)
    return await apply(
        session,
        approved,
        listener=lambda _: None,
        say=lambda _: None,
        parallelism=options.parallelism,
        shard_seconds=0,  # nobody else is at work in the copy
    )


@dataclass(slots=True)
class _Killer(httpx.AsyncBaseTransport):
    """Ends the run around its n-th mutation."""

    inner: httpx.AsyncBaseTransport
    at: int
    after: bool
    scope: anyio.CancelScope
    seen: int = 0
    operation: str = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = str(json.loads(await request.aread() or b"{}").get("query", "")).lstrip()
        is_write = query.startswith("mutation")
        self.seen += is_write
        if is_write and self.seen == self.at and not self.after:
            await self._kill(query)
        response = await self.inner.handle_async_request(request)
        if is_write and self.seen == self.at:
            await self._kill(query)
        return response

    async def _kill(self, query: str) -> None:
        self.operation = query.removeprefix("mutation").strip().partition("(")[0]
        self.scope.cancel()
        await anyio.sleep_forever()


async def _cuts(ready: Stage, options: Options, writes: int, number: int, seed: int) -> AsyncIterator[Cut]:
    chance = random.Random(seed)
    for _ in range(number if writes else 0):
        at, after = chance.randint(1, writes), chance.random() < 0.5
        async with _begun(ready, options) as (_sandbox, there):
            planned = await plan(there, options)
            with anyio.CancelScope() as scope:
                assert there.replay is not None
                killer = _Killer(there.replay, at, after, scope)
                await _carried_out(replace(there, replay=killer), planned, options)
            left = await plan(there, options)
            outcome = await _carried_out(there, left, options)
            again = await plan(there, options)
            yield Cut(at, after, killer.operation, left.plan, outcome, again.plan)


def _looks(before: Planned, after: Planned) -> Iterator[Looks]:
    """How the instances looked, and how they look."""
    project = after.desired.project
    for address in sorted(before.objects.keys() | after.objects.keys(), key=str):
        if address.kind == "Instance":
            yield from _changed(address, before.objects.get(address), after.objects.get(address), project)


def _changed(
    address: Address, one: LiveObject | None, other: LiveObject | None, project: str
) -> Iterator[Looks]:
    was, now = _fields(one, project), _fields(other, project)
    for path in sorted(was.keys() | now.keys()):
        if _plain(was.get(path)) != _plain(now.get(path)):
            yield Looks(address, path, was.get(path), now.get(path))


def _fields(live: LiveObject | None, project: str) -> dict[str, object]:
    if live is None:
        return {}
    plain = proven_plain(live, project)
    facts = facts_of(live)
    version = {"version": facts.version_number, "deployedVersion": facts.deployed_version}
    return version | {
        path: leaf.reveal() if isinstance(leaf, Unproven) and path in plain else leaf
        for name in _SHOWN
        for path, leaf in leaves(live.fields.get(name), name)
    }


def _plain(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value
