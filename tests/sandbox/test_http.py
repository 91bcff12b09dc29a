from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest

from reconciler.sandbox import serve, transport
from reconciler.sandbox.app import BODY_LIMIT, build_app
from tests.sandbox.served import ServedSandbox
from tests.sandbox.stub import StubSandbox

TENANT = StubSandbox.tenant_id
REFRESH = {"refresh_token": StubSandbox.refresh_token}


class Edge:
    """A client of the application, with a clock of its own."""

    def __init__(self, token_seconds: int = 600, **rules: str) -> None:
        self.now = 1_000_000.0
        self.app = build_app(StubSandbox(**rules), token_seconds=token_seconds, clock=lambda: self.now)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://sandbox"
            )
            async with client:
                return await client.request(method, path, **options)

        return anyio.run(send)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def ask(self, query: str = "{ a }", token: str = StubSandbox.token, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        return self.post("/api", headers=headers, json={"query": query, "variables": {}} | options)

    def exchange(self, **body: Any) -> dict[str, Any]:
        answer = self.post("/auth/refresh", json=REFRESH | body)
        assert answer.status_code == 200
        result: dict[str, Any] = answer.json()
        return result


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_a_query_passes_through(path: str) -> None:
    headers = {"Authorization": f"bearer {StubSandbox.token}"}
    answer = Edge().post(path, headers=headers, json={"query": "{ a }", "variables": None})
    assert answer.json()["data"] == {"query": "{ a }", "variables": None, "introspection": True}
    assert (answer.status_code, answer.headers["x-stub"]) == (200, "1")
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer x", f"Basic {StubSandbox.token}", "Bearer a.b.c", "Bearer ä.b.c"],
)
def test_without_a_good_token(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    answer = Edge().post("/api", headers=headers, json={"query": "{ a }"})
    assert (answer.status_code, answer.json()) == (401, {"errors": [{"message": "Unauthorized"}]})


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b'"x"', b"[]", b'[{"query": "{a}"}]', b"{}", b'{"query": 1}', b'{"query": " "}',
     b"\xff\xfe", b'{"query": "{a}", "variables": []}', b'{"query": "{a}", "operationName": 1}',
     b'{"query": "\xff"}', b'{"query": "{a}", "variables": ' + b"[" * 100_000],
)  # fmt: skip
def test_malformed_requests(body: bytes) -> None:
    answer = Edge().post("/api", headers={"Authorization": f"Bearer {StubSandbox.token}"}, content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api", 405), ("PUT", "/api/", 405), ("DELETE", "/auth/refresh", 405),
     ("POST", "/auth/meta", 405), ("GET", "/nothing", 404), ("POST", "/api/x", 404)],
)  # fmt: skip
def test_other_doors(method: str, path: str, status: int) -> None:
    answer = Edge().request(method, path)
    assert answer.status_code == status
    assert answer.json()["errors"]


def test_a_failure_inside_is_an_answer() -> None:
    edge = Edge()
    answer = edge.ask("crash")
    assert (answer.status_code, answer.json()) == (500, {"errors": [{"message": "Internal server error"}]})
    assert edge.ask().status_code == 200


def test_rule_body_limit() -> None:
    long = "x" * BODY_LIMIT
    assert Edge().ask(long).status_code == 413
    assert Edge(body_limit="none").ask(long).status_code == 200
    assert Edge().ask(long[:-100]).status_code == 200


@pytest.mark.parametrize("rule", ["retry_after", "silent"])
def test_rule_rate_limit(rule: str) -> None:
    edge = Edge(rate_limit=rule)
    other = edge.exchange()["access_token"]
    assert {edge.ask().status_code for _ in range(20)} == {200}
    refused = edge.ask()
    assert (refused.status_code, refused.headers.get("retry-after")) == (
        429,
        "1" if rule == "retry_after" else None,
    )
    assert edge.ask(token=other).status_code == 200
    edge.now += 1
    assert edge.ask().status_code == 200


def test_rule_introspection() -> None:
    edge = Edge(introspection="off")
    assert edge.ask().json()["data"]["introspection"] is False
    answer = edge.ask(headers={"Prismatic-Docs-Introspection": "true"})
    assert answer.json()["data"]["introspection"] is True


def test_rule_error_status() -> None:
    assert Edge().ask("refused").status_code == 200
    edge = Edge(error_status="400")
    assert (edge.ask("refused").status_code, edge.ask().status_code) == (400, 200)
    assert "createX" in edge.ask("refused").json()["data"]


def test_meta() -> None:
    answer = Edge().request("GET", "/auth/meta")
    assert answer.json() == {
        "domain": "sandbox",
        "clientId": "reconciler-sandbox",
        "audience": "https://prismatic.io/api",
    }


