"""Links to what the API keeps elsewhere."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from reconciler.api.downloads import download
from reconciler.model.errors import TransportError


def fetched(url: str, answer: Any, **options: Any) -> bytes | None:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        assert "authorization" not in request.headers
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, content=b"x" * 1000, headers={"location": "https://elsewhere/"})

    async def work() -> bytes | None:
        return await download(url, transport=httpx.MockTransport(handle), **options)

    found = anyio.run(work)
    assert len(requests) == 1
    return found


def test_what_stands_behind_a_link() -> None:
    assert fetched("https://files.example/a?signature=1", 200) == b"x" * 1000
    assert fetched("http://127.0.0.1:8000/results/a", 200) == b"x" * 1000


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_leads_nowhere_any_more(status: int) -> None:
    assert fetched("https://files.example/a", status) is None


@pytest.mark.parametrize(
    ("url", "answer", "options", "told"),
    [
        ("http://files.example/a", 200, {}, "not https"),
        ("https://files.example/a", 302, {}, "HTTP 302"),
        ("https://files.example/a", 500, {}, "HTTP 500"),
        ("https://files.example/a", 200, {"largest": 999}, "larger than 999 bytes"),
        ("https://files.example/a", httpx.ConnectError("no"), {}, "does not answer"),
        ("https://files.example/a", TimeoutError(), {}, "does not answer"),
    ],
)
def test_what_is_not_followed_or_not_answered(
    url: str, answer: Any, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(TransportError, match=told) as caught:
        fetched(url, answer, **options)
    assert "signature" not in caught.value.message
