"""Serves a recorded tenant, quicker than any client reads: the long lists from lines of text, all else from
the sandbox. What is measured beside it is the client.

    python -m bench.replay FOLDER [--latency MILLISECONDS]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from graphql import FieldNode, OperationDefinitionNode, parse
from graphql.utilities import value_from_ast_untyped

from bench.record import DATABASE
from reconciler.sandbox import Sandbox

LISTS = ("customers", "instances")
_PAGED = frozenset({"first", "offset", "sortBy", "isSystem", "instanceType", "id_In", "id"})


class Root(NamedTuple):
    """A root field of a document: what it is answered under, its name, and its arguments."""

    key: str
    name: str
    arguments: tuple[Any, ...]


class Replay:
    """The application. It counts what it is asked: requests, and root fields."""

    def __init__(self, folder: Path, latency: float) -> None:
        self._latency = latency
        self._sandbox = Sandbox(folder / DATABASE)
        self._nodes = {name: (folder / name).read_bytes().splitlines() for name in LISTS}
        self._places = {
            name: {json.loads(node)["id"]: index for index, node in enumerate(nodes)}
            for name, nodes in self._nodes.items()
        }
        self.requests = self.fields = 0

    @property
    def token(self) -> str:
        """What lets a client in."""
        return self._sandbox.token

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Answers one request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/counts":
            answer = json.dumps({"requests": self.requests, "fields": self.fields}).encode()
            self.requests = self.fields = 0
        else:
            self.requests += 1
            if self._latency:
                await asyncio.sleep(self._latency)
            answer = self._answer(json.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, asked: Mapping[str, Any]) -> bytes:
        roots, variables = _roots(asked["query"]), dict(asked.get("variables") or {})
        self.fields += len(roots)
        parts = [self._part(root, variables) for root in roots]
        if None in parts:
            answer = self._sandbox.execute(asked["query"], variables)[1]
            if answer.get("errors"):
                return json.dumps(answer).encode()
            for at, root in enumerate(roots):
                found = json.dumps({root.key: answer["data"][root.key]}).encode()[1:-1]
                parts[at] = found if parts[at] is None else parts[at]
        return b'{"data":{' + b",".join(part for part in parts if part is not None) + b"}}"

    def _part(self, root: Root, variables: dict[str, Any]) -> bytes | None:
        """The answer to a root field; None for what the sandbox answers."""
        given = {name: value_from_ast_untyped(node, variables) for name, node in root.arguments}
        given = {name: value for name, value in given.items() if value is not None}
        key = json.dumps(root.key).encode()
        if root.name.rstrip("s") + "s" not in LISTS or not given.keys() <= _PAGED:
            return None
        if root.name not in LISTS:
            at = self._places[f"{root.name}s"].get(given.get("id"))
            return key + b":" + (b"null" if at is None else self._nodes[f"{root.name}s"][at])
        nodes = self._nodes[root.name]
        if "id_In" in given:
            found = (self._places[root.name].get(one) for one in given["id_In"])
            nodes = [nodes[at] for at in found if at is not None]
        first, offset = given.get("first", 100), given.get("offset", 0)
        shown, more = nodes[offset : offset + first], offset + first < len(nodes)
        info = json.dumps({"hasNextPage": more, "endCursor": str(offset + first) if more else None}).encode()
        head = b':{"totalCount":%d,"pageInfo":%b,"nodes":[' % (len(nodes), info)
        return key + head + b",".join(shown) + b"]}"


@lru_cache(10_000)
def _roots(document: str) -> tuple[Root, ...]:
    operation = next(d for d in parse(document).definitions if isinstance(d, OperationDefinitionNode))
    return tuple(
        Root(
            (field.alias or field.name).value,
            field.name.value,
            tuple((one.name.value, one.value) for one in field.arguments or ()),
        )
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
    )


class Server(uvicorn.Server):
    """A server that says where it listens."""

    def __init__(self, config: uvicorn.Config, token: str) -> None:
        super().__init__(config)
        self._token = token

    async def startup(self, sockets: Any = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"url": f"http://127.0.0.1:{port}", "token": self._token}), flush=True)


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0)
    given = parser.parse_args()
    replay = Replay(given.folder, given.latency / 1000)
    config = uvicorn.Config(
        replay, host="127.0.0.1", port=0, lifespan="off", log_level="critical", access_log=False
    )
    Server(config, replay.token).run()


if __name__ == "__main__":
    main()
