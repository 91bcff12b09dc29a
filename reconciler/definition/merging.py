"""One definition out of two that were changed from a third: down to the input of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from msgspec import Struct

from reconciler.definition.differences import readable
from reconciler.definition.holes import names_in
from reconciler.definition.meaning import EXACT, meaning, names_of, same_part
from reconciler.definition.tree import Tree
from reconciler.definition.withheld import Inputs, as_shown
from reconciler.model.nested import with_leaves
from reconciler.model.secret import Secret

_ABSENT: Any = object()
_ANY: Any = object()
"""What nobody knows: it is the same as nothing."""


class Winner(Enum):
    """Whose change counts where both changed."""

    OURS = "ours"
    THEIRS = "theirs"


class Conflict(Struct, frozen=True):
    """What both changed, each otherwise. Values that must not be shown are Secret; of what was there before
    nobody knows unless `is_known`.
    """

    path: str
    before: Any
    theirs: Any
    ours: Any
    is_known: bool


class Merged(Struct, frozen=True):
    """The tree that holds the changes of both, and what stayed as it is in ours since both changed it."""

    content: dict[str, Any]
    conflicts: tuple[Conflict, ...]


def merged(base: Tree | None, ours: Tree, theirs: Tree, inputs: Inputs, winner: Winner | None) -> Merged:
    """The tree of ours with what was changed from `base` to `theirs`; None where nobody knows the base, and
    all that differs was changed by both.
    """
    work = _Merge((_ANY if base is None else base, ours, theirs), inputs, winner)
    content = work.maps((), _ANY if base is None else base, ours, theirs)
    return Merged(content, tuple(work.conflicts))


class _Merge(Struct):
    """The merge under way. Paths are those of meanings: things of named lists by their names."""

    roots: tuple[Any, Tree, Tree]
    inputs: Inputs
    winner: Winner | None
    conflicts: list[Conflict] = []

    def maps(self, path: tuple[Any, ...], base: Any, ours: Tree, theirs: Tree) -> dict[str, Any]:
        """The entries of both; those of ours come first."""
        found: dict[str, Any] = {}
        for key in dict.fromkeys([*ours, *theirs, *(base if isinstance(base, Mapping) else ())]):
            value = self.value(
                (*path, key), key, _get(base, key), ours.get(key, _ABSENT), theirs.get(key, _ABSENT)
            )
            if value is not _ABSENT:
                found[key] = value
        return found

    def value(self, path: tuple[Any, ...], key: str, base: Any, ours: Any, theirs: Any) -> Any:
        """One value: ours where theirs was not changed, theirs where ours was not."""
        if _same(key, ours, theirs) or _same(key, base, theirs):
            return ours
        if key not in EXACT and _has_entries(ours) and _has_entries(theirs):
            return self.maps(path, base, ours, theirs)
        if (lists := _Lists.of(key, base, ours, theirs)) is not None:
            return self.lists(path, lists)
        if _same(key, base, ours):
            return theirs
        self.note(path, base, ours, theirs)
        return theirs if self.winner is Winner.THEIRS else ours

    def lists(self, path: tuple[Any, ...], lists: _Lists) -> list[Any]:
        """The items of both, by their names."""
        found: dict[str, Any] = {}
        for name in dict.fromkeys([*lists.ours, *lists.theirs]):
            base = _ANY if lists.base is None else lists.base.get(name, _ABSENT)
            ours, theirs = lists.ours.get(name, _ABSENT), lists.theirs.get(name, _ABSENT)
            item = self.value((*path, name), "", base, ours, theirs)
            if item is not _ABSENT:
                found[name] = item
        order = lists.order()
        if order is None:
            self.note((*path[:-1], f"$order {path[-1]}"), *lists.orders())
            order = [*(lists.theirs if self.winner is Winner.THEIRS else lists.ours), *found]
        return [found[name] for name in dict.fromkeys(order) if name in found]

    def note(self, path: tuple[Any, ...], base: Any, ours: Any, theirs: Any) -> None:
        """That both changed what stands there."""
        sides = zip((base, theirs, ours), (self.roots[0], self.roots[2], self.roots[1]), strict=True)
        before, there, here = (self._shown(path, side, root) for side, root in sides)
        self.conflicts.append(Conflict(readable(list(path)), before, there, here, base is not _ANY))

    def _shown(self, path: tuple[Any, ...], value: Any, root: Any) -> Any:
        if value is _ANY or value is _ABSENT:
            return None
        shown = as_shown(path, value, meaning(root), self.inputs)
        return with_leaves(shown, lambda leaf: Secret("") if any(names_in(leaf)) else leaf)


class _Lists(Struct, frozen=True):
    """Three lists of named things, each by its names; the base is None where nobody knows it."""

    base: Mapping[str, Any] | None
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any]

    @classmethod
    def of(cls, key: str, base: Any, ours: Any, theirs: Any) -> _Lists | None:
        """The lists under a key; None where they are none of that sort."""
        sides = [_named(key, one) for one in (base, ours, theirs)]
        if sides[1] is None or sides[2] is None or (sides[0] is None and base is not _ANY):
            return None
        return cls(sides[0], sides[1], sides[2])

    def orders(self) -> tuple[Any, list[str], list[str]]:
        """The names in their orders."""
        return (_ANY if self.base is None else [*self.base]), [*self.ours], [*self.theirs]

    def order(self) -> list[str] | None:
        """All names in one order; None where both put them in another one."""
        if _in_order(self.ours, self.theirs) or (self.base and _in_order(self.base, self.theirs)):
            return list(_inserted([*self.ours], [*self.theirs]))
        if self.base and _in_order(self.base, self.ours):
            return list(_inserted([*self.theirs], [*self.ours]))
        return None


def _inserted(names: list[str], more: Sequence[str]) -> list[str]:
    """The names with those that are missing, each behind the one that it stands behind."""
    found = list(names)
    for index, name in enumerate(more):
        if name not in found:
            before = next((one for one in more[:index][::-1] if one in found), None)
            found.insert(0 if before is None else found.index(before) + 1, name)
    return found


def _in_order(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return [name for name in one if name in other] == [name for name in other if name in one]


def _named(key: str, value: Any) -> dict[str, Any] | None:
    if value is _ABSENT or value == []:
        return {}
    names = None if value is _ANY else names_of(key, value)
    return None if names is None else dict(zip(names, value, strict=True))


def _get(base: Any, key: str) -> Any:
    if base is _ANY:
        return _ANY
    return base.get(key, _ABSENT) if isinstance(base, Mapping) else _ABSENT


def _same(key: str, one: Any, other: Any) -> bool:
    if one is _ANY or other is _ANY:
        return False
    return same_part(key, *({} if side is _ABSENT else {key: side} for side in (one, other)))


def _has_entries(value: Any) -> bool:
    """Whether it is a map of several things; which version of a component is meant is one."""
    if not isinstance(value, Mapping):
        return False
    return not ("key" in value and {"version", "signature"}.intersection(value))
