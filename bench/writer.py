"""What an apply is measured beside: a client that knows beforehand what it is to write, sends the same
mutations, as many together and at once, and decodes the answers.

    python -m bench.writer URL TOKEN INSTANCES BATCH CONCURRENCY
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import anyio
import httpx
from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast

from bench.world import SETS, customers, definition
from reconciler.api.joined import joined
from reconciler.kinds import all_kinds
from reconciler.model.operation import Operation

Input = Mapping[str, Any]
_RECORD = "reconciler-applied:2:4brhnoox4op6l7m7kdhykqbbz3v2mb6d"
"""As long as the reconciler's: what it says is nobody's business here."""


class Writer:
    """httpx and nothing else: so many requests at once, so many mutations in each."""

    def __init__(self, client: httpx.AsyncClient, batch: int, concurrency: int) -> None:
        self._client, self._batch, self._concurrency = client, batch, concurrency
        self._gate = anyio.CapacityLimiter(concurrency)

    async def send(self, call: str, kind: str, inputs: Sequence[Input]) -> list[Mapping[str, Any]]:
        """Carries mutations of one sort out in one request; the objects in its answer."""
        variables = {f"input_{at}": one for at, one in enumerate(inputs)}
        body = {"query": _document(call, kind, len(inputs)), "variables": variables}
        async with self._gate:
            told = await self._client.post("/api", json=body)
        answer = json.loads(told.content)["data"]
        return [answer[f"{call}_{at}"][kind.lower()] for at in range(len(inputs))]

    async def all_of(self, call: str, kind: str, inputs: Iterable[Input]) -> list[str]:
        """The ids of the objects that all these mutations are about, in their order."""
        waiting = enumerate(_batches(inputs, self._batch))
        found: dict[int, list[str]] = {}

        async def work() -> None:
            for at, some in waiting:
                found[at] = [one["id"] for one in await self.send(call, kind, some)]

        async with anyio.create_task_group() as group:
            for _ in range(self._concurrency):
                group.start_soon(work)
        return [one for at in sorted(found) for one in found[at]]

    async def integration(self, number: int, versions: dict[int, str]) -> None:
        """Makes one integration and publishes it, one mutation after another."""
        name, mark = f"Sync {number:02}", f"reconciler:bench/integration/sync-{number:02}"
        about = {"name": name, "labels": [mark], "description": "Copies records"}
        made = {**about, "definition": definition(number)}
        [draft] = await self.send("createIntegration", "Integration", [made])
        changed = {"id": draft["id"], **about, "metadata": json.dumps({"reconciler": {"mark": mark}})}
        await self.send("updateIntegration", "Integration", [changed])
        [published] = await self.send("publishIntegration", "Integration", [{"id": draft["id"]}])
        await self.send("updateIntegration", "Integration", [changed])
        versions[number] = published["id"]

    async def everything(self, instances: int) -> None:
        """The world of the benchmark, from nothing."""
        names, versions = customers(instances), dict[int, str]()
        async with anyio.create_task_group() as group:
            for number in range(1, SETS + 1):
                group.start_soon(self.integration, number, versions)
            ids = await self.all_of("createCustomer", "Customer", map(_customer, names))
        made = (
            _instance(number, name, customer, versions[number])
            for number in versions
            for name, customer in zip(names, ids, strict=True)
        )
        running = await self.all_of("createInstance", "Instance", made)
        await self.all_of("deployInstance", "Instance", ({"id": one} for one in running))


def _customer(name: str) -> Input:
    labels = [f"reconciler:bench/customer/{name}", _RECORD[:35]]
    return {"name": f"Customer {name}", "externalId": name, "labels": labels}


def _instance(number: int, name: str, customer: str, version: str) -> Input:
    values = {"Region": "us", "Batch": "25", "Folder": f"/in/{name}"}
    return {
        "customer": customer,
        "integration": version,
        "name": f"Sync {number:02} of Customer {name}",
        "description": "Copies records",
        "labels": [f"reconciler:bench/instance/sync-{number:02}", _RECORD],
        "configMode": "INSTANCE",
        "configVariables": [{"key": key, "value": value} for key, value in values.items()],
    }


def _batches(inputs: Iterable[Input], size: int) -> Iterator[list[Input]]:
    rest = iter(inputs)
    while some := list(islice(rest, size)):
        yield some


@lru_cache
def _document(call: str, kind: str, count: int) -> str:
    """The document of so many mutations of one sort, which answer with all that the reconciler reads."""
    read = parse(all_kinds()[kind].get("").document)
    [asked] = (one for one in read.definitions if isinstance(one, OperationDefinitionNode))
    [field] = (one for one in asked.selection_set.selections if isinstance(one, FieldNode))
    fragments = "".join(print_ast(one) for one in read.definitions if isinstance(one, FragmentDefinitionNode))
    assert field.selection_set is not None
    payload = f"{kind.lower()} {print_ast(field.selection_set)} errors {{ field messages }}"
    head = f"mutation {call}($input: {call[0].upper()}{call[1:]}Input!)"
    single = Operation(call, f"{head} {{ {call}(input: $input) {{ {payload} }} }} {fragments}", result="x")
    return joined([single] * count).document


async def measured(url: str, token: str, instances: int, batch: int, concurrency: int) -> dict[str, float]:
    """The seconds of CPU that it took, without what comes before the first request."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        cpu = time.process_time()
        await Writer(client, batch, concurrency).everything(instances)
        return {"cpu": time.process_time() - cpu}


if __name__ == "__main__":
    where, secret = sys.argv[1:3]
    size, together, at_once = map(int, sys.argv[3:])
    print(json.dumps(anyio.run(measured, where, secret, size, together, at_once)))
