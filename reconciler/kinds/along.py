"""What the platform deletes along with an object: which kinds lie in which, and how to look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import GoesWith, Tie
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.marks import is_protected, marks_in
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject


class Look(Struct, frozen=True):
    """One look for objects of a kind that lie in another one."""

    kind: Kind
    tie: Tie
    value: object
    operation: Operation

    def showed(self, known: LiveObject) -> bool:
        """Whether an object lay there already when it was read."""
        ties = self.kind.deleted_with(known) if isinstance(self.kind, GoesWith) else ()
        return (self.tie, self.value) in ties


def inner_kinds(outer: str) -> Iterator[tuple[Kind, Tie]]:
    """The kinds whose objects go along with those of this one."""
    for kind in all_kinds().values():
        for tie in kind.lies_in if isinstance(kind, GoesWith) else ():
            if tie.kind == outer:
                yield kind, tie


def looks_into(outer: LiveObject) -> Sequence[Look]:
    """All that tells what lies in an object."""
    found = []
    for kind, tie in inner_kinds(outer.kind):
        value = tie.value(all_kinds()[outer.kind], outer)
        if isinstance(kind, GoesWith) and value is not None:
            found.append(Look(kind, tie, value, kind.within(tie, value)))
    return found


def claims(live: LiveObject) -> tuple[Sequence[str], bool]:
    """What speaks for somebody's having a say in an object: its marks, and whether it is protected."""
    return marks_in(live.labels, live.kind), is_protected(live)
