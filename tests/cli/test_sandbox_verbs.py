"""sandbox serve, reset and rule, on the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cli.main import run
from reconciler.sandbox import Sandbox
from reconciler.sandbox.rules import RULES


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--ci", "none"]) == 0
    capsys.readouterr()
    return tmp_path


@contextmanager
def served(folder: Path, *options: str, stop: signal.Signals = signal.SIGTERM) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", *options]
    environ = {k: v for k, v in os.environ.items() if k != "RECONCILER_PROJECT"}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(stop)
            out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (0, "", "")


def ask(details: dict[str, Any], query: str) -> Any:
    headers = {"Authorization": f"Bearer {details['token']}"}
    return httpx.post(f"{details['url']}/api", json={"query": query}, headers=headers).json()["data"]


def test_serve_prints_one_line_and_answers_until_it_is_stopped(tmp_path: Path) -> None:
    with served(tmp_path, "--component-shift", "100", stop=signal.SIGINT) as details:
        assert set(details) == {"url", "token", "refreshToken", "tenant"}
        assert ask(details, "{ authenticatedUser { tenantId } }") == {
            "authenticatedUser": {"tenantId": details["tenant"]}
        }
        refreshed = httpx.post(
            f"{details['url']}/auth/refresh", json={"refresh_token": details["refreshToken"]}
        )
        assert refreshed.json()["access_token"]
    assert list(tmp_path.iterdir()) == []  # outside a project nothing is left behind


def test_serve_in_a_project_serves_what_the_project_applied(project: Path) -> None:
    assert run(["apply", "--yes"]) == 0
    with served(project, "--rule", "page_overflow=clamp") as details:
        data = ask(details, "{ customers(first: 500, isSystem: false) { nodes { name } } }")
    assert data == {"customers": {"nodes": [{"name": "Acme Inc"}]}}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rule", "not_found"], "not NAME=VALUE"),
        (["--rule", "not_fond=null"], 'did you mean "not_found"?'),
        (["--rule", "not_found=maybe"], "write one of error, null, both"),
        (["--host", "0.0.0.0"], "this machine only"),
    ],
)
def test_serve_refuses_what_is_wrong(
    project: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sandbox", "serve", *arguments]) == 3
    assert told in capsys.readouterr().err


def test_serve_on_a_port_that_is_taken_and_on_a_file_that_is_no_sandbox(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(project) as details:
        port = details["url"].rpartition(":")[2]
        assert run(["sandbox", "serve", "--port", port, "--db", "other.db"]) == 1
    assert "address already in use" in capsys.readouterr().err
    assert run(["sandbox", "serve", "--db", "reconciler.yaml"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_reset_empties_the_tenant_and_keeps_its_rules(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["apply", "--yes"]) == 0
    assert run(["sandbox", "rule", "label_limit=100"]) == 0
    assert run(["sandbox", "reset"]) == 3
    assert "give --yes" in capsys.readouterr().err
    assert run(["get", "customers", "--format", "ids"]) == 0
    assert capsys.readouterr().out != ""
    assert run(["sandbox", "reset", "--yes"]) == 0
    capsys.readouterr()
    assert run(["get", "customers", "--format", "ids"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["sandbox", "rule", "label_limit", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"][0]["value"] == "100"


HEADLESS = """\
definitionVersion: 7
name: Native
isCodeNative: true
configuration: {eTag: a1, schema: {type: object, required: [region]}}
flows:
  - name: Flow
    steps:
      - name: Trigger
        isTrigger: true
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
"""


def headless_instance(project: Path) -> str:
    """An instance of a headless integration that nobody configured, in the project's sandbox."""
    with Sandbox(project / ".reconciler" / "sandbox.db") as sandbox:

        def make(mutation: str, kind: str, **given: Any) -> str:
            asked = f"{mutation}(input: $i) {{ {kind} {{ id }} }}"
            input_type = f"{mutation[0].upper()}{mutation[1:]}Input"
            text = f"mutation ($i: {input_type}!) {{ m: {asked} }}"
            answer = sandbox.execute(text, {"i": given})[1]
            return str(answer["data"]["m"][kind]["id"])

        draft = make("importIntegration", "integration", definition=HEADLESS)
        version = make("publishIntegration", "integration", id=draft)
        customer = make("createCustomer", "customer", name="Headless")
        return make("createInstance", "instance", name="I", customer=customer, integration=version)


def test_an_instance_of_a_headless_integration_is_configured(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["apply", "--yes"]) == 0
    instance = headless_instance(project)
    capsys.readouterr()
    assert run(["sandbox", "configure", instance, "--value", "{}"]) == 3
    assert "'region' is a required property" in capsys.readouterr().err
    assert run(["sandbox", "configure", instance, "--value", "@none.json"]) == 3
    assert run(["sandbox", "configure", instance, "--value", "{"]) == 3
    (project / "value.json").write_text('{"region": "eu"}')
    assert run(["sandbox", "configure", instance, "--value", "@value.json"]) == 0
    with Sandbox(project / ".reconciler" / "sandbox.db") as sandbox:
        asked = "query ($id: ID!) { instance(id: $id) { configState } }"
        assert (
            sandbox.execute(asked, {"id": instance})[1]["data"]["instance"]["configState"]
            == "FULLY_CONFIGURED"
        )


def test_rules_are_listed_with_their_values(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "rule", "not_found=both"]) == 0
    assert "* both" in capsys.readouterr().out
    assert run(["sandbox", "rule"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in RULES)
    assert "both (set)" in shown


def test_rules_outside_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["sandbox", "rule", "not_found"]) == 0
    assert "error (default)" in capsys.readouterr().out
    assert run(["sandbox", "rule", "not_found=null"]) == 3
    assert run(["sandbox", "reset", "--yes"]) == 3
    assert list(tmp_path.iterdir()) == []
