"""What manifests may say of a kind: the rows from which its schema, its documents and its docs are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from reconciler.kinds.table.row import Row


@runtime_checkable
class Declared(Protocol):
    """A kind whose resources manifests may declare."""

    name: str
    fields: tuple[Row, ...]
    """What a manifest may say, each field once."""
    rules: Mapping[str, object]
    """What its schema asks of several fields together."""
    example: str
    """What the manifest that shows it is called."""

    @property
    def doc(self) -> str:
        """What such a resource is."""
        ...

    @property
    def marked(self) -> bool:
        """Whether its objects bear our mark."""
        ...
