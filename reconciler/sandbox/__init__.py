"""A stateful Prismatic on this machine: the same schema, served from SQLite, in the process or on a port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# transport and serve are functions named like their modules. Importing them here, once, makes the functions
# win; both modules import their heavy parts only when called.
from . import rules
from .serve import serve
from .transport import BASE_URL, transport

if TYPE_CHECKING:
    from .sandbox import Sandbox

__all__ = ["BASE_URL", "Sandbox", "rules", "serve", "transport"]


def __getattr__(name: str) -> Any:
    """Load the core, and ariadne with it, only for those who ask for it."""
    if name == "Sandbox":
        from .sandbox import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
