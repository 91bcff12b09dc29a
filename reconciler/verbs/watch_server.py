"""Where a loop can be looked at: probes, metrics and a page. It only reads, and asks nobody for anything."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import anyio

from reconciler.model.errors import ReconcilerError
from reconciler.model.loopback import is_loopback
from reconciler.model.watching import Board

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response


def application(board: Board, now: Callable[[], datetime], *, local: bool) -> Starlette:
    """`/healthz`, `/readyz`, `/metrics` and `/`. One that is for this machine answers to no other name: else
    a web page could have a browser here read it.
    """
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, PlainTextResponse
    from starlette.routing import Route

    from reconciler.report.html.watch import status_page
    from reconciler.report.metrics import CONTENT_TYPE, metrics

    def answers(make: Callable[[], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            if local and not is_loopback(request.url.hostname or ""):
                return PlainTextResponse("this is for the machine that it runs on\n", 421)
            response = make()
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return answer

    def ready() -> Response:
        looked = board.turn is not None and bool(board.turn.summary)
        return PlainTextResponse(
            "ready\n" if looked else "the last look did not succeed\n", 200 if looked else 503
        )

    made: dict[str, Callable[[], Response]] = {
        "/": lambda: HTMLResponse(status_page(board, now())),
        "/healthz": lambda: PlainTextResponse("ok\n"),
        "/readyz": ready,
        "/metrics": lambda: PlainTextResponse(metrics(board, now()), media_type=CONTENT_TYPE),
    }
    return Starlette(routes=[Route(path, answers(one)) for path, one in made.items()])


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

    class Server(uvicorn.Server):
        """uvicorn that leaves the signals to the loop."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app,
        http="h11",
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
