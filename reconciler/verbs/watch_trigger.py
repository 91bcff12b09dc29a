"""A webhook that has the loop look at once, for whoever signs what is sent with the secret that both know, as
GitHub does. It only asks for a look: what is repeated, or comes in crowds, is one look in a while.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import anyio

from reconciler.model.errors import InvalidInput
from reconciler.model.secret import Secret
from reconciler.verbs.named_secret import named_secret

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SIGNATURE = "X-Hub-Signature-256"
LARGEST = 1024 * 1024
"""Bytes of a body: what is larger is not read."""
_PATIENCE = 10.0  # seconds in which a body must have arrived
_SHORTEST = 16
_OPTION = "--trigger"


def trigger_secret(name: str, environ: Mapping[str, str]) -> Secret:
    """The secret that signs, from the variable or the file that the option names. Raises InvalidInput."""
    found = named_secret(name, _OPTION, environ)
    if len(found.reveal()) < _SHORTEST:
        message = f"the secret of {_OPTION} is shorter than {_SHORTEST} characters"
        raise InvalidInput.of("webhook", message, hint="make one with: openssl rand -hex 32")
    return found


def trigger(secret: Secret, ask: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that asks for a look where the body is signed."""
    from starlette.responses import PlainTextResponse

    async def answer(request: Request) -> Response:
        signature = request.headers.get(SIGNATURE, "")
        if not signature:
            return PlainTextResponse(f"{SIGNATURE} is missing\n", 401)
        try:
            with anyio.fail_after(_PATIENCE):
                body = await _body(request)
        except TimeoutError:
            return PlainTextResponse("the body does not arrive\n", 408)
        if body is None:
            return PlainTextResponse(f"more than {LARGEST:,} bytes\n", 413)
        if not _is_signed(secret, body, signature):
            return PlainTextResponse(f"{SIGNATURE} is not that of this body\n", 401)
        ask()
        return PlainTextResponse("the loop looks\n", 202)

    return answer


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too large."""
    said = request.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) > LARGEST:
        return None
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > LARGEST:
            return None
    return bytes(parts)


def _is_signed(secret: Secret, body: bytes, signature: str) -> bool:
    """Compared in a time that does not depend on how much of it is right."""
    expected = "sha256=" + hmac.digest(secret.reveal().encode(), body, "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.encode())
