from __future__ import annotations

import base64
import json

import anyio
import httpx
import pytest

from reconciler.api import Client, Credentials
from reconciler.api.auth import checked_base
from reconciler.model.errors import InvalidInput, NotAuthenticated, Unreachable
from reconciler.model.loopback import is_loopback
from reconciler.model.secret import Secret
from tests.api.stand_in import BASE, Server, create, data, query

pytestmark = pytest.mark.anyio

REFRESH = {"refresh_token": Secret("refresh-1", "env TOKEN"), "tenant": "t-1"}
UNAUTHORIZED = httpx.Response(401, json={"errors": [{"message": "Unauthorized"}]})


class Stack:
    """Exchanges tokens and accepts the newest one only."""

    def __init__(self, **answer):
        self.answer = {"expires_in": 3600, **answer}
        self.exchanges = []
        self.seen = []
        self.revoked = False
        self.refusal = None

    @property
    def valid(self):
        return f"access-{len(self.exchanges)}"

    def __call__(self, request):
        if request.url.path == "/auth/refresh":
            self.exchanges.append(json.loads(request.content))
            return self.refusal or httpx.Response(200, json={"access_token": self.valid, **self.answer})
        token = request.headers.get("authorization")
        self.seen.append(token)
        if self.revoked or token != f"Bearer {self.valid}":
            return UNAUTHORIZED
        return data(customer={"id": "1"}, createCustomer={"customer": {"id": "1"}, "errors": []})


def jwt(**claims):
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.sig"


async def test_a_refresh_token_is_exchanged_once_for_all(connect):
    stack = Stack()
    async with connect(stack, tokens=REFRESH) as client, anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(client.execute, query())
    assert stack.exchanges == [{"refresh_token": "refresh-1", "tenant_id": "t-1"}]
    assert stack.seen == ["Bearer access-1"] * 10


async def test_it_is_renewed_five_minutes_early(connect, time):
    stack = Stack()
    async with connect(stack, tokens=REFRESH) as client:
        for after, exchanges in ((0, 1), (3299, 1), (1, 2)):
            time.now += after
            await client.execute(query())
            assert len(stack.exchanges) == exchanges


async def test_a_short_lived_token_is_not_renewed_at_each_request(connect, time):
    stack = Stack(expires_in=60)
    async with connect(stack, tokens=REFRESH) as client:
        await client.execute(query())
        time.now += 29
        await client.execute(query())
    assert len(stack.exchanges) == 1


async def test_the_expiry_is_read_from_the_token_where_the_answer_has_none(connect, time):
    stack = Stack(expires_in=None, access_token=jwt(exp=time.now + 3600))
    stack.seen = []
    async with connect(
        lambda r: stack(r) if "auth" in r.url.path else data(customer=None), tokens=REFRESH
    ) as c:
        await c.execute(query())
        time.now += 3301
        await c.execute(query())
    assert len(stack.exchanges) == 2


async def test_a_new_refresh_token_is_kept_in_memory(connect, time):
    stack = Stack(refresh_token="refresh-2")
    async with connect(stack, tokens=REFRESH) as client:
        await client.execute(query())
        time.now += 4000
        await client.execute(query())
    assert [body["refresh_token"] for body in stack.exchanges] == ["refresh-1", "refresh-2"]


async def test_an_exchange_outlasts_whoever_asked_for_it(patience):
    """Of a stack that takes a refresh token once, an answer that nobody takes would be the last."""
    stack = Stack(refresh_token="refresh-2")

    class Slow(httpx.MockTransport):
        async def handle_async_request(self, request):
            response = await super().handle_async_request(request)
            await anyio.sleep(0.05 if request.url.path == "/auth/refresh" else 0)
            return response

    credentials = Credentials(BASE, **REFRESH)
    async with Client(BASE, credentials, transport=Slow(stack), patience=patience, rate=None) as client:
        with anyio.move_on_after(0.01) as scope:
            await client.execute(query())
        assert scope.cancelled_caught
        assert await client.execute(query()) == {"id": "1"}
    assert [body["refresh_token"] for body in stack.exchanges] == ["refresh-1"]


