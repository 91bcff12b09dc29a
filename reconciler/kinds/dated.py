"""Kinds of whose objects a tenant tells when they changed last: only what did need be read again."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject

NEWEST, SINCE, IDS = "newest", "since", "ids"
"""The documents of such a kind."""
_FEW = 2


class Dated:
    """Objects that show nothing of others but what never changes: whatever plans see of one is its own, so
    that a change of it moves its `updatedAt`, where the tenant moves that with every change.
    """

    list_name: str
    _documents: Mapping[str, str]

    def newest(self) -> Operation:
        """Reads how many there are, and when the one that changed last did."""
        return Operation(self.list_name, self._documents[NEWEST], {"first": _FEW})

    def since(self, moment: str, first: int, offset: int) -> Operation:
        """Reads those that changed from a moment on, and when each was made; all where there is none."""
        given = {"since": moment} if moment else {}
        return Operation(self.list_name, self._documents[SINCE], {**given, "first": first, "offset": offset})

    def ids(self, first: int, offset: int) -> Operation:
        """Reads which there are, in order of creation."""
        return Operation(self.list_name, self._documents[IDS], {"first": first, "offset": offset})

    def stands_by_itself(self, live: LiveObject) -> bool:
        """Whether nothing that the object shows goes with another one."""
        return True
