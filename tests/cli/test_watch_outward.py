"""What a loop tells others: signals and a port of its own process, its metrics and page, and webhooks."""

from __future__ import annotations

import hmac
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import anyio
import httpx
import pytest

from reconciler.model.watching import Board, State, Told, Turn
from reconciler.verbs import watch_patience
from reconciler.verbs.watch_notify import webhook
from reconciler.verbs.watch_pages import application
from reconciler.verbs.watch_server import listen, serving
from tests.cli.projects import Folder
from tests.cli.test_changed_since import commit, git
from tests.cli.watching import MONDAY, Days, nothing, rename


@contextmanager
def running(project: Folder, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The loop as a process of its own."""
    command = [
        sys.executable,
        "-m",
        "reconciler",
        "--project",
        str(project.root / "reconciler.yaml"),
        "watch",
    ]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> Any:
    """The next line, as JSON."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_a_signal_has_it_look_at_once_and_another_ends_it(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    monkeypatch.setenv("KEY", "It's a Secret to Everybody")
    options = (
        "--interval",
        "1h",
        "--format",
        "json",
        "--listen",
        "0",
        "--trigger",
        "KEY",
        "--refresh",
        "full",
    )
    with running(project, *options) as process:
        assert process.stderr is not None
        url = process.stderr.readline().removeprefix("Listening on ").strip()
        assert said(process)["state"] == "in-sync"
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert [client.get(path).status_code for path in ("healthz", "readyz", "")] == [200] * 3
            project.manifest("Customer", "beta", name="Beta")
            process.send_signal(signal.SIGUSR1)
            assert said(process)["state"] == "pending"
            assert 'reconciler_pending{project="shop",environment="sandbox",kind="Customer"} 1' in (
                client.get("metrics").text
            )
            assert client.post("trigger").status_code == 401
            digest = hmac.new(b"It's a Secret to Everybody", b"", "sha256").hexdigest()
            signature = {"X-Hub-Signature-256": f"sha256={digest}"}
            assert client.post("trigger", headers=signature).status_code == 202
            begun = time.monotonic()  # with a connection that nobody closed
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=10)
        took = time.monotonic() - begun
        assert took < 1, took
    assert (process.returncode, rest, errors) == (0, "", "")


def asked(
    board: Board, path: str, host: str = "localhost", *, local: bool = True, **headers: str
) -> httpx.Response:
    """What a loop that listens answers, two hours after it began."""

    async def ask() -> httpx.Response:
        app = application(board, lambda: MONDAY + timedelta(hours=2), local=local)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
            return await client.get(path, headers=headers)

    return anyio.run(ask)


def test_metrics_and_probes_tell_what_the_last_turns_saw(days: Days, project: Folder) -> None:
    assert asked(Board("shop", "sandbox", MONDAY), "/readyz").status_code == 503
    days.run(rename(project))
    text = asked(days.board, "/metrics").text
    about = 'project="shop",environment="sandbox"'
    for sample in (
        f'reconciler_managed{{{about},kind="Instance"}} 1',
        f'reconciler_drifted{{{about},kind="Customer"}} 1',
        f'reconciler_drifted{{{about},kind="Instance"}} 0',
        f'reconciler_state{{{about},state="drifted"}} 1',
        f'reconciler_state{{{about},state="in-sync"}} 0',
        f"reconciler_turns_total{{{about}}} 2",
        f"reconciler_failed_turns_total{{{about}}} 0",
    ):
        assert sample in text.splitlines()
    age = re.search(r"^reconciler_last_success_age_seconds\S+ ([\d.]+)$", text, re.MULTILINE)
    assert age is not None
    assert 6800 < float(age[1]) < 7000
    assert asked(days.board, "/readyz").status_code == 200
    project.write("manifests/broken.yaml", "kind: Nonsense\n")
    days.run(nothing)
    assert asked(days.board, "/readyz").status_code == 503
    assert asked(days.board, "/healthz").status_code == 200
    assert f"reconciler_failed_turns_total{{{about}}} 2" in asked(days.board, "/metrics").text


def test_labels_cannot_be_broken_out_of() -> None:
    text = asked(Board('a"b\\c\nd', "sandbox", MONDAY), "/metrics").text
    assert r'{project="a\"b\\c\nd",environment="sandbox"}' in text


def test_the_page_tells_what_drifts_since_when(days: Days, project: Folder) -> None:
    assert "has not looked yet" in asked(Board("shop", "sandbox", MONDAY), "/").text
    days.run(rename(project), nothing)
    response = asked(days.board, "/")
    assert response.headers["cache-control"] == "no-store"
    since = days.told[1]["at"]
    assert f"drifted since {since}" in response.text
    assert f"<td>Customer/acme</td><td>{since}</td>" in response.text
    assert "default-src &#39;none&#39;" in response.text or "default-src 'none'" in response.text
    assert re.findall("(?:src|href|url)[=(][^ >]*", response.text) == []


