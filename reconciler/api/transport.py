"""One POST to `{base}/api`: sent within the limits, repeated where that does no harm, its answer read.

What arrives above is a GraphQL answer or one of our errors; httpx's own stay here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import anyio
import httpx
from msgspec import Struct

from reconciler.api.auth import Credentials, Tokens, checked_base
from reconciler.api.background import Background
from reconciler.api.health import Health
from reconciler.api.limits import Limiter
from reconciler.api.network import http_client
from reconciler.api.readonly import guard
from reconciler.api.retries import AWAY, AttemptError, Patience, Trail, persist, retry_after, told_at
from reconciler.api.wire import Answer, decode, decode_sheaf, encode
from reconciler.api.withdrawal import UntilWithdrawn, Withdrawal
from reconciler.model.errors import (
    ApiError,
    InvalidInput,
    NotAuthenticated,
    ReconcilerError,
    TransportError,
    Unreachable,
    WriteRefused,
)
from reconciler.model.operation import Operation
from reconciler.model.tracing import Spans, untraced

log = logging.getLogger("reconciler.http")

_RETRIED = (500, 502, 503, 504)
_LONG = 3.0  # seconds of waiting that are worth a word
_URL_HINT = "check the environment's url: it is the stack's address, such as https://app.prismatic.io"
_BUSY_HINT = "wait, or lower the environment's rate: others may use the same tenant"
_NET_HINT = "check the network, the environment's url and the proxy, then run again"
_TOKEN_HINT = (
    "the token is wrong, expired or revoked, or belongs to another stack: check the environment's url"
)
_CONNECT = 10.0  # seconds for a connection: a host that is there answers at once


class Stats(Struct):
    """What a client has done: operations by kind; and what was told along with all answers."""

    reads: int = 0
    writes: int = 0
    told_at: datetime | None = None
    """When the server gave its last answer, by its own clock; None where it does not tell."""


class _Call(Struct):
    """One operation on its way."""

    op: Operation
    body: bytes
    headers: Mapping[str, str]
    trail: Trail
    renewed: bool = False
    counted: bool = False


class Transport:
    """Sends operations to one stack. Raises InvalidInput for a URL that no token may travel to."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        inner: httpx.AsyncBaseTransport | None,
        rate: float | None,
        parallelism: int,
        read_only: bool,
        patience: Patience,
        notice: Callable[[str], None],
        span: Spans = untraced,
    ) -> None:
        self.base = checked_base(base_url)
        if checked_base(credentials.base_url) != self.base:
            raise InvalidInput.of("url", f"a token for {credentials.base_url} is not sent to {self.base}")
        self.stats = Stats()
        self.before_writing: Callable[[], None] = lambda: None
        """What is done right before a request leaves that may change anything. It may raise."""
        self._url = httpx.URL(f"{self.base}/api")
        self._patience = patience
        self._notice, self._span = notice, span
        self._health, self._withdrawal = Health(patience), Withdrawal()
        self._limiter = Limiter(
            rate, parallelism, clock=patience.clock, sleep=patience.sleep, longest=patience.deadline
        )
        hooks = [guard(self._url, httpx.URL(f"{self.base}/auth/refresh"))] if read_only else []
        # hpack writes every header, the token's too, to its log at DEBUG.
        logging.getLogger("hpack").setLevel(logging.INFO)
        self._http = http_client(
            self.base,
            inner,
            http2=inner is None,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=parallelism),
            headers={"Accept": "application/json", "User-Agent": "reconciler"},
            event_hooks={"request": hooks},
        )
        self.background = Background()
        """What goes on beside whoever asked for it, for as long as the transport is open."""
        self._tokens = Tokens(self.base, credentials, self._http, patience, self._health, self.background)

    @property
    def concurrency(self) -> int:
        """How many requests may be under way now."""
        return self._limiter.concurrency

    @property
    def rotates_tokens(self) -> bool | None:
        """What the last exchange of the refresh token showed; None where there was none."""
        return self._tokens.rotates

    def withdraw(self) -> None:
        """Lets nothing go out any more that may be withdrawn."""
        self._withdrawal.call()

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        await self.background.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.background.close()
        finally:
            await self._http.__aexit__(kind, error, trace)

    async def send(self, op: Operation, *, headers: Mapping[str, str] | None = None) -> Answer:
        """The GraphQL answer to `op`, errors in it included.

        Raises TransportError (`doubtful` where a write may have happened), Unreachable, NotAuthenticated,
        WriteRefused, Withdrawn, or ApiError where it cannot be written down.
        """
        try:
            body = encode(op.document, op.variables)
        except UnicodeEncodeError:
            raise ApiError(
                f"{op.name}: a text in the request is not valid Unicode, and cannot be sent",
                operation=op.name,
                address=op.address,
                hint="look for half of a surrogate pair, such as \\ud83d, in what the manifest names",
            ) from None
        call = _Call(op, body, headers or {}, Trail())
        if op.is_mutation:
            self.before_writing()
        self._health.requested()
        try:
            return await persist(
                partial(self._attempt, call),
                self._patience,
                UntilWithdrawn(self._health, self._withdrawal, op, call.trail),
                call.trail,
                repeatable=op.repeatable,
                again=partial(self._tell_of_wait, call),
            )
        except AttemptError as failure:
            if failure.answer is not None:
                return failure.answer
            raise self._given_up(call, failure) from failure.__cause__
        except WriteRefused as error:
            raise WriteRefused(
                error.message, operation=op.name, address=op.address, hint=error.hint
            ) from None

    def _tell_of_wait(self, call: _Call, wait: float) -> None:
        if wait >= _LONG:
            about = f"{call.op.address}: {call.op.name}" if call.op.address else call.op.name
            self._notice(f"{about}: trying again in {wait:.0f} s, after: {call.trail.last}")

    def _wait_for_turn(self, op: Operation, seconds: float) -> None:
        if seconds >= _LONG:
            self._notice(f"{op.name}: waiting {seconds:.0f} s for the rate limit")

    def _count(self, call: _Call, took: float) -> None:
        call.trail.spent += took
        if not call.counted:
            call.counted = True
            self.stats.writes += call.op.is_mutation
            self.stats.reads += not call.op.is_mutation

    async def _attempt(self, call: _Call) -> Answer:
        op, token = call.op, await self._tokens.bearer()
        sort = "mutation" if op.is_mutation else "query"
        with self._span("request", operation=op.name, type=sort, calls=len(op.parts) or 1) as span:
            response = await self._post(call, token)
            if response.status_code == 401 and not call.renewed and await self._tokens.renew(token):
                call.renewed = True
                response = await self._post(call, await self._tokens.bearer())
            span.note("http.response.status_code", response.status_code)
            return self._read(call, response)

    async def _post(self, call: _Call, token: str | None) -> httpx.Response:
        patience, op = self._patience, call.op
        limit = op.timeout or patience.timeout
        headers = {"Content-Type": "application/json", **call.headers}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with AsyncExitStack() as stack:
            with self._health.waiting(), self._withdrawal.waiting(op, call.trail):
                turn = self._limiter.slot(partial(self._wait_for_turn, op))
                slot = await stack.enter_async_context(turn)
            started = patience.clock()
            try:
                with anyio.fail_after(limit):
                    response = await self._http.post(
                        self._url,
                        content=call.body,
                        extensions={"parts": op.parts} if op.parts else {},
                        headers=headers,
                        timeout=httpx.Timeout(limit, connect=min(_CONNECT, limit), pool=None),
                    )
            except (httpx.RequestError, OSError) as error:
                self._count(call, patience.clock() - started)
                log.debug("%s failed: %s", op.name, type(error).__name__)
                failure = AttemptError.of(error, limit)
                self._health.missed(failure)
                raise failure from error
            # It and its stream hold each other, and both bodies, until garbage is looked for.
            response.stream = httpx.ByteStream(b"")
            took = patience.clock() - started
            self._count(call, took)
            self.stats.told_at = told_at(response.headers.get("date")) or self.stats.told_at
            if response.status_code == 429:
                slot.throttled(retry_after(response.headers.get("retry-after"), patience.now()))
            else:
                slot.answered(took)
        log.debug("%s %d in %.0f ms", op.name, response.status_code, took * 1000)
        return response

    def _read(self, call: _Call, response: httpx.Response) -> Answer:
        """The answer in a response of any status; raises AttemptError, or ours where repeating is no help."""
        status = response.status_code
        if status not in AWAY:
            self._health.answered()
        if status == 401:
            raise NotAuthenticated(f"{self.base} refuses the access token (HTTP 401)", hint=_TOKEN_HINT)
        wait = retry_after(response.headers.get("retry-after"), self._patience.now())
        if status == 429:
            text = "HTTP 429, too many requests"
            raise AttemptError(text, sent=False, reached=False, wait=wait, throttled=True)
        if response.is_redirect:
            raise Unreachable(f"{self._url} answers with a redirect (HTTP {status})", hint=_URL_HINT)
        several = bool(call.op.parts) and not call.op.is_mutation
        answer = (decode_sheaf if several else decode)(status, response.content)
        if answer is None:
            raise self._unusable(call.op, status, wait)
        if status in _RETRIED and (answer.faults or answer.data is None):
            failure = AttemptError(f"HTTP {status}", sent=True, wait=wait, answer=answer)
            if status in AWAY:
                self._health.missed(failure)
            raise failure
        return answer

    def _unusable(self, op: Operation, status: int, wait: float | None) -> Exception:
        """The error for a response that is no GraphQL answer."""
        if status < 400 or status >= 500 or status == 408:
            text = (
                f"HTTP {status} with a body that is no GraphQL answer" if status < 400 else f"HTTP {status}"
            )
            failure = AttemptError(text, sent=True, reached=status not in AWAY, wait=wait)
            if status in AWAY:
                self._health.missed(failure)
            return failure
        if status == 403:
            hint = "the token's user is not allowed here, or a firewall on the way refuses the request"
            return NotAuthenticated(
                f"{self.base} forbids {op.name} (HTTP 403)", hint=hint, address=op.address
            )
        if status in (404, 405, 410):
            return Unreachable(f"{self._url} is no GraphQL endpoint (HTTP {status})", hint=_URL_HINT)
        hint = "the request is too large for the server: make the definition smaller" if status == 413 else ""
        text = f"{op.name}: the server refuses the request (HTTP {status})"
        return TransportError(text, operation=op.name, address=op.address, hint=hint)

    def _given_up(self, call: _Call, failure: AttemptError) -> ReconcilerError:
        op, trail = call.op, call.trail
        tried = trail.describe()
        if not failure.reached and not (op.is_mutation and trail.doubtful):
            message, hint = f"cannot reach {self.base}: {tried}", _NET_HINT
            if failure.throttled:
                message, hint = f"{self.base} takes no more requests: {tried}", _BUSY_HINT
            return Unreachable(message, hint=hint, address=op.address)
        doubtful = op.is_mutation and trail.doubtful
        hint = "it may or may not have been carried out; the next plan shows" if doubtful else _NET_HINT
        return TransportError(
            f"{op.name}: no usable answer from {self.base}: {tried}",
            operation=op.name,
            address=op.address,
            hint=hint,
            doubtful=doubtful,
        )
