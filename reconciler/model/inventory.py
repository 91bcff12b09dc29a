"""A whole tenant by address: what each object is to a project, and what a manifest names and is not there."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic


class Standing(StrEnum):
    """What an object, or a resource without one, is to this project."""

    OWNED = "owned"
    MATCHED = "matched"
    ORPHANED = "orphaned"
    FOREIGN = "foreign"
    UNMANAGED = "unmanaged"
    MISSING = "missing"
    UNDECIDED = "undecided"


class Row(Struct, frozen=True):
    """One object, or one resource that has none; `owner` is the other project whose mark it bears, and `told`
    what there is to say about it. The address of what has no manifest is what one of it could be called.
    """

    address: Address
    standing: Standing
    id: str = ""
    name: str = ""
    owner: str = ""
    told: str = ""


class Inventory(Struct, frozen=True):
    """All of it. `ignored` counts what the project file says is meant to stay by hand."""

    project: str
    environment: str
    rows: tuple[Row, ...]
    ignored: int = 0
    warnings: tuple[Diagnostic, ...] = ()
