"""What may be taken over: resources with the objects that match them, and those that several may be."""

from __future__ import annotations

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.plan import Action
from reconciler.model.state import LiveObject, Resource


class Match(Struct, frozen=True):
    """A resource and its object, and by what that is known. `action` is what is still to be written, and
    `differs` names the fields that a plan would change.
    """

    address: Address
    live: LiveObject
    by: str
    action: Action | None = None
    differs: tuple[str, ...] = ()


class Doubt(Struct, frozen=True):
    """A resource that is left out, and the objects that may be its own."""

    address: Address
    why: str
    hint: str = ""
    candidates: tuple[LiveObject, ...] = ()


class Adoption(Struct):
    """What there is to take over. `owned` counts what bears mark and record already, `absent` what the tenant
    does not have; `unmarked` are objects of kinds that have no place for a mark.
    """

    found: list[Match] = []
    unmarked: list[Match] = []
    doubts: list[Doubt] = []
    owned: int = 0
    absent: int = 0
    baselines: dict[Address, Resource] = {}
    """The resources as their objects stand: nothing else of these is changed."""
