from __future__ import annotations

import json

import httpx
import pytest

from reconciler.api.readonly import guard, is_query, require_queries
from reconciler.model.errors import WriteRefused
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from tests.api.stand_in import BASE, Server, create, data, query

pytestmark = pytest.mark.anyio

QUERIES = [
    "{ a }",
    "query { a }",
    "# mutation { b }\nquery Q { a }",
    '{ a(text: "mutation { b }") }',
    '{ a(text: """ } mutation { b } """) }',
    "query mutation { mutation }",
    "{ ...F } fragment F on Query { subscription }",
    "query A { a } query B { b }",
]
OTHERS = [
    "mutation { b }",
    "subscription { b }",
    "query A { a } mutation B { b }",
    "mutation B { b } query A { a }",
    "fragment F on Query { a } mutation { ...F }",
    "fragment F on Query { a }",
    "# query\nmutation { b }",
    '"""query { a }""" mutation { b }',
    ",,,\ufeff mutation { b }",
    "# comment\rmutation { b }",
    "type Query { a: Int }",
    "{ a } type T { a: Int }",
    "",
    "{",
    "mutaton { a }",
]


@pytest.mark.parametrize("document", QUERIES)
def test_queries_pass(document):
    require_queries(document)
    assert is_query(document)


@pytest.mark.parametrize("document", OTHERS)
async def test_nothing_else_leaves_a_client_that_only_reads(connect, document):
    server = Server(data(a=1))
    async with connect(server, read_only=True) as client:
        with pytest.raises(WriteRefused):
            await client.execute(Operation("a", document))
        with pytest.raises(WriteRefused):
            await client.raw(document)
    assert server.requests == []


async def test_a_refused_write_names_its_operation(connect):
    server = Server(data())
    async with connect(server, read_only=True) as client:
        with pytest.raises(WriteRefused, match="mutation") as caught:
            await client.execute(create())
        assert client.stats.writes == 0
    assert (caught.value.operation, caught.value.address) == ("createCustomer", "Customer/acme")


async def test_reading_works_with_the_guard_and_so_does_the_exchange(connect):
    server = Server(httpx.Response(200, json={"access_token": "a"}), data(customer={"id": "1"}))
    async with connect(server, read_only=True, tokens={"refresh_token": Secret("r")}) as client:
        assert await client.execute(query()) == {"id": "1"}


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", f"{BASE}/api?query=mutation", b""),
        ("POST", f"{BASE}/api/", b'{"query": "{ a }"}'),
        ("POST", "https://other.example/api", b'{"query": "{ a }"}'),
        ("POST", f"{BASE}/api", b""),
        ("POST", f"{BASE}/api", b'[{"query": "{ a }"}]'),
        ("POST", f"{BASE}/api", b'{"query": "{ a }", "query": "mutation { b }"}'),
        ("POST", f"{BASE}/api", b'{"query": "mutation { b }", "query": "{ a }"}'),
        ("POST", f"{BASE}/api", b'{"query": "{ a }", "extensions": {}}'),
        ("POST", f"{BASE}/api", b'{"query": null}'),
        ("POST", f"{BASE}/api", json.dumps({"query": "{ a }"}).encode("utf-16")),
        ("POST", f"{BASE}/api", b'{"query": "\\u006dutation { b }"}'),
    ],
)
async def test_the_guard_judges_the_request_itself(method, url, body):
    check = guard(httpx.URL(f"{BASE}/api"), httpx.URL(f"{BASE}/auth/refresh"))
    with pytest.raises(WriteRefused):
        await check(httpx.Request(method, url, content=body))
