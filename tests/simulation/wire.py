"""The way from a process to the tenant and back: each takes its time, and the tenant may be away. What is on
its way arrives, whatever became of who sent it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextvars import Context
from hashlib import sha1

import anyio
import httpx
import msgspec

from tests.simulation.loop import Loop
from tests.simulation.script import Pause

Answer = httpx.Response | httpx.TransportError


class Network:
    """What is on its way between all processes and the tenant."""

    def __init__(self, loop: Loop, inner: httpx.AsyncBaseTransport) -> None:
        self.loop, self.inner = loop, inner
        self._travelling: set[asyncio.Task[None]] = set()

    def send(self, request: httpx.Request, wire: Wire) -> asyncio.Future[Answer]:
        """Sends it off; what comes of it."""
        answer: asyncio.Future[Answer] = self.loop.create_future()
        task = self.loop.nobodys(wire.travel(request, answer))
        self._travelling.add(task)
        task.add_done_callback(self._travelling.discard, context=Context())
        return answer

    async def is_quiet(self) -> None:
        """Waits until nothing is on its way."""
        while self._travelling:
            await anyio.sleep(1.0)


class Wire(httpx.AsyncBaseTransport):
    """One process's. Tells `note` of each request as it reaches the tenant."""

    def __init__(
        self, network: Network, rng: random.Random, away: Callable[[], float], note: Callable[[str], None]
    ) -> None:
        self._network, self._rng, self._away, self._note = network, rng, away, note
        self.requests = 0
        self.mutations: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The tenant's answer, a while later."""
        answer = await self._network.send(request, self)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    async def travel(self, request: httpx.Request, answer: asyncio.Future[Answer]) -> None:
        """There and back."""
        name = _name(request)
        await anyio.sleep(self._rng.uniform(0.01, 0.3))
        if (seconds := self._away()) > 0:
            await anyio.sleep(seconds)
        self.requests += 1
        if name.startswith("mutation "):
            self.mutations.append(name.removeprefix("mutation "))
        name = f"{name} {sha1(request.content).hexdigest()[:8]}"
        found: Answer
        try:
            found = await self._network.inner.handle_async_request(request)
            await found.aread()
            self._note(f"{name}: {found.status_code} {sha1(found.content).hexdigest()[:8]}")
        except httpx.TransportError as error:
            self._note(f"{name}: {type(error).__name__}")
            found = error
        await anyio.sleep(self._rng.uniform(0.01, 0.3))
        if not answer.done():
            answer.set_result(found)


def away(pauses: tuple[Pause, ...], since: float, now: Callable[[], float]) -> Callable[[], float]:
    """For how many seconds from now on the tenant answers nobody."""

    def left() -> float:
        at = now() - since
        return max((p.at + p.seconds - at for p in pauses if p.at <= at), default=0.0)

    return left


def _name(request: httpx.Request) -> str:
    if request.url.path != "/api":
        return request.url.path
    query = str(msgspec.json.decode(request.content).get("query", ""))
    head = query.partition("{")[0].partition("(")[0].strip()
    return head if " " in head else " ".join(query.split())[:40]
