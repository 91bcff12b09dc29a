"""Fetches what the API only hands out links to. Such a link is its own password, so no token goes along."""

from __future__ import annotations

import anyio
import httpx

from reconciler.api.network import http_client
from reconciler.model.errors import TransportError
from reconciler.model.loopback import is_loopback

LARGEST = 10_000_000
TIMEOUT = 60.0
_GONE = (403, 404, 410)


async def download(
    url: str, *, transport: httpx.AsyncBaseTransport | None = None, largest: int = LARGEST
) -> bytes | None:
    """The bytes behind a link; None where it leads nowhere (any more). Raises TransportError."""
    link = httpx.URL(url)
    if link.scheme != "https" and not is_loopback(link.host):
        raise TransportError(f"the link to {link.host} is not https, so it is not followed")
    try:
        with anyio.fail_after(TIMEOUT):
            async with (
                http_client(link, transport, timeout=TIMEOUT) as http,
                http.stream("GET", link) as response,
            ):
                if response.status_code in _GONE:
                    return None
                if response.status_code != 200:
                    raise TransportError(f"{link.host} answers with HTTP {response.status_code}")
                found = bytearray()
                async for part in response.aiter_bytes():
                    found += part
                    if len(found) > largest:
                        raise TransportError(f"what {link.host} sends is larger than {largest:,} bytes")
                return bytes(found)
    except (httpx.HTTPError, OSError) as error:
        raise TransportError(f"{link.host} does not answer: {type(error).__name__}") from error
