"""What the benchmark's servers have in common: requests in, bytes out, after a latency, and counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any, NamedTuple

import msgspec
import uvicorn
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse
from graphql.utilities import value_from_ast_untyped

_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


class Root(NamedTuple):
    """A root field of a document: what it is answered under, its name, and its arguments."""

    key: str
    name: str
    arguments: tuple[tuple[str, Any], ...]

    def given(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The arguments that have a value."""
        given = {name: value_from_ast_untyped(node, variables) for name, node in self.arguments}
        return {name: value for name, value in given.items() if value is not None}


class Document(NamedTuple):
    """What a document asks for."""

    writes: bool
    roots: tuple[Root, ...]


@lru_cache(10_000)
def document(text: str) -> Document:
    """What a document asks for: each is read once."""
    operation = next(d for d in parse(text).definitions if isinstance(d, OperationDefinitionNode))
    fields = (field for field in operation.selection_set.selections if isinstance(field, FieldNode))
    roots = tuple(
        Root(
            (field.alias or field.name).value,
            field.name.value,
            tuple((one.name.value, one.value) for one in field.arguments or ()),
        )
        for field in fields
    )
    return Document(operation.operation is OperationType.MUTATION, roots)


class Counted:
    """An application. It answers after a latency, and after the time that `each` mutation of a request takes,
    one after another. It counts what it is asked: requests, root fields, and of those that write how many
    there were, in how many requests, how many in one and how many requests at once, and how long it was from
    the first to the answer to the last.
    """

    def __init__(self, latency: float, each: float = 0.0) -> None:
        self._latency, self._each = latency, each
        self._here = 0
        self._forget()

    def _forget(self) -> None:
        self._requests = self._fields = self._writes = self._mutations = self._together = self._at_once = 0
        self._first = self._last = 0.0

    @property
    def token(self) -> str:
        """What lets a client in."""
        raise NotImplementedError

    def answer(self, asked: Mapping[str, Any], roots: Sequence[Root]) -> bytes:
        """The answer to a request."""
        raise NotImplementedError

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Answers one request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = self._counts() if scope["path"] == "/counts" else await self._answered(_DECODE(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answered(self, asked: Mapping[str, Any]) -> bytes:
        found = document(asked["query"])
        self._requests += 1
        self._fields += len(found.roots)
        self._here += 1
        if found.writes:
            self._first = self._first or perf_counter()
            self._writes += 1
            self._mutations += len(found.roots)
            self._together = max(self._together, len(found.roots))
            self._at_once = max(self._at_once, self._here)
        if took := self._latency + (self._each * len(found.roots) if found.writes else 0):
            await asyncio.sleep(took)
        answer = self.answer(asked, found.roots)
        self._here -= 1
        if found.writes:
            self._last = perf_counter()
        return answer

    def _counts(self) -> bytes:
        """What was counted since it was asked for last."""
        told = {
            "requests": self._requests,
            "fields": self._fields,
            "writes": self._writes,
            "mutations": self._mutations,
            "together": self._together,
            "at once": self._at_once,
            "seconds": self._last - self._first,
        }
        self._forget()
        return json.dumps(told).encode()


class _Server(uvicorn.Server):
    """A server that says where it listens."""

    def __init__(self, config: uvicorn.Config, token: str) -> None:
        super().__init__(config)
        self._token = token

    async def startup(self, sockets: Any = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"url": f"http://127.0.0.1:{port}", "token": self._token}), flush=True)


def serve(application: Counted) -> None:
    """Serves until it is ended."""
    config = uvicorn.Config(
        application, host="127.0.0.1", port=0, lifespan="off", log_level="critical", access_log=False
    )
    _Server(config, application.token).run()
