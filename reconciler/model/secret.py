"""A type of its own for secret values, so that no output can show one by mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SHOWN = "(secret)"
SHORT = 4
"""A text of less characters cannot be cut out of another without being given away."""
NOT_SHOWN = "(not shown: it may be a secret)"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value. Only `reveal()` gives it out, and only the code that sends or compares it calls that.

    `source` says where it was read from (`env ACME_KEY`), which may be shown. Where the value is a text that
    was put together around secrets, `parts` are these. `sure` is False for what only counts as
    a secret because of where it stands.
    """

    _value: str = field(repr=False)
    source: str = ""
    parts: tuple[str, ...] = field(default=(), repr=False, compare=False)
    sure: bool = field(default=True, repr=False, compare=False)

    def reveal(self) -> str:
        """The value itself, to be sent or compared, never to be shown."""
        return self._value

    def __repr__(self) -> str:
        return SHOWN

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def told(self) -> tuple[str, ...]:
        """The texts by which it could be told in what a server says. A short one that is not sure to be a
        secret stands in half of all messages, and hides nothing.
        """
        whole = (self._value,) if self.sure or len(self._value) >= SHORT else ()
        return (*whole, *self.parts)

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")


@dataclass(frozen=True, slots=True, repr=False)
class Unproven(Secret):
    """A live text that may be a secret: it is treated as one until a record proves that it never was. People
    may ask to see it all the same.
    """

    def __repr__(self) -> str:
        return NOT_SHOWN


def unproven(value: Any) -> Any:
    """A live text as one that may be a secret; empty and absent, and what is no text, are none."""
    return Unproven(value, "live", sure=False) if isinstance(value, str) and value else value


class Sealed(Secret):
    """A secret of which it is known that there is one, and that was not read: it must not be sent."""

    __slots__ = ()


class Unread(Sealed):
    """A secret of git that nobody wants to be read in this run: whether the tenant has it is not asked."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that the server holds and never gives back: a write-only input. `present` says whether it
    holds one at all.
    """

    present: bool = True

    def __repr__(self) -> str:
        return SHOWN


@dataclass(frozen=True, slots=True, repr=False)
class Unseen(Hidden):
    """A live value that is or may be a secret, in a run that reads none: it is there, and it is compared with
    nothing.
    """
