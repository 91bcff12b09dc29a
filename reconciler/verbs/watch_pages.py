"""Where a loop can be looked at and asked for a look: probes, metrics, a page and a webhook."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.model.loopback import is_loopback
from reconciler.model.watching import Board
from reconciler.verbs.watch_stream import Stream

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_UNBUFFERED = {"X-Accel-Buffering": "no"}
"""A proxy in between is to hand on each event at once."""
_HOST = re.compile(r"(?P<name>\[[^\[\]]*\]|[^:\[\]]*)(:\d+)?")
Endpoint = Callable[["Request"], Awaitable["Response"]]


def application(
    board: Board,
    now: Callable[[], datetime],
    *,
    local: bool,
    stream: Stream | None = None,
    trigger: Endpoint | None = None,
) -> Starlette:
    """`/healthz`, `/readyz`, `/metrics` and `/`; `/events` and `/trigger` where there are such. What is for
    this machine answers to no other name: else a web page could have a browser here read it. A trigger knows
    its callers by their signature, whatever name they call.
    """
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    from reconciler.report.html.watch import status_page
    from reconciler.report.metrics import CONTENT_TYPE, metrics

    def answers(make: Callable[[], Response]) -> Endpoint:
        async def answer(request: Request) -> Response:
            if local and not _is_for_here(request):
                return PlainTextResponse("this is for the machine that it runs on\n", 421)
            response = make()
            response.headers.update(_HEADERS)
            return response

        return answer

    def ready() -> Response:
        looked = board.turn is not None and bool(board.turn.summary)
        return PlainTextResponse(
            "ready\n" if looked else "the last look did not succeed\n", 200 if looked else 503
        )

    def events(stream: Stream) -> Response:
        if stream.is_full:
            text = "too many look already: ask again later\n"
            return PlainTextResponse(text, 503, {"Retry-After": "30"})
        return StreamingResponse(stream.events(), media_type="text/event-stream", headers=_UNBUFFERED)

    made: dict[str, Callable[[], Response]] = {
        "/": lambda: HTMLResponse(status_page(board, now())),
        "/healthz": lambda: PlainTextResponse("ok\n"),
        "/readyz": ready,
        "/metrics": lambda: PlainTextResponse(metrics(board, now()), media_type=CONTENT_TYPE),
    }
    if stream:
        made["/events"] = partial(events, stream)
    routes = [Route(path, answers(one)) for path, one in made.items()]
    if trigger:
        routes.append(Route("/trigger", trigger, methods=["POST"]))
    return Starlette(routes=routes)


def _is_for_here(request: Request) -> bool:
    """Whether a request names this machine, or nothing, as no browser does. The header itself is read: of
    one that is no host, the framework makes the address that it listens on.
    """
    host = request.headers.get("Host")
    found = _HOST.fullmatch(host or "")
    return host is None or (found is not None and is_loopback(found["name"]))
