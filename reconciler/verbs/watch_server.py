"""Serves an application on a socket for as long as the loop runs."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import anyio

from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ReconcilerError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        hint = "choose another --listen HOST:PORT; port 0 takes a free one"
        raise ReconcilerError(f"{host}:{port} cannot be served: {reason}", hint=hint) from error
    return listener


@contextlib.asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serves the application meanwhile, on a socket that listens, which it closes."""
    server = _server(app)
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [listener])
        try:
            yield
        finally:
            server.should_exit = True


def _server(app: Starlette) -> uvicorn.Server:
    import uvicorn

    from reconciler.verbs.watch_patience import Impatient

    class Server(uvicorn.Server):
        """uvicorn that leaves the signals to the loop."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=64,
    )
    return Server(config)
