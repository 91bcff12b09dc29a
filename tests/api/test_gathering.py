"""What is asked for at the same time travels together, and nobody notices but by the number of requests."""

from __future__ import annotations

import gc
import json
import logging

import anyio
import httpx
import pytest

from reconciler.api import Client, Credentials
from reconciler.api.joined import joined, joins
from reconciler.api.pages import read_all
from reconciler.model.errors import GraphQLError, JournalFailed, NotFound, PayloadError, TransportError
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from reconciler.sandbox import BASE_URL, Sandbox, transport
from tests.api.stand_in import Server, data, errors

pytestmark = pytest.mark.anyio
READ = "query Get($id: ID!) { customer(id: $id) { ...Parts } } fragment Parts on Customer { id name }"
MAKE = """mutation Make($input: CreateCustomerInput!) {
    createCustomer(input: $input) { customer { id name } errors { field messages } }
}"""


def read(object_id):
    return Operation("customer", READ, {"id": object_id}, address=f"Customer/{object_id}")


def make(name, **more):
    given = {"name": name, **more}
    return Operation(
        "createCustomer", MAKE, {"input": given}, "customer", False, f"Customer/{name}", shares=True
    )


async def all_of(client, ops):
    """What each gives, or the error that it raises."""
    ended = {}

    async def one(index, op):
        try:
            ended[index] = await client.execute(op)
        except Exception as error:
            ended[index] = error

    async with anyio.create_task_group() as group:
        for index, op in enumerate(ops):
            group.start_soon(one, index, op)
    return [ended[index] for index in range(len(ops))]


class Kept(httpx.AsyncBaseTransport):
    """Keeps what is sent."""

    def __init__(self, inner, bodies):
        self.inner, self.bodies = inner, bodies

    async def handle_async_request(self, request):
        self.bodies.append(json.loads(request.content))
        return await self.inner.handle_async_request(request)


class Tenant:
    """A sandbox with a client of a width, and what its customers are."""

    def __init__(self, **rules):
        self.sandbox = Sandbox()
        for name, value in rules.items():
            self.sandbox.set_rule(name, value)
        self.bodies = []

    def client(self, batch):
        credentials = Credentials(BASE_URL, access_token=Secret(self.sandbox.token))
        wire = Kept(transport(self.sandbox), self.bodies)
        return Client(BASE_URL, credentials, transport=wire, rate=None, batch=batch)

    def widths(self, field):
        return [body["query"].count(f": {field}(") for body in self.bodies if f"{field}(" in body["query"]]


async def test_reads_of_the_same_moment_are_one_request():
    tenant = Tenant()
    async with tenant.client(20) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(12)])
        tenant.bodies.clear()
        found = await all_of(client, [read(one["id"]) for one in made])
    assert found == made
    assert tenant.widths("customer") == [12]
    assert tenant.bodies[0]["query"].count("fragment") == 1


async def test_a_request_that_is_full_leaves_while_others_still_ask():
    tenant, left = Tenant(), []
    async with tenant.client(4) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(4)])
        assert await all_of(client, [read(one["id"]) for one in made]) == made
        tenant.bodies.clear()
        async with anyio.create_task_group() as group:
            for index in range(40):
                group.start_soon(client.execute, read(made[index % 4]["id"]))
                await anyio.lowlevel.checkpoint()
                left.append(len(tenant.bodies))
    assert left[20] > 1
    assert tenant.widths("customer") == [4] * 10


async def test_the_same_questions_make_the_same_text_whoever_asked_first():
    tenant = Tenant()
    names = Operation("customers", "query Names { customers { nodes { name } } }", {})
    async with tenant.client(20) as client:
        (one,) = await all_of(client, [make("c")])
        tenant.bodies.clear()
        first, second = await all_of(client, [read(one["id"]), names])
        assert await all_of(client, [names, read(one["id"])]) == [second, first]
    assert len(tenant.bodies) == 2
    assert len({body["query"] for body in tenant.bodies}) == 1


async def test_calls_that_may_share_are_one_request_and_others_go_alone():
    tenant = Tenant()
    alone = Operation("createCustomer", MAKE, {"input": {"name": "x"}}, "customer", False)
    async with tenant.client(20) as client:
        made = await all_of(client, [*(make(f"c{i}") for i in range(5)), alone])
        assert client.stats.writes == 2
    assert [one["name"] for one in made] == ["c0", "c1", "c2", "c3", "c4", "x"]


async def test_a_width_of_one_sends_each_as_it_is():
    tenant = Tenant()
    async with tenant.client(1) as client:
        await all_of(client, [make(f"c{i}") for i in range(3)])
    assert [body["query"] for body in tenant.bodies] == [MAKE] * 3


async def test_the_width_is_found_out():
    tenant = Tenant()
    async with tenant.client(None) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(200)])
        assert len({one["id"] for one in made}) == 200
    widths = tenant.widths("createCustomer")
    assert widths[0] == 4
    assert max(widths) > 16
    assert len(widths) < 25


