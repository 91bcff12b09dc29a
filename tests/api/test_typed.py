"""A page of a list as typed nodes where all are as described, and as it came where one is not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from reconciler.api.pages import read_all
from reconciler.api.wire import Connection, opened
from reconciler.kinds import all_kinds
from reconciler.kinds.instance.node import InstanceNode
from reconciler.live.tenant import kept_of
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject, Unreadable
from tests.unit.samples import node

KIND = all_kinds()["Instance"]


class Served:
    """Answers a list's pages as a joined request does: each part still as it came."""

    def __init__(self, nodes: list[dict[str, Any]]) -> None:
        self.nodes = nodes

    async def execute(self, op: Operation) -> Any:
        shown = self.nodes[op.variables["offset"] :][: op.variables["first"]]
        more = {"hasNextPage": False, "endCursor": None}
        page = {"totalCount": len(self.nodes), "pageInfo": more, "nodes": shown}
        return opened(msgspec.Raw(json.dumps(page).encode()), op.node)


def op(first: int, offset: int, typed: bool) -> Operation:
    variables = {"first": first, "offset": offset}
    return Operation("instances", "{ instances }", variables, node=InstanceNode if typed else None)


async def read(nodes: list[dict[str, Any]], *, typed: bool) -> list[Any]:
    return await read_all(Served(nodes), lambda *at: op(*at, typed), page=2, kept=kept_of(KIND))


@pytest.mark.anyio
async def test_typed_nodes_read_as_others_do() -> None:
    full = node(config={"Folder": "/in"}, flows={"Main": {"usesLre": True}}, allowUpdate=False, allowDeploy=0)
    lacking = {name: value for name, value in node(id="i2").items() if name not in ("labels", "description")}
    nodes = [full, lacking, node(id="i3", name=None), node(id="i4", integration=None), node(id="i5")]
    found = await read(nodes, typed=True)
    assert found == await read(nodes, typed=False)
    assert [type(one) for one in found] == [LiveObject, LiveObject, Unreadable, LiveObject, LiveObject]
    assert found[0].denied == ("update",)


def test_a_page_with_an_odd_node_is_given_as_it_came() -> None:
    page = {"totalCount": 1, "pageInfo": {"hasNextPage": False}, "nodes": [node()]}
    assert isinstance(opened(msgspec.Raw(json.dumps(page).encode()), InstanceNode), Connection)
    page["nodes"] = [node(enabled="yes")]
    assert opened(msgspec.Raw(json.dumps(page).encode()), InstanceNode) == page
