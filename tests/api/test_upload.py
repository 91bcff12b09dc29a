"""Uploads: to the presigned address alone, without our token, again where that helps, and never shown."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import httpx
import pytest

from reconciler.api import Client
from reconciler.model.errors import TransportError, WriteRefused
from reconciler.model.operation import Upload

ADDRESS = "https://files.example.com/packages/1?X-Signature=hunter2"


def package(url: str = ADDRESS) -> Upload:
    return Upload(url, b"PK\x03\x04", "application/zip", "the bundle", "Bundle/orders")


def put(client: Client, upload: Upload) -> None:
    async def work() -> None:
        async with client:
            await client.upload(upload)

    anyio.run(work)


def test_only_the_file_and_its_type_travel(connect: Callable[..., Client]) -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    put(connect(server), package())
    (request,) = seen
    assert (request.method, str(request.url), request.content) == ("PUT", ADDRESS, b"PK\x03\x04")
    assert request.headers["content-type"] == "application/zip"
    assert not {"authorization", "cookie", "prismatic-client"} & set(request.headers)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example.com/1",
        "ftp://127.0.0.1/1",
        "file:///etc/passwd",
        "//127.0.0.1/1",
        "not an address",
        "http://127.0.0.1.example.com/",
        "https://",
        "http://[::1",
    ],
)
def test_nothing_leaves_without_tls_but_for_this_machine(url: str, connect: Callable[..., Client]) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(TransportError, match="without TLS"):
        put(connect(server), package(url))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8/u", "http://localhost/u", "http://[::1]:8/u"])
def test_this_machine_needs_no_tls(url: str, connect: Callable[..., Client]) -> None:
    seen: list[str] = []
    put(connect(lambda request: seen.append(str(request.url)) or httpx.Response(204)), package(url))
    assert seen == [url]


@pytest.mark.parametrize(
    ("status", "tries"), [(403, 1), (400, 1), (404, 1), (302, 1), (503, 6), (500, 6), (429, 6), (408, 6)]
)
def test_a_refusal_is_told_without_the_address(
    status: int, tries: int, connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(status, headers={"Location": "https://elsewhere.example.com/"}, text="hunter2")

    with pytest.raises(TransportError) as caught:
        put(connect(server), package())
    assert seen == [ADDRESS] * tries
    text = f"{caught.value.message} {caught.value.hint} {caught.value.address}"
    assert f"HTTP {status}" in text
    assert "files.example.com" in text
    assert "Bundle/orders" in text
    assert "hunter2" not in text
    assert not caught.value.doubtful


def test_a_dropped_connection_is_tried_again(connect: Callable[..., Client]) -> None:
    seen: list[int] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(len(request.content))
        if len(seen) < 3:
            raise httpx.WriteError("broken pipe")
        return httpx.Response(200)

    put(connect(server), package())
    assert seen == [4, 4, 4]


def test_a_client_that_only_reads_uploads_nothing(connect: Callable[..., Client]) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(WriteRefused):
        put(connect(server, read_only=True), package())


def test_neither_address_nor_content_is_in_the_repr() -> None:
    assert "hunter2" not in repr(package())
    assert "PK" not in repr(package())
