"""Names of resources, as people write and read them: `Instance/acme/slack-sync`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct


class Address(Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """A resource's name in manifests, plans and reports: the kind, then `metadata.name` (an instance's
    name is preceded by its customer's).
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def leaf(self) -> str:
        """The last part of the name, which is `metadata.name`."""
        return self.name.rpartition("/")[2]

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `text` spells. Raises ValueError where it has no kind or no name."""
        kind, _, name = text.partition("/")
        if not kind or not name:
            raise ValueError(f'"{text}" is not an address: write KIND/NAME, such as Customer/acme')
        return cls(kind, name)


class Ref(Struct, frozen=True, order=True):
    """A value that is known only after an action on `address` ran, shown as "(known after apply)": the id of
    its object. What else one may refer to has a type of its own in `refs`.
    """

    what: ClassVar[str] = "id"
    address: Address

    @property
    def field(self) -> str:
        """Which value it is, in words: `release:1.4.0`."""
        return ":".join((self.what, *(str(getattr(self, name)) for name in self.__struct_fields__[1:])))

    def __str__(self) -> str:
        return "(known after apply)"


Resolve = Callable[[Ref], object]
"""Gives the value of a Ref, or the Ref itself where it is not known yet."""
