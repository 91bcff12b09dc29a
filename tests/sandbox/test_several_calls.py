"""What befalls a request that carries several calls, and that a client gets over it."""

from __future__ import annotations

import anyio
import httpx
import pytest

from reconciler.sandbox import BASE_URL, Sandbox
from reconciler.sandbox.app import build_app
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.inprocess import InProcess

MAKE = "createCustomer(input: {name: %s}) { customer { id name } errors { messages } }"
THREE = "mutation { " + " ".join(f"{name}: " + MAKE % f'"{name}"' for name in "ABC") + " }"
ONE = "mutation { " + MAKE % '"D"' + " }"
NAMES = "{ customers(isSystem: false) { nodes { name } } }"


class Time:
    now = 1_000_000.0

    def read(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def ask(app, sandbox, query):
    async def send():
        async with httpx.AsyncClient(transport=InProcess(app), base_url=BASE_URL) as client:
            headers = {"Authorization": f"Bearer {sandbox.token}"}
            return await client.post("/api", json={"query": query}, headers=headers)

    return anyio.run(send)


def made(app, sandbox):
    nodes = ask(app, sandbox, NAMES).json()["data"]["customers"]["nodes"]
    return sorted(node["name"] for node in nodes if len(node["name"]) == 1)


def test_a_gateway_gives_up_and_the_server_goes_on(time: Time):
    sandbox = Sandbox()
    app = build_app(sandbox, clock=time.read)
    sandbox.set_faults([Fault("gateway_gives_up", times=1, seconds=5)], seed=1)
    assert ask(app, sandbox, ONE).status_code == 200
    assert ask(app, sandbox, THREE).status_code == 504
    found = [made(app, sandbox)]
    for _ in range(4):
        time.now += 5
        found.append(made(app, sandbox))
    assert found == sorted(found, key=len)
    assert len(found[0]) < 4
    assert found[-1] == ["A", "B", "C", "D"]


def test_what_was_rolled_back_may_look_good():
    sandbox = Sandbox()
    app = build_app(sandbox)
    sandbox.set_faults([Fault("rolled_back_but_answered", times=1)], seed=1)
    data = ask(app, sandbox, THREE).json()["data"]
    assert sum(bool(part["errors"]) for part in data.values()) == 1
    assert sum(bool(part["customer"]) for part in data.values()) == 2
    assert made(app, sandbox) == []
    assert ask(app, sandbox, THREE).status_code == 200
    assert made(app, sandbox) == ["A", "B", "C"]
