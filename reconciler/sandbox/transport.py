"""Why this exists: a client in the same process reaches the sandbox through httpx without a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from .sandbox import Sandbox

BASE_URL = "http://sandbox.localhost"


def transport(sandbox: Sandbox) -> httpx.AsyncBaseTransport:
    """An httpx transport that answers every request from this sandbox; any host name will do."""
    from .app import build_app  # imported here: httpx and starlette are heavy, and most commands need neither
    from .inprocess import InProcess

    nature = sandbox.nature
    return InProcess(build_app(sandbox, clock=nature.clock, entropy=nature.entropy))