@pytest.mark.parametrize("batch", [None, 50])
async def test_a_tenant_that_bounds_the_aliases_is_asked_for_less(batch):
    tenant = Tenant(alias_limit="10")
    async with tenant.client(batch) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(100)])
        assert [one["name"] for one in made] == [f"c{i}" for i in range(100)]
        tenant.bodies.clear()
        assert await all_of(client, [read(one["id"]) for one in made]) == made
        answered = [width for width in tenant.widths("customer") if width <= 10]
        assert sum(answered) == 100
        assert len(tenant.bodies) < 30
        tenant.bodies.clear()
        await all_of(client, [read(one["id"]) for one in made])
        assert sum(width > 10 for width in tenant.widths("customer")) <= 2


@pytest.mark.parametrize("rule", ["error", "null"])
async def test_what_is_not_there_is_an_error_of_its_own(rule):
    tenant = Tenant(not_found=rule)
    async with tenant.client(20) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(3)])
        gone = "Q3VzdG9tZXI6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw"
        found = await all_of(client, [read(made[0]["id"]), read(gone), read(made[2]["id"])])
    assert found[0] == made[0]
    assert found[2] == made[2]
    assert found[1] is None or isinstance(found[1], NotFound)
    assert getattr(found[1], "address", f"Customer/{gone}") == f"Customer/{gone}"


@pytest.mark.parametrize("rule", ["each_alone", "all_or_nothing"])
async def test_beside_one_that_is_refused_the_others_are_in_doubt(rule):
    tenant = Tenant(transaction_of_aliases=rule)
    async with tenant.client(20) as client:
        await client.execute(make("taken", externalId="one"))
        ended = await all_of(client, [make("a"), make("b", externalId="one"), make("c")])
        assert isinstance(ended[1], PayloadError | GraphQLError)
        assert not getattr(ended[1], "doubtful", False)
        for index, name in ((0, "a"), (2, "c")):
            assert isinstance(ended[index], TransportError)
            assert ended[index].doubtful
            assert ended[index].address == f"Customer/{name}"


async def test_what_nobody_answered_is_in_doubt_for_each_and_goes_alone_from_then_on(connect):
    server = Server(httpx.Response(504, text="gateway"))
    async with connect(server, batch=10) as client:
        ended = await all_of(client, [make("a"), make("b"), make("c")])
        assert [(type(one), one.doubtful, one.unfinished) for one in ended] == [
            (TransportError, True, True)
        ] * 3
        assert [one.address for one in ended] == ["Customer/a", "Customer/b", "Customer/c"]
        assert len(server.requests) == 1
        await all_of(client, [make("d"), make("e")])
        assert len(server.requests) == 3


async def test_reads_that_fail_together_are_asked_for_in_halves(connect):
    def answer(request):
        body = json.loads(request.content)
        if "customer_1" in body["query"]:
            return httpx.Response(413, text="too large")
        return data(customer={"id": body["variables"]["id"]})

    async with connect(answer, batch=None) as client:
        found = await all_of(client, [read("1"), read("2"), read("3")])
    assert [one["id"] for one in found] == ["1", "2", "3"]


async def test_a_field_that_is_missing_is_left_out_for_the_one_that_asks_for_it():
    tenant = Tenant()
    odd = Operation("customers", "query Odd { customers(first: 1) { nodes { id nonsense } } }", {})
    async with tenant.client(20) as client:
        made = await client.execute(make("a"))
        found = await all_of(client, [read(made["id"]), odd])
    assert found[0] == made
    assert [list(node) for node in found[1]["nodes"]] == [["id"]]


async def test_a_server_that_repeats_what_others_sent_shows_no_secret(connect, caplog):
    def answer(request):
        return httpx.Response(
            200,
            json={
                "data": {"createCustomer_0": None, "createCustomer_1": None},
                "errors": [
                    {"message": "after hunter2-hunter2 was sent", "path": ["createCustomer_0"]},
                    {"message": "no", "path": ["createCustomer_1"]},
                ],
            },
        )

    caplog.set_level(logging.DEBUG)
    async with connect(answer, batch=10) as client:
        ended = await all_of(client, [make("a"), make("b", description=Secret("hunter2-hunter2"))])
    assert all(isinstance(one, GraphQLError) for one in ended)
    assert "hunter2" not in "".join([*map(str, ended), caplog.text])


async def test_who_waits_no_more_is_not_asked_for():
    tenant = Tenant()
    async with tenant.client(2) as client:
        made = await client.execute(make("a"))
        tenant.bodies.clear()
        with anyio.move_on_after(0):
            await all_of(client, [read(made["id"])] * 40)
        await anyio.sleep(0.05)
    assert len(tenant.bodies) < 20


def test_documents_of_two_operations_or_of_fragments_at_the_root_go_alone():
    assert joins(read("1"))
    assert not joins(Operation("a", "query A { a } query B { b }"))
    assert not joins(Operation("a", "query A { ...F } fragment F on Query { a }"))


