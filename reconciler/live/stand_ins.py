"""What stands in a snapshot for a text that is or may be a secret, and how it is found again.

With a key it is an HMAC, salted for each file, so that nobody without the key can try out texts, and nobody
can tell whether two files hold the same. Whoever has the key finds it again among the texts that they have:
what git says. Without a key it tells nothing but that something is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.instance.config_values import UNTYPED, ValueType, in_api_shape, meanings, text
from reconciler.model.digest import keyed
from reconciler.model.secret import Secret

WITHHELD = "(not in the snapshot: it may be a secret)"
_DIGITS = 32
_TOKEN = re.compile(r"hmac:([0-9a-f]{32}(?:,[0-9a-f]{32})*)")
_CHECKED = "reconciler.snapshot"


@dataclass(frozen=True, slots=True)
class StandIns:
    """Makes them for one file; without a `key` all are the same."""

    salt: str
    key: Secret | None = field(default=None, repr=False)

    def of(self, value: Any, kind: ValueType = UNTYPED) -> str:
        """What stands for a value; `kind` tells which other texts mean the same."""
        if self.key is None:
            return WITHHELD
        parts = [self._exact(value)]
        if isinstance(value, str):
            parts += [self._digest("meaning", one) for one in meanings(value, kind, loosely=True)]
        return f"hmac:{','.join(parts)}"

    @property
    def check(self) -> str:
        """Tells whether a key is the one that was used; empty without one."""
        return self._digest("check", _CHECKED) if self.key else ""

    def _exact(self, value: Any) -> str:
        return self._digest("exact", json.dumps(value, sort_keys=True, ensure_ascii=False))

    def _digest(self, purpose: str, value: str) -> str:
        assert self.key is not None
        return keyed(self.key.reveal(), [self.salt, purpose, value])[:_DIGITS]


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

    def of(self, stand_in: str, kind: ValueType = UNTYPED) -> Any:
        """The value that a stand-in is of; itself where nobody here has it."""
        token = _TOKEN.fullmatch(stand_in)
        if token is None or self.stand_ins.key is None:
            return stand_in
        first, *meant = token[1].split(",")
        if self._exact is None:
            self._exact = self._all()
        if first in self._exact:
            return self._exact[first]
        known = self._known(kind) if meant else {}
        return next((known[one] for one in meant if one in known), stand_in)

    def _all(self) -> dict[str, Any]:
        found = {self.stand_ins._exact(one): one for leaf in self.known().leaves for one in _forms(leaf)}
        for value in self.known().values:
            found |= {self.stand_ins._exact(one): one for one in _forms(text(value))}
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


def is_stand_in(value: str) -> bool:
    """Whether a text is one that was made with a key."""
    return _TOKEN.fullmatch(value) is not None


def _forms(leaf: Any) -> list[Any]:
    """A value, and what a tenant may make of it that keeps no blanks around texts."""
    return [leaf, leaf.strip()] if isinstance(leaf, str) and leaf != leaf.strip() else [leaf]
