"""Whoever signs what they post has the loop look at once; nobody else has, and a crowd has it look once."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest

from reconciler.model.secret import Secret
from reconciler.model.watching import Board
from reconciler.verbs import watch_bell
from reconciler.verbs.watch_bell import Bell
from reconciler.verbs.watch_pages import application
from reconciler.verbs.watch_trigger import LARGEST, trigger
from tests.cli.projects import Folder
from tests.cli.watching import MONDAY

KEY = "It's a Secret to Everybody"


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"}


async def posted(
    asked: list[int],
    body: bytes | AsyncIterator[bytes],
    headers: dict[str, str],
    method: str = "POST",
    host: str = "hooks.example",
) -> httpx.Response:
    app = application(
        Board("shop", "sandbox", MONDAY),
        lambda: MONDAY,
        local=True,
        trigger=trigger(Secret(KEY), lambda: asked.append(1)),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
        return await client.request(method, "/trigger", content=body, headers=headers)


def test_the_signature_is_githubs() -> None:
    """The example of GitHub's documentation."""
    asked: list[int] = []
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    response = anyio.run(posted, asked, b"Hello, World!", {"X-Hub-Signature-256": f"sha256={digest}"})
    assert response.status_code == 202
    assert asked == [1]


@pytest.mark.parametrize(
    ("body", "headers", "method", "status"),
    [
        (b"{}", {}, "POST", 401),
        (b"{}", signed(b"{ }"), "POST", 401),
        (b"{}", signed(b"{}", "another secret altogether"), "POST", 401),
        (b"{}", {"X-Hub-Signature-256": signed(b"{}")["X-Hub-Signature-256"][7:]}, "POST", 401),
        (b"{}", {"X-Hub-Signature-256": "sha256=é".encode("latin-1")}, "POST", 401),
        (b"{}", {"X-Hub-Signature": "sha1=0"}, "POST", 401),
        (b"", signed(b""), "GET", 405),
        (b"{}", signed(b"{}"), "PUT", 405),
        (b"x" * (LARGEST + 1), signed(b"x" * (LARGEST + 1)), "POST", 413),
        (b"x" * LARGEST, signed(b"x" * LARGEST), "POST", 202),
        (b"", signed(b""), "POST", 202),
    ],
)
def test_who_is_heard(body: bytes, headers: dict[str, str], method: str, status: int) -> None:
    asked: list[int] = []
    assert anyio.run(posted, asked, body, headers, method).status_code == status
    assert bool(asked) == (status == 202)


def test_a_body_that_does_not_say_how_large_it_is_is_not_kept_either() -> None:
    asked: list[int] = []
    given: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            given.append(1)
            yield b"x" * LARGEST

    assert anyio.run(posted, asked, endless(), signed(b"")).status_code == 413
    assert (len(given), asked) == (2, [])


def test_a_crowd_that_asks_is_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_bell, "SETTLES", 0.05)

    async def work() -> None:
        bell = Bell()
        for _ in range(1000):
            bell.ask()
        with anyio.fail_after(5):
            await bell.rest(anyio.sleep, 3600)  # asked while it looked: it looks again
        with anyio.move_on_after(0.2) as waited:
            await bell.rest(anyio.sleep, 3600)  # and once
        assert waited.cancelled_caught
        async with anyio.create_task_group() as group:
            begun = anyio.current_time()
            group.start_soon(bell.rest, anyio.sleep, 3600)
            await anyio.sleep(0.01)
            bell.ask()
        assert 0.05 <= anyio.current_time() - begun < 5

    anyio.run(work)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trigger", "KEY"], "--trigger is for --listen"),
        (["--listen", "0", "--trigger", "NOT_SET"], '"NOT_SET" of --trigger is not set'),
        (["--listen", "0", "--trigger", "SHORT"], "shorter than 16 characters"),
        (["--listen", "0", "--trigger", "@nowhere"], "cannot be read: no such file"),
        (["--listen", "0", "--trigger", "@{}/empty"], "is empty"),
        (["--notify", "@{}/image"], "is no text in UTF-8"),
        (["--listen", "0", "--trigger", "BYTES"], '"BYTES" of --trigger is no text in UTF-8'),
    ],
)
def test_what_is_asked_for_wrongly(
    project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("SHORT", "hunter2")
    monkeypatch.setenv("BYTES", "\udcff" * 16)
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "image").write_bytes(b"\x89PNG\xff")
    code, _, err = project("watch", *(one.format(tmp_path) for one in arguments))
    assert code == 3
    assert said in err
    assert "hunter2" not in err
