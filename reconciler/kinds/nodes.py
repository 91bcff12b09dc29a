"""What the server answers, as types: absent, null and empty are three things.

Absent is what a tenant does not know (its schema lacks the field), null what it says is not set. An answer
that does not fit its type is an error that names the object and the place, and nothing is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import UNSET, Struct, UnsetType, ValidationError, convert

from reconciler.model.errors import Misfit
from reconciler.model.secret import Hidden, Secret

Told = str | None | UnsetType
"""Text that the tenant may not know, and that may not be set."""

AS_DESCRIBED = "is not as the API describes it"

T = TypeVar("T", bound=Struct)
N = TypeVar("N")


class Odd(ValueError):
    """Says what is odd, without the value itself: it may be a secret."""


class Named(Struct):
    """Another object, as far as one that refers to it shows it."""

    id: str | int
    name: Told = UNSET
    email: Told = UNSET


class Page(Struct, Generic[N]):
    """The first of an object's further objects."""

    nodes: list[N | None] | UnsetType | None = UNSET


def known(value: N | UnsetType | None) -> N | None:
    """What the tenant says; None where it does not know it."""
    return None if isinstance(value, UnsetType) else value


def every(page: Page[N] | UnsetType | None) -> list[N]:
    """What the page shows; nothing where it is absent or null."""
    return [one for one in page.nodes or () if one] if page else []


class Input(Struct, rename="camel"):
    """One input of a connection. `has_value` says that there is a value, though it may not be shown."""

    name: str
    value: Told = UNSET
    has_value: bool | UnsetType | None = UNSET

    @property
    def held(self) -> Secret | Hidden:
        """Its value, which may be a secret; Hidden where it is not shown, or where there is none."""
        return Secret(self.value, "live", sure=False) if self.value else Hidden(present=bool(self.has_value))


def fitted(shown: type[T], node: Mapping[str, object], kind: str) -> T:
    """The node as its type. Raises Misfit, with the object's id and the place, where it does not fit."""
    try:
        return convert(node, shown)
    except ValidationError as error:
        found, _, place = str(error).partition(" - at `$")
        where = f" at {place.strip('`.')}" if place else ""
        known = f' "{node["id"]}"' if isinstance(node.get("id"), str) else ""
        raise Misfit(
            f"{kind}{known} {AS_DESCRIBED}{where}: {found[:1].lower()}{found[1:]}".replace("`", '"'),
            hint="nothing is made of such an answer; tell the platform's support, with this message",
        ) from error
