"""A tenant as plan and apply see it: operations in, LiveObjects out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec import Struct, structs

from reconciler.api.client import Client
from reconciler.api.pages import id_of, read_all, read_short
from reconciler.kinds.answers import is_resource, not_understood, understood
from reconciler.kinds.capabilities import HoldsYaml, Paged, SharesItsList, Shown
from reconciler.kinds.protocol import Kind
from reconciler.live.read_back import read_back
from reconciler.model.errors import Misfit, NotUnderstood, NullObject, ReconcilerError
from reconciler.model.operation import Operation, Upload
from reconciler.model.state import LiveObject, Unreadable


class Listed(Struct, frozen=True):
    """The objects of a kind, and those that cannot be understood."""

    objects: list[LiveObject]
    unreadable: list[Unreadable]


class _InParts(Struct, frozen=True):
    """A node of which its page left something out."""

    node: Mapping[str, Any]


_ANOTHER = object()
"""In the place of a node that is no resource of the kind."""


def _list_of(kind: Kind) -> Callable[[int, int], Operation]:
    """What reads a page of the kind's list, and into which type."""
    if not isinstance(kind, Shown):
        return kind.list_page
    return lambda first, offset: structs.replace(kind.list_page(first, offset), node=kind.node)


def kept_of(kind: Kind) -> Callable[[Any], object]:
    """What is kept of a node of the kind's list: the object that it is."""
    paged, shares = kind if isinstance(kind, Paged) else None, isinstance(kind, SharesItsList)

    def kept(node: Any) -> object:
        try:
            if shares and not is_resource(kind, node):
                return _ANOTHER
            if paged and paged.next_part(node) is not None:
                return _InParts(node)
            return understood(kind, _with_yaml(kind, node))
        except NotUnderstood as error:
            return error.unreadable
        except Exception as error:
            return not_understood(kind, node, error).unreadable

    return kept


def _with_yaml(kind: Kind, node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node, with what its texts of YAML say."""
    if not isinstance(kind, HoldsYaml):
        return node
    read = {f"{name}Data": read_back(node[name]) for name in kind.yaml_fields if node.get(name)}
    return {**node, **read} if read else node


class Tenant:
    """Reads and writes whole objects through a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, kind: Kind, op: Operation) -> LiveObject | None:
        """The object that `op` asks for; None where the server answers null. Raises ApiErrors."""
        node = await self._client.execute(op)
        if isinstance(node, Mapping) and "nodes" in node:  # of a kind whose ids the server cannot look up
            node = next(iter(node["nodes"] or ()), None)
        return await self._object(kind, node) if node else None

    async def ask(self, op: Operation) -> Any:
        """The value at the operation's root field, whatever it is."""
        return await self._client.execute(op)

    async def find(self, kind: Kind, op: Operation, known: LiveObject | None = None) -> list[LiveObject]:
        """The objects of the connection that `op` asks for; where it asks in pages, those of all pages. The
        one that is `known` is among them as it is known.
        """
        if "$first" in op.document:
            op = structs.replace(op, node=kind.node) if isinstance(kind, Shown) else op
            rows = await read_all(self._client, partial(_page_of, op))
        else:
            answer = await self.there(op)
            rows = [node for node in answer.get("nodes") or () if node]
        return [
            known if known and id_of(node) == known.id else await self._object(kind, node) for node in rows
        ]

    async def glance(self, kind: Kind, op: Operation) -> list[LiveObject]:
        """The same, without those that cannot be understood: they are anybody's, and plans tell of them."""
        answer = await self.there(op)
        seen = []
        for node in answer.get("nodes") or ():
            with suppress(NotUnderstood):
                seen.append(await self._object(kind, node))
        return seen

    async def send(self, kind: Kind, op: Operation) -> Mapping[str, Any]:
        """Carries a mutation out and gives the object in its answer, ready for `kind.observed`."""
        node = await self._client.execute(op)
        try:
            return await self.whole(kind, node) if isinstance(node, Mapping) else {}
        except NotUnderstood as error:
            error.doubtful = True  # it was carried out, but not what came of it
            raise

    async def upload(self, upload: Upload) -> None:
        """Puts a file to where a mutation's answer said."""
        await self._client.upload(upload)

    async def list(self, kind: Kind, concurrency: int) -> Listed:
        """All objects of a kind, in order of creation."""
        rows = await read_all(
            self._client,
            _list_of(kind),
            page=kind.page_size,
            concurrency=concurrency * self._client.at_once,
            kept=kept_of(kind),
        )
        return await self._listed(kind, rows)

    async def short(self, kind: Kind, concurrency: int) -> Listed | int:
        """The same of a kind whose objects one page shows; how many pages it takes where there are more."""
        rows = await read_short(
            self._client,
            _list_of(kind),
            page=kind.page_size,
            concurrency=concurrency * self._client.at_once,
            kept=kept_of(kind),
        )
        return rows if isinstance(rows, int) else await self._listed(kind, rows)

    async def some(self, kind: Kind, op: Operation) -> Listed:
        """The objects of a kind that `op` asks for in pages, in order of creation."""
        rows = await read_all(self._client, partial(_page_of, op), kept=kept_of(kind))
        return await self._listed(kind, rows)

    async def _listed(self, kind: Kind, rows: Iterable[Any]) -> Listed:
        listed = Listed([], [])
        for row in rows:
            try:
                found = await self._object(kind, row.node) if isinstance(row, _InParts) else row
            except NotUnderstood as error:
                found = error.unreadable
            if isinstance(found, Unreadable):
                listed.unreadable.append(found)
            elif found is not _ANOTHER:
                listed.objects.append(found)
        return listed

    async def _object(self, kind: Kind, node: Any) -> LiveObject:
        return understood(kind, await self.whole(kind, node))

    async def whole(self, kind: Kind, node: Any) -> Mapping[str, Any]:
        """The node with what its page left out, and with its YAML read. Raises NotUnderstood."""
        try:
            while isinstance(kind, Paged) and (op := kind.next_part(node)) is not None:
                node = kind.with_part(node, await self.there(op))
            return _with_yaml(kind, node)
        except Misfit as error:
            raise not_understood(kind, node, error) from error
        except ReconcilerError:
            raise
        except Exception as error:
            raise not_understood(kind, node, error) from error

    async def there(self, op: Operation) -> Mapping[str, Any]:
        """The answer to a query that always has one: null tells nothing of what is there."""
        answer = await self._client.execute(op)
        if not isinstance(answer, Mapping):
            raise NullObject(
                f"{op.name}: the server answered without errors and without a result",
                operation=op.name,
                address=op.address,
                hint="run again; if it stays so, the platform has a problem",
            )
        return answer


def _page_of(op: Operation, first: int, offset: int) -> Operation:
    return structs.replace(op, variables={**op.variables, "first": first, "offset": offset})