async def test_a_401_renews_the_token_once_also_for_a_create(connect):
    stack = Stack()
    tokens = {**REFRESH, "access_token": Secret("old")}
    async with connect(stack, tokens=tokens) as client:
        assert await client.execute(create()) == {"id": "1"}
        assert stack.seen == ["Bearer old", "Bearer access-1"]
        stack.revoked = True
        with pytest.raises(NotAuthenticated, match="401"):
            await client.execute(query())
    assert len(stack.exchanges) == 2


async def test_many_401s_renew_the_token_once(connect):
    stack = Stack()
    tokens = {**REFRESH, "access_token": Secret("old")}
    async with connect(stack, tokens=tokens) as client, anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(client.execute, query())
    assert len(stack.exchanges) == 1


async def test_an_access_token_alone_cannot_be_renewed(connect):
    server = Server(UNAUTHORIZED)
    async with connect(server) as client:
        with pytest.raises(NotAuthenticated, match="refuses the access token"):
            await client.execute(query())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ({"error": "access_denied", "error_description": "x"}, "member of this tenant"),
        ({"error": "invalid_grant"}, "another stack"),
        ({}, "another stack"),
    ],
)
async def test_a_refused_exchange_says_what_to_do(connect, body, hint):
    stack = Stack()
    stack.refusal = httpx.Response(403, json=body)
    async with connect(stack, tokens=REFRESH) as client:
        for _ in range(2):  # the second does not ask again at once
            with pytest.raises(NotAuthenticated) as caught:
                await client.execute(query())
            assert hint in caught.value.hint
            assert "refresh-1" not in str(caught.value)
    assert len(stack.exchanges) == 1


@pytest.mark.parametrize("reply", [httpx.ConnectError("no"), httpx.Response(503), httpx.Response(404)])
async def test_an_exchange_without_an_answer_is_unreachable(connect, reply):
    async with connect(Server(reply), tokens=REFRESH) as client:
        with pytest.raises(Unreachable):
            await client.execute(create())


async def test_an_exchange_survives_a_hiccup(connect):
    stack = Stack()
    replies = iter([httpx.Response(502)])
    async with connect(lambda request: next(replies, None) or stack(request), tokens=REFRESH) as client:
        assert await client.execute(query()) == {"id": "1"}


async def test_a_token_does_not_follow_a_redirect(connect):
    moved = httpx.Response(307, headers={"location": "https://evil.example/auth/refresh"})
    server = Server(moved)
    async with connect(server, tokens=REFRESH) as client:
        with pytest.raises(Unreachable):
            await client.execute(query())
    assert {request.url.host for request in server.requests} == {"tenant.example"}


@pytest.mark.parametrize("tokens", [{}, {"access_token": Secret(" \n")}])
async def test_no_token_is_an_error_before_anything_is_sent(connect, tokens):
    server = Server(data(customer=None))
    async with connect(server, tokens=tokens) as client:
        with pytest.raises(NotAuthenticated, match="no token"):
            await client.execute(query())
    assert server.requests == []


async def test_a_sandbox_on_this_machine_needs_no_token(connect):
    server = Server(data(customer=None))
    async with connect(server, base="http://sandbox.localhost", tokens={}) as client:
        await client.execute(query())
    assert "authorization" not in server.requests[0].headers


def test_a_token_that_cannot_be_one_names_its_source(connect):
    with pytest.raises(NotAuthenticated, match="env TOKEN") as caught:
        connect(Server(), tokens={"access_token": Secret("two words", "env TOKEN")})
    assert "two words" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://app.prismatic.io",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://notlocalhost",
        "http://10.0.0.1",
        "http://localhost@evil.example",
        "https://user:pass@app.prismatic.io",
        "https://app.prismatic.io?x=1",
        "ftp://localhost",
        "app.prismatic.io",
        "",
        "https://",
        "http://[bad",
    ],
)
def test_where_a_token_does_not_travel(url):
    with pytest.raises(InvalidInput) as caught:
        checked_base(url)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://app.prismatic.io/", "https://app.prismatic.io"),
        (" https://private.example/stack/ ", "https://private.example/stack"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://sandbox.localhost", "http://sandbox.localhost"),
    ],
)
def test_where_a_token_travels(url, base):
    assert str(checked_base(url)) == base


def test_loopback_is_judged_by_the_whole_name():
    assert is_loopback("LOCALHOST.")
    assert not is_loopback("localhost.com")
