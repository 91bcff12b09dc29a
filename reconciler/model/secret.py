"""A type of its own for secret values, so that no output can show one by mistake."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = "(secret)"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value. Only `reveal()` gives it out, and only the code that sends or compares it calls that.

    `source` says where it was read from (`env ACME_KEY`), which may be shown. Where the value is a text that
    was put together around secrets, `parts` are these.
    """

    _value: str = field(repr=False)
    source: str = ""
    parts: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def reveal(self) -> str:
        """The value itself, to be sent or compared, never to be shown."""
        return self._value

    def __repr__(self) -> str:
        return SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(SHOWN, spec)

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")


class Sealed(Secret):
    """A secret of which it is known that there is one, and that was not read: it must not be sent."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that the server holds and never gives back: a write-only input. `present` says whether it
    holds one at all.
    """

    present: bool = True

    def __repr__(self) -> str:
        return SHOWN
