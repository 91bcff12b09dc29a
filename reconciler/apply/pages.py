"""Looks at many objects a page at a time: marks are written with one quick call for each, and reading each
before its call would double the requests. A page is read right before the first of its objects is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import anyio

from reconciler.apply.look import Objects
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Paged
from reconciler.kinds.protocol import Kind
from reconciler.model.plan import Action, Verb
from reconciler.model.state import Live, LiveObject

_QUICK = (Verb.ADOPT, Verb.FORGET)
_Page = tuple[str, int]


class Pages:
    """The first looks of a run. Pages are used where all that the run does is to write marks."""

    def __init__(self, actions: Sequence[Action], live: Live) -> None:
        quick = all(action.verb in _QUICK for action in actions)
        targets = {(a.address.kind, a.target) for a in actions if a.target} if quick else set()
        everything = {
            (name, one.id): one for name, objects in live.objects.items() if targets for one in objects
        }
        places = {
            (name, one.id): (name, at // all_kinds()[name].page_size)
            for name, objects in (live.objects if targets else {}).items()
            if name not in live.partial  # where in the list they stand, nobody knows
            for at, one in enumerate(objects)
        }
        shared = Counter(page for found, page in places.items() if found in targets)
        self._places = {one: page for one, page in places.items() if one in targets and shared[page] > 1}
        self._locks = {page: anyio.Lock() for page in set(self._places.values())}
        self._read: dict[_Page, dict[str, LiveObject]] = {}
        alone = [everything[one] for one in targets if one in everything and one not in self._places]
        along = [everything[one] for one, page in places.items() if page in self._locks]
        self.requests = len(self._locks) + sum(map(_queries, alone)) + sum(_queries(o) - 1 for o in along)
        """Queries that the looks are expected to take."""

    async def look(self, tenant: Objects, kind: Kind, object_id: str) -> LiveObject | None:
        """The object as it is now, or was when its page was read. Raises NotFound where there is none."""
        place = self._places.pop((kind.name, object_id), None)
        if place is not None:
            async with self._locks[place]:
                if place not in self._read:
                    self._read[place] = await self._page(tenant, kind, place[1])
            if found := self._read[place].pop(object_id, None):
                return found
        return await tenant.read(kind, kind.get(object_id))

    async def _page(self, tenant: Objects, kind: Kind, number: int) -> dict[str, LiveObject]:
        size = kind.page_size
        found = await tenant.glance(kind, kind.list_page(size, number * size))
        return {one.id: one for one in found}


def _queries(live: LiveObject) -> int:
    kind = all_kinds()[live.kind]
    return kind.queries(live) if isinstance(kind, Paged) else 1