def test_a_name_cannot_become_markup() -> None:
    board = Board("<b>shop", "sandbox", MONDAY)
    board.take(Turn(State.FAILED, MONDAY, told=(Told("api", "<script>alert(1)</script>"),)))
    text = asked(board, "/").text
    assert text.count("<script") == 1
    assert "<script>alert" not in text
    assert "<b>" not in text


def test_a_loop_for_this_machine_answers_to_no_other_name() -> None:
    board = Board("shop", "sandbox", MONDAY)
    assert asked(board, "/", "evil.example").status_code == 421
    assert asked(board, "/", "127.0.0.1:9090").status_code == 200
    for host in ("{a}.evil.example", "localhost@evil.example", "evil.example#@localhost", "[", "a b", ""):
        assert asked(board, "/", Host=host).status_code == 421, host
    for host in ("localhost", "[::1]:9090", "LOCALHOST.:9090"):
        assert asked(board, "/", Host=host).status_code == 200, host
    assert asked(board, "/", "watch.example", local=False).status_code == 200


def test_who_connects_and_asks_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes one of few places, of which the probes need one."""
    monkeypatch.setattr(watch_patience, "PATIENCE", 0.1)
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def work() -> None:
        listener = listen("127.0.0.1", 0)
        app = application(Board("shop", "sandbox", MONDAY), lambda: MONDAY, local=True)
        async with serving(app, listener):
            for first, rest in ((b"", b""), (b"", whole[:30]), (whole, whole[:30])):
                with anyio.fail_after(3):
                    async with await anyio.connect_tcp(*listener.getsockname()) as connection:
                        await connection.send(first)
                        assert not first or b"200 OK" in await connection.receive()
                        await connection.send(rest)
                        assert b"HTTP" not in b"".join([part async for part in connection])

    anyio.run(work)


def test_an_address_that_is_taken_is_an_error(project: Folder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = project("watch", "--listen", str(taken.getsockname()[1]))
    assert code == 1
    assert "cannot be served" in err


@contextmanager
def hooked(*statuses: int) -> Iterator[tuple[str, list[Any]]]:
    """A webhook on this machine: its url, and what it was told. It answers with these, and then with 200."""
    told: list[Any] = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hunter2", told
        finally:
            server.shutdown()
            thread.join()


def test_a_webhook_is_told_each_change_of_state(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole loop in this process, which is asked to end as soon as it has told a line."""
    project.shop()
    with hooked() as (url, told):
        monkeypatch.setenv("HOOK", url)
        code = ended_after_a_line(project, monkeypatch, "--notify", "HOOK")
    assert code == 0
    assert [one["text"].partition(":")[0] for one in told] == ["shop in sandbox is pending"]


def ended_after_a_line(project: Folder, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The loop's exit code."""
    return told_a_line(project, monkeypatch, *arguments)[0]


def told_a_line(project: Folder, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    """The loop's exit code and what it said; it gets a SIGTERM when it begins to wait."""

    async def rest(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        await anyio.sleep_forever()

    monkeypatch.setattr("reconciler.verbs.watch_bell.Bell.rest", rest)
    return project("watch", *arguments)


def test_it_goes_by_the_project_file_of_a_revision_that_is_trusted(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    git(project, "init", "-q", "-b", "main")
    commit(project, "first")
    text = (project.root / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("name: shop", "name: theirs"))
    code, out, _ = told_a_line(project, monkeypatch)
    assert (code, "theirs in sandbox is pending" in out) == (0, True)
    code, out, err = told_a_line(project, monkeypatch, "--trust", "main")
    assert (code, "shop in sandbox is pending" in out) == (0, True)
    assert 'reconciler.yaml differs from that of "main", which counts' in err
    assert told_a_line(project, monkeypatch, "--trust", "nowhere")[0] == 3


def test_it_is_news_that_is_told_and_not_that_all_is_well(
    project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    with hooked() as (url, told):
        monkeypatch.setenv("HOOK", url)
        assert ended_after_a_line(project, monkeypatch, "--notify", "HOOK") == 0
    assert told == []


def test_a_webhook_that_fails_is_told_once_and_stops_nothing() -> None:
    said: list[str] = []
    with hooked(500, 302, 200, 404) as (url, told):
        hook = webhook("HOOK", {"HOOK": url}, said.append)
        for n in range(4):
            anyio.run(hook.send, f"<!channel> @here {n} & more")
    assert [one["text"] for one in told] == [f"&lt;!channel&gt; @\u200bhere {n} &amp; more" for n in range(4)]
    anyio.run(hook.send, "it is gone")
    assert [one.partition(";")[0] for one in said] == [
        "the webhook of HOOK answers 500",
        "the webhook of HOOK answers 404",
    ]
    fresh = webhook("HOOK", {"HOOK": url}, said.append)
    anyio.run(fresh.send, "nobody listens")
    assert "cannot be reached (ConnectError)" in said[-1]
    assert "hunter2" not in f"{said} {hook} {fresh}"