def test_variables_and_fragments_keep_apart():
    one = Operation("a", "query A($n: Int) { a(n: $n) { ...F } } fragment F on T { x(n: $n) }", {"n": 1})
    two = Operation("b", "query B($n: Int) { b(n: $n) { ...F } } fragment F on U { y }", {"n": 2})
    whole = joined([one, two, one])
    assert whole.variables == {"n_0": 1, "n_1": 2, "n_2": 1}
    assert whole.document.count("fragment F_") == 3
    assert whole.name == "3 operations"
    assert "x(n: $n_2)" in whole.document


async def test_an_answer_that_speaks_of_nobody_is_asked_for_again_in_halves(connect):
    server = Server(errors("Syntax trouble"), errors("one"), errors("two"))
    async with connect(server, batch=10) as client:
        ended = await all_of(client, [read("1"), read("2")])
    assert ["one" in str(ended[0]), "two" in str(ended[1])] == [True, True]


async def test_what_was_learned_is_where_the_next_client_begins():
    tenant = Tenant(alias_limit="10")
    async with tenant.client(None) as client:
        made = await all_of(client, [make(f"c{i}") for i in range(60)])
        await all_of(client, [read(one["id"]) for one in made])
        learned = client.learned
    tenant.bodies.clear()
    credentials = Credentials(BASE_URL, access_token=Secret(tenant.sandbox.token))
    wire = Kept(transport(tenant.sandbox), tenant.bodies)
    async with Client(
        BASE_URL, credentials, transport=wire, rate=None, batch=None, learned=learned
    ) as client:
        await all_of(client, [read(one["id"]) for one in made])
    assert tenant.widths("customer")[0] == learned["looks"][0] >= 8
    assert len(tenant.bodies) <= 8


@pytest.mark.parametrize(
    "reply",
    [
        errors("Internal trouble", status=500),
        httpx.Response(
            200,
            json={"data": None, "errors": [{"message": "a"}, {"message": "b", "path": ["createCustomer_0"]}]},
        ),
        httpx.Response(200, json={"data": {"createCustomer_0": None}, "errors": [{"message": "a"}]}),
    ],
    ids=["status", "path", "data"],
)
async def test_calls_of_which_some_may_have_run_are_never_sent_again_by_themselves(connect, reply):
    server = Server(reply)
    async with connect(server, batch=10) as client:
        ended = await all_of(client, [make("a"), make("b")])
    assert len(server.requests) == 1
    assert [getattr(one, "doubtful", None) for one in ended] == [True, True]


async def test_a_part_that_says_nothing_spoils_no_other_and_is_asked_for_alone(connect):
    huge = b'{"data":{"customer_0":{"id":1e999},"customer_1":{"id":"2"}}}'  # a number that nobody can hold
    server = Server(httpx.Response(200, content=huge), data(customer={"id": "1"}))
    async with connect(server, batch=10) as client:
        assert await all_of(client, [read("1"), read("2")]) == [{"id": "1"}, {"id": "2"}]
    assert len(server.requests) == 2


LIST = """query L($first: Int, $offset: Int) {
    list(first: $first, offset: $offset) { totalCount nodes { id labels } }
}"""
PAGE, PAGES = 20, 10


def pages(request):
    """All pages that a request asks for."""
    given = json.loads(request.content)["variables"]
    asked = {name.removeprefix("offset"): offset for name, offset in given.items() if "offset" in name}
    rows = {
        at: [{"id": f"row {offset + n}", "labels": []} for n in range(PAGE)] for at, offset in asked.items()
    }
    return data(**{f"list{at}": {"totalCount": PAGE * PAGES, "nodes": found} for at, found in rows.items()})


async def test_of_pages_that_travel_together_one_at_a_time_is_held_as_rows(connect):
    held = []

    def kept(node):
        if int(node["id"].removeprefix("row ")) % PAGE == 0:  # once a page
            rows = (one for one in gc.get_objects() if type(one) is dict and len(one) == 2)
            held.append(sum(str(one.get("id")).startswith("row ") for one in rows))
        return node["id"]

    server = Server(pages)
    async with connect(server, batch=50) as client:
        found = await read_all(
            client,
            lambda first, offset: Operation("list", LIST, {"first": first, "offset": offset}),
            page=PAGE,
            concurrency=50,
            kept=kept,
        )
    assert found == [f"row {n}" for n in range(PAGE * PAGES)]
    assert len(server.requests) == 2
    assert held == [PAGE] * PAGES


async def test_before_a_request_that_writes_something_may_be_done_or_stop_it(connect):
    done = []
    server = Server(data(customer_0=None, customer_1=None), data(customer={"id": "1"}))
    async with connect(server, batch=10) as client:
        client.before_writing(lambda: done.append(len(server.requests)))
        await all_of(client, [read("1"), read("2")])
        assert done == []
        await all_of(client, [make("a"), make("b"), make("c")])
        assert (done, len(server.requests)) == ([1], 2)  # once, and before it left

        def refused():
            raise JournalFailed("the disk is full")

        client.before_writing(refused)
        ended = await all_of(client, [make("d"), make("e")])
        assert [type(one) for one in ended] == [JournalFailed, JournalFailed]
        assert len(server.requests) == 2
