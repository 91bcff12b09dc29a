"""The way from a process to the tenant and back: each takes its time, and the tenant may be away. What is on
its way arrives, whatever became of who sent it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

import anyio
import httpx
import msgspec

from tests.simulation.echo import refusal
from tests.simulation.ledger import SENDER
from tests.simulation.loop import Loop
from tests.simulation.script import Pause

Answer = httpx.Response | httpx.TransportError


class Network:
    """What is on its way between all processes and the tenant."""

    def __init__(self, loop: Loop, inner: httpx.AsyncBaseTransport) -> None:
        self.loop, self.inner = loop, inner
        self._travelling: set[asyncio.Task[None]] = set()

    def send(self, request: httpx.Request, wire: Wire, letters: Sequence[Letter]) -> asyncio.Future[Answer]:
        """Sends it off; what comes of it."""
        answer: asyncio.Future[Answer] = self.loop.create_future()
        task = self.loop.nobodys(wire.travel(request, answer, letters))
        self._travelling.add(task)
        task.add_done_callback(self._travelling.discard, context=Context())
        return answer

    async def is_quiet(self) -> None:
        """Waits until nothing is on its way."""
        while self._travelling:
            await anyio.sleep(1.0)


@dataclass(frozen=True, slots=True)
class Letter:
    """One request as it leaves its sender: when, what it is called, and which object it names."""

    left: float
    name: str
    id: str

    @property
    def is_mutation(self) -> bool:
        """Whether it may change something."""
        return self.name.startswith("mutation ")


class Wire(httpx.AsyncBaseTransport):
    """One process's. Tells `note` of each request as it reaches the tenant, and `watch` as it leaves;
    `distance` is how many times as long as usual each way takes. `until` are the moments before which the
    tenant asked not to be asked again, and not for tokens, as far as the process can know.
    """

    def __init__(
        self,
        network: Network,
        rng: random.Random,
        away: Callable[[], float],
        note: Callable[[str], None],
        *,
        number: int = 0,
        distance: float = 1.0,
        watch: Callable[[Letter, bytes], None] = lambda *_: None,
        echo: float = 0.0,
    ) -> None:
        self._network, self._rng, self._away, self._note = network, rng, away, note
        self._number, self._distance, self._watch, self._echo = number, distance, watch, echo
        self.requests = 0
        self.until: dict[bool, float] = {}
        self.hurried: list[str] = []
        self.letters: list[Letter] = []
        self.reached: list[tuple[float, Letter]] = []
        """When which of them was carried out, or refused."""
        self.mutations: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The tenant's answer, a while later."""
        now = self._network.loop.time()
        letters = _letters(now, request)
        letter = letters[0]
        exchange = letter.name.startswith("/")
        if now < (until := self.until.get(exchange, 0.0)):
            self.hurried.append(f"{letter.name} left {until - now:.1f} s before a Retry-After was over")
        self.letters += letters
        for one in letters:
            self._watch(one, request.content)
        answer = await self._network.send(request, self, letters)
        if isinstance(answer, httpx.TransportError):
            raise answer
        if answer.status_code == 429 and (seconds := answer.headers.get("retry-after")):
            self.until[exchange] = max(until, self._network.loop.time() + float(seconds))
        return answer

    async def travel(
        self, request: httpx.Request, answer: asyncio.Future[Answer], letters: Sequence[Letter]
    ) -> None:
        """There and back."""
        letter = letters[0]
        await anyio.sleep(self._rng.uniform(0.01, 0.3) * self._distance)
        if (seconds := self._away()) > 0:
            await anyio.sleep(seconds)
        self.requests += 1
        self.reached += [(self._network.loop.time(), one) for one in letters]
        if letter.is_mutation:
            carried = len(request.extensions.get("parts", ())) or 1
            self.mutations += [letter.name.removeprefix("mutation ")] * carried
        name = f"{letter.name} {sha1(request.content).hexdigest()[:8]}"
        SENDER.set((self._number, letter.left))
        found: Answer
        try:
            if self._echo and b"canary/" in request.content and self._rng.random() < self._echo:
                found = refusal(request, self._rng)
            else:
                found = await self._network.inner.handle_async_request(request)
            await found.aread()
            self._note(f"{name}: {found.status_code} {sha1(found.content).hexdigest()[:8]}")
        except httpx.TransportError as error:
            self._note(f"{name}: {type(error).__name__}")
            found = error
        await anyio.sleep(self._rng.uniform(0.01, 0.3) * self._distance)
        if not answer.done():
            answer.set_result(found)


def _letters(left: float, request: httpx.Request) -> list[Letter]:
    """One for each operation that travels in a request."""
    parts = request.extensions.get("parts")
    if not parts:
        return [Letter(left, *_head(request))]
    heads = [(op.document.partition("{")[0].partition("(")[0].strip(), op.variables) for op in parts]
    return [Letter(left, name, _named(variables)) for name, variables in heads]


def _named(variables: Mapping[str, Any]) -> str:
    given = variables.get("input") or variables
    return str(given.get("id") or given.get("integrationId") or "")


def away(pauses: tuple[Pause, ...], since: float, now: Callable[[], float]) -> Callable[[], float]:
    """For how many seconds from now on the tenant answers nobody."""

    def left() -> float:
        at = now() - since
        return max((p.at + p.seconds - at for p in pauses if p.at <= at), default=0.0)

    return left


def _head(request: httpx.Request) -> tuple[str, str]:
    """What a request is called, and the id that it names."""
    if request.url.path != "/api":
        return request.url.path, ""
    body = msgspec.json.decode(request.content)
    query = str(body.get("query", ""))
    head = query.partition("{")[0].partition("(")[0].strip()
    name = head if " " in head else " ".join(query.split())[:40]
    return name, _named(body.get("variables") or {})
