"""The way from a process to the tenant and back: each takes its time, and the tenant may be away."""

from __future__ import annotations

import random
from collections.abc import Callable
from hashlib import sha1

import anyio
import httpx
import msgspec

from tests.simulation.script import Pause


class Wire(httpx.AsyncBaseTransport):
    """Tells `note` of each request as it reaches the tenant, and of its answer as it comes back."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        rng: random.Random,
        away: Callable[[], float],
        note: Callable[[str], None],
    ) -> None:
        self._inner, self._rng, self._away, self._note = inner, rng, away, note
        self.requests = 0
        self.mutations: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The tenant's answer, a while later."""
        name = _name(request)
        await anyio.sleep(self._rng.uniform(0.01, 0.3))
        if (seconds := self._away()) > 0:
            await anyio.sleep(seconds)
        self.requests += 1
        if name.startswith("mutation "):
            self.mutations.append(name.removeprefix("mutation "))
        name = f"{name} {sha1(request.content).hexdigest()[:8]}"
        try:
            response = await self._inner.handle_async_request(request)
            await response.aread()
        except httpx.TransportError as error:
            self._note(f"{name}: {type(error).__name__}")
            await anyio.sleep(self._rng.uniform(0.01, 0.3))
            raise
        self._note(f"{name}: {response.status_code} {sha1(response.content).hexdigest()[:8]}")
        await anyio.sleep(self._rng.uniform(0.01, 0.3))
        return response


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
