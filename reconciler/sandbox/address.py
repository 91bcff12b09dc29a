"""Why this exists: links that lead back to the sandbox must name the address that the client came to."""

from __future__ import annotations

from contextvars import ContextVar

BASE: ContextVar[str] = ContextVar("BASE", default="https://hooks.sandbox.localhost")


def link(*parts: str) -> str:
    """A link to one of the sandbox's other doors."""
    return "/".join((BASE.get(), *parts))
