"""Sandboxes to probe: in the process, with a clock that waits move, so that no test waits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import anyio

from reconciler.api import Client, Credentials, Patience
from reconciler.model.secret import Secret
from reconciler.probe.finding import Finding
from reconciler.probe.run import examine
from reconciler.sandbox import BASE_URL, Sandbox
from reconciler.sandbox.app import build_app
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.inprocess import InProcess

RUN = "0123456789ab"
SCRATCH = f"reconciler probe {RUN} - scratch, may be deleted"
OBJECTS = (
    "{ integrations(first: 100) { nodes { id name } } customers(isSystem: false) { nodes { id name } }"
    " instances(isSystem: false) { nodes { id name } } }"
)


class Clock:
    """Time that passes by waiting alone."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await anyio.lowlevel.checkpoint()


def client_of(sandbox: Sandbox, *, wire: Any = None, refresh: bool = True) -> tuple[Client, Clock]:
    """A client at 10 requests a second by a clock that its waits move, and that clock."""
    clock = Clock()
    patience = Patience(sleep=clock.sleep, clock=clock, now=clock)
    named = (
        {"refresh_token": Secret(sandbox.refresh_token)}
        if refresh
        else {"access_token": Secret(sandbox.token)}
    )
    inner = InProcess(build_app(sandbox, clock=clock))
    client = Client(
        BASE_URL,
        Credentials(BASE_URL, **named),
        transport=wire(inner) if wire else inner,
        rate=1000,
        patience=patience,
    )
    return client, clock


def probed(
    rules: Mapping[str, str], *, faults: Sequence[Fault] = (), seed: int = 0, **options: Any
) -> tuple[dict[str, Finding], int, Any]:
    """What a probe finds out about a sandbox with these rules, its requests, and what is left there."""

    async def work(sandbox: Sandbox) -> tuple[list[Finding], int]:
        client, clock = client_of(sandbox, **options)
        async with client:
            found = await examine(client, RUN, sleep=clock.sleep)
            return found, client.stats.reads + client.stats.writes

    with Sandbox(rules=dict(rules)) as sandbox:
        sandbox.set_faults(faults, seed=seed)
        found, requests = anyio.run(work, sandbox)
        sandbox.set_faults([])
        left = sandbox.execute(OBJECTS)[1]["data"]
    return {one.rule: one for one in found}, requests, left
