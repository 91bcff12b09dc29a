"""Canaries in every place that may hold a secret, which git calls one at one time and plain text at another.

What was a secret, or was put there by somebody else, appears in no output, file, journal, log or exception,
in whatever order the places are secret, plain or not mentioned.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder

DEFINITION = """\
definitionVersion: 7
name: Canaries
flows:
  - name: Receive
    steps:
      - name: Arrives
        isTrigger: true
        action: {key: webhook, component: {key: webhook-triggers, isPublic: true, version: LATEST}}
configPages:
  - name: Settings
    elements: [ELEMENTS]
requiredConfigVars:
  - {key: Text, dataType: string, defaultValue: x}
  - {key: Code, dataType: code, codeLanguage: json, defaultValue: "{}"}
  - {key: Form, dataType: jsonForm, defaultValue: "{}"}
  - {key: Pairs, dataType: string, collectionType: keyvaluelist, defaultValue: "[]"}
  - {key: Items, dataType: string, collectionType: valuelist, defaultValue: "[]"}
  - key: Shop
    dataType: connection
    connection: {key: apiKey, component: {key: http, isPublic: true, version: LATEST}}
    inputs: {apiKey: {type: value, value: demo}}
"""
KEYS = ("Text", "Code", "Form", "Pairs", "Items", "Shop")
ELEMENTS = ", ".join(f"{{type: configVar, value: {key}}}" for key in KEYS)
PLACES = (
    *(f"config.{key}" for key in KEYS),
    "flows.apiKeys", "flows.testHeaders", "flows.testPayload",
    "Connection.inputs",
    *(f"{kind}.{field}" for kind in ("LogStream", "AlertWebhook") for field in ("url", "headers", "payload")),
    "EventWebhook.url", "EventWebhook.headers", "EventWebhook.secret",
)  # fmt: skip
NEVER_A_SOURCE = {"LogStream.payload", "AlertWebhook.payload"}
"""A template is text in git; it can only be declared sensitive."""
FIRST, SECOND, THIRD = PLACES[0::3], PLACES[1::3], PLACES[2::3]
OUTPUTS: tuple[tuple[str, ...], ...] = (
    ("--debug", "plan", "-v", "--show-values", "-o", "saved.json"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown", "-v"),
    ("plan", "--format", "junit"),
    ("plan", "--format", "github"),
    ("drift", "-v"),
    ("drift", "--format", "json"),
    ("drift", "--format", "markdown"),
)


class Aviary:
    """A project with a place for everything, and all that was ever said of it."""

    def __init__(self, project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self._environ = project, monkeypatch
        self.said, self.sensitive = "", False
        project.write("definitions/canaries.yml", DEFINITION.replace("ELEMENTS", ELEMENTS))
        spec = {"name": "Canaries", "definition": "../definitions/canaries.yml", "release": "1.0.0"}
        project.manifest("Integration", "orders", **spec)
        project.manifest("Customer", "acme", name="Acme")

    def write(self, secret: tuple[str, ...], plain: tuple[str, ...], word: str) -> None:
        """The manifests, with these places secret and those plain, and no word of the others."""
        given: dict[str, Any] = {}
        for place in secret:
            name = place.replace(".", "_").upper()
            self._environ.setenv(name, self.canary(place, word))
            self.sensitive = self.sensitive or place in NEVER_A_SOURCE
            given[place] = self.canary(place, word) if place in NEVER_A_SOURCE else {"secret": {"env": name}}
        given |= {place: f"plain-{word}-{place.replace('.', '-')}".lower() for place in plain}
        self._instance(given)
        spec = {
            "name": "Shared",
            "stableKey": "shared",
            "scope": "org",
            "component": "http",
            "connection": "apiKey",
        }
        inputs = {"inputs": {"apiKey": given["Connection.inputs"]}} if "Connection.inputs" in given else {}
        self.project.manifest("Connection", "shared", **spec, **inputs)
        for kind, more in (
            ("LogStream", {"severityLevels": ["ERROR"]}),
            ("AlertWebhook", {}),
            ("EventWebhook", {"eventTypes": ["user.created"]}),
        ):
            hooked = {
                "url": self._url(given.get(f"{kind}.url", "https://example.com/default")),
                **({"headers": {"X-Key": given[f"{kind}.headers"]}} if f"{kind}.headers" in given else {}),
                **({"secret": given[f"{kind}.secret"]} if f"{kind}.secret" in given else {}),
            }
            if kind != "EventWebhook":
                hooked["payloadTemplate"] = given.get(f"{kind}.payload", "{}")
            self.project.manifest(kind, kind.lower(), name=kind, **more, **hooked)
            if f"{kind}.payload" in secret:
                self._declare(f"manifests/{kind.lower()}-{kind.lower()}.yaml", "payloadTemplate")

    @staticmethod
    def canary(place: str, word: str) -> str:
        return f"kanarie-{word}-{place.replace('.', '-')}".lower()

    def _url(self, given: Any) -> Any:
        if isinstance(given, str):
            return given if given.startswith("https") else f"https://example.com/{given}"
        name = given["secret"]["env"] + "_WHOLE"
        self._environ.setenv(name, f"https://example.com/{os.environ[given['secret']['env']]}")
        return {"secret": {"env": name}}

    def _instance(self, given: dict[str, Any]) -> None:
        config = {key: given[f"config.{key}"] for key in KEYS if f"config.{key}" in given}
        shapes = {
            "Form": lambda v: {"a": v, "b": 1},
            "Pairs": lambda v: {"token": v},
            "Items": lambda v: ["first", v],
            "Shop": lambda v: {"inputs": {"apiKey": v}},
        }
        config = {key: shapes.get(key, lambda v: v)(value) for key, value in config.items()}
        settings: dict[str, Any] = {}
        if "flows.apiKeys" in given:
            settings["apiKeys"] = [given["flows.apiKeys"]]
        if "flows.testHeaders" in given:
            settings["testHeaders"] = {"x-key": given["flows.testHeaders"]}
        if "flows.testPayload" in given:
            settings["testPayload"] = {"key": given["flows.testPayload"]}
        spec = {"customer": "acme", "integration": "orders", "name": "Canaries"}
        flows = {"flows": {"Receive": settings}} if settings else {}
        self.project.manifest("Instance", "orders", **spec, **({"config": config} if config else {}), **flows)

    def _declare(self, name: str, path: str) -> None:
        text = yaml.safe_load((self.project.root / name).read_text())
        text["metadata"]["sensitive"] = [path]
        self.project.write(name, yaml.safe_dump(text))

    def run(self, *arguments: str) -> int:
        named = [str(self.project.root / a) if a == "saved.json" else a for a in arguments]
        code, out, err = -1, "", ""
        try:
            code, out, err = self.project(*named)
        except BaseException:
            err = traceback.format_exc()
        self.said += out + err
        return code

    def look(self) -> None:
        for output in OUTPUTS:
            assert self.run(*output) in (0, 5), self.said[-3000:]

    def apply(self) -> None:
        assert self.run("--debug", "apply", "--yes", "--show-values", "--deploy-pending") == 0, self.said[
            -3000:
        ]
        assert self.run("plan", "--detailed-exitcode") == 0, self.said[-3000:]
        self.run("history", "latest", "--format", "json")

    def fail(self) -> None:
        """An apply in which each mutation of a sort fails, at its most talkative."""
        for operation in ("updateInstance", "updateInstanceConfigVariables", "updateExternalLogStream"):
            self.run("sandbox", "fault", "graphql_errors", "--operation", operation)
            self.run("--debug", "apply", "--yes", "--format", "json")
            self.run("sandbox", "fault", "--clear")
            self.look()

    def check(self, log: str = "") -> None:
        """No canary is anywhere but in the tenant itself."""
        files = [p for p in self.project.root.rglob("*") if p.is_file() and "sandbox.db" not in p.name]
        kept = [p for p in files if p.parent.name not in ("manifests", "definitions")]
        everything = self.said + log + "".join(path.read_text("utf-8", "replace") for path in kept)
        at = everything.find("kanarie-")
        assert at < 0, everything[max(0, at - 600) : at + 200]
        assert "plain-" in everything


@pytest.fixture
def aviary(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Aviary:
    monkeypatch.setenv("NO_COLOR", "1")
    return Aviary(Folder(tmp_path, capsys), monkeypatch)


@pytest.fixture(autouse=True)
def talkative(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


@pytest.mark.parametrize("rule", ["label_limit=64", "secrets_read_back=hidden"])
def test_what_was_a_secret_and_is_plain_now(aviary: Aviary, rule: str, caplog: pytest.LogCaptureFixture):
    assert aviary.run("sandbox", "rule", rule) == 0
    aviary.write(PLACES, (), "one")
    aviary.look()
    aviary.apply()
    aviary.write((), PLACES, "two")
    aviary.look()
    aviary.fail()
    aviary.apply()
    aviary.write(PLACES, (), "three")
    aviary.look()
    aviary.fail()
    aviary.apply()
    aviary.check(caplog.text)


@pytest.mark.parametrize("gone", [FIRST, SECOND, THIRD, PLACES], ids=["first", "second", "third", "all"])
def test_what_was_a_secret_was_not_mentioned_and_is_plain_now(
    aviary: Aviary, gone: tuple[str, ...], caplog: pytest.LogCaptureFixture
):
    """Whatever else is, or is not, mentioned meanwhile."""
    aviary.write(PLACES, (), "one")
    aviary.apply()
    aviary.write((), tuple(p for p in PLACES if p not in gone), "two")
    aviary.look()
    aviary.apply()
    aviary.write((), gone, "three")
    aviary.look()
    aviary.fail()
    aviary.apply()
    aviary.check(caplog.text)


def test_some_are_secret_some_plain_and_some_not_mentioned(aviary: Aviary, caplog: pytest.LogCaptureFixture):
    rounds = [FIRST, SECOND, THIRD]
    for turn, word in enumerate(("one", "two", "three", "four")):
        secret, plain = rounds[turn % 3], rounds[(turn + 1) % 3]
        aviary.write(secret, plain, word)
        aviary.look()
        aviary.apply()
    aviary.check(caplog.text)


def _instance(project: Folder) -> dict[str, Any]:
    (node,) = project.ask("{ instances(isSystem: false) { nodes { id labels } } }")["instances"]["nodes"]
    return dict(node)


def _theirs(project: Folder, identifier: str, word: str) -> None:
    """Somebody puts canaries of their own into every text of an instance."""
    shapes = {
        "Form": lambda v: json.dumps({"a": v}),
        "Pairs": lambda v: json.dumps([{"key": "token", "value": v}]),
        "Items": lambda v: json.dumps([v]),
    }
    variables: list[dict[str, Any]] = [
        {"key": key, "value": shapes.get(key, str)(Aviary.canary(f"config.{key}", word))}
        for key in KEYS
        if key != "Shop"
    ]
    row = {"name": "apiKey", "type": "value", "value": Aviary.canary("config.Shop", word)}
    variables.append({"key": "Shop", "values": json.dumps([row])})
    project.behind("updateInstanceConfigVariables", {"id": identifier, "configVariables": variables})


@pytest.mark.parametrize("taken", ["reconciler-applied", "reconciler"])
def test_a_label_that_somebody_took_off(aviary: Aviary, taken: str, caplog: pytest.LogCaptureFixture):
    project = aviary.project
    aviary.write((), PLACES, "one")
    aviary.apply()
    found = _instance(project)
    labels = [one for one in found["labels"] if not one.startswith(taken)]
    project.behind("updateInstance", {"id": found["id"], "labels": labels, "preserveDeployState": True})
    _theirs(project, found["id"], "two")
    aviary.look()
    if taken == "reconciler":
        assert aviary.run("adopt", "Instance/acme/orders", found["id"], "--yes") == 0
    aviary.look()
    aviary.apply()
    aviary.check(caplog.text)


def test_a_record_that_somebody_copied(aviary: Aviary, caplog: pytest.LogCaptureFixture):
    project = aviary.project
    aviary.write((), PLACES, "one")
    aviary.apply()
    found = _instance(project)
    query = f'{{ instance(id: "{found["id"]}") {{ customer {{ id }} integration {{ id }} }} }}'
    place = project.ask(query)["instance"]
    given = {"customer": place["customer"]["id"], "integration": place["integration"]["id"]}
    made = project.behind("createInstance", {**given, "name": "Theirs", "labels": found["labels"]})
    _theirs(project, made["id"], "two")
    aviary.look()
    project.behind("deleteInstance", {"id": found["id"]})
    aviary.write((), PLACES, "three")
    aviary.look()
    aviary.fail()
    aviary.apply()
    aviary.check(caplog.text)


def test_an_object_that_is_adopted_over_other_values(aviary: Aviary, caplog: pytest.LogCaptureFixture):
    project = aviary.project
    aviary.write((), PLACES, "one")
    aviary.apply()
    found = _instance(project)
    project.behind("updateInstance", {"id": found["id"], "labels": [], "preserveDeployState": True})
    _theirs(project, found["id"], "two")
    aviary.look()
    assert aviary.run("adopt", "Instance/acme/orders", found["id"], "--yes") == 0
    aviary.look()
    aviary.write((), FIRST, "one")
    aviary.look()
    aviary.write(SECOND, FIRST, "three")
    aviary.look()
    aviary.apply()
    aviary.check(caplog.text)


def test_without_records(aviary: Aviary, caplog: pytest.LogCaptureFixture):
    root: Path = aviary.project.root
    environments = "spec:\n  manifests: [manifests/]\n  environments: {sandbox: {applied: none}}\n"
    text = (root / "reconciler.yaml").read_text()
    aviary.project.write("reconciler.yaml", text.replace("spec: {manifests: [manifests/]}\n", environments))
    aviary.write(PLACES, (), "one")
    aviary.apply()
    aviary.write((), PLACES, "two")
    aviary.look()
    aviary.apply()
    _theirs(aviary.project, _instance(aviary.project)["id"], "three")
    aviary.look()
    aviary.check(caplog.text)
