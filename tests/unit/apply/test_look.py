"""Whose the oldest object of a mark is, where one of two lists lags behind the other."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from reconciler.apply.look import own
from reconciler.kinds.capabilities import Glanced
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject


class Shown(Glanced):
    """A kind whose objects are told apart by nothing but their ids; those in capitals are others'."""

    newest_first = True

    def glance(self, offset: int) -> Operation:
        return Operation("glance", "", {"offset": offset})

    def find(self, _: Any) -> Operation:
        return Operation("find", "", {})

    def get(self, one: str) -> Operation:
        return Operation("get", "", {"id": one})

    def is_own(self, live: LiveObject, _: Any) -> bool:
        return live.id.islower()


class Tenant:
    def __init__(self, found: str, newest: str) -> None:
        self._found, self._newest = ([LiveObject("Shown", one, {}) for one in ids] for ids in (found, newest))

    async def find(self, *_: Any) -> list[LiveObject]:
        return self._found

    async def glance(self, *_: Any) -> list[LiveObject]:
        return self._newest

    async def read(self, _: Any, op: Operation) -> LiveObject:
        return LiveObject("Shown", op.variables["id"], {})


@pytest.mark.parametrize(
    ("found", "newest", "oldest_first"),
    [
        ("ba", "bXaY", "ab"),
        ("a", "bXaY", "ab"),
        ("b", "bXaY", "ab"),
        ("ba", "XbY", "ab"),
        ("ba", "XYaZ", "ab"),
        ("cba", "XbY", "abc"),
        ("cb", "XYbaZ", "abc"),
        ("ba", "", "ab"),
    ],
    ids=[
        "both lists agree",
        "the newer one's mark is not found",
        "the older one's mark is not found",
        "the older one is not among the newest any more",
        "the newer one is not among the newest yet",
        "one is too old and one is too new",
        "one is too new and one is not found",
        "nothing is shown",
    ],
)
def test_the_oldest_comes_first(found: str, newest: str, oldest_first: str):
    kind: Any = Shown()
    tenant: Any = Tenant(found, newest)
    request: Any = None
    assert "".join(one.id for one in anyio.run(own, tenant, kind, request)) == oldest_first
