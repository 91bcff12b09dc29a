"""What our client makes of every fault."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import pytest

from reconciler.api.pages import read_all
from reconciler.model.errors import GraphQLError, NotAuthenticated, ReconcilerError, Unreachable
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from reconciler.sandbox.faults import KINDS, Fault
from tests.sandbox.ways import ME, Way

QUERY = Operation("authenticatedUser", ME)
LIST = "query ($n: Int, $o: Int) { customers(isSystem: false, first: $n, offset: $o, sortBy: [{field: CREATED_AT, direction: ASC}]) { nodes { id name } totalCount } }"  # noqa: E501
Told = type[ReconcilerError] | None
SURVIVED: list[tuple[str, Told]] = [
    ("graphql_errors", GraphQLError),
    ("unauthorized", NotAuthenticated),  # its token is all that it has
    *[(kind, None) for kind in KINDS if kind not in ("graphql_errors", "unauthorized")],
]


@pytest.mark.parametrize(("kind", "told"), SURVIVED)
def test_our_client_survives_it(way: Way, kind: str, told: Told) -> None:
    way.create()
    way.sandbox.set_faults([Fault(kind, seconds=0.02, times=2)])

    async def run() -> Any:
        async with way.client() as client:
            await client.execute(QUERY)  # if it may go on, two strikes are behind it
            return await client.execute(QUERY)

    if told:
        with pytest.raises(told):
            anyio.run(run)
    else:
        good = {"tenantId": way.sandbox.tenant_id}
        assert anyio.run(run) == (None if kind == "null_object" else good)
        assert anyio.run(run) == good


def test_a_refused_token_is_renewed(way: Way) -> None:
    way.sandbox.set_faults([Fault("unauthorized", nth=2)])

    async def run() -> Any:
        async with way.client(refresh_token=Secret(way.sandbox.refresh_token)) as client:
            return [await client.execute(QUERY) for _ in range(3)]

    assert anyio.run(run) == [{"tenantId": way.sandbox.tenant_id}] * 3
    assert way.sandbox.injected() == {"unauthorized": 1}


AT_THE_DOOR = [kind.name for kind in KINDS.values() if not (kind.needs or kind.graphql)]


@pytest.mark.parametrize("kind", AT_THE_DOOR)
def test_our_client_survives_it_at_the_exchange_of_tokens(way: Way, kind: str) -> None:
    way.sandbox.set_faults([Fault(kind, operation="auth", seconds=0.02, times=1)])

    async def run() -> Any:
        async with way.client(refresh_token=Secret(way.sandbox.refresh_token)) as client:
            return await client.execute(QUERY)

    if kind == "unauthorized":
        with pytest.raises(NotAuthenticated, match="refuses the refresh token"):
            anyio.run(run)
    elif kind == "garbage":  # may be an answer of another server altogether, so repeating is not owed
        with suppress(Unreachable):
            assert anyio.run(run) == {"tenantId": way.sandbox.tenant_id}
    else:
        assert anyio.run(run) == {"tenantId": way.sandbox.tenant_id}
    assert way.sandbox.injected() == {kind: 1}


def test_our_client_reads_a_shifting_list_whole(way: Way) -> None:
    for _ in range(6):
        way.create()
    mine = set(way.names())
    way.sandbox.set_faults([Fault("shifting_list", times=3)])

    def page(first: int, offset: int) -> Operation:
        return Operation("customers", LIST, {"n": first, "o": offset})

    async def run() -> list[str]:
        async with way.client() as client:
            return [row["name"] for row in await read_all(client, page, page=2, concurrency=2)]

    found = anyio.run(run)
    assert way.sandbox.injected() == {"shifting_list": 3}
    assert sorted(found) == sorted(way.names())
    assert mine <= set(found)
