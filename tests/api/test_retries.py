from __future__ import annotations

import errno
import ssl

import anyio
import httpx
import pytest

from reconciler.api.retries import Patience, retry_after
from reconciler.model.errors import GraphQLError, NotAuthenticated, TransportError, Unreachable
from tests.api.stand_in import Server, create, data, errors, query

pytestmark = pytest.mark.anyio

DONE = data(customer={"id": "1"}, createCustomer={"customer": {"id": "1"}, "errors": []})
REFUSED = httpx.ConnectError("connection refused")
DROPPED = httpx.ReadError("connection reset")
PAGE = httpx.Response(200, html="<html>log in</html>")
update = dict(repeatable=True)


@pytest.mark.parametrize(
    "trouble",
    [
        REFUSED,
        DROPPED,
        PAGE,
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
        httpx.Response(502, json={"message": "Internal server error"}),
        errors("boom", status=500),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
    ],
)
@pytest.mark.parametrize("op", [query(), create(**update)], ids=["query", "update"])
async def test_what_may_be_repeated_is(connect, time, trouble, op):
    server = Server(trouble, trouble, DONE)
    async with connect(server) as client:
        assert await client.execute(op) == {"id": "1"}
    assert len(server.requests) == 3


@pytest.mark.parametrize("trouble", [REFUSED, httpx.ConnectTimeout("slow"), httpx.Response(429)])
async def test_a_create_is_repeated_where_it_surely_was_not_carried_out(connect, trouble):
    server = Server(trouble, DONE)
    async with connect(server) as client:
        assert await client.execute(create()) == {"id": "1"}


@pytest.mark.parametrize("op", [query(), create()], ids=["query", "create"])
async def test_a_tenant_that_only_says_429_is_not_called_out_of_reach(connect, time, op):
    server = Server(*[httpx.Response(429)] * 6)
    async with connect(server) as client:
        with pytest.raises(Unreachable, match="takes no more requests") as caught:
            await client.execute(op)
    assert "rate" in caught.value.hint


@pytest.mark.parametrize("trouble", [DROPPED, PAGE, httpx.ReadTimeout("slow"), httpx.Response(503)])
async def test_a_create_in_doubt_is_not_repeated(connect, trouble):
    server = Server(trouble, DONE)
    async with connect(server) as client:
        with pytest.raises(TransportError) as caught:
            await client.execute(create())
    assert caught.value.doubtful
    assert (caught.value.operation, caught.value.address) == ("createCustomer", "Customer/acme")
    assert len(server.requests) == 1


async def test_doubt_stays_although_the_last_attempt_was_harmless(connect):
    async with connect(Server(DROPPED, REFUSED)) as client:
        with pytest.raises(TransportError) as caught:
            await client.execute(create(**update))
    assert caught.value.doubtful


async def test_a_create_that_never_left_is_not_in_doubt(connect):
    async with connect(Server(REFUSED)) as client:
        with pytest.raises(Unreachable) as caught:
            await client.execute(create())
    assert caught.value.address == "Customer/acme"


@pytest.mark.parametrize("trouble", [REFUSED, DROPPED, httpx.Response(503), httpx.Response(429)])
async def test_a_tenant_that_cannot_be_reached(connect, trouble):
    server = Server(trouble)
    async with connect(server) as client:
        with pytest.raises(Unreachable, match=r"6 attempts in .* last: ") as caught:
            await client.execute(query())
    assert caught.value.exit_code == 4
    assert len(server.requests) == 6


async def test_the_reason_is_the_systems_own(connect):
    def refuse(request):
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('::1', 1)")
        except OSError as error:
            raise httpx.ConnectError("All connection attempts failed") from error

    async with connect(refuse) as client:
        with pytest.raises(Unreachable, match="last: connection refused"):
            await client.execute(query())


async def test_a_tenant_that_answers_nonsense_was_reached(connect):
    async with connect(Server(PAGE)) as client:
        with pytest.raises(TransportError, match="no GraphQL answer") as caught:
            await client.execute(query())
    assert not caught.value.doubtful


async def test_graphql_errors_with_a_500_are_shown_in_the_end(connect):
    async with connect(Server(errors("boom", status=500))) as client:
        with pytest.raises(GraphQLError, match="boom"):
            await client.execute(query())


async def test_an_untrusted_certificate_is_not_tried_again(connect):
    def refuse(request):
        try:
            raise ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")
        except ssl.SSLError as error:
            raise httpx.ConnectError("handshake") from error

    server = Server(refuse)
    async with connect(server) as client:
        with pytest.raises(Unreachable, match="not trusted"):
            await client.execute(query())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(302, headers={"location": "https://evil.example/"}), Unreachable),
        (httpx.Response(404, text="nothing here"), Unreachable),
        (httpx.Response(403, text="Forbidden"), NotAuthenticated),
        (httpx.Response(413), TransportError),
        (httpx.Response(400, text="bad"), TransportError),
    ],
)
async def test_what_repeating_cannot_mend(connect, reply, error):
    server = Server(reply)
    async with connect(server) as client:
        with pytest.raises(error) as caught:
            await client.execute(create(**update))
    assert not getattr(caught.value, "doubtful", False)
    assert len(server.requests) == 1


async def test_retry_after_is_honoured(connect, time):
    server = Server(httpx.Response(429, headers={"retry-after": "7"}), DONE)
    async with connect(server) as client:
        await client.execute(query())
    assert 7 <= sum(time.slept) <= 7.5


async def test_a_wait_beyond_the_deadline_is_not_begun(connect, time):
    server = Server(httpx.Response(503, headers={"retry-after": "3600"}))
    async with connect(server) as client:
        with pytest.raises(Unreachable):
            await client.execute(query())
    assert time.slept == []


async def test_the_deadline_bounds_all_attempts_together(connect, time):
    def slow(request):
        time.now += 50
        raise httpx.ReadTimeout("slow")

    server = Server(slow)
    async with connect(server) as client:
        with pytest.raises(Unreachable):
            await client.execute(query())
    assert len(server.requests) == 3


async def test_waiting_for_a_turn_does_not_use_up_the_deadline(connect, time):
    server = Server(*[DONE] * 150, httpx.Response(503), DONE)
    async with connect(server, rate=1) as client, anyio.create_task_group() as group:
        for _ in range(151):
            group.start_soon(client.execute, query())
    assert len(server.requests) == 152


def test_the_jitter_is_full_and_bounded():
    patience = Patience()
    for attempt, most in ((1, 0.5), (2, 1), (3, 2), (20, 15)):
        delays = [patience.delay(attempt, None) for _ in range(200)]
        assert 0 <= min(delays) < most * 0.2
        assert most * 0.8 < max(delays) <= most


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after(header, now=10.0) == seconds
