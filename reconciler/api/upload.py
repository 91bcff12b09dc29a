"""Puts a file to a presigned address: without our token, along no redirect, over TLS or within this machine.

The address is its own password (api notes: "Limits"), so messages name its host at most.
"""

from __future__ import annotations

from functools import partial

import anyio
import httpx
from msgspec import Struct

from reconciler.api.health import Health
from reconciler.api.network import http_client
from reconciler.api.retries import AttemptError, Patience, Trail, persist, retry_after
from reconciler.model.errors import TransportError
from reconciler.model.loopback import is_loopback
from reconciler.model.operation import Upload

SECONDS = 600.0  # for one attempt: a package can be large, and the line slow
_AGAIN = (408, 429, 500, 502, 503, 504)
_HINT = "run apply again: it publishes anew, which gives a new address"


class Uploads(Struct, frozen=True):
    """Where files go out. `inner` replaces the network, as the client's does."""

    inner: httpx.AsyncBaseTransport | None
    patience: Patience

    async def put(self, upload: Upload) -> None:
        """Sends the file; where no answer comes, again, which does no harm. Raises TransportError."""
        url = _checked(upload)
        trail = Trail()
        http = http_client(url, self.inner, headers={"User-Agent": "reconciler"})
        try:
            attempt = partial(self._attempt, http, url, upload, trail)
            await persist(attempt, self.patience, Health(self.patience), trail, repeatable=True)
        except AttemptError as failure:
            text = f"{upload.what} could not be uploaded to {url.host}: {trail.describe()}"
            raise TransportError(text, address=upload.address, hint=_HINT) from failure.__cause__
        finally:
            if self.inner is None:
                await http.aclose()

    async def _attempt(self, http: httpx.AsyncClient, url: httpx.URL, upload: Upload, trail: Trail) -> None:
        began = self.patience.clock()
        try:
            with anyio.fail_after(SECONDS):
                response = await http.put(
                    url,
                    content=upload.content,
                    headers={"Content-Type": upload.content_type},
                    timeout=httpx.Timeout(SECONDS, connect=10.0),
                )
        except (httpx.RequestError, OSError) as error:
            raise AttemptError.of(error, SECONDS) from error
        finally:
            trail.spent += self.patience.clock() - began
        if not response.is_success:
            status = response.status_code
            wait = retry_after(response.headers.get("retry-after"), self.patience.now())
            raise AttemptError(f"HTTP {status}", sent=True, final=status not in _AGAIN, wait=wait)


def _checked(upload: Upload) -> httpx.URL:
    """The address, if a file may go there. Raises TransportError."""
    try:
        url = httpx.URL(upload.url)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.host and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))):
        return url
    text = f"{upload.what} is not uploaded: the server gave an address without TLS"
    hint = "uploads go to https alone, or to this machine: check the environment's url"
    raise TransportError(text, address=upload.address, hint=hint)
