"""A person's unpublished draft: refused, or replaced and kept, and brought back."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import DEFINITION, Folder

THEIRS = DEFINITION.replace("https://example.com/orders", "https://theirs.example/typed-in-by-hand")
OURS = DEFINITION.replace("https://example.com/orders", "https://ours.example/new")
LABEL = "reconciler:shop/integration/orders"


@pytest.fixture
def edited(project: Folder) -> Folder:
    """A person changed the draft, and so did git."""
    project.manifest("Integration", "orders", name="Orders", definition="../definitions/orders.yml")
    assert project("apply", "--yes")[0] == 0
    change(project, THEIRS)
    project.write("definitions/orders.yml", OURS)
    return project


def change(project: Folder, text: str) -> None:
    project.behind("importIntegration", {"integrationId": project.id_of("integrations"), "definition": text})


def draft(project: Folder) -> str:
    return str(
        project.ask("{ integrations { nodes { definition } } }")["integrations"]["nodes"][0]["definition"]
    )


def journals(project: Folder) -> list[Path]:
    return sorted((project.root / ".reconciler/journal").glob("*.jsonl"))


def overwrite(project: Folder) -> dict[str, Any]:
    """Applies over the person's draft; the import's end."""
    outcome = project.json("apply", "--yes", "--overwrite-drafts")
    return next(one for one in outcome["actions"] if one["verb"] == "import")


def test_a_persons_draft_is_refused_and_nothing_is_kept(edited: Folder):
    code, out, err = edited("apply", "--yes")
    assert code == 5
    assert (out + err).count("--overwrite-drafts") == 1
    assert "typed-in-by-hand" in draft(edited)
    # The second run is the refused one: it tells why, and keeps and does nothing.
    assert len(journals(edited)) == 2
    run = edited.json("history", "latest")
    assert (run["status"], run["actions"], run["drafts"]) == ("refused", 0, [])
    assert not list((edited.root / ".reconciler/journal").glob("*.drafts"))


def test_a_draft_that_is_overwritten_is_kept_and_told_of(edited: Folder):
    before = draft(edited)
    code, out, err = edited("apply", "--yes", "--overwrite-drafts")
    assert (code, err.count("typed-in-by-hand")) == (0, 0)
    *_, journal = journals(edited)
    kept = journal.with_suffix(".drafts") / "Integration-orders.yml"
    assert f"the draft that was there is kept: {kept}" in out
    assert f"reconciler history {journal.stem[:15]} --restore Integration/orders" in out
    assert kept.read_text() == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "ours.example" in draft(edited)
    assert "typed-in-by-hand" not in journal.read_text()


def test_what_we_wrote_ourselves_is_not_kept(project: Folder):
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.write("definitions/orders.yml", OURS)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.1.0"}
    project.manifest("Integration", "orders", **spec)
    assert overwrite(project)["kept"] is None
    assert not list((project.root / ".reconciler/journal").glob("*.drafts"))


def test_history_lists_what_is_kept_and_never_its_text(edited: Folder):
    kept = overwrite(edited)["kept"]
    (run, _) = edited.json("history")["runs"]
    assert [(one["address"], one["file"]) for one in run["drafts"]] == [("Integration/orders", kept)]
    assert run["drafts"][0]["digest"].startswith("sha256:")
    assert edited.json("history", "latest")["drafts"] == run["drafts"]
    _, out, _ = edited("history", "latest")
    assert kept in out
    for arguments in (["history", "latest"], ["history", "latest", "--format", "json"]):
        assert "typed-in-by-hand" not in "".join(map(str, edited(*arguments)))


@pytest.mark.parametrize("rule", ["import_clears_labels=true", "import_clears_labels=false"])
@pytest.mark.parametrize("address", [["Integration/orders"], []])
def test_a_kept_draft_is_brought_back(edited: Folder, address: list[str], rule: str):
    edited("sandbox", "rule", rule)
    before = draft(edited)
    overwrite(edited)
    code, _, err = edited("history", "latest", "--yes", "--restore", *address)
    assert code == 0, err
    assert "reconciler plan --select Integration/orders" in err
    assert draft(edited) == before
    labels = edited.ask("{ integrations { nodes { labels } } }")["integrations"]["nodes"][0]["labels"]
    assert LABEL in labels, "it is still ours"
    code, out, err = edited("plan")
    assert (code, (out + err).count("unpublished changes")) == (5, 1)


def test_what_a_restored_draft_replaces_is_kept_in_its_turn(edited: Folder):
    overwrite(edited)
    after = draft(edited)
    restored = edited.json("history", "latest", "--restore", "--yes")
    assert restored["summary"]["done"] == 2
    assert Path(restored["actions"][0]["kept"]).read_text() == after
    assert edited.json("history")["runs"][0]["actions"] == 2
    assert edited("history", "latest", "--restore", "--yes")[0] == 0
    assert draft(edited) == after


def test_restoring_asks_first(edited: Folder, monkeypatch: pytest.MonkeyPatch):
    overwrite(edited)
    writes = edited.writes()
    code, _, err = edited("history", "latest", "--restore")
    assert (code, "give --yes" in err) == (3, True)
    terminal = io.StringIO("no\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    code, _, err = edited("history", "latest", "--restore")
    assert (code, "Replace the draft of Integration/orders" in err) == (1, True)
    assert edited.writes() == writes


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["history", "--restore"], 3, "needs the ID of a run"),
        (["history", "2099", "--restore"], 3, "there is no run"),
        (["history", "latest", "--restore", "Integration/other"], 3, "keeps no draft of Integration/other"),
        (["history", "latest", "--restore", "-e", "elsewhere"], 3, 'in environment "sandbox"'),
    ],
)
def test_what_cannot_be_restored_says_why(edited: Folder, arguments: list[str], code: int, told: str):
    overwrite(edited)
    project = edited.root / "reconciler.yaml"
    environment = "{url: http://127.0.0.1:9, auth: {accessToken: {env: NONE}}}"
    project.write_text(
        project.read_text().rstrip().rstrip("}") + f", environments: {{elsewhere: {environment}}}}}\n"
    )
    found, _, err = edited(*arguments)
    assert (found, told in err) == (code, True), err


def test_of_several_drafts_one_must_be_named(edited: Folder):
    edited.write("definitions/second.yml", DEFINITION)
    edited.manifest("Integration", "second", name="Second", definition="../definitions/second.yml")
    edited("apply", "--yes", "--overwrite-drafts", "--select", "Integration/second")
    nodes = edited.ask("{ integrations { nodes { id } } }")["integrations"]["nodes"]
    for node in nodes:
        edited.behind("importIntegration", {"integrationId": node["id"], "definition": THEIRS})
    edited.write("definitions/second.yml", OURS)
    overwrite(edited)
    code, _, err = edited("history", "latest", "--restore", "--yes")
    assert (code, "Integration/orders, Integration/second" in err) == (3, True), err
    assert edited("history", "latest", "--restore", "Integration/second", "--yes")[0] == 0


def test_a_file_that_was_changed_or_is_gone_is_not_restored(edited: Folder):
    kept = Path(overwrite(edited)["kept"])
    kept.write_text("name: else\n")
    code, _, err = edited("history", "latest", "--restore", "--yes")
    assert (code, "is not the text any more" in err) == (3, True)
    kept.unlink()
    code, _, err = edited("history", "latest", "--restore", "--yes")
    assert (code, "keeps no draft" in err) == (3, True)


def test_an_integration_that_is_gone_says_where_its_text_is(edited: Folder):
    kept = overwrite(edited)["kept"]
    edited.behind("deleteIntegration", {"id": edited.id_of("integrations")})
    code, _, err = edited("history", "latest", "--restore", "--yes")
    assert (code, kept in err) == (3, True)


def test_a_draft_that_changes_between_plan_and_import_is_left_alone(edited: Folder):
    assert edited("plan", "--overwrite-drafts", "-o", str(edited.root / "plan.json"))[0] == 0
    change(edited, THEIRS.replace("by-hand", "later"))
    code, _, err = edited("apply", str(edited.root / "plan.json"))
    assert code == 5, err
    assert "typed-in-later" in draft(edited)


def test_the_journal_must_be_there_before_anything_is_sent(edited: Folder):
    writes = edited.writes()
    journal = edited.root / ".reconciler/journal"
    journal.rename(edited.root / "elsewhere")
    journal.write_text("in the way")
    code, out, err = edited("apply", "--yes", "--overwrite-drafts", "--format", "json")
    assert (code, out) == (1, "")
    (error,) = json.loads(err)["errors"]
    assert (error["code"], "the journal cannot be written" in error["message"]) == ("journal", True)
    assert edited.writes() == writes


def test_what_is_kept_is_never_committed(edited: Folder):
    ignore = edited.root / ".reconciler/.gitignore"
    ignore.unlink()
    overwrite(edited)
    assert ignore.read_text() == "*\n"
