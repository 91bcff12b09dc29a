"""Tokens: where they may travel, how a refresh token becomes an access token, and when that is renewed.

Facts: transport.md, section 1 (`POST {base}/auth/refresh`, tenants, renewal habits).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import httpx
import msgspec
from msgspec import Struct

from reconciler.api.background import Background
from reconciler.api.health import Health
from reconciler.api.retries import AWAY, AttemptError, Patience, Trail, persist, retry_after
from reconciler.model.errors import InvalidInput, NotAuthenticated, Unreachable
from reconciler.model.loopback import is_loopback
from reconciler.model.secret import Secret

EARLY = 300.0  # renewed this many seconds before it expires, as the vendor's clients do
_REFUSAL_HOLDS = 10.0  # seconds in which callers who waited for a refused exchange do not ask again

_HINTS = {
    "access_denied": "the token's user is not a member of this tenant: check the environment's tenant id",
    "invalid_grant": "the refresh token is wrong, was revoked, or belongs to another stack: check the "
    "environment's url, or get a new token with `prism me:token --type refresh`",
}


class Grant(Struct):
    """What the exchanges of a run have brought so far."""

    refresh: str | None = None
    access: str | None = None
    renew_at: float | None = None
    rotates: bool | None = None
    """Whether the last exchange gave another refresh token; None before the first."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are at one stack. Tokens are valid only at the stack (`base_url`) that issued them.

    A refresh token is exchanged for access tokens of `tenant` (None: the user's first); an access token
    alone is used as it is. All clients with the same credentials share what was granted: a stack may take a
    refresh token only once.
    """

    base_url: str
    refresh_token: Secret | None = None
    access_token: Secret | None = None
    tenant: str | None = None
    grant: Grant = field(default_factory=Grant, repr=False, compare=False)


def checked_base(url: str) -> httpx.URL:
    """The base URL, without a slash at its end. Raises InvalidInput unless a token may travel there.

    That is: over TLS, or to this machine (a sandbox).
    """
    try:
        parsed = httpx.URL(url.strip().rstrip("/"))
    except httpx.InvalidURL:
        raise InvalidInput.of("url", f'"{url}" is not a URL') from None
    if parsed.userinfo:  # not repeated in the message: it may hold a password
        raise InvalidInput.of("url", "the url of an environment may not hold a user or a password")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise InvalidInput.of("url", f'"{url}" is not a base url', hint="write https://app.prismatic.io")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise InvalidInput.of(
            "url-insecure",
            f'a token is not sent to "{url}" without TLS',
            hint="write https://; plain http is for sandboxes on this machine (127.0.0.1, localhost)",
        )
    return parsed


class _Exchange(Struct):
    """An exchange that is under way."""

    ended: anyio.Event = msgspec.field(default_factory=anyio.Event)
    error: Exception | None = None


def _anew(refusal: NotAuthenticated | Unreachable) -> NotAuthenticated | Unreachable:
    """The same refusal for each who is told of it."""
    return type(refusal)(refusal.message, hint=refusal.hint)


class Tokens:
    """Hands out a valid access token; exchanges and renews it, once for all that wait for it. An exchange
    outlasts whoever asked for it: where a refresh token is taken only once, its answer holds the next one.
    """

    def __init__(
        self,
        base: httpx.URL,
        credentials: Credentials,
        http: httpx.AsyncClient,
        patience: Patience,
        health: Health,
        background: Background,
    ) -> None:
        self._base = base
        self._tenant = credentials.tenant
        self._http = http
        self._patience = patience
        self._health = health
        self._grant = grant = credentials.grant
        if grant.refresh is None and grant.access is None:
            grant.refresh = _plain(credentials.refresh_token, "refresh")
            grant.access = _plain(credentials.access_token, "access")
            grant.renew_at = _expiry_of(grant.access, patience.now()) if grant.access else None
        self._background = background
        self._under_way: _Exchange | None = None
        self._refusal: tuple[float, NotAuthenticated | Unreachable] | None = None

    @property
    def rotates(self) -> bool | None:
        """Whether the last exchange gave another refresh token; None where there was none."""
        return self._grant.rotates

    async def bearer(self) -> str | None:
        """The access token to send, None for a sandbox that needs none.

        Raises NotAuthenticated where there is no token or the server refuses the refresh token, and
        Unreachable where the exchange gets no answer.
        """
        if self._grant.refresh is None:
            if self._grant.access is None and not is_loopback(self._base.host):
                raise NotAuthenticated(
                    f"there is no token for {self._base}",
                    hint="set the environment's auth, or PRISM_REFRESH_TOKEN",
                )
            return self._grant.access
        if self._stale():
            await self._renewed()
        return self._grant.access

    async def renew(self, rejected: str | None) -> bool:
        """Replaces an access token that was answered with 401. False if there is no way to get another."""
        if self._grant.refresh is None:
            return False
        if self._grant.access == rejected:  # otherwise another task has replaced it meanwhile
            await self._renewed()
        return True

    async def _renewed(self) -> None:
        exchange = self._under_way
        if exchange is None:
            exchange = self._under_way = _Exchange()
            self._background.start(self._carried_out, exchange)
        await exchange.ended.wait()
        if isinstance(exchange.error, NotAuthenticated | Unreachable):
            raise _anew(exchange.error)
        if exchange.error is not None:
            raise exchange.error

    async def _carried_out(self, exchange: _Exchange) -> None:
        try:
            await self._exchange()
        except Exception as error:  # whoever waits for it is told, whatever it is
            exchange.error = error
        finally:
            self._under_way = None
            exchange.ended.set()

    def _stale(self) -> bool:
        return self._grant.access is None or (
            self._grant.renew_at is not None and self._patience.now() >= self._grant.renew_at
        )

    async def _exchange(self) -> None:
        if self._refusal and self._patience.now() - self._refusal[0] < _REFUSAL_HOLDS:
            raise _anew(self._refusal[1])
        try:
            self._keep(await self._asked())
        except (NotAuthenticated, Unreachable) as refusal:
            self._refusal = (self._patience.now(), refusal)
            raise

    async def _asked(self) -> dict[str, Any]:
        trail = Trail()
        # Repeating is safe where refresh tokens are not rotated; where they are, no other way is safer.
        try:
            return await persist(
                partial(self._ask, trail), self._patience, self._health, trail, repeatable=True
            )
        except AttemptError:
            raise Unreachable(
                f"cannot reach {self._base} to authenticate: {trail.describe()}",
                hint="check the environment's url, the network and the proxy",
            ) from None

    async def _ask(self, trail: Trail) -> dict[str, Any]:
        body = {"refresh_token": self._grant.refresh}
        if self._tenant:
            body["tenant_id"] = self._tenant
        timeout, started = self._patience.timeout, self._patience.clock()
        self._health.check()
        try:
            with anyio.fail_after(timeout):
                response = await self._http.post(f"{self._base}/auth/refresh", json=body, timeout=timeout)
        except (httpx.RequestError, OSError) as error:
            failure = AttemptError.of(error, timeout)
            self._health.missed(failure)
            raise failure from error
        finally:
            trail.spent += self._patience.clock() - started
        return self._read(response)

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        status = response.status_code
        wait = retry_after(response.headers.get("retry-after"), self._patience.now())
        if status == 429 or status >= 500:
            failure = AttemptError(f"HTTP {status}", sent=True, wait=wait, throttled=status == 429)
            if status in AWAY:
                self._health.missed(failure)
            raise failure
        self._health.answered()
        answer = _mapping(response.content)
        if status == 200 and isinstance(answer.get("access_token"), str):
            return answer
        if status == 200 or response.is_redirect or status in (404, 405):
            raise Unreachable(
                f"{self._base} does not exchange tokens (HTTP {status})",
                hint="check the environment's url: it is the stack's address, such as https://app.prismatic.io",
            )
        # Only the error's code is shown: a description could repeat the token.
        code = str(answer.get("error", ""))
        told = f" ({code})" if code in _HINTS else ""
        hint = _HINTS.get(code, _HINTS["invalid_grant"])
        raise NotAuthenticated(f"{self._base} refuses the refresh token: HTTP {status}{told}", hint=hint)

    def _keep(self, answer: dict[str, Any]) -> None:
        now = self._patience.now()
        self._grant.access = str(answer["access_token"])
        lifetime = answer.get("expires_in")
        if isinstance(lifetime, int | float) and lifetime > 0:
            # A token that lives shorter than ten minutes is renewed at half of its life.
            self._grant.renew_at = now + lifetime - min(EARLY, lifetime / 2)
        else:
            self._grant.renew_at = _expiry_of(self._grant.access, now)
        rotated = answer.get("refresh_token")
        self._grant.rotates = isinstance(rotated, str) and rotated not in ("", self._grant.refresh)
        if isinstance(rotated, str) and rotated:
            self._grant.refresh = rotated


def _plain(secret: Secret | None, what: str) -> str | None:
    """The token itself, None if blank. Raises NotAuthenticated if it cannot stand in a header."""
    token = secret.reveal().strip() if secret else ""
    if not token:
        return None
    if not token.isascii() or not token.isprintable() or " " in token:
        source = f" from {secret.source}" if secret and secret.source else ""
        raise NotAuthenticated(f"the {what} token{source} is not a token: it holds blanks or line breaks")
    return token


def _expiry_of(token: str, now: float) -> float | None:
    """When to renew a JWT, by its `exp`, unverified; None for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = _mapping(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):  # not a JWT after all: as opaque as any other
        return None
    expires = claims.get("exp")
    if not isinstance(expires, int | float):
        return None
    left = expires - now
    return float(expires - min(EARLY, left / 2)) if left > 0 else float(expires)


def _mapping(body: bytes) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
