"""The vendor's own CLI, unchanged, lives a whole life on a served sandbox.

It is installed once into .cache/prism, at the version of package.json here; without node, npm or a way to get
it the test is skipped.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.npm import installed
from tests.sandbox.served import ServedSandbox

HERE = Path(__file__).parent
DEFINITION = """\
definitionVersion: 7
name: Sync
description: text
flows:
  - name: Flow 1
    description: ""
    isSynchronous: true
    steps:
      - name: Trigger
        isTrigger: true
        inputs: {}
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
      - name: Send
        inputs: {}
        action: {key: httpPost, component: {key: http, isPublic: true, version: LATEST}}
requiredConfigVars:
  - {key: Region, dataType: string, defaultValue: eu}
"""
COMPONENT = """\
module.exports.default = {
  key: "acme", public: false, documentationUrl: "",
  display: { label: "Acme", description: "Talks to Acme", iconPath: "icon.png" },
  actions: {
    greet: { key: "greet", display: { label: "Greet", description: "Greets" }, inputs: [],
             perform: async () => ({ data: "hello" }) },
  },
  triggers: {}, connections: [], dataSources: {}, hooks: {},
};
"""


@pytest.fixture(scope="module")
def program() -> list[str]:
    """The command that runs prism's command lines."""
    node, packages = installed(HERE)
    return [node, str(HERE / "commands.mjs"), str(packages / "@prismatic-io/prism/lib/run.js")]


class Prism:
    """prism with a tenant to talk to and a folder to work in."""

    def __init__(self, program: list[str], served: ServedSandbox, folder: Path) -> None:
        self.folder = folder
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PRISMATIC_URL": served.url,
            "PRISM_ACCESS_TOKEN": served.token,
            "PRISM_SKIP_NEW_VERSION_CHECK": "true",
            "NO_PROXY": "127.0.0.1",
        }
        read, write = os.pipe()
        self._process = subprocess.Popen(
            [*program, str(read)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[read],
            text=True,
        )
        os.close(read)
        self._lines = os.fdopen(write, "w")

    def __call__(self, *arguments: str, exit_code: int = 0) -> str:
        print(json.dumps(arguments), file=self._lines, flush=True)
        out = self._process.stdout
        assert out is not None
        if not select.select([out], [], [], 60)[0]:
            self._process.kill()
        answer = out.readline()
        assert answer, self._process.communicate(timeout=60)
        done = json.loads(answer)
        assert done["code"] == exit_code, done["out"] + done["err"]
        return str(done["out"] if exit_code == 0 else done["err"]).strip()

    def end(self) -> None:
        """Lets the process end, which it does by itself where no more is asked."""
        self._lines.close()
        assert self._process.communicate(timeout=60) == ("", "")

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self(*arguments, "--extended", "--output", "json"))
        return found


@pytest.fixture
def prism(program: list[str], tmp_path: Path) -> Iterator[Prism]:
    (tmp_path / "sync.yml").write_text(DEFINITION, "utf-8")
    (tmp_path / "payload.json").write_text('{"order": 7}', "utf-8")
    with ServedSandbox() as served:
        made = Prism(program, served, tmp_path)
        yield made
        made.end()


def test_a_life_of_an_integration_and_its_instance(prism: Prism) -> None:
    assert "Organization: Sandbox" in prism("me")
    draft = prism("integrations:import", "-p", "sync.yml")
    version = prism("integrations:publish", draft, "-c", "first")
    assert [row["name"] for row in prism.rows("integrations:list")] == ["Sync"]
    assert version in [row["id"] for row in prism.rows("integrations:versions", draft)]
    assert "Flow 1" in prism("integrations:export", draft)
    tested = prism("integrations:flows:test", "-i", draft, "-n", "Flow 1", "-p", "payload.json", "--sync")
    assert '"order": 7' in tested
    customer = prism("customers:create", "-n", "Acme", "-e", "acme")
    instance = prism("instances:create", "-n", "One", "-i", version, "-c", customer)
    assert prism("instances:deploy", instance) == instance
    (row,) = prism.rows("instances:list")
    assert (row["name"], row["customer"]) == ("One", "Acme")
    (value,) = prism.rows("instances:config-vars:list", instance)
    assert (value["key"], value["value"]) == ("Region", "eu")
    (flow,) = prism.rows("instances:flow-configs:list", instance)
    assert "Ending Instance Execution" in prism("instances:flow-configs:test", flow["id"], "--tail")
    prism("instances:disable", instance)
    prism("instances:delete", instance)
    assert prism.rows("instances:list") == []
    assert prism("instances:delete", instance, exit_code=1)


def test_alerts_users_and_components(prism: Prism) -> None:
    (role,) = [row["id"] for row in prism.rows("organization:users:roles") if row["name"] == "Integrator"]
    user = prism("organization:users:create", "-e", "ada@acme.example", "-n", "Ada", "-r", role)
    hook = prism("alerts:webhooks:create", "-n", "Pager", "-u", "https://pager.example", "-p", "{}")
    group = prism("alerts:groups:create", "-n", "Support", "-u", json.dumps([user]), "-w", json.dumps([hook]))
    assert [row["name"] for row in prism.rows("alerts:groups:list")] == ["Support"]
    prism("alerts:groups:delete", group)
    assert len(prism.rows("alerts:triggers:list")) > 10
    folder = prism.folder
    (folder / "dist").mkdir()
    (folder / "dist" / "index.js").write_text(COMPONENT, "utf-8")
    (folder / "dist" / "icon.png").write_bytes(b"\x89PNG")
    (folder / "package.json").write_text(
        '{"name": "acme", "version": "1.0.0", "main": "dist/index.js"}', "utf-8"
    )
    prism("components:publish", "--no-confirm", "--no-check-signature", "-c", "first")
    (row,) = [row for row in prism.rows("components:list") if row["key"] == "acme"]
    assert (row["label"], row["public"]) == ("Acme", "false")
