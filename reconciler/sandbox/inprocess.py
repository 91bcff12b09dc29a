"""Why this exists: where there is no network, its failures must be put in the words of httpx."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

import anyio
import httpx
from starlette.types import ASGIApp, Message

from .misbehave import CONNECTION


class InProcess(httpx.AsyncBaseTransport):
    """Answers requests from an application in this process, and fails as a network would."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The application's response, or the error that a lost connection means to a client."""
        wire, exchange = _Wire(), _Exchange(await request.aread())
        scope = _scope(request) | {"state": {CONNECTION: wire}}
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            if wire.lost is None:
                # A failure inside reaches the client as a server's would: as a 500, no Python exception.
                return httpx.Response(exchange.status or 500, headers=exchange.headers)
        if wire.lost is not None:
            raise wire.lost from wire.lost.__cause__
        return httpx.Response(
            exchange.status, headers=exchange.headers, stream=httpx.ByteStream(b"".join(exchange.parts))
        )


def _scope(request: httpx.Request) -> dict[str, object]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }


class _Exchange:
    """One request's body on its way in, and what comes of it on its way out."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._over: anyio.Event | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self._complete = False

    async def receive(self) -> Message:
        """The whole body; after that the end of the exchange, once it is there."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self._complete:
            self._over = self._over or anyio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Takes a part of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
            return
        self.parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            self._complete = True
            if self._over is not None:
                self._over.set()


class _LostError(Exception):
    """Leaves the application as soon as the connection is gone."""


class _Wire:
    """The connection of one request."""

    lost: httpx.TransportError | None = None

    def refuse(self) -> None:
        self._lose(httpx.ConnectError, errno.ECONNREFUSED)

    def reset(self) -> None:
        self._lose(httpx.ReadError, errno.ECONNRESET)

    def close(self) -> None:
        message = "peer closed connection without sending complete message body"
        self.lost = httpx.RemoteProtocolError(message)
        raise _LostError

    def _lose(self, kind: type[httpx.TransportError], number: int) -> NoReturn:
        cause = OSError(number, os.strerror(number))  # which makes it a ConnectionRefusedError, or alike
        self.lost = kind(str(cause))
        self.lost.__cause__ = cause
        raise _LostError
