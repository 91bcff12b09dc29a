"""What the steps of an execution gave: the API only has links to it, to MessagePack."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from reconciler.model.errors import TransportError
from reconciler.verbs.session import Session, open_sandbox

Follow = Callable[[str], Awaitable[Any]]
"""Gives what stands behind a link: `contentType` and `data`; None where it is gone."""


@asynccontextmanager
async def following(session: Session) -> AsyncIterator[Follow]:
    """Follows the links of the environment's tenant."""
    from reconciler.api.downloads import download

    if not session.environment.embedded:
        yield partial(_output, download)
        return
    from reconciler.sandbox import transport

    sandbox = open_sandbox(session)
    try:
        yield partial(_output, partial(download, transport=transport(sandbox)))
    finally:
        sandbox.close()


async def _output(download: Callable[[str], Awaitable[bytes | None]], url: str) -> dict[str, Any] | None:
    packed = await download(url)
    if packed is None:
        return None
    try:
        found = msgspec.msgpack.decode(packed)
        data, kind = found["data"], found.get("contentType")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise TransportError("the result of a step is not as Prismatic keeps it") from error
    return {"contentType": kind, "data": _readable(data)}


def _readable(data: Any) -> Any:
    if isinstance(data, bytes):
        data = data.decode("utf-8", "replace")
    try:
        return json.loads(data) if isinstance(data, str) else data
    except ValueError:
        return data
