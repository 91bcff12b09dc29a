"""The client against the doors of the sandbox: tokens, limits and refusals as a server answers them."""

from __future__ import annotations

import anyio
import httpx
import pytest

from reconciler.api import Client, Credentials
from reconciler.model.errors import NotAuthenticated, PayloadError
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from reconciler.sandbox import BASE_URL
from reconciler.sandbox.app import build_app
from tests.sandbox.stub import StubSandbox

pytestmark = pytest.mark.anyio

ECHO = Operation("query", "{ echo }")


class Counted(httpx.ASGITransport):
    """Counts the requests to the API."""

    requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += request.url.path == "/api"
        return await super().handle_async_request(request)


@pytest.fixture
def enter(time, patience):
    """Makes a client of a stub's application, on the test's own time."""

    def make(stub, *, seconds=3600, **tokens):
        app = build_app(stub, token_seconds=seconds, clock=time.read)
        tokens = tokens or {"refresh_token": Secret(stub.refresh_token), "tenant": stub.tenant_id}
        transport = make.transport = Counted(app, raise_app_exceptions=False)
        credentials = Credentials(BASE_URL, **tokens)
        return Client(BASE_URL, credentials, transport=transport, rate=None, patience=patience)

    return make


@pytest.mark.parametrize("rotation", ["false", "true"])
async def test_tokens_are_exchanged_and_renewed(enter, time, rotation):
    async with enter(StubSandbox(token_rotation=rotation)) as client:
        for _ in range(3):
            assert await client.execute(ECHO) == "{ echo }"
            time.now += 3500


@pytest.mark.parametrize(
    "tokens",
    [
        {"refresh_token": Secret("wrong")},
        {"access_token": Secret("wrong")},
        {"refresh_token": Secret(StubSandbox.refresh_token), "tenant": "another"},
    ],
)
async def test_wrong_tokens_and_tenants_are_refused(enter, tokens):
    async with enter(StubSandbox(), **tokens) as client:
        with pytest.raises(NotAuthenticated) as caught:
            await client.execute(ECHO)
    assert caught.value.hint


@pytest.mark.parametrize("rule", ["20 a second with Retry-After", "20 a second without"])
async def test_a_limit_is_found_out_and_kept(enter, rule):
    async with enter(StubSandbox(rate_limit=rule)) as client:
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(client.execute, ECHO)
        assert client.stats.reads == 100
        assert 100 < enter.transport.requests < 200


@pytest.mark.parametrize("status", ["200", "400"])
async def test_a_payload_is_read_whatever_the_status(enter, status):
    async with enter(StubSandbox(error_status=status)) as client:
        with pytest.raises(PayloadError, match="name: no"):
            await client.execute(Operation("createX", "refused", result="x", repeatable=False))
