"""What comes out where: results on stdout, all else on stderr, documents that fit their schemas."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.acceptance.remote import ROOT, Remote
from tests.cli.projects import DEFINITION
from tests.sandbox.served import ServedSandbox

MARKDOWN_LIMIT = 65_536


@pytest.fixture
def project(remote: Callable[..., Remote], served: ServedSandbox) -> Iterator[Remote]:
    """A small project on a tenant that is emptied of it afterwards."""
    made = remote(served, name="outputs")
    made.shop()
    yield made
    for path in (made.root / "manifests").iterdir():
        path.unlink()
    everything = [f"--select={address}" for address in made.json("plan")["orphans"]]
    code, _, err = made("apply", "--yes", "--prune", "--allow-deletes", *everything)
    assert code == 0, err


def _fits(schema: str, document: Any) -> None:
    definition = json.loads((ROOT / "schemas" / f"{schema}.json").read_text("utf-8"))
    problems = [e.message for e in Draft202012Validator(definition).iter_errors(document)]
    assert problems == []


def test_documents_fit_their_schemas_through_a_whole_life(project: Remote):
    _fits("plan", project.json("plan"))
    _fits("drift", project.json("drift"))
    _fits("outcome", project.json("apply", "--yes"))
    _fits("plan", project.json("plan"))
    _fits("outcome", project.json("apply", "--yes"))
    customer = project.named("customers", "Acme")["id"]
    project.behind("updateCustomer", {"id": customer, "description": "Theirs\x1b[31m\u202e <b>`x`"})
    project.write("definitions/orders.yml", DEFINITION.replace("example.com/orders", "example.com/v2"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.1.0"
    )
    changed, drifted = project.json("plan"), project.json("drift")
    _fits("plan", changed)
    _fits("drift", drifted)
    assert {d["path"] for d in drifted["drift"]} == {"description"}
    # Refused, and gone stale: still documents.
    project.behind("deleteCustomer", {"id": customer})
    _fits("plan", project.json("plan"))
    _fits("outcome", project.json("apply", "--yes"))


def test_results_on_stdout_and_all_else_on_stderr(project: Remote):
    code, out, err = project("plan", "--no-progress")  # which would tell that a slow machine reads
    assert (code, err) == (0, ""), err
    assert "Plan: 3 to create" in out
    code, out, err = project("apply", "--yes", "--format", "json")
    assert code == 0
    assert json.loads(out)["summary"]["failed"] == 0
    assert "create Customer/acme" in err
    assert project("apply", "--yes", "-q")[2] == ""
    for verb in ("get customers", "whoami", "history", "drift", "schema plan", "validate"):
        code, out, err = project(*verb.split(), "--no-progress")
        assert (code, bool(out), err) == (0, True, ""), (verb, err)
    for wrong in (["plan", "-e", "moon"], ["get", "nothing"], ["schema", "nothing"], ["apply", "none.json"]):
        code, out, err = project(*wrong)
        assert (code, out, bool(err)) == (3, "", True), wrong


@pytest.mark.parametrize(
    "arguments", ["plan", "plan --format markdown", "apply --yes", "drift", "get customers"]
)
def test_no_escape_codes_but_on_a_terminal(arguments: str, project: Remote, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR")
    process = project.forked(*arguments.split())
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "\x1b" not in out + err


@pytest.mark.parametrize("switch", ["", "NO_COLOR", "--no-color"])
def test_colours_on_a_terminal_unless_told_otherwise(
    switch: str, project: Remote, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    if switch == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    extra = [switch] if switch.startswith("--") else []
    shown = _on_a_terminal(project, "plan", *extra)
    assert "Plan: 3 to create" in shown
    coloured = any(f"\x1b[{number}" in shown for number in ("1;3", "3", "9"))
    assert coloured == (switch == ""), repr(shown[:300])


def _on_a_terminal(project: Remote, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    process = project.forked(*arguments, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # EIO: the other side has gone
        while part := os.read(ours, 65_536):
            seen += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return seen.decode("utf-8")


def test_markdown_fits_into_a_comment_however_much_there_is(
    remote: Callable[..., Remote], served: ServedSandbox
):
    project = remote(served, name="many")
    for number in range(1200):
        project.manifest(
            "Customer", f"c{number:04}", name=f"Ünïcode {number} 🔑 " + "x" * 60, description="y" * 300
        )
    code, out, err = project("plan", "--format", "markdown")
    assert code == 0, err
    assert 0 < len(out) <= MARKDOWN_LIMIT
    assert len(out.encode()) <= MARKDOWN_LIMIT * 4
    assert "1,200 to create" in out


def test_errors_have_one_shape(project: Remote, monkeypatch: pytest.MonkeyPatch):
    def errors(code: int, *arguments: str) -> list[dict[str, Any]]:
        found, out, err = project(*arguments, "--format", "json")
        assert (found, out) == (code, ""), err
        entries: list[dict[str, Any]] = json.loads(err)["errors"]
        for entry in entries:
            assert set(entry) == {"code", "message", "file", "line", "column", "address", "hint"}
            assert entry["message"]
            assert not entry["message"].endswith(".")
        return entries

    assert errors(3, "plan", "-e", "moon")[0]["code"] == "unknown-environment"
    assert errors(3, "plan", "--nonsense")[0]["code"] == "usage"
    assert errors(3, "apply")[0]["code"] == "no-terminal"
    assert errors(5, "apply", "--yes", "--checksum", "sha256:00")[0]["code"] == "stale"
    project.manifest("Customer", "wrong", nane="Acme", externalid=1)
    broken = errors(3, "plan")
    assert len(broken) > 1
    assert {e["file"] for e in broken} == {"manifests/customer-wrong.yaml"}
    assert all(e["line"] and e["column"] for e in broken)
    (project.root / "manifests/customer-wrong.yaml").unlink()
    monkeypatch.setenv("SERVED_TOKEN", "wrong")
    assert errors(4, "plan")[0]["code"] == "not-authenticated"
    monkeypatch.setenv("SERVED_TOKEN", project.served.token)
