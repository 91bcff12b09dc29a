"""Serves a recorded tenant, quicker than any client reads: the long lists from lines of text, all else from
the sandbox. What is measured beside it is the client.

    python -m bench.replay FOLDER [--latency MILLISECONDS]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.record import DATABASE
from bench.serving import Counted, Root, serve
from reconciler.sandbox import Sandbox

LISTS = ("customers", "instances")
_PAGED = frozenset({"first", "offset", "sortBy", "isSystem", "instanceType", "id_In", "id"})


class Replay(Counted):
    """The application."""

    def __init__(self, folder: Path, latency: float) -> None:
        super().__init__(latency)
        self._sandbox = Sandbox(folder / DATABASE)
        self._nodes = {name: (folder / name).read_bytes().splitlines() for name in LISTS}
        self._places = {
            name: {json.loads(node)["id"]: index for index, node in enumerate(nodes)}
            for name, nodes in self._nodes.items()
        }

    @property
    def token(self) -> str:
        """What lets a client in."""
        return self._sandbox.token

    def answer(self, asked: Mapping[str, Any], roots: Sequence[Root]) -> bytes:
        """The answer to a request."""
        variables = dict(asked.get("variables") or {})
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
        given = root.given(variables)
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


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0)
    given = parser.parse_args()
    serve(Replay(given.folder, given.latency / 1000))


if __name__ == "__main__":
    main()
