"""Whatever names a manifest, a tenant or its answers hold: no output is steered, forged or broken by them."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.acceptance.hostile import TEXTS, harmless, harmless_as_markdown, harmless_on_a_terminal
from tests.acceptance.remote import Remote
from tests.cli.projects import DEFINITION, Folder
from tests.sandbox.served import ServedSandbox

ALL = "".join(TEXTS.values())


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RECONCILER_PROJECT", raising=False)
    return Folder(tmp_path, capsys)


def _everywhere(project: Folder) -> None:
    """The texts as display names, descriptions, labels, config keys and values, names of flows and steps."""
    definition = yaml.safe_load(DEFINITION)
    key = f"Key {ALL}"
    definition |= {"name": f"Orders {ALL}", "description": ALL}
    definition["requiredConfigVars"].append({"key": key, "dataType": "string", "orgOnly": False})
    definition["configPages"][0]["elements"].append({"type": "configVar", "value": key})
    definition["flows"][0] |= {"name": f"Flow {ALL}", "description": ALL}
    project.write("definitions/orders.yml", yaml.safe_dump(definition))
    project.manifest(
        "Integration", "orders", name=f"Orders {ALL}", description=ALL, comment=ALL, release="1.0.0",
        definition="../definitions/orders.yml",
    )  # fmt: skip
    for number, text in enumerate(TEXTS.values()):
        project.manifest(
            "Customer", f"c{number}", name=f"C{number} {text}", externalId=text, description=text
        )
    project.manifest(
        "Instance", "orders", customer="c0", integration="orders", name=f"I {ALL}", description=ALL,
        enabled=True, config={"Channel": ALL, key: ALL},
    )  # fmt: skip


def _mine(project: Folder, path: str, text: str) -> str:
    return project.write(path, text).name


def test_a_whole_life_with_hostile_names(folder: Folder) -> None:
    _everywhere(folder)

    def shown(*arguments: str, expected: int = 0) -> str:
        code, out, err = folder(*arguments)
        assert code == expected, err
        assert harmless(out + err) == [], arguments
        return out

    def commented(*arguments: str) -> None:
        assert harmless_as_markdown(shown(*arguments, "--format", "markdown")) == [], arguments

    shown("validate")
    shown("plan", "-v")
    commented("plan")
    planned = json.loads(shown("plan", "--format", "json"))
    values = [change["after"] for action in planned["actions"] for change in action["changes"]]
    assert set(TEXTS.values()) <= {value for value in values if isinstance(value, str)}
    shown("apply", "--yes", "-v")
    shown("plan", "--detailed-exitcode")
    for customer in folder.ask("{ customers(isSystem: false) { nodes { id } } }")["customers"]["nodes"]:
        folder.behind("updateCustomer", {"id": customer["id"], "description": f"theirs {ALL}"})
    shown("drift", "-v")
    commented("drift")
    shown("plan", "-v", expected=5)  # more than the guard lets pass
    commented("plan", "--allow-updates")
    commented("apply", "--yes", "--allow-updates")
    shown("history")
    shown("history", "latest")
    shown("history", "latest", "--format", "json")


@pytest.mark.parametrize("kind", ["customers", "instances", "integrations"])
def test_lists_in_all_formats(folder: Folder, kind: str) -> None:
    _everywhere(folder)
    assert folder("apply", "--yes", "-q")[0] == 0
    live = folder.ask(f"{{ {kind} {{ nodes {{ name }} }} }}")[kind]["nodes"]
    names = {node["name"] for node in live}
    outputs = {shape: folder("get", kind, "--format", shape)[1] for shape in ("table", "json", "yaml", "ids")}
    for shape, out in outputs.items():
        assert harmless(out) == [], shape
    assert len(outputs["table"].splitlines()) == len(outputs["ids"].splitlines()) + 1
    assert {row["name"] for row in json.loads(outputs["json"])} <= names
    assert yaml.safe_load(outputs["yaml"]) == json.loads(outputs["json"])
    # A file gets what is there.
    rows = list(csv.DictReader(io.StringIO(folder("get", kind, "--format", "csv")[1], newline="")))
    assert [row["name"] for row in rows] == [row["name"] for row in json.loads(outputs["json"])]


def test_errors_of_files_that_are_hostile(folder: Folder) -> None:
    folder.manifest("Customer", "acme", **{"name": "Acme", f"field {ALL}": ALL, "externalId": 1})
    folder.write("manifests/b.yaml", json.dumps({"apiVersion": ALL, "kind": ALL, "metadata": {"name": ALL}}))
    folder.manifest(
        "Integration", "c", definition=f"../{TEXTS['turned']}\x1b[31m.yml", labels=[f"reconciler:{ALL}"]
    )
    folder.manifest("Instance", "d", customer=TEXTS["lines"], integration=ALL, name="${" + ALL)
    (folder.root / "manifests" / "e\x1b[31m\u202e\nFORGED.yaml").write_text(f'"{TEXTS["html"]}": [')
    for arguments in (
        ["validate"], ["plan"], ["plan", "--format", "json"], ["plan", "-e", ALL], [f"verb {ALL}"],
        ["get", ALL], ["get", "customers", "--sort", ALL], ["adopt", ALL, ALL], ["history", ALL],
        ["schema", ALL], ["apply", TEXTS["turned"]], ["api", ALL, "-F", ALL],
    ):  # fmt: skip
        code, out, err = folder(*arguments)
        assert (code, harmless(out + err)) == (3, []), (arguments, err)


@pytest.fixture(scope="module")
def poisoned() -> Iterator[ServedSandbox]:
    with ServedSandbox(ALL, factory="tests.acceptance.hostile:Poison") as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["whoami"], 0),
        (["whoami", "--tenants"], 0),
        (["whoami", "--format", "json"], 0),
        (["get", "customers", "--first", "1"], 0),
        (["get", "components", "--limit", "3"], 0),
        (["get", "components", "--limit", "3", "--format", "yaml"], 0),
        (["api", "{ nonsense }"], 1),
        (["--debug", "get", "customers", "nonsense"], 1),
        (["api", "{ customers { nodes { name } pageInfo { endCursor } } }"], 0),
        (["plan"], 0),
        (["apply", "--yes"], 1),
        (["--debug", "apply", "--yes", "-v"], 1),
        (["apply", "--yes", "--format", "json"], 1),
        (["apply", "--yes", "--format", "markdown"], 1),
        (["history", "latest"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_answers_that_are_hostile(
    arguments: list[str], expected: int, poisoned: ServedSandbox, remote: Callable[..., Remote]
) -> None:
    project = remote(poisoned)
    # What is asked here is what is shown, not whether this is the tenant that is meant.
    settings = project.environment(poisoned)
    del settings["tenant"]
    project.project("shop", {"tenant": settings})
    project.shop()
    if arguments[0] == "history":
        project("apply", "--yes")
    code, out, err = project(*arguments)
    assert (code, harmless(out + err)) == (expected, []), err
    if "markdown" in arguments:
        assert harmless_as_markdown(out) == []
    if "nonsense" in arguments:
        assert "Traceback" in err


def test_a_person_at_a_terminal(remote: Callable[..., Remote], monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan, the question, the progress bar and the outcome, with colours."""
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    with ServedSandbox() as served:
        project = remote(served)
        _everywhere(project)
        ours, theirs = pty.openpty()
        process = project.forked("apply", stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.write(ours, b"yes\n")
        seen = b""
        with suppress(OSError):  # EIO: the other side has gone
            while part := os.read(ours, 65_536):
                seen += part
        os.close(ours)
        assert process.wait(timeout=60) == 0, seen
    text = seen.decode("utf-8")
    assert 'Only "yes" is accepted' in text
    assert "\x1b[" in text
    assert harmless_on_a_terminal(text) == []
