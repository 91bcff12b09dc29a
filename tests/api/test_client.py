from __future__ import annotations

import gc
import logging
import weakref
from types import MappingProxyType

import httpx
import pytest

from reconciler.api import Client, Credentials
from reconciler.model.errors import (
    GraphQLError,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NullObject,
    PayloadError,
)
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from tests.api.stand_in import BASE, Server, create, data, errors, query

pytestmark = pytest.mark.anyio


def payload(*entries, name="createCustomer", customer=None):
    return data(**{name: {"customer": customer, "errors": [dict(field=f, messages=m) for f, m in entries]}})


async def test_a_query_gives_the_value_of_its_root_field(connect):
    server = Server(data(customer={"id": "1", "extra": [1]}))
    async with connect(server) as client:
        assert await client.execute(query(variables={"id": "1"})) == {"id": "1", "extra": [1]}
    request = server.requests[0]
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/api")
    assert request.headers["authorization"] == "Bearer access-1"
    assert server.bodies[0]["variables"] == {"id": "1"}


async def test_a_null_root_field_of_a_query_is_none(connect):
    async with connect(Server(data(customer=None))) as client:
        assert await client.execute(query()) is None


async def test_a_mutation_gives_its_object_and_counts_as_a_write(connect):
    async with connect(Server(payload(customer={"id": "1"}), data(customer=None))) as client:
        assert await client.execute(create()) == {"id": "1"}
        await client.execute(query())
        stats = client.stats
    assert (stats.reads, stats.writes) == (1, 1)


async def test_payload_errors_are_joined_field_by_field(connect):
    server = Server(payload(("name", ["is taken.", "Choose another."]), ("__all__", ["No."])))
    async with connect(server) as client:
        with pytest.raises(PayloadError) as caught:
            await client.execute(create())
    error = caught.value
    assert error.message == "name: is taken. Choose another.; No."
    assert (error.operation, error.address, error.doubtful) == ("createCustomer", "Customer/acme", False)


async def test_no_object_without_errors_is_an_error_except_for_a_deletion(connect):
    async with connect(
        Server(payload(), payload(name="deleteCustomer"), data(createCustomer=None))
    ) as client:
        with pytest.raises(NullObject):
            await client.execute(create())
        assert await client.execute(create("deleteCustomer")) is None
        with pytest.raises(NullObject):
            await client.execute(create())


@pytest.mark.parametrize(
    "reply",
    [
        errors("Record not found", path=["customer"]),
        errors("Record not found"),
        errors("Record not found", status=400, path=["customer"]),
    ],
)
async def test_record_not_found(connect, reply):
    async with connect(Server(reply)) as client:
        with pytest.raises(NotFound):
            await client.execute(query())


async def test_a_missing_part_does_not_make_the_whole_missing(connect):
    reply = httpx.Response(
        200,
        json={
            "data": {"customer": {"id": "1", "org": None}},
            "errors": [{"message": "Record not found", "path": ["customer", "org"]}],
        },
    )
    async with connect(Server(reply)) as client:
        with pytest.raises(GraphQLError) as caught:
            await client.execute(query())
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    ("field", "expected"), [("__all__", NotFound), ("id", NotFound), ("customer", PayloadError)]
)
async def test_not_found_in_a_payload(connect, field, expected):
    async with connect(Server(payload((field, ["Record not found"])))) as client:
        with pytest.raises(expected):
            await client.execute(create())


async def test_a_body_is_read_whatever_the_status(connect):
    async with connect(Server(httpx.Response(400, json={"data": {"customer": {"id": "1"}}}))) as client:
        assert await client.execute(query()) == {"id": "1"}
    async with connect(Server(errors("Syntax Error", status=400))) as client:
        with pytest.raises(GraphQLError, match="Syntax Error"):
            await client.execute(query())


