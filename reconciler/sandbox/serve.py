"""Why this exists: other tools than ours (the vendor's CLI, curl, editors) reach the sandbox over a port.

It is a rehearsal room with a token that never runs out, so it listens on this machine only.
"""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    import uvicorn

    from .sandbox import Sandbox


def serve(
    sandbox: Sandbox,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[dict[str, str]], Any] = print,
) -> None:
    """Serve until SIGINT or SIGTERM; ready gets url, token, refreshToken and tenant once it listens."""
    listener = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    details = {
        "url": f"http://{shown}:{listener.getsockname()[1]}",
        "token": sandbox.token,
        "refreshToken": sandbox.refresh_token,
        "tenant": sandbox.tenant_id,
    }
    try:
        _server(sandbox, lambda: ready(details)).run(sockets=[listener])
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    if not _is_loopback(host):
        raise ValueError(
            f"the sandbox serves this machine only: use 127.0.0.1, ::1 or localhost, not {host!r}"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; each answer would take 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Wire:
    """A client's connection, which faults end; uvicorn itself would answer 500 first."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def refuse(self) -> None:
        self.reset()  # it was accepted already, and other connections must go on

    def reset(self) -> None:
        connection = self._transport.get_extra_info("socket")
        # Closing with a linger of zero resets; without it a client sees an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        self._transport.close()


def _server(sandbox: Sandbox, ready: Callable[[], Any]) -> uvicorn.Server:
    import uvicorn  # imported here: only this verb needs a server
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from .app import build_app
    from .misbehave import CONNECTION

    class Protocol(H11Protocol):
        """HTTP/1.1 that lets the application get at its connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.app_state = {**self.app_state, CONNECTION: _Wire(transport)}

    class Server(uvicorn.Server):
        """uvicorn that says when it listens, and that ends with a signal instead of dying of it."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            if threading.current_thread() is not threading.main_thread():
                yield  # Python lets only the main thread set handlers
                return
            signals = (signal.SIGINT, signal.SIGTERM)
            before = {number: signal.signal(number, self.handle_exit) for number in signals}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    config = uvicorn.Config(
        build_app(sandbox),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than clients keep idle connections, or they meet closed ones
        timeout_graceful_shutdown=3,
    )
    return Server(config)
