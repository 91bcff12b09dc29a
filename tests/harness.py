"""Runs plan and apply on a sandbox in the process, with faults where a test asks for them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx

from reconciler.api import Client, Credentials, Patience
from reconciler.apply.run import Walk
from reconciler.apply.running import Run
from reconciler.apply.unsent import Unsent
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.desk import OWED
from reconciler.kinds.protocol import Policy
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.marks import RECORD
from reconciler.live.fetch import fetch, kinds_to_read
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Live, LiveObject
from reconciler.plan.build import make_plan, plan_of
from reconciler.plan.match import Matched, match
from reconciler.plan.mending import Mending
from reconciler.sandbox import BASE_URL, Sandbox, transport
from reconciler.verbs.further import look_further

POLICY = Policy(guard_minimum=1000)
"""Of small worlds, nearly all of which change."""


class Killed(BaseException):
    """Stands for the process's end: nothing may catch it."""


class Wire(httpx.AsyncBaseTransport):
    """Counts mutations, and kills the run before or after the n-th was carried out."""

    def __init__(self, inner: httpx.AsyncBaseTransport, kill_at: int | None, after: bool) -> None:
        self.inner, self.kill_at, self.after, self.mutations = inner, kill_at, after, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        mutation = json.loads(request.content or b"{}").get("query", "").lstrip().startswith("mutation")
        self.mutations += mutation
        if mutation and self.mutations == self.kill_at and not self.after:
            raise Killed
        response = await self.inner.handle_async_request(request)
        if mutation and self.mutations == self.kill_at:
            await response.aread()
            raise Killed
        return response


class Silent:
    """A journal that keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


async def no_sleep(_: float) -> None:
    await anyio.lowlevel.checkpoint()


@asynccontextmanager
async def client_of(  # type: ignore[no-untyped-def]
    sandbox: Sandbox,
    *,
    read_only: bool = False,
    wire: Any = None,
    parallelism: int = 4,
    batch: int | None = 1,
):
    patience = Patience(sleep=no_sleep)
    credentials = Credentials(BASE_URL, access_token=Secret(sandbox.token))
    async with Client(
        BASE_URL,
        credentials,
        transport=wire or transport(sandbox),
        rate=None,
        parallelism=parallelism,
        batch=batch,
        read_only=read_only,
        patience=patience,
    ) as client:
        yield client


def snapshot(sandbox: Sandbox, desired: Desired | None = None) -> Live:
    """The tenant: its core kinds, or those that a plan for `desired` is about."""

    async def read() -> Live:
        async with client_of(sandbox, read_only=True) as client:
            kinds = kinds_to_read(desired, prune=False) if desired else None
            return await fetch(client, kinds, concurrency=4)

    return anyio.run(read)


def paired(sandbox: Sandbox, desired: Desired, live: Live) -> Matched:
    """Both sides, with all that decides a plan and no list shows."""

    async def read() -> Matched:
        async with client_of(sandbox, read_only=True) as client:
            matched = match(desired, live)
            await look_further(client, list(matched.objects), matched.request, matched.learn, matched.puzzled)
            return matched

    return anyio.run(read)


def plan_for(sandbox: Sandbox, desired: Desired, policy: Policy | None = None) -> Plan:
    matched = paired(sandbox, desired, snapshot(sandbox, desired))
    return plan_of(Mending(matched, policy or POLICY))


def known_to(matched: Matched) -> dict[Address, LiveObject]:
    """The objects that a run may come to."""
    return matched.within_reach


def run_of(client: Client, desired: Desired, observed: Mapping[Address, LiveObject], **other: Any) -> Run:
    """A run that nobody listens to, that waits for nothing and keeps no journal."""
    quiet = {"policy": POLICY, "journal": Silent(), "listener": lambda _: None, "sleep": no_sleep}
    tenant, quiet["unsent"] = Tenant(client), Unsent(client.withdraw)
    return Run(
        project=desired.project,
        resources=desired.resources,
        observed=observed,
        **{"tenant": tenant, **quiet, **other},
    )


def walk_of(plan: Plan, run: Run, parallelism: int = 1, together: int = 1) -> Walk:
    """The plan's actions, to be done by the machine's clock."""
    return Walk(plan, run, parallelism=parallelism, now=lambda: datetime.now(UTC), together=lambda: together)


def prepared(
    sandbox: Sandbox, desired: Desired, wire: httpx.AsyncBaseTransport, **other: Any
) -> Callable[[], Awaitable[Outcome]]:
    """A run that is planned now, and carried out when it is called."""
    live = snapshot(sandbox, desired)
    plan, observed = make_plan(desired, live, POLICY), known_to(match(desired, live))

    async def work() -> Outcome:
        async with client_of(sandbox, wire=wire) as client:
            return await walk_of(plan, run_of(client, desired, observed, **other)).outcome()

    return work


def apply_plan(
    sandbox: Sandbox,
    desired: Desired,
    plan: Plan,
    live: Live,
    policy: Policy,
    *,
    kill_at: int | None = None,
    after: bool = False,
    parallelism: int = 4,
    meddle: Callable[[], None] | None = None,
) -> Outcome:
    matched = paired(sandbox, desired, live)

    async def work() -> Outcome:
        wire = Wire(transport(sandbox), kill_at, after)
        async with client_of(sandbox, wire=wire, parallelism=parallelism) as client:
            run = run_of(client, desired, known_to(matched), policy=policy, seen=live.by_id())
            if meddle:
                meddle()
            return await walk_of(plan, run, parallelism=parallelism).outcome()

    try:
        return anyio.run(work)
    except BaseExceptionGroup as group:
        if group.subgroup(Killed):
            raise Killed from group
        raise


def ended(sandbox: Sandbox, desired: Desired, policy: Policy, kill_at: int, after: bool) -> bool:
    """Applies, and ends at that write; whether there were so many."""
    live = snapshot(sandbox, desired)
    plan = plan_of(Mending(paired(sandbox, desired, live), policy))
    try:
        apply_plan(sandbox, desired, plan, live, policy, kill_at=kill_at, after=after, parallelism=1)
    except Killed:
        return True
    return False


def converge(sandbox: Sandbox, desired: Desired, policy: Policy | None = None, **options: Any) -> Outcome:
    """Plans and applies once; every action must end well."""
    policy = policy or POLICY
    live = snapshot(sandbox, desired)
    plan = plan_of(Mending(paired(sandbox, desired, live), policy))
    assert not plan.refusals, plan.refusals
    outcome = apply_plan(sandbox, desired, plan, live, policy, **options)
    bad = [(r.action.id, r.status.value, r.error) for r in outcome.results if r.status is not Status.DONE]
    assert not bad, bad
    return outcome


def shape(live: Live) -> dict[str, list[Any]]:
    """What a snapshot says, without ids and moments: two tenants of the same shape are in the same state."""
    return {kind: sorted(_said(obj) for obj in objects) for kind, objects in live.objects.items()}


def _said(live: LiveObject) -> str:
    kind = all_kinds()[live.kind]
    fields = {k: repr(v) for k, v in live.fields.items() if k not in ("customer", "version", "definition")}
    if isinstance(kind, TabledKind):
        fields |= {row.name: repr(row.shown(live.fields[row.name])) for row in kind.fields if row.refers}
    # The record's text holds a digest of the object's id, and that of a moment; what else it says does not.
    labels = sorted(label for label in live.labels if not label.startswith(RECORD))
    said = sorted((group, text) for group, text in live.applied.items() if group != OWED)
    record = said if len(labels) < len(live.labels) else []
    return repr(sorted(fields.items())) + repr(labels) + repr(record)
