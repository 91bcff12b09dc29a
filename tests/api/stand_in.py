"""A stand-in for a tenant: a scripted handler for httpx.MockTransport, and time that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from reconciler.model.operation import Operation

BASE = "https://tenant.example"
Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """Answers with the replies in turn, the last one for ever; keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.replies: Sequence[Reply] = replies
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
        self.requests.append(request)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return reply(request)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]


def data(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": fields})


def errors(*messages: str, status: int = 200, **entry: Any) -> httpx.Response:
    return httpx.Response(status, json={"data": None, "errors": [{"message": m, **entry} for m in messages]})


def query(name: str = "customer", **more: Any) -> Operation:
    return Operation(name, f"query Q {{ {name} {{ id }} }}", **more)


def create(name: str = "createCustomer", **more: Any) -> Operation:
    more = {"repeatable": False, "address": "Customer/acme", **more}
    document = f"mutation M {{ {name} {{ customer {{ id }} errors {{ field messages }} }} }}"
    return Operation(name, document, result="customer", **more)
