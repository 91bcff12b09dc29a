"""The loop tells each state once, looks again after whatever happens, and carries out only what it may. Its
clock is a virtual one: no test waits.
"""

from __future__ import annotations

import json
import random
import signal
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from reconciler.apply.journal import FileJournal
from reconciler.model.errors import NoLease
from reconciler.model.outcome import Result
from reconciler.model.watching import Board, State, Turn
from reconciler.policy.window import window
from reconciler.verbs.session import Options
from reconciler.verbs.watch import pause
from tests.cli.projects import Folder
from tests.cli.watching import MONDAY, Days, applying, nothing, rename


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
    early = datetime(2099, 11, 30, 5, 30, tzinfo=UTC)  # half past six in Berlin
    assert days.run(nothing, nothing, nothing, begin=early) == ["pending", "applied", "in-sync"]
    assert "08:00-18:00" in days.told[0]["held"]
    assert days.told[1]["at"] > "2099-11-30T07:00:00Z"
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


def test_a_plan_that_would_delete_all_the_same_is_not_carried_out(
    days: Days, project: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a kind may come to ask for: the second lock, with the first one open."""
    monkeypatch.setattr("reconciler.verbs.watch_turn._undeleting", lambda session: session)
    project.write(
        "reconciler.yaml",
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: shop}\n"
        "spec: {manifests: [manifests/], policy: {prune: true}}\n",
    )
    for path in (project.root / "manifests").glob("instance-*"):
        path.unlink()
    before = project.writes()
    assert applying(days).run(nothing) == ["pending"]
    assert "deleted" in days.told[0]["held"]
    assert project.writes() == before


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
