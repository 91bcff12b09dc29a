"""Why this exists: a client meets bad networks and servers only if something here behaves like them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import anyio
import msgspec
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .faults import Strike

CONNECTION = "connection"  # where whoever runs the application puts a Connection into the scope's state
_PIECES = 10
_BESIDE = ("errors", "clientMutationId", "__typename")  # what a payload holds beside its object


class Connection(Protocol):
    """The connection that a request came in by. Ending it may raise, if that is how one leaves."""

    def refuse(self) -> None:
        """End it as if nobody had listened."""

    def reset(self) -> None:
        """End it without another byte."""

    def close(self) -> None:
        """End it after what was sent."""


async def answer(strikes: Sequence[Strike], carry_out: Callable[[], Response]) -> Response:
    """The response to one request with all that befalls it, which may keep it from being carried out."""
    for strike in strikes:
        if strike.moment == "delay":
            await anyio.sleep(strike.seconds)
    for strike in strikes:
        if strike.moment == "before":
            return _BEFORE[strike.kind](strike)
        if strike.moment == "after":
            return _AFTER[strike.kind](carry_out(), strike)
    return carry_out()


class _Hangup(Response):
    """No answer but the end of the connection."""

    def __init__(self, how: Callable[[Connection], None]) -> None:
        super().__init__()
        self._how = how

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        self._how(scope["state"][CONNECTION])
        # Nothing may be sent until the server has noticed, or it sends an answer of its own.
        while (await receive())["type"] != "http.disconnect":
            pass


class _Half(Response):
    """A promise of the whole, the first half of it, and the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _Hangup(lambda connection: connection.close())(scope, receive, send)


def _page(status: int, title: str) -> Callable[..., Response]:
    """A gateway's own answer."""
    body = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return lambda *_: HTMLResponse(body, status)


def _errors(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    return JSONResponse({"errors": [{"message": message}], **more}, status, headers)


def gateway_timeout() -> Response:
    """What a gateway says that waits no longer."""
    return _page(504, "Gateway Timeout")()


def _throttle(strike: Strike) -> Response:
    return _errors(429, "Too many requests", {"Retry-After": str(math.ceil(strike.seconds))})


def _half(good: Response, _: Strike) -> Response:
    return _Half(good.body, good.status_code, dict(good.headers))


def _drip(good: Response, strike: Strike) -> Response:
    body = bytes(good.body)
    size = max(1, math.ceil(len(body) / _PIECES))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            await anyio.sleep(strike.seconds / _PIECES)
            yield body[start : start + size]

    return StreamingResponse(pieces(), good.status_code, dict(good.headers))


def _with_400(good: Response, _: Strike) -> Response:
    good.status_code = 400
    return good


def _garbage(good: Response, strike: Strike) -> Response:
    half = bytes(good.body[: len(good.body) // 2])
    body = half if strike.chance < 0.5 else b"upstream \xff\xfe said: OK"
    return Response(body, 200, media_type="application/json")


def _null_object(good: Response, _: Strike) -> Response:
    """An answer without errors that nevertheless says nothing."""
    body = msgspec.json.decode(good.body)
    data = body.get("data") or {}
    for name, part in data.items():
        if isinstance(part, dict) and "errors" in part:
            data[name] = {key: value if key in _BESIDE else None for key, value in part.items()}
        else:
            data[name] = None
    headers = {name: value for name, value in good.headers.items() if name != "content-length"}
    return Response(msgspec.json.encode(body), good.status_code, headers)


_BEFORE: Mapping[str, Callable[[Strike], Response]] = {
    "refuse": lambda _: _Hangup(lambda connection: connection.refuse()),
    "reset_before": lambda _: _Hangup(lambda connection: connection.reset()),
    "throttle": _throttle,
    "throttle_silent": lambda _: _errors(429, "Too many requests"),
    "error_500": _page(500, "Internal Server Error"),
    "error_502": _page(502, "Bad Gateway"),
    "error_503": _page(503, "Service Unavailable"),
    "graphql_errors": lambda _: _errors(200, "Internal error", data=None),
    "unauthorized": lambda _: _errors(401, "Unauthorized", {"WWW-Authenticate": "Bearer"}),
}
_AFTER: Mapping[str, Callable[[Response, Strike], Response]] = {
    "reset_after": lambda *_: _Hangup(lambda connection: connection.reset()),
    "half_answer": _half,
    "drip": _drip,
    "error_502_after": _page(502, "Bad Gateway"),
    "data_with_400": _with_400,
    "garbage": _garbage,
    "null_object": _null_object,
}
