"""sandbox fault, and sandbox serve with faults, on the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from reconciler.sandbox.faults import KINDS
from tests.cli.projects import Folder


def faults(project: Folder, *arguments: str) -> dict[str, Any]:
    return project.json("sandbox", "fault", *arguments)


def test_without_faults_all_kinds_are_shown(project: Folder) -> None:
    code, out, err = project("sandbox", "fault")
    assert (code, err) == (0, "None of them is armed.\n")
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(KINDS)
    shown = faults(project)
    assert (shown["seed"], shown["faults"], shown["injected"]) == (0, [], {})
    assert [kind["name"] for kind in shown["kinds"]] == list(KINDS)


def test_armed_faults_strike_and_are_counted(project: Folder) -> None:
    project.shop()
    aim = ("--operation", "create*", "--times", "2", "--seconds", "0", "--probability", "1", "--seed", "7")
    code, out, err = project("sandbox", "fault", "throttle", *aim)
    assert (code, err) == (0, "Seed 7.\n")
    assert out.splitlines()[1].split() == ["throttle", "create*", "1.0", "0", "2", "0.0", "0", "0"]
    assert project("sandbox", "fault", "error_502", "--nth", "1", "--operation", "query")[0] == 0
    assert project("apply", "--yes")[0] == 0
    shown = faults(project)
    assert [(one["kind"], one["nth"], one["struck"]) for one in shown["faults"]] == [
        ("throttle", 0, 2),
        ("error_502", 1, 1),
    ]
    assert shown["faults"][0]["seen"] > 2
    assert shown["injected"] == {"throttle": 2, "error_502": 1}
    again = faults(project, "--seed", "8")
    assert (again["seed"], [one["struck"] for one in again["faults"]]) == (8, [0, 0])
    assert faults(project, "--clear")["faults"] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["reset_befor"], 'did you mean "reset_before"?'),
        (["latency", "--probability", "2"], "probability"),
        (["latency", "--seconds", "nan"], "seconds must be 0 or more"),
        (["stale_read", "--operation", "auth"], "a GraphQL request only"),
        (["--times", "2"], "--times needs a KIND"),
    ],
)
def test_wrong_faults_are_refused(project: Folder, arguments: list[str], told: str) -> None:
    code, _, err = project("sandbox", "fault", *arguments)
    assert code == 3
    assert told in err
    assert faults(project)["faults"] == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("thrott", 'did you mean "throttle"?'),
        ("throttle:times=many", 'times cannot be "many"'),
        ("throttle:often=2", "the names are operation, probability, nth, times, seconds"),
        ("throttle:probability=7", "from 0 to 1"),
    ],
)
def test_serve_refuses_wrong_faults(project: Folder, fault: str, told: str) -> None:
    code, _, err = project("sandbox", "serve", "--fault", fault)
    assert code == 3
    assert told in err


def test_outside_a_project_there_is_nothing_to_arm(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from reconciler.cli.main import run

    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert run(["sandbox", "fault"]) == 0
    assert "reset_after" in capsys.readouterr().out
    assert run(["sandbox", "fault", "latency"]) == 3
    assert "sandbox serve --fault" in capsys.readouterr().err


def test_a_running_server_obeys_what_the_command_arms(project: Folder) -> None:
    arguments = ("sandbox", "serve", "--fault", "error_503:operation=query,times=1", "--seed", "5")
    command = [sys.executable, "-m", "reconciler", *arguments]
    environ = {name: value for name, value in os.environ.items() if name != "RECONCILER_PROJECT"}
    with subprocess.Popen(
        command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as server:
        try:
            assert server.stdout is not None
            details = json.loads(server.stdout.readline())
            headers = {"Authorization": f"Bearer {details['token']}"}

            def status() -> int:
                body = {"query": "{ authenticatedUser { tenantId } }"}
                return httpx.post(
                    f"{details['url']}/api", json=body, headers=headers, trust_env=False
                ).status_code

            assert [status(), status()] == [503, 200]
            assert faults(project, "unauthorized", "--times", "1")["seed"] == 5
            assert [status(), status()] == [401, 200]
            assert faults(project)["injected"] == {"error_503": 1, "unauthorized": 1}
        finally:
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=15)
    assert (server.returncode, out, err) == (0, "", "")
