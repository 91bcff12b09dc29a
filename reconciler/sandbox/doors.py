"""Why this exists: clients reach a tenant by other doors than GraphQL: flows' webhooks, uploads, results.

The API hands out their addresses, which are their own password, as presigned links are: they ask no token.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .address import BASE
from .resolve.components.published import receive_package
from .resolve.executions.invoke import Answer, invoke, result
from .resolve.frame.context import Context

if TYPE_CHECKING:
    from .sandbox import Sandbox

_OWN_HEADERS = ("authorization", "connection", "content-length", "host")


def routes(sandbox: Sandbox) -> list[Route]:
    """The doors of this sandbox."""

    async def trigger(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        headers = {name: text for name, text in request.headers.items() if name not in _OWN_HEADERS}
        return _responding(request, sandbox, lambda c: invoke(c, request.path_params["id"], body, headers))

    async def upload(request: Request) -> Response:
        content = await request.body()
        kept = True
        if request.path_params["what"] == "package":
            with sandbox.writing() as context:
                kept = receive_package(context, request.path_params["owner"], sha1(content).hexdigest())
        return Response(status_code=200 if kept else 404)

    async def read(request: Request) -> Response:
        kind, owner, part = (request.path_params[name] for name in ("kind", "owner", "part"))
        with sandbox.writing() as context:
            found = result(context, kind, owner, part)
        if found is None:
            return Response(status_code=404)
        if part.endswith("-metadata"):
            return JSONResponse({"contentType": found[1]})
        packed = msgspec.msgpack.encode({"data": found[0], "contentType": found[1]})
        return Response(packed, media_type="application/octet-stream")

    return [
        Route("/trigger/{id}", trigger, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/uploads/{owner}/{what}", upload, methods=["PUT"]),
        Route("/results/{kind}/{owner}/{part}", read, methods=["GET"]),
    ]


def _responding(request: Request, sandbox: Sandbox, call: Callable[[Context], Answer]) -> Response:
    came_to(request)
    with sandbox.writing() as context:
        status, body, headers = call(context)
    return Response(body, status, headers)


def came_to(request: Request) -> None:
    """Have links lead back to the address that this request came to."""
    if request.url.hostname != "sandbox.localhost":  # nobody listens there: a client in this process
        BASE.set(f"{request.url.scheme}://{request.url.netloc}")
