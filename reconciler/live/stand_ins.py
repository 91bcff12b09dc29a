"""What stands in a snapshot for a text that is or may be a secret, and how it is found again.

With a key it is an HMAC, salted for each file, so that nobody without the key can try out texts, and nobody
can tell whether two files hold the same. Whoever has the key finds it again among the texts that they have:
what git says. Without a key it tells nothing but that something is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from msgspec import Struct

from reconciler.kinds.instance.config_values import UNTYPED, ValueType, in_api_shape, meanings, text
from reconciler.model.digest import keyed
from reconciler.model.secret import Secret
from reconciler.model.stand_in import digests_in, stand_in

WITHHELD = "(not in the snapshot: it may be a secret)"
_DIGITS = 32
_MOST = 8
"""Secrets of one object, of which it is tried which ones its record is of."""
_CHECKED = "reconciler.snapshot"


@dataclass(frozen=True, slots=True)
class StandIns:
    """Makes them for one file; without a `key` all are the same."""

    salt: str
    key: Secret | None = field(default=None, repr=False)

    def of(self, value: Any, kind: ValueType = UNTYPED, recorded: Collection[str] = ()) -> str:
        """What stands for a value; `kind` tells which other texts mean the same, and `recorded` are those of
        its object that the record is of.
        """
        if self.key is None:
            return WITHHELD
        parts = [self.exact(value)]
        if isinstance(value, str):
            parts += [self._digest("meaning", one) for one in meanings(value, kind, loosely=True)]
        return stand_in(parts, len(recorded) if isinstance(value, str) and value in recorded else 0)

    def recorded_in(self, secrets: Sequence[str], record: str) -> frozenset[str]:
        """Those of an object's secrets, in their order, that its record is of; none where none tells."""
        if self.key is None or not record or len(secrets) > _MOST:
            return frozenset()
        for size in range(len(secrets), 0, -1):
            for some in combinations(secrets, size):
                if keyed(self.key.reveal(), some).startswith(record):
                    return frozenset(some)
        return frozenset()

    @property
    def check(self) -> str:
        """Tells whether a key is the one that was used; empty without one."""
        return self._digest("check", _CHECKED) if self.key else ""

    def exact(self, value: Any) -> str:
        """A digest of just this value; there must be a key."""
        return self._digest("exact", json.dumps(value, sort_keys=True, ensure_ascii=False))

    def _digest(self, purpose: str, value: str) -> str:
        assert self.key is not None
        return keyed(self.key.reveal(), [self.salt, purpose, value])[:_DIGITS]


class Counted(Struct):
    """Makes them, and counts how many."""

    stand_ins: StandIns
    made: int = 0

    def of(self, value: Any, kind: ValueType = UNTYPED, recorded: Collection[str] = ()) -> str:
        """What stands for a value."""
        self.made += 1
        return self.stand_ins.of(value, kind, recorded)

    def recorded_in(self, secrets: Sequence[str], record: str) -> frozenset[str]:
        """Those of an object's secrets that its record is of."""
        return self.stand_ins.recorded_in(secrets, record)


@dataclass(frozen=True, slots=True)
class Known:
    """Values that may be found again: single ones, and whole values of config variables."""

    leaves: Sequence[Any] = field(default=(), repr=False)
    values: Sequence[object] = field(default=(), repr=False)


@dataclass(slots=True)
class Found:
    """Finds the values again that are among those `known`, which are asked for once they are needed."""

    stand_ins: StandIns
    known: Callable[[], Known]
    _exact: dict[str, Any] | None = field(default=None, init=False, repr=False)
    _meant: dict[ValueType, dict[str, str]] = field(default_factory=dict, init=False, repr=False)

    def of(self, token: str, kind: ValueType = UNTYPED) -> Any:
        """The value that a stand-in is of; itself where nobody here has it."""
        digests = digests_in(token)
        if not digests or self.stand_ins.key is None:
            return token
        first, *meant = digests
        if self._exact is None:
            self._exact = self._all()
        if first in self._exact:
            return self._exact[first]
        known = self._known(kind) if meant else {}
        return next((known[one] for one in meant if one in known), token)

    def _all(self) -> dict[str, Any]:
        found = {self.stand_ins.exact(one): one for leaf in self.known().leaves for one in _forms(leaf)}
        for value in self.known().values:
            found |= {self.stand_ins.exact(one): one for one in _forms(text(value))}
        return found

    def _known(self, kind: ValueType) -> dict[str, str]:
        if kind not in self._meant:
            self._meant[kind] = {
                self.stand_ins._digest("meaning", one): given
                for value in self.known().values
                for given in [text(in_api_shape(value, kind))]
                for one in meanings(given, kind, loosely=isinstance(value, int | float))
            }
        return self._meant[kind]


def _forms(leaf: Any) -> list[Any]:
    """A value, and what a tenant may make of it that keeps no blanks around texts."""
    return [leaf, leaf.strip()] if isinstance(leaf, str) and leaf != leaf.strip() else [leaf]
