"""The benchmark: a world of instances, read and planned, beside a bare client that only fetches and decodes.

The sandbox runs in a process of its own and each client in another, so that their memory can be told apart.
Both fetch the same pages with the same documents and the same concurrency in the same run, and what counts is
the ratio of the two times.

    python bench/run.py [--instances 5000] [--concurrency 8] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx

from reconciler.sandbox import Sandbox
from reconciler.sandbox.seed import seed

CUSTOMERS, INTEGRATIONS = 500, 5


async def bare(url: str, token: str, concurrency: int) -> dict[str, Any]:
    """The same pages by httpx alone, decoded and thrown away."""
    from reconciler.kinds import CORE, all_kinds

    gate, requests = anyio.CapacityLimiter(concurrency), 0
    headers = {"Authorization": f"Bearer {token}"}
    begun = time.perf_counter()
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:

        async def page(op: Any) -> Any:
            nonlocal requests
            async with gate:
                requests += 1
                answer = await client.post(
                    "/api", json={"query": op.document, "variables": dict(op.variables)}
                )
                return json.loads(answer.content)["data"][op.name]

        async def everything(kind: Any) -> None:
            first = await page(kind.list_page(kind.page_size, 0))
            pages = math.ceil(first["totalCount"] / kind.page_size)
            async with anyio.create_task_group() as group:
                for index in range(1, pages):
                    group.start_soon(page, kind.list_page(kind.page_size, index * kind.page_size))

        async with anyio.create_task_group() as group:
            for kind in map(all_kinds().__getitem__, CORE):
                group.start_soon(everything, kind)
    return {"seconds": time.perf_counter() - begun, "requests": requests}


async def ours(url: str, token: str, concurrency: int, total: int) -> dict[str, Any]:
    """Snapshot and plan."""
    from reconciler.api import Client, Credentials
    from reconciler.kinds.protocol import Policy
    from reconciler.live.fetch import fetch
    from reconciler.model.secret import Secret
    from reconciler.plan.build import make_plan

    begun = time.perf_counter()
    credentials = Credentials(url, access_token=Secret(token))
    async with Client(
        url, credentials, rate=None, parallelism=concurrency, batch=None, read_only=True
    ) as client:
        live = await fetch(client, concurrency=concurrency)
        fetched = time.perf_counter() - begun
        requests = client.stats.reads
    live = named(live)
    desired = wanted(live)
    planning = time.perf_counter()
    plan = make_plan(desired, live, Policy(guard_minimum=10**6))
    planned = time.perf_counter() - planning
    count = sum(len(objects) for objects in live.objects.values())
    assert len(live.objects["Instance"]) == total, len(live.objects["Instance"])
    return {
        "seconds": fetched + planned,
        "fetch": fetched,
        "plan": planned,
        "requests": requests,
        "objects": count,
        "actions": len(plan.actions),
        "unchanged": plan.unchanged,
    }


def named(live: Any) -> Any:
    """The snapshot with names for the releases, which the seeded versions do not bear."""
    objects = dict(live.objects)
    objects["Integration"] = tuple(
        replace(o, versions=tuple(replace(v, release=f"1.{v.number}.0") for v in o.versions))
        for o in objects["Integration"]
    )
    return replace(live, objects=objects)


def wanted(live: Any) -> Any:
    """Manifests that ask for what is there, but for every hundredth instance's description."""
    from reconciler.kinds.table.marks import owned_name
    from reconciler.model.address import Address
    from reconciler.model.state import Desired, Resource

    resources: dict[Address, Resource] = {}
    names: dict[str, Address] = {}
    for kind in ("Integration", "Customer"):
        for live_object in live.objects[kind]:
            name = owned_name(live_object.labels, "bench", kind)
            if name is None:
                continue
            address = names[live_object.id] = Address(kind, name)
            resources[address] = Resource(address, {"name": live_object.fields["name"]})
    versions = {v.id: (o, v) for o in live.objects["Integration"] for v in o.versions}
    for index, live_object in enumerate(live.objects["Instance"]):
        name = owned_name(live_object.labels, "bench", "Instance")
        customer = names.get(live_object.fields["customer"])
        integration, version = versions[live_object.facts.version_id]
        if name is None or customer is None:
            continue
        address = Address("Instance", f"{customer.name}/{name}")
        fields = {
            "customer": customer,
            "integration": names[integration.id],
            "release": version.release,
            "name": live_object.fields["name"],
            "description": "changed" if index % 100 == 0 else live_object.fields["description"],
            "config": {k: v for k, v in live_object.fields["config"].items() if isinstance(v, str)},
        }
        resources[address] = Resource(address, fields)
    return Desired("bench", "bench", resources, "sha256:0")


def child(which: str, url: str, token: str, concurrency: int, total: int) -> dict[str, Any]:
    """Runs one client in a process of its own; its figures, with its peak memory in MiB."""
    command = [sys.executable, __file__, "--child", which, url, token, str(concurrency), str(total)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Seeds, serves, measures in turn, prints."""
    if len(sys.argv) > 1 and sys.argv[1] == "--child":
        which, url, token, concurrency, total = sys.argv[2:]
        measure = {"bare": bare, "ours": ours}[which]
        extra = (int(total),) if which == "ours" else ()
        result = anyio.run(measure, url, token, int(concurrency), *extra)
        result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(result))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        sandbox = Sandbox(database)
        seed(
            sandbox,
            integrations=INTEGRATIONS,
            customers=CUSTOMERS,
            instances=given.instances,
            mark_project="bench",
        )
        sandbox.close()
        serve = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--db", str(database)]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            where = json.loads(server.stdout.readline())
            report(given, where["url"], where["token"])
        finally:
            server.terminate()
            server.wait()


def report(given: argparse.Namespace, url: str, token: str) -> None:
    """Measures both clients in turn and prints the medians."""
    child("bare", url, token, given.concurrency, given.instances)  # warms the server's caches
    rounds: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
    for _ in range(given.rounds):
        for which, found in rounds.items():
            found.append(child(which, url, token, given.concurrency, given.instances))
    for which, found in rounds.items():
        middle = statistics.median(r["seconds"] for r in found)
        last = found[-1]
        extra = f", fetch {last['fetch']:.2f} s, plan {last['plan']:.2f} s" if "plan" in last else ""
        print(
            f"{which:5} {middle:6.2f} s (median of {len(found)}), {last['requests']} requests, "
            f"peak {last['peak_mib']:.0f} MiB{extra}"
        )
    world = rounds["ours"][-1]
    print(f"world: {world['objects']} objects, {world['actions']} actions, {world['unchanged']} unchanged")
    ratio = statistics.median(
        o["seconds"] / b["seconds"] for o, b in zip(rounds["ours"], rounds["bare"], strict=True)
    )
    print(f"ratio: {ratio:.2f} (snapshot and plan, against fetching and decoding alone)")


if __name__ == "__main__":
    main()
