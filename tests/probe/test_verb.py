"""probe on the command line: asking, formats, rules files, signals, and a process that is killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from reconciler.probe.finding import Finding
from reconciler.sandbox import Sandbox
from reconciler.sandbox.rules import RULES
from reconciler.verbs.probe import rules_text
from reconciler.verbs.sandbox import read_rules
from tests.acceptance.remote import ROOT, Remote
from tests.cli.projects import Folder
from tests.probe.tenants import OBJECTS

FOREIGN = "reconciler probe results"

UNTRIED = ["rate_limit", "headless_upgrade", "unknown_components"]


def names(data: Any) -> list[str]:
    return [node["name"] for connection in data.values() for node in connection["nodes"]]


def test_it_asks_before_it_writes(project: Folder) -> None:
    code, out, err = project("probe")
    assert (code, out) == (3, "")
    assert "there is no terminal to ask for confirmation" in err
    assert "give --yes" in err
    assert not (project.root / ".reconciler" / "sandbox.db").exists()


def test_a_rules_file_makes_a_sandbox_like_the_tenant(project: Folder) -> None:
    choose = random.Random(7).choice
    rules = {rule.name: choose(rule.values) for rule in RULES.values()} | {
        "rate_limit": "none",
        "token_rotation": "false",
        "create_with_definition": "imports",
        "empty_labels": "null",
    }
    with project.sandbox() as sandbox:
        for name, value in rules.items():
            sandbox.set_rule(name, value)
    code, out, err = project("probe", "--yes", "-o", str(project.root / "found.yaml"))
    assert code == 0, err
    assert "Found out" in err
    assert len(out.splitlines()) == 1 + len(RULES)
    assert names(project.ask(OBJECTS)) == []
    untried = {*UNTRIED, "token_rotation", "body_limit"}  # the last where no server is between
    found = dict(read_rules(project.root / "found.yaml"))
    assert {name: found.get(name) for name in rules.keys() - untried} == {
        name: value for name, value in rules.items() if name not in untried
    }


def test_it_shows_what_it_found_in_each_format(project: Folder) -> None:
    document = project.json("probe", "--yes")
    assert [one["name"] for one in document["rules"]] == list(RULES)
    assert document["environment"] == "sandbox"
    assert 0 < document["requests"] < 150
    rate = next(one for one in document["rules"] if one["name"] == "rate_limit")
    assert rate["value"] is None
    assert rate["values"] == list(RULES["rate_limit"].values)
    code, out, _ = project("probe", "--yes", "--format", "rules", "-o", str(project.root / "found.json"))
    assert code == 0
    assert 'draft_in_sequence: "true"  # versionSequence has its id\n' in out
    assert "\n# rate_limit: not tried: " in out
    (project.root / "out.yaml").write_text(out)
    assert read_rules(project.root / "out.yaml") == read_rules(project.root / "found.json")
    assert json.loads((project.root / "found.json").read_text())["error_status"] == "200"


def test_a_rules_file_survives_whatever_a_server_says() -> None:
    said = "not tried: \x1b[31mred\x07\nlabel_limit: 64\u2028error_status: 400"
    text = rules_text([Finding("draft_available", None, said), Finding("label_match", "part", said)])
    assert yaml.safe_load(text) == {"label_match": "part"}
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_a_token_that_may_only_read(project: Folder) -> None:
    with project.sandbox() as sandbox:
        sandbox.role = "guest"
    code, out, err = project("probe", "--yes")
    assert (code, out) == (1, "")
    assert "a scratch customer cannot be made, the token may not write" in err
    assert "a user who may manage customers" in err


def test_nothing_was_left_to_clean(project: Folder) -> None:
    code, _, err = project("probe", "--clean")
    assert code == 0
    assert "Nothing was left." in err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- draft_available", "bad-rule"),
        ("draft_available: [true]", "bad-rule"),
        ("draft_available: {", "file-unreadable"),
        ("draft_avail: true", "unknown-rule"),
        ("draft_available: yes", "bad-rule"),
    ],
)
def test_a_bad_rules_file_is_told_before_anything_is_served(project: Folder, text: str, code: str) -> None:
    path = project.write("rules.yaml", text)
    found, _, err = project("sandbox", "serve", "--rules", str(path), "--format", "json")
    assert found == 3
    assert json.loads(err)["errors"][0]["code"] == code


def test_a_missing_rules_file(project: Folder) -> None:
    code, _, err = project("sandbox", "serve", "--rules", str(project.root / "none.yaml"))
    assert code == 3
    assert "cannot be read: no such file" in err


class Running:
    """`probe --yes` as a process on a served tenant, seen from outside."""

    def __init__(self, project: Remote) -> None:
        self.project = project
        self.process = project.process("probe", "--yes", "--format", "json")

    def until(self, objects: int) -> Running:
        """Waits until the tenant holds so many objects, or the process has ended."""
        served = self.project.served
        headers = {"Authorization": f"Bearer {served.token}"}
        with httpx.Client(headers=headers, trust_env=False) as client:
            while self.process.poll() is None:
                answer = client.post(f"{served.url}/api", json={"query": OBJECTS}).json()
                if len(names(answer["data"])) >= objects:
                    break
                time.sleep(0.01)
        return self

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_cleans_up(remote: Callable[[], Remote], number: signal.Signals) -> None:
    project = remote()
    code, err = Running(project).until(3).end(number)
    assert code == 130, err
    assert "interrupted" in err
    assert names(project.ask(OBJECTS)) == []


@pytest.mark.parametrize("objects", [2, 4])
def test_what_is_killed_is_cleaned_up_by_the_next(remote: Callable[[], Remote], objects: int) -> None:
    project = remote()
    mine = project.behind("createCustomer", {"name": FOREIGN, "labels": ["reconciler-probe"]})
    code, _ = Running(project).until(objects).end(signal.SIGKILL)
    assert code == -signal.SIGKILL
    left = names(project.ask(OBJECTS))
    assert len(left) > 1
    assert all(one.startswith("reconciler probe ") for one in left)
    code, _, err = project("probe", "--clean")
    assert code == 0, err
    assert err.count("Removed ") == len(left) - 1
    assert names(project.ask(OBJECTS)) == [FOREIGN]
    assert list((project.root / ".reconciler" / "probe").glob("*.json")) == []
    project.behind("deleteCustomer", {"id": mine["id"]})


def test_two_at_the_same_time_leave_each_other_alone(remote: Callable[[], Remote]) -> None:
    project = remote()
    first = Running(project).until(3)
    code, out, err = project("probe", "--yes", "--format", "json")
    assert code == 0, err
    documents = [json.loads(out), json.loads(first.process.communicate(timeout=60)[0])]
    assert first.process.returncode == 0
    for document in documents:
        assert document["removed"] == []
        assert [one["name"] for one in document["rules"] if one["value"] is None] == UNTRIED
    assert names(project.ask(OBJECTS)) == []


def test_a_server_obeys_a_rules_file_and_an_option_before_it(tmp_path: Path, project: Folder) -> None:
    path = project.write("rules.json", '{"draft_available": true, "error_status": 400, "label_limit": "64"}')
    options = ("--db", str(tmp_path / "tenant.db"), "--rules", str(path), "--rule", "label_limit=100")
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["url"]
        process.terminate()
    with Sandbox(tmp_path / "tenant.db") as sandbox:
        changed = {name: value for name, value in sandbox.rules.items() if value != RULES[name].default}
    assert changed == {"draft_available": "true", "error_status": "400", "label_limit": "100"}
