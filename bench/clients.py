"""What the reconciler is measured beside: clients that only fetch and decode what its plan reads.

python -m bench.clients bare|sequential|singly URL TOKEN [SAMPLE]
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from typing import Any

import anyio
import httpx

from reconciler.kinds import CORE, all_kinds
from reconciler.kinds.protocol import Kind
from reconciler.model.operation import Operation

CONCURRENCY = 8


class Bare:
    """httpx and nothing else: so many requests at once."""

    def __init__(self, client: httpx.AsyncClient, concurrency: int) -> None:
        self._client, self._gate = client, anyio.CapacityLimiter(concurrency)
        self.requests = 0

    async def ask(self, op: Operation) -> Mapping[str, Any]:
        """The decoded answer to an operation."""
        async with self._gate:
            self.requests += 1
            answer = await self._client.post(
                "/api", json={"query": op.document, "variables": dict(op.variables)}
            )
        found: Mapping[str, Any] = json.loads(answer.content)["data"][op.name]
        return found

    async def all_of(self, kind: Kind) -> None:
        """Every page of a list."""
        first = await self.ask(kind.list_page(kind.page_size, 0))
        pages = math.ceil(first["totalCount"] / kind.page_size)
        async with anyio.create_task_group() as group:
            for index in range(1, pages):
                group.start_soon(self.ask, kind.list_page(kind.page_size, index * kind.page_size))

    async def everything(self) -> None:
        """Every page of every list that a plan reads."""
        async with anyio.create_task_group() as group:
            for name in CORE:
                group.start_soon(self.all_of, all_kinds()[name])

    async def singly(self, sample: int) -> int:
        """So many objects by a request each; how many there are in all."""
        kinds = all_kinds()
        pages = {name: await self.ask(kinds[name].list_page(kinds[name].page_size, 0)) for name in CORE}
        ids = [node["id"] for node in pages["Instance"]["nodes"]]
        self.requests = 0
        for number in range(sample):
            await self.ask(kinds["Instance"].get(ids[number % len(ids)]))
        return sum(page["totalCount"] for page in pages.values())


async def measured(which: str, url: str, token: str, sample: int) -> dict[str, float]:
    """Seconds and requests of one client."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        bare = Bare(client, CONCURRENCY if which == "bare" else 1)
        objects = 0
        begun, cpu = time.perf_counter(), time.process_time()
        if which == "singly":
            objects = await bare.singly(sample)
        else:
            await bare.everything()
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "requests": bare.requests, "objects": objects}


if __name__ == "__main__":
    kind, where, secret, *rest = sys.argv[1:]
    print(json.dumps(anyio.run(measured, kind, where, secret, int(rest[0]) if rest else 0)))
