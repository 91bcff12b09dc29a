"""Secrets: canaries through every output, file and failure; none may appear."""

from __future__ import annotations

import contextlib
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import PROJECT, Folder

CANARIES = {
    "plain": "canary-3f9b2c71",
    "lines": "canary-first\ncanary-second\n",
    "json": '{"canary": "q\\"uote-77"}',
    "unicode": "canäry-ключ-🔑",
    "name": "Orders for Acme secret 9d1",
}


def _use(project: Folder, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SHOP_KEY", value)
    monkeypatch.setenv("DIGEST_KEY", "canary-digest-key-51")
    project.write(
        "reconciler.yaml",
        PROJECT.replace(
            "spec: {manifests: [manifests/]}",
            "spec:\n  manifests: [manifests/]\n  environments:\n"
            "    sandbox: {secretKey: {env: DIGEST_KEY}}\n",
        ),
    )
    secret = {"secret": {"env": "SHOP_KEY"}}
    project.shop(
        config={"Channel": secret, "Shop": {"inputs": {"apiKey": secret}}},
        flows={"Receive order": {"apiKeys": [secret]}},
    )


def _everything(project: Folder) -> str:
    """All that any verb prints, and all files that it leaves, but for the tenant itself."""
    said = []
    saved = project.root / "saved.json"
    for arguments in (
        ["plan", "-o", str(saved)],
        ["plan", "--format", "json"],
        ["plan", "--format", "markdown", "-v"],
        ["--debug", "plan", "-v"],
        ["apply", str(saved)],
        ["apply", "--yes", "--format", "json"],
        ["drift", "--format", "json"],
        ["drift", "--format", "markdown"],
        ["get", "instances", "--format", "json"],
        ["history"],
        ["history", "latest"],
    ):
        said += project(*arguments)[1:]
    files = [p for p in project.root.rglob("*") if p.is_file() and "sandbox.db" not in p.name]
    return "\n".join([*said, *(p.read_text("utf-8", "replace") for p in files)])


def _appears(value: str, text: str) -> list[str]:
    """The forms in which a value could have slipped out: as it is, line by line, escaped as JSON."""
    forms = {value, *value.split("\n"), value.encode("unicode_escape").decode(), value.replace('"', '\\"')}
    return [form for form in forms if form.strip() and form in text]


@pytest.mark.parametrize("value", CANARIES.values(), ids=CANARIES)
def test_no_output_and_no_file_shows_a_secret(
    project: Folder, monkeypatch: pytest.MonkeyPatch, value: str, caplog: pytest.LogCaptureFixture
):
    _use(project, monkeypatch, value)
    text = _everything(project)
    _use(project, monkeypatch, value + "-rotated")
    text += _everything(project)
    assert project("plan", "--detailed-exitcode")[0] == 0
    assert _appears(value, text + caplog.text) == []
    assert "canary-digest-key-51" not in text
    assert "(secret)" in text


def test_a_secret_of_one_character_leaves_no_trace(project: Folder, monkeypatch: pytest.MonkeyPatch):
    outputs = set()
    for value in ("x", "7"):
        _use(project, monkeypatch, value)
        _, out, _ = project("plan", "--format", "json")
        outputs.add(re.sub(r'"createdAt": "[^"]*"', "", out))
    assert len(outputs) == 1, "what is shown does not depend on the secret"


def test_a_rotated_secret_is_planned_once(project: Folder, monkeypatch: pytest.MonkeyPatch):
    _use(project, monkeypatch, "canary-old")
    assert project("apply", "--yes")[0] == 0
    monkeypatch.setenv("SHOP_KEY", "canary-new")
    changes = [c for a in project.json("plan")["actions"] for c in a["changes"]]
    assert changes
    shown = {str(value).strip("[']") for c in changes for value in (c["before"], c["after"])}
    assert shown == {"(secret)"}
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_no_secret_enters_a_failure(project: Folder, monkeypatch: pytest.MonkeyPatch):
    value = "canary-3f9b2c71"
    _use(project, monkeypatch, value)
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1"
    )
    from reconciler.kinds import all_kinds

    documents: Any = all_kinds()["Instance"]._documents  # type: ignore[attr-defined]
    broken = documents["createInstance"].replace("createInstance(", "createNothing(")
    monkeypatch.setitem(documents._written, "createInstance", broken)
    code, out, err = project("apply", "--yes", "-v")
    assert code == 1
    assert "createNothing" in out + err
    said = out + err
    with contextlib.suppress(Exception):
        project("--debug", "apply", "--yes")
    journals = "".join(p.read_text() for p in (project.root / ".reconciler" / "journal").iterdir())
    assert value not in said + journals


def test_plans_and_journals_are_for_their_owner_alone(project: Folder, monkeypatch: pytest.MonkeyPatch):
    _use(project, monkeypatch, "canary")
    saved = project.root / "saved.json"
    project("plan", "-o", str(saved))
    project("apply", str(saved))
    kept: list[Path] = [
        saved,
        project.root / ".reconciler" / "sandbox.db",
        *(project.root / ".reconciler" / "journal").iterdir(),
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_a_tokens_environment_variable_that_is_missing(project: Folder, monkeypatch: pytest.MonkeyPatch):
    project.shop(config={"Channel": {"secret": {"env": "NOT_SET_ANYWHERE"}}})
    code, _, err = project("plan")
    assert code == 3
    assert "NOT_SET_ANYWHERE" in err
    assert project("validate")[0] == 0


def test_one_apply_is_enough_for_a_new_release_and_a_rotated_secret(
    project: Folder, monkeypatch: pytest.MonkeyPatch
):
    """The settings of its flows need no call, and the record of the secret was to ride on theirs."""
    assert project("sandbox", "rule", "secrets_read_back=hidden")[0] == 0
    _use(project, monkeypatch, "canary-old")
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0
    monkeypatch.setenv("SHOP_KEY", "canary-new")
    text = (project.root / "definitions/orders.yml").read_text()
    project.write("definitions/orders.yml", text.replace("Posts orders", "Posts new orders"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    code, out, err = project("plan", "--detailed-exitcode")
    assert code == 0, out + err