def test_exchanged_tokens_live_and_end() -> None:
    edge = Edge(token_seconds=60)
    answer = edge.exchange(tenant_id=TENANT)
    assert {**answer, "access_token": "", "id_token": ""} == {
        "access_token": "", "id_token": "", "scope": "openid profile email offline_access", "expires_in": 60,
        "token_type": "Bearer"}  # fmt: skip
    token = answer["access_token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] == int(edge.now) + 60
    assert edge.ask(token=token).status_code == 200
    assert Edge().ask(token=token).status_code == 200  # another process knows it by its signature
    edge.now += 60
    assert edge.ask(token=token).status_code == 401
    assert edge.ask().status_code == 200  # the sandbox's own never ends


def test_a_token_of_another_tenant_or_changed_is_no_good() -> None:
    edge = Edge()
    header, payload, mac = edge.exchange()["access_token"].split(".")
    forged = base64.urlsafe_b64encode(b'{"exp": 9999999999}').rstrip(b"=").decode()
    assert edge.ask(token=f"{header}.{forged}.{mac}").status_code == 401
    stranger = Edge()
    stub = StubSandbox()
    stub.refresh_token = "another"
    stranger.app = build_app(stub, clock=lambda: stranger.now)
    assert stranger.ask(token=f"{header}.{payload}.{mac}").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"refresh_token": "wrong"}, 403, "invalid_grant"),
        ({"refresh_token": "wrong.ü"}, 403, "invalid_grant"),
        ({"refresh_token": 1}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        (REFRESH | {"tenant_id": "0"}, 403, "access_denied"),
    ],
)
def test_refused_exchanges(body: dict[str, Any], status: int, error: str) -> None:
    answer = Edge().post("/auth/refresh", json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_the_oauth_way() -> None:
    edge = Edge()
    form = {"grant_type": "refresh_token", "client_id": "reconciler-sandbox"} | REFRESH
    answer = edge.post("/oauth/token", data=form | {"tenant_id": TENANT})
    assert edge.ask(token=answer.json()["access_token"]).status_code == 200
    assert edge.post("/oauth/token", data=form | {"tenant_id": "0"}).json()["error"] == "access_denied"
    assert edge.post("/oauth/token", data=form | {"grant_type": "password"}).status_code == 400
    assert edge.post("/oauth/token", content=b"\xff=%zz&&").status_code == 400
    assert edge.post("/auth/refresh", content=b"{").status_code == 400


def test_rule_token_rotation() -> None:
    assert "refresh_token" not in Edge().exchange()
    edge = Edge(token_rotation="true")
    second = edge.exchange()["refresh_token"]
    third = edge.exchange(refresh_token=second)
    assert second not in (StubSandbox.refresh_token, third["refresh_token"])
    assert edge.ask(token=third["access_token"]).status_code == 200


def test_revoking() -> None:
    edge = Edge()
    token = edge.exchange()["access_token"]
    assert edge.post("/auth/revoke", json={"refresh_token": "unknown"}).status_code == 200
    edge.exchange()
    assert edge.post("/auth/revoke", json=REFRESH).status_code == 200
    assert edge.post("/auth/refresh", json=REFRESH).status_code == 403
    assert edge.ask(token=token).status_code == 200


def test_transport_in_process() -> None:
    async def ask(query: str) -> int:
        headers = {"Authorization": f"Bearer {StubSandbox.token}"}
        async with httpx.AsyncClient(transport=transport(StubSandbox()), headers=headers) as client:
            return (await client.post("http://sandbox.localhost/api", json={"query": query})).status_code

    assert [anyio.run(ask, query) for query in ("{ a }", "crash")] == [200, 500]


def test_importing_the_package_is_cheap() -> None:
    program = (
        "import sys, reconciler.sandbox.transport, reconciler.sandbox.serve as _, reconciler.sandbox as s\n"
        "assert not {'httpx', 'starlette', 'uvicorn', 'ariadne', 'sqlite3'} & set(sys.modules)\n"
        "assert callable(s.transport) and callable(s.serve)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSandbox]:
    with ServedSandbox(factory="tests.sandbox.stub:StubSandbox") as sandbox:
        yield sandbox


def post(served: ServedSandbox, query: str = "{ a }") -> httpx.Response:
    headers = {"Authorization": f"Bearer {served.token}"}
    return httpx.post(f"{served.url}/api", headers=headers, json={"query": query}, trust_env=False)


def test_served_on_a_port(served: ServedSandbox) -> None:
    assert post(served).json()["data"]["query"] == "{ a }"
    meta = httpx.get(f"{served.url}/auth/meta", trust_env=False).json()
    assert served.url == f"http://{meta['domain']}"
    assert post(served, "crash").status_code == 500


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\0\1\2\3\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /api HTTP/1.1\r\nContent-Length: x\r\n\r\n",
     b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{", b"GET /" + b"a" * 100_000,
     b"POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\x16\x03\x01\x02\x00"],
)  # fmt: skip
def test_served_survives_garbage(served: ServedSandbox, garbage: bytes) -> None:
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(garbage)
    assert post(served).status_code == 200


def test_served_takes_200_connections_at_once(served: ServedSandbox) -> None:
    async def run() -> list[int]:
        statuses: list[int] = []
        headers = {"Authorization": f"Bearer {served.token}"}
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=30, trust_env=False) as client:

            async def one() -> None:
                answer = await client.post(f"{served.url}/api", json={"query": "{ a }"})
                statuses.append(answer.status_code)

            async with anyio.create_task_group() as group:
                for _ in range(200):
                    group.start_soon(one)
        return statuses

    assert anyio.run(run) == [200] * 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    program = (
        "from tests.sandbox.served import serve_made; serve_made('tests.sandbox.stub:StubSandbox', [], {})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        details = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {details['token']}"}
        answer = httpx.post(
            f"{details['url']}/api", headers=headers, json={"query": "{ a }"}, trust_env=False
        )
        assert answer.status_code == 200
        process.send_signal(number)
        out, problem = process.communicate(timeout=10)
        assert (process.returncode, out, problem) == (0, "closed\n", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com", ""])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        serve(StubSandbox(), host, 0, print)


def test_a_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(StubSandbox(), "127.0.0.1", taken.getsockname()[1], print)