@pytest.mark.parametrize(
    ("reply", "doubtful"),
    [
        (errors("Unknown argument", status=400), False),
        (errors("Boom", path=["createCustomer"]), True),
        (errors("Permission denied", path=["createCustomer"]), False),
        (errors("Boom", status=500), True),
    ],
)
async def test_errors_of_a_write_say_whether_it_may_have_happened(connect, reply, doubtful):
    async with connect(Server(reply)) as client:
        with pytest.raises(GraphQLError) as caught:
            await client.execute(create())
    assert caught.value.doubtful is doubtful


async def test_secrets_are_sent_but_never_shown(connect, caplog):
    secret = 'pass"word-that-is-long'
    variables = MappingProxyType({"input": {"key": Secret(secret), "list": (Secret("tiny"), None, 1)}})
    server = Server(
        errors(f"Variable '$input' got invalid value {{'key': '{secret}', 'a': 'b; c'}}; Field 'x' is lost."),
        errors("Variable '$n' got invalid value 'a; own'; Int cannot represent non-integer value: 'a; own'"),
        errors('the key "pass\\"word-that-is-long" and tiny are bad'),
        errors('cut: pass"word-that-i...'),
    )
    caplog.set_level(logging.DEBUG)
    async with connect(server) as client:
        shown = []
        for _ in range(4):
            with pytest.raises(GraphQLError) as caught:
                await client.execute(create(variables=variables))
            shown.append(caught.value.message)
    assert server.bodies[0]["variables"] == {"input": {"key": secret, "list": ["tiny", None, 1]}}
    assert shown[0].endswith("got invalid value (not shown); Field 'x' is lost.")
    assert shown[1].endswith("(not shown); Int cannot represent non-integer value: (not shown)")
    assert shown[2] == 'createCustomer: the key "(secret)" and (secret) are bad'
    assert "withheld" in shown[3]
    assert not any("word-that" in text or "access-1" in text for text in [*shown, caplog.text])
    assert "createCustomer 200 in 0 ms" in caplog.text


async def test_an_unresolved_variable_is_not_sent(connect):
    server = Server(data())
    async with connect(server) as client:
        with pytest.raises(TypeError, match="object"):
            await client.execute(query(variables={"id": object()}))
    assert server.requests == []


async def test_raw_gives_the_whole_answer(connect):
    body = {"data": None, "errors": [{"message": "no"}], "extensions": {"a": 1}}
    async with connect(Server(httpx.Response(400, json=body))) as client:
        assert await client.raw("{ nothing }", {"a": 1}) == body


USER = {"email": "a@b.c", "name": "A", "tenantId": "T-1", "org": {"id": "o", "name": "Acme"}}


async def test_the_tenant_is_checked(connect):
    server = Server(data(authenticatedUser=USER))
    async with connect(server) as client:
        identity = await client.check_tenant("t-1 ")
        assert (identity.email, identity.organization) == ("a@b.c", "Acme")
        assert await client.check_tenant(None) == identity
        with pytest.raises(NotAuthenticated, match="T-1"):
            await client.check_tenant("t-2")
    assert len(server.requests) == 1


async def test_a_token_that_is_nobodys(connect):
    async with connect(Server(errors("Not authorized"))) as client:
        with pytest.raises(NotAuthenticated):
            await client.identity()


async def test_a_token_is_sent_only_to_its_own_stack():
    with pytest.raises(InvalidInput):
        Client("https://other.example", Credentials(BASE))
    Client(BASE + "/", Credentials(BASE))


async def test_the_timeout_of_an_operation_reaches_the_network(connect):
    server = Server(data(customer=None))
    async with connect(server) as client:
        await client.execute(Operation("customer", "{ customer { id } }", timeout=300))
    assert server.requests[0].extensions["timeout"]["read"] == 300


async def test_an_answer_is_gone_once_it_was_read_without_a_search_for_garbage(connect):
    answers = []

    def answer(_):
        response = data(customer={"id": "x"})
        answers.append(weakref.ref(response))
        return response

    async with connect(Server(answer)) as client:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                await client.execute(Operation("customer", "{ customer { id } }"))
            assert [one() for one in answers] == [None] * 3
        finally:
            gc.enable()
