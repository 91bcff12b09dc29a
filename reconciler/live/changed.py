"""Reads of a tenant what changed since it was read before; what cannot be told that way is read as usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
from msgspec import Struct

from reconciler.api.client import Client
from reconciler.api.pages import read_all
from reconciler.kinds.dated import Dated
from reconciler.kinds.protocol import Kind
from reconciler.live.earlier import (
    Earlier,
    Row,
    Uncertain,
    is_cheaper,
    joined,
    news,
    since,
    those_there,
)
from reconciler.live.kept import Keeping, Line, line
from reconciler.live.tenant import Listed, Tenant, kept_of
from reconciler.model.errors import GraphQLError, Misfit, NotFound, NotUnderstood
from reconciler.model.state import LiveObject, Unreadable

_MADE = "createdAt"


class Changed(Struct):
    """Lists of a tenant, of those kinds that are dated by what changed since the lists `before`. `now` is how
    they were found, for the next time; `say` is told why one was read in full.
    """

    client: Client
    keeping: Keeping
    before: Mapping[str, Earlier]
    say: Callable[[str], None]
    concurrency: int = 8
    now: dict[str, Earlier] = {}

    async def read(self, kind: Kind) -> Listed:
        """All objects of a kind, in order of creation."""
        if isinstance(kind, Dated):
            try:
                return _listed(await self._dated(kind, kind))
            except (Uncertain, GraphQLError, Misfit) as error:
                self.now.pop(kind.name, None)
                self.say(f"{kind.list_name} are read in full: {error.message}")
        return await Tenant(self.client).list(kind, self.concurrency)

    async def _dated(self, kind: Kind, dated: Dated) -> Sequence[Row]:
        # How many there are is asked before what changed: what is deleted in between only counts as there.
        total, moment = await self._newest(dated)
        before = self.before.get(kind.name)
        rows = await self._brought_up(kind, dated, before, total) if before else None
        if rows is None:
            rows = await self._since(kind, dated, "")
        if self.client.sends_whole(dated.since("", 1, 0).document):
            self.now[kind.name] = Earlier(moment, rows)
        elif before:
            raise Uncertain("the tenant does not know all fields any more")
        return rows

    async def _brought_up(self, kind: Kind, dated: Dated, before: Earlier, total: int) -> list[Row] | None:
        """What was known, brought up to date; None where reading all is cheaper."""
        found = news(before.rows, await self._since(kind, dated, before.since))
        rows = joined(before.rows, found, total)
        if rows is None:
            rows = those_there(before.rows, found, await self._ids(dated))
        open_ = [row for row in rows if row.found is None]
        if not is_cheaper(open_, rows):
            self.say(f"{dated.list_name} are read in full: {len(open_)} cannot be known without a look")
            return None
        return await self._looked_at(kind, rows, open_)

    async def _newest(self, dated: Dated) -> tuple[int, str]:
        """How many objects there are, and from which moment on those bear that change from now on."""
        page = await Tenant(self.client).there(dated.newest())
        nodes, total = page.get("nodes"), page.get("totalCount")
        if not isinstance(total, int) or not isinstance(nodes, list):
            raise Uncertain("the tenant does not tell how many there are")
        moments = [str(node.get("updatedAt")) for node in nodes if isinstance(node, Mapping)]
        return total, since(moments[0] if moments else "", self.client.stats.told_at)

    async def _since(self, kind: Kind, dated: Dated, moment: str) -> list[Row]:
        rows: list[Row] = await read_all(
            self.client,
            partial(dated.since, moment),
            page=kind.page_size,
            concurrency=self.concurrency * self.client.at_once,
            kept=partial(self._row, kind, dated),
        )
        if any(not row.id for row in rows):
            raise Uncertain("one of them does not tell its id")
        return rows

    async def _ids(self, dated: Dated) -> list[str]:
        width = self.concurrency * self.client.at_once
        return [str(node["id"]) for node in await read_all(self.client, dated.ids, concurrency=width)]

    async def _looked_at(self, kind: Kind, rows: Sequence[Row], open_: Sequence[Row]) -> list[Row]:
        """The rows, with what those objects are of which only that they are there is known."""
        found: dict[str, LiveObject | Unreadable] = {}
        refused: list[GraphQLError] = []

        async def look(object_id: str) -> None:
            try:
                live = await Tenant(self.client).read(kind, kind.get(object_id))
            except NotUnderstood as error:
                found[object_id] = error.unreadable
            except NotFound:
                return  # it is gone since
            except GraphQLError as error:
                refused.append(error)
            else:
                if live is not None:
                    found[object_id] = live

        async with anyio.create_task_group() as group:
            for row in open_:
                group.start_soon(look, row.id)
        if refused:
            raise refused[0]
        looked = {row.id: replace(row, found=found.get(row.id), vague=False) for row in open_}
        return [one for row in rows if (one := looked.get(row.id, row)).found is not None]

    @property
    def vague(self) -> frozenset[str]:
        """The ids of the objects of which it is not known what may be a secret."""
        return frozenset(row.id for one in self.now.values() for row in one.rows if row.vague)

    def _row(self, kind: Kind, dated: Dated, node: Any) -> Row:
        """What is known of a node that tells when it was made, and what is kept of it."""
        node, made = dict(node), node.get(_MADE) if isinstance(node, Mapping) else None
        node.pop(_MADE, None)
        if not isinstance(made, str):
            raise Uncertain("one of them does not tell when it was made")
        return _row(self.keeping, kind, dated, node, made)


def _row(keeping: Keeping, kind: Kind, dated: Dated, node: Mapping[str, Any], made: str) -> Row:
    found = kept_of(kind)(node)
    if not isinstance(found, LiveObject | Unreadable):
        raise Uncertain("one of them is not as a list shows it")
    is_own = isinstance(found, LiveObject) and dated.stands_by_itself(found)
    plain = keeping.without(node, found) if isinstance(found, LiveObject) and is_own else None
    text = line(kind.name, found.id, made, plain)
    return Row(found.id, made, found, hash(text), text)


def known(keeping: Keeping, kind: Kind, told: Line) -> Row:
    """What is known of an object from what was kept of it."""
    node, vague = keeping.again(told)
    found = kept_of(kind)(node) if node is not None else None
    known = found if isinstance(found, LiveObject) else None
    return Row(told.id, told.made, known, hash(told.text), vague=vague)


def _listed(rows: Sequence[Row]) -> Listed:
    found = [row.found for row in rows]
    return Listed(
        [one for one in found if isinstance(one, LiveObject)],
        [one for one in found if isinstance(one, Unreadable)],
    )
