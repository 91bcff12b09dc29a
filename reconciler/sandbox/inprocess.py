"""Why this exists: where there is no network, its failures must be put in the words of httpx."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from .misbehave import CONNECTION


class InProcess(httpx.AsyncBaseTransport):
    """Answers requests from an application in this process, and fails as a network would."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The application's response, or the error that a lost connection means to a client."""
        wire = _Wire()

        async def connected(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {CONNECTION: wire}
            await self._app(scope, receive, send)

        # A failure inside reaches the client as a server's would: as a 500, not as a Python exception.
        inner = httpx.ASGITransport(connected, raise_app_exceptions=False)
        response = await inner.handle_async_request(request)
        if wire.lost is not None:
            raise wire.lost from wire.lost.__cause__
        return response


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
