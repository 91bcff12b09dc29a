"""Several environments side by side: what runs where, what is pending there, and what drifted."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ReconcilerError


class Runs(Struct, frozen=True):
    """How many instances run a version, and the release that it bears, if any."""

    release: str
    version: int
    instances: int


class Cell(Struct, frozen=True):
    """An integration or a set in one environment: the release that git asks for, the newest one that is
    there, what its instances run, and how many actions, refusals and fields that drifted it and they have.
    """

    asked: str = ""
    published: str = ""
    runs: tuple[Runs, ...] = ()
    undeployed: int = 0
    """Instances that were never deployed."""
    missing: int = 0
    """Instances that the tenant does not have, and the integration itself."""
    pending: int = 0
    refused: int = 0
    drift: int = 0


class Column(Struct, frozen=True):
    """One environment: how much is pending there and has drifted in all; or why it did not answer."""

    environment: str
    actions: int = 0
    refusals: int = 0
    drift: int = 0
    missing: int = 0
    unmanaged: int = 0
    orphans: int = 0
    notes: tuple[Diagnostic, ...] = ()
    """What is to be said of the environment as a whole."""
    error: ReconcilerError | None = None


class Abreast(Struct, frozen=True):
    """All of it. A row has a cell for each environment in whose manifests its address stands."""

    project: str
    columns: tuple[Column, ...]
    rows: Mapping[Address, Mapping[str, Cell]] = {}
