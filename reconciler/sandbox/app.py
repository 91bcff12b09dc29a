"""Why this exists: the sandbox as a web application, with the doors, refusals and limits of the real one.

What happens behind ``POST /api`` is the sandbox's business; here are tokens, sizes, rates and status codes.
"""

from __future__ import annotations

import logging
import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .auth import AUDIENCE, CLIENT_ID, WEEK, TokenError, Tokens
from .document import calls
from .doors import came_to, routes
from .faults import GIVES_UP, ROLLED_BACK, Strike
from .misbehave import answer, gateway_timeout
from .nature import Nature

if TYPE_CHECKING:
    from .sandbox import Sandbox

BODY_LIMIT = 2_621_440  # 2.5 MB
RATE = 20  # requests of one token in any second
_log = logging.getLogger(__name__)


class EdgeError(Exception):
    """Ends a request with this status and body."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = _json(status, body, headers)


def build_app(
    sandbox: Sandbox,
    *,
    token_seconds: int = WEEK,
    clock: Callable[[], float] = time.time,
    entropy: Callable[[int], bytes] = os.urandom,
) -> Starlette:
    """The application; token_seconds is how long issued access tokens live."""
    edge = _Edge(sandbox, token_seconds, Nature(clock, entropy))
    doors = [
        Route("/api", edge.graphql, methods=["POST"]),
        Route("/api/", edge.graphql, methods=["POST"]),
        Route("/auth/meta", edge.meta, methods=["GET"]),
        Route("/auth/refresh", edge.refresh, methods=["POST"]),
        Route("/auth/revoke", edge.revoke, methods=["POST"]),
        Route("/oauth/token", edge.oauth, methods=["POST"]),
        *routes(sandbox),
    ]
    app = Starlette(routes=doors, exception_handlers={HTTPException: _http_error, EdgeError: _edge_error})
    app.router.redirect_slashes = False
    return app


class _Edge:
    def __init__(self, sandbox: Sandbox, token_seconds: int, nature: Nature) -> None:
        self._sandbox = sandbox
        self._clock = nature.clock
        self._tokens = Tokens(
            sandbox.token, sandbox.refresh_token, sandbox.tenant_id, seconds=token_seconds, nature=nature
        )
        self._unfinished: deque[tuple[float, Callable[[], object]]] = deque()
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    async def graphql(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not self._tokens.accepts(token):
            raise EdgeError(401, _errors("Unauthorized"), {"WWW-Authenticate": "Bearer"})
        self._check_rate(token)
        came_to(request)
        body = _request_of(await self._read(request))
        introspection = (
            self._rule("introspection", "on") == "on"
            or request.headers.get("prismatic-docs-introspection", "").lower() == "true"
        )
        self._go_on()
        strikes = self._sandbox.strike(body["query"], body.get("operationName"))
        for strike in strikes:
            if strike.kind == GIVES_UP:
                return self._give_up(body, strike)
            if strike.kind == ROLLED_BACK:
                return self._roll_back(body, strike)
        stale = any(strike.kind == "stale_read" for strike in strikes)
        return await answer(strikes, lambda: self._carry_out(body, introspection, stale))

    def _carry_out(self, body: dict[str, Any], introspection: bool, stale: bool) -> Response:
        try:
            sandbox = (self._sandbox.past if stale else None) or self._sandbox
            status, response, headers = sandbox.execute(
                body["query"], body.get("variables"), body.get("operationName"), introspection
            )
            if status == 200 and self._rule("error_status", "200") == "400" and _has_errors(response):
                status = 400
            return _json(status, response, headers)
        except Exception:  # a server answers and goes on, whatever broke inside
            _log.exception("the sandbox failed to answer a request")
            return _json(500, _errors("Internal server error"))

    def _give_up(self, body: dict[str, Any], strike: Strike) -> Response:
        """A gateway that waits no longer: some calls were carried out by then, the others are later."""
        count = calls(body["query"], body.get("operationName"))
        done = int(strike.chance * count)
        for index in range(count):
            # What is carried out later is still the work of whoever sent it, not of who asks by then.
            carry = partial(copy_context().run, self._part, body, index)
            if index < done:
                carry()
            else:
                self._unfinished.append((self._clock() + (index - done + 1) * strike.seconds, carry))
        return gateway_timeout()

    def _go_on(self) -> None:
        """Carries out what became due of requests that nobody waits for any more."""
        while self._unfinished and self._unfinished[0][0] <= self._clock():
            self._unfinished.popleft()[1]()

    def _part(self, body: dict[str, Any], index: int) -> object:
        return self._sandbox.execute(
            body["query"], body.get("variables"), body.get("operationName"), part=index
        )

    def _roll_back(self, body: dict[str, Any], strike: Strike) -> Response:
        """A transaction that failed in the end, and an answer that was written before."""
        status, response, headers = self._sandbox.execute(
            body["query"], body.get("variables"), body.get("operationName"), undone=True
        )
        payloads = [part for part in (response.get("data") or {}).values() if isinstance(part, dict)]
        if payloads:
            refused = payloads[int(strike.chance * len(payloads))]
            refused.update({name: None for name in refused if name not in ("errors", "clientMutationId")})
            refused["errors"] = [{"field": "__all__", "messages": ["The transaction was rolled back."]}]
        return _json(status, response, headers)

    async def meta(self, request: Request) -> Response:
        return _json(200, {"domain": request.url.netloc, "clientId": CLIENT_ID, "audience": AUDIENCE})

    async def refresh(self, request: Request) -> Response:
        body = _object_of(await self._read(request))
        return await self._exchange(body.get("refresh_token"), body.get("tenant_id"))

    async def oauth(self, request: Request) -> Response:
        form = dict(parse_qsl((await self._read(request)).decode("utf-8", "replace")))
        if form.get("grant_type") != "refresh_token":
            return _refusal(
                TokenError(400, "unsupported_grant_type", "Only refresh_token is supported here.")
            )
        return await self._exchange(form.get("refresh_token"), form.get("tenant_id"))

    async def revoke(self, request: Request) -> Response:
        self._tokens.revoke(_object_of(await self._read(request)).get("refresh_token"))
        return _json(200, {})  # unknown tokens too: the answer must not tell which exist

    async def _exchange(self, refresh_token: Any, tenant: Any) -> Response:
        return await answer(self._sandbox.strike_auth(), lambda: self._token(refresh_token, tenant))

    def _token(self, refresh_token: Any, tenant: Any) -> Response:
        rotate = self._rule("token_rotation", "false") == "true"
        try:
            return _json(200, self._tokens.exchange(refresh_token, tenant, rotate=rotate))
        except TokenError as refused:
            return _refusal(refused)

    def _rule(self, name: str, default: str) -> str:
        return self._sandbox.rules.get(name, default)

    def _check_rate(self, token: str) -> None:
        rule = self._rule("rate_limit", "none")
        if rule == "none":
            return
        now, calls = self._clock(), self._calls[token]
        while calls and now - calls[0] >= 1:
            calls.popleft()
        if len(calls) >= RATE:
            headers = {"Retry-After": "1"} if rule == "retry_after" else {}
            raise EdgeError(429, _errors("Too many requests"), headers)
        calls.append(now)

    async def _read(self, request: Request) -> bytes:
        """The body, given up as soon as it is too long."""
        limit = None if self._rule("body_limit", "2.5MB") == "none" else BODY_LIMIT
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if limit is not None and len(body) > limit:
                    raise EdgeError(413, _errors("Request body is too large"))
        except ClientDisconnect as gone:
            raise EdgeError(400, _errors("Request body is incomplete")) from gone
        return bytes(body)


def _request_of(body: bytes) -> dict[str, Any]:
    """A GraphQL request; null variables and operation names count as absent."""
    request = _object_of(body)
    if not isinstance(request.get("query"), str) or not request["query"].strip():
        raise EdgeError(400, _errors("Must provide query string."))
    if not isinstance(request.get("variables"), dict | None):
        raise EdgeError(400, _errors("Variables must be an object."))
    if not isinstance(request.get("operationName"), str | None):
        raise EdgeError(400, _errors("operationName must be a string."))
    return request


def _object_of(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise EdgeError(400, _errors("POST body sent invalid JSON.")) from error
    if isinstance(value, list):
        raise EdgeError(400, _errors("Batch GraphQL requests are not enabled."))
    if not isinstance(value, dict):
        raise EdgeError(400, _errors("The request must be a JSON object."))
    return value


def _has_errors(response: dict[str, Any]) -> bool:
    """Errors at the top, or in the payload of a mutation."""
    data = response.get("data") or {}
    return bool(response.get("errors")) or any(
        isinstance(part, dict) and part.get("errors") for part in data.values()
    )


def _errors(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message}]}


def _refusal(refused: TokenError) -> Response:
    return _json(refused.status, {"error": refused.error, "error_description": refused.description})


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    content = msgspec.json.encode(body)
    return Response(content, status, dict(headers or {}), media_type="application/json")


async def _edge_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, EdgeError)
    return error.response


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json(error.status_code, _errors(error.detail), error.headers)
