"""A served sandbox outlives crowds of clients, and those that speak nonsense; it wants its token."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress

import anyio
import httpx
import pytest

from tests.sandbox.served import ServedSandbox

ME = "{ authenticatedUser { tenantId } }"
CROWD, EACH = 200, 3


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSandbox]:
    with ServedSandbox() as sandbox:
        yield sandbox
        code, out, problem = sandbox.stop()
        assert (code, out, problem) == (0, "closed\n", "")  # nothing that it met made it complain


def lives(served: ServedSandbox) -> bool:
    headers = {"Authorization": f"Bearer {served.token}"}
    met = httpx.post(f"{served.url}/api", headers=headers, json={"query": ME}, trust_env=False)
    return bool(met.json() == {"data": {"authenticatedUser": {"tenantId": served.tenant}}})


def dial(served: ServedSandbox) -> socket.socket:
    host, _, port = served.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def status_of(connection: socket.socket) -> int | None:
    """The status that comes back; None where the server hangs up without one."""
    found = b""
    with suppress(ConnectionError):
        while b"\r\n" not in found and (part := connection.recv(65536)):
            found += part
    return int(found.split()[1]) if found else None


def request(served: ServedSandbox, body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [
        "POST /api HTTP/1.1",
        "Host: sandbox",
        "Connection: close",
        f"Authorization: Bearer {served.token}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_crowd_of_clients(served: ServedSandbox) -> None:
    """Each has a connection of its own, writes once and reads."""
    statuses: list[int] = []
    create = "mutation ($n: String!) { createCustomer(input: {name: $n}) { errors { messages } } }"

    async def one(number: int, arrived: anyio.Event) -> None:
        headers = {"Authorization": f"Bearer {served.token}"}
        async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False, verify=False) as client:
            if number == CROWD - 1:
                arrived.set()
            await arrived.wait()
            for turn in range(EACH):
                body = {"query": create, "variables": {"n": f"Crowd {number}"}} if not turn else {"query": ME}
                statuses.append((await client.post(f"{served.url}/api", json=body)).status_code)

    async def run() -> None:
        arrived = anyio.Event()
        async with anyio.create_task_group() as group:
            for number in range(CROWD):
                group.start_soon(one, number, arrived)

    anyio.run(run)
    assert statuses == [200] * (CROWD * EACH)
    headers = {"Authorization": f"Bearer {served.token}"}
    count = {"query": "{ customers(isSystem: false) { totalCount } }"}
    met = httpx.post(f"{served.url}/api", headers=headers, json=count, trust_env=False)
    assert met.json()["data"]["customers"]["totalCount"] == CROWD


GOOD = json.dumps({"query": ME}).encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HELLO\r\n\r\n", 400),
        (b"POST\r\n\r\n", 400),
        (b"POST /api HTTP/7.0\r\nHost: a\r\n\r\n", 401),
        (b"POST /api HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"POST /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 20_000, 400),
        (b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST /api HTTP/1.1\r\nHost", None),
        (b"", None),
    ],
)
def test_nonsense_instead_of_http(served: ServedSandbox, sent: bytes, status: int | None) -> None:
    with dial(served) as connection:
        with suppress(ConnectionError):  # it need not wait for the end of what it refuses
            connection.sendall(sent)
        if status is None:
            connection.shutdown(socket.SHUT_WR)  # or it waits for more
        assert status_of(connection) == status
    assert lives(served)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (GOOD, ["Content-Type: application/xml"], 200),  # as with the vendor's, the body decides
        (GOOD, ["Content-Type: application/json; charset=utf-16"], 200),
        (GOOD.decode().encode("utf-16"), [], 400),
        (b'{"query": "\xff\xfe"}', [], 400),
        (b'{"query": "{ a"}', [], 400),
        (b"{" * 100_000, [], 400),
        (b'{"query": "' + b"{a" * 100_000 + b'"}', [], 400),
        (b"query=" + ME.encode(), ["Content-Type: application/x-www-form-urlencoded"], 400),
        (b"\0" * 3_000_000, [], 413),
        (GOOD, ["Content-Encoding: gzip"], 200),
    ],
)
def test_nonsense_in_a_request(served: ServedSandbox, body: bytes, headers: list[str], status: int) -> None:
    with dial(served) as connection:
        with suppress(ConnectionError):  # it need not wait for the end of what it refuses
            connection.sendall(request(served, body, *headers))
        assert status_of(connection) in ((status, None) if status == 413 else (status,))
    assert lives(served)


def test_a_body_that_never_ends(served: ServedSandbox) -> None:
    with dial(served) as connection:
        connection.sendall(request(served, GOOD[:10], length=len(GOOD)))
        assert lives(served)  # while it waits
    assert lives(served)  # and after the client has gone


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_nobody_is_served_without_the_token(served: ServedSandbox, header: str) -> None:
    headers = {"Authorization": header.format(token=served.token)}
    met = httpx.post(f"{served.url}/api", headers=headers, json={"query": ME}, trust_env=False)
    assert (met.status_code, met.json()) == (401, {"errors": [{"message": "Unauthorized"}]})
