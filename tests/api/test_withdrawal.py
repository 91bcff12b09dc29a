"""What need not be sent any more is not, as long as nobody can have carried it out."""

from __future__ import annotations

import anyio
import httpx
import pytest
from msgspec import structs

from reconciler.model.errors import Withdrawn
from tests.api.stand_in import Server, create, data, query
from tests.api.test_gathering import all_of, make

pytestmark = pytest.mark.anyio
MADE = data(createCustomer={"customer": {"id": "1"}, "errors": []})
LATE = httpx.Response(429, headers={"Retry-After": "30"})
OPTIONAL = create(withdrawable=True)


@pytest.fixture
def withdrawing(connect, patience):
    """A client that withdraws its calls as soon as it has to wait."""

    def make_client(server, **more):
        async def sleep(seconds):
            client.withdraw()
            await patience.sleep(seconds)
            await anyio.lowlevel.checkpoint()

        client = connect(server, patience=structs.replace(patience, sleep=sleep), **more)
        return client

    return make_client


@pytest.mark.parametrize("trouble", [LATE, httpx.ConnectError("refused")], ids=["429", "refused"])
async def test_what_was_surely_not_carried_out_is_given_up(withdrawing, trouble):
    server = Server(trouble, MADE)
    async with withdrawing(server) as client:
        with pytest.raises(Withdrawn):
            await client.execute(OPTIONAL)
    assert len(server.requests) == 1


async def test_what_has_to_go_goes(withdrawing):
    server = Server(LATE, MADE)
    async with withdrawing(server) as client:
        assert await client.execute(create()) == {"id": "1"}


@pytest.mark.parametrize("then", [[], [LATE]], ids=["", "then 429"])
async def test_what_is_in_doubt_is_not_given_up(withdrawing, then):
    server = Server(httpx.Response(503), *then, MADE)
    async with withdrawing(server) as client:
        assert await client.execute(structs.replace(OPTIONAL, repeatable=True)) == {"id": "1"}


async def test_what_has_to_go_leaves_those_behind_that_it_was_to_travel_with(withdrawing):
    def answer(request):
        names = [name for name in ("a", "b", "c") if f'"name":"{name}"' in request.content.decode()]
        sent.append(names)
        if len(sent) == 1:
            return LATE
        return data(createCustomer={"customer": {"id": names[0], "name": names[0]}, "errors": []})

    sent: list[list[str]] = []
    async with withdrawing(answer, batch=10) as client:
        a, b, c = (structs.replace(make(name), withdrawable=name != "b") for name in ("a", "b", "c"))
        ended = await all_of(client, [a, b, c])
    assert sent == [["a", "b", "c"], ["b"]]
    assert [type(one) for one in ended] == [Withdrawn, dict, Withdrawn]


async def test_what_waits_for_its_turn_waits_no_longer(connect):
    sent = []

    async def answer(request):
        sent.append(request)
        await anyio.sleep(0.05)
        client.withdraw()
        await anyio.sleep(0.05)
        return MADE if b"mutation" in request.content else data(customer={"id": "1"})

    client = connect(answer, parallelism=1)
    async with client:
        ended = await all_of(client, [OPTIONAL, OPTIONAL, query(), create()])
    assert [type(one) for one in ended] == [dict, Withdrawn, dict, dict]
    assert len(sent) == 3


@pytest.mark.parametrize("batch", [1, 10])
async def test_nothing_is_begun_once_all_is_withdrawn(connect, batch):
    server = Server(data(customer={"id": "1"}))
    async with connect(server, batch=batch) as client:
        client.withdraw()
        with pytest.raises(Withdrawn):
            await client.execute(structs.replace(make("a"), withdrawable=True))
        assert await client.execute(query()) == {"id": "1"}
    assert len(server.requests) == 1
