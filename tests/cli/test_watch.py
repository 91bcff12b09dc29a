"""The loop tells each state once, looks again after whatever happens, and carries out only what it may. Its
clock is a virtual one: no test waits.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from reconciler.apply.journal import FileJournal
from reconciler.model.errors import NoLease
from reconciler.model.outcome import Result
from reconciler.model.watching import Board, State, Told, Turn
from reconciler.policy.window import window
from reconciler.report.watching import json_line, text_line
from reconciler.verbs.machine import Machine
from reconciler.verbs.session import Options, Session, open_session
from reconciler.verbs.watch import Loop, pause, watch
from reconciler.verbs.watch_notify import webhook
from reconciler.verbs.watch_server import application
from reconciler.verbs.watch_turn import Carrying
from tests.cli.projects import Folder

MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@dataclass
class Days:
    """A loop under a virtual clock: between its turns something happens, and then it is asked to end."""

    root: Path
    between: list[Callable[[], object]] = field(default_factory=list)
    loop: Loop = field(default_factory=lambda: Loop(300.0, Options()))
    environment: str | None = None
    past: float = 0.0
    slept: list[float] = field(default_factory=list)
    send: Callable[[int], None] = lambda _: None
    cut: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def run(self, *between: Callable[[], object], begin: datetime = MONDAY) -> list[str]:
        """The states that were told, one after the other."""
        board, things = Board("shop", "sandbox", begin), list(between)

        def opened() -> Session:
            return open_session(self.root, self.environment, os.environ, self.root)

        async def tell(turn: Turn) -> None:
            self.told.append(json.loads(json_line(board, turn)))
            self.lines.append(text_line(board, turn))

        async def work() -> None:
            sending, receiving = anyio.create_memory_object_stream[int](9)
            self.send = sending.send_nowait

            async def sleep(seconds: float) -> None:
                self.slept.append(seconds)
                self.past += seconds
                if not things:
                    sending.send_nowait(signal.SIGTERM)
                    await anyio.sleep_forever()
                things.pop(0)()

            @contextmanager
            def signals() -> Iterator[AsyncIterator[int]]:
                yield receiving

            machine = Machine(
                now=lambda: begin + timedelta(seconds=self.past),
                clock=lambda: self.past,
                rng=random.Random(1),
                signals=signals,
            )
            first = replace(opened(), machine=machine)
            with sending, receiving:
                cut = await watch(opened, first, replace(self.loop, sleep=sleep), board, tell)
            self.cut = cut

        self.told.clear()
        anyio.run(work)
        self.board = board
        return [one["state"] for one in self.told]


@pytest.fixture
def days(project: Folder) -> Days:
    """A loop about a shop that was applied."""
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return Days(project.root)


def nothing() -> None:
    pass


def applying(days: Days, hours: str | None = None) -> Days:
    days.loop = replace(days.loop, carrying=Carrying(window(hours) if hours else None, lambda _: None))
    return days


def rename(project: Folder) -> Callable[[], object]:
    """A person changes the customer in the tenant."""
    return lambda: project.behind(
        "updateCustomer", {"id": project.id_of("customers"), "name": "Acme, renamed"}
    )


def test_each_state_is_told_once(days: Days, project: Folder) -> None:
    assert days.run(nothing, rename(project), nothing, nothing) == ["in-sync", "drifted"]
    assert [one["summary"]["managed"] for one in days.told] == [3, 3]
    drift = days.told[1]["drift"]
    assert [one["address"] for one in drift] == ["Customer/acme"]
    assert drift[0]["since"] == days.told[1]["at"]
    assert "shop in sandbox is drifted: 1 drifted; 1 pending; drift in Customer/acme" in days.lines[1]
    assert all(270 <= seconds <= 330 for seconds in days.slept)
    assert len(set(days.slept)) > 1  # not all loops of a house at the same moment


def test_it_survives_what_it_cannot_read_tells_it_once_and_backs_off(days: Days, project: Folder) -> None:
    def broken() -> None:
        project.write("manifests/broken.yaml", "kind: Nonsense\n")

    def mended() -> None:
        (project.root / "manifests/broken.yaml").unlink()

    states = days.run(broken, *[nothing] * 6, mended)
    assert states == ["in-sync", "failed", "in-sync"]
    assert days.told[1]["errors"][0]["code"]
    waits = [round(seconds / 300) for seconds in days.slept]
    assert waits[1] == 1
    assert days.slept[5] > 2 * days.slept[3]
    assert max(days.slept) <= 3600
    assert waits[8] == 1  # as often as ever once it is well again


def test_an_error_that_nobody_foresaw_is_a_state_too(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2")

    def breaks() -> None:
        monkeypatch.setattr("reconciler.verbs.watch.look", boom)

    assert days.run(breaks, monkeypatch.undo) == ["in-sync", "failed", "in-sync"]
    assert days.told[1]["errors"][0]["code"] == "internal"
    assert "hunter2" not in json.dumps(days.told)


def test_it_plans_and_changes_nothing_unless_it_is_let(days: Days, project: Folder) -> None:
    assert days.run(lambda: project.manifest("Customer", "beta", name="Beta")) == ["in-sync", "pending"]
    assert project("plan", "--detailed-exitcode")[0] == 2


def test_it_applies_within_its_hours_alone(days: Days, project: Folder) -> None:
    project.manifest("Customer", "beta", name="Beta")
    applying(days, "mon-fri 08:00-18:00 Europe/Berlin")
    days.loop = replace(days.loop, every=3600.0)
    early = datetime(2026, 11, 30, 5, 30, tzinfo=UTC)  # half past six in Berlin
    assert days.run(nothing, nothing, nothing, begin=early) == ["pending", "applied", "in-sync"]
    assert "08:00-18:00" in days.told[0]["held"]
    assert days.told[1]["at"] > "2026-11-30T07:00:00Z"
    assert days.told[1]["summary"]["done"] == 1
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_it_never_deletes_whatever_the_project_file_says(days: Days, project: Folder) -> None:
    project.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: shop}\n"
        "spec: {manifests: [manifests/], policy: {prune: true}}\n",
    )
    for path in (project.root / "manifests").glob("instance-*"):
        path.unlink()
    assert days.run() == ["pending"]  # as plan has it
    assert applying(days).run(nothing) == ["in-sync"]
    assert days.told[0]["summary"]["orphans"] == 1
    assert project.json("plan")["summary"]["delete"] == 1


def test_it_goes_past_no_rule_and_no_refusal(days: Days, project: Folder) -> None:
    project.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: shop}\nspec:\n  manifests: [manifests/]\n"
        "  policy:\n    freezes:\n"
        '    - {name: always, from: "2000-01-01", to: "2999-01-01", zone: UTC, message: not now}\n',
    )
    project.manifest("Customer", "beta", name="Beta")
    assert applying(days).run(nothing) == ["refused"]
    assert days.told[0]["held"] == "the plan is refused"
    assert "not now" in days.told[0]["errors"][0]["message"]
    assert project("plan", "--detailed-exitcode")[0] in (2, 5)


def test_a_signal_lets_what_is_under_way_in_an_apply_finish(
    days: Days, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(30):
        project.manifest("Customer", f"c{n}", name=f"C{n}")
    write, asked_to_end = FileJournal.ended, list[int]()

    def ended(self: FileJournal, result: Result) -> None:
        write(self, result)
        if not asked_to_end:
            asked_to_end.append(signal.SIGTERM)
            days.send(signal.SIGTERM)

    monkeypatch.setattr(FileJournal, "ended", ended)
    days.loop = replace(days.loop, options=Options(parallelism=1))
    states = applying(days).run(nothing)
    assert asked_to_end
    assert states == ["pending"]
    assert days.cut
    assert days.slept == []
    assert 1 <= days.told[0]["summary"]["done"] < 30
    assert project.json("history")["runs"][0]["status"] == "interrupted"


def test_what_was_seen_is_told_where_an_apply_cannot_begin(
    days: Days, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def taken(*_: object, **__: object) -> None:
        raise NoLease("another run holds it")

    project.manifest("Customer", "beta", name="Beta")
    monkeypatch.setattr("reconciler.verbs.watch_turn.apply", taken)
    assert applying(days).run(nothing, monkeypatch.undo) == ["failed", "applied"]
    assert days.told[0]["errors"][0]["code"] == "lease"
    assert days.told[0]["summary"]["pending"] == 1


def test_pauses_double_up_to_an_hour_and_never_beyond() -> None:
    rng = random.Random(0)
    assert 27 <= pause(30, 0, rng) <= 33
    assert [round(pause(30, n, rng), -1) > 30 * 2 ** (n - 1) * 0.85 for n in range(1, 7)] == [True] * 6
    assert all(pause(30, 10_000, rng) <= 3600 for _ in range(20))
    assert pause(7200, 5, rng) <= 7200


@pytest.mark.parametrize(
    ("hours", "moment", "is_open"),
    [
        ("mon-fri 08:00-18:00 Europe/Berlin", "2026-11-30T07:00:00+00:00", True),
        ("mon-fri 08:00-18:00 Europe/Berlin", "2026-11-30T06:59:59+00:00", False),
        ("mon-fri 08:00-18:00 Europe/Berlin", "2026-11-30T17:00:00+00:00", False),
        ("mon-fri 08:00-18:00 Europe/Berlin", "2026-11-29T12:00:00+00:00", False),
        ("sat-mon,wed 00:00-24:00 UTC", "2026-11-29T23:59:59+00:00", True),
        ("sat-mon,wed 00:00-24:00 UTC", "2026-12-01T00:00:00+00:00", False),
        ("mon 22:00-02:00 UTC", "2026-12-01T01:00:00+00:00", True),
        ("mon 22:00-02:00 UTC", "2026-11-30T01:00:00+00:00", False),
    ],
)
def test_hours(hours: str, moment: str, is_open: bool) -> None:
    assert window(hours).is_open(datetime.fromisoformat(moment)) is is_open


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--interval", "5"], '"5" is no time'),
        (["--interval", "0s"], '"0s" is no time'),
        (["--window", "mon 08:00-18:00 UTC"], "--window is for --apply"),
        (["--apply", "--window", "someday 08:00-18:00 UTC"], "names no days of the week"),
        (["--apply", "--window", "mon 08:00-25:00 UTC"], '"25:00" is no time of the day'),
        (["--apply", "--window", "mon 08:00-18:00 Nowhere"], 'no time zone "Nowhere"'),
        (["--apply", "--window", "always"], '"always" is no window'),
        (["--notify", "NOT_SET"], '"NOT_SET" of --notify is not set'),
        (["--notify", "NO_URL"], "holds no url"),
        (["--notify", "PLAIN"], "not encrypted"),
        (["--listen", "localhost"], '"localhost" is no HOST:PORT'),
        (["--listen", ":70000"], '":70000" is no HOST:PORT'),
        (["--format", "junit"], "text or json"),
    ],
)
def test_what_is_asked_for_wrongly(
    project: Folder, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("NO_URL", "hunter2")
    monkeypatch.setenv("PLAIN", "http://hooks.example/hunter2")
    code, _, err = project("watch", *arguments)
    assert code == 3
    assert said in err
    assert "hunter2" not in err


def test_a_board_does_not_grow() -> None:
    board = Board("shop", "sandbox", MONDAY)
    for n in range(1000):
        drift = (f"Customer/c{n}",)
        board.take(Turn(State.DRIFTED, MONDAY, summary={"drifted": 1}, drift=drift))
    assert len(board.runs) <= 20
    assert list(board.drifting) == ["Customer/c999"]
    assert not any(one.drift for one in board.runs)


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


def test_a_signal_has_it_look_at_once_and_another_ends_it(project: Folder) -> None:
    project.shop()
    assert project("apply", "--yes")[0] == 0
    with running(project, "--interval", "1h", "--format", "json", "--listen", "0") as process:
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
            begun = time.monotonic()  # with a connection that nobody closed
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=10)
        assert time.monotonic() - begun < 1
    assert (process.returncode, rest, errors) == (0, "", "")


def asked(board: Board, path: str, host: str = "localhost", *, local: bool = True) -> httpx.Response:
    """What a loop that listens answers, two hours after it began."""

    async def ask() -> httpx.Response:
        app = application(board, lambda: MONDAY + timedelta(hours=2), local=local)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
            return await client.get(path)

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
    assert "<script" not in response.text


def test_a_name_cannot_become_markup() -> None:
    board = Board("<b>shop", "sandbox", MONDAY)
    board.take(Turn(State.FAILED, MONDAY, told=(Told("api", "<script>alert(1)</script>"),)))
    text = asked(board, "/").text
    assert "<script" not in text
    assert "<b>" not in text


def test_a_loop_for_this_machine_answers_to_no_other_name() -> None:
    board = Board("shop", "sandbox", MONDAY)
    assert asked(board, "/", "evil.example").status_code == 421
    assert asked(board, "/", "127.0.0.1:9090").status_code == 200
    assert asked(board, "/", "watch.example", local=False).status_code == 200


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
    """The loop's exit code; it gets a SIGTERM when it begins to wait."""

    async def rest(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)
        await anyio.sleep_forever()

    monkeypatch.setattr("reconciler.verbs.watch_bell.Bell.rest", rest)
    return project("watch", *arguments)[0]


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
