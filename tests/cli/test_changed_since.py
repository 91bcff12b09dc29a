"""`--changed-since`: a run is about what the manifests ask for otherwise than at a revision of git."""

from __future__ import annotations

import subprocess
from html import unescape
from typing import Any

import pytest

from reconciler.manifests.load import load
from reconciler.manifests.project import Project
from reconciler.verbs import changed, session
from tests.cli.projects import DEFINITION, Folder


def git(project: Folder, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True)


def commit(project: Folder, name: str) -> None:
    git(project, "add", "-A")
    git(project, "commit", "-qm", name)
    git(project, "tag", name)


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.write(".gitignore", ".reconciler/\n")
    project.shop()
    project.manifest("Customer", "birch", name="Birch")
    git(project, "init", "-q")
    commit(project, "first")
    return project


def about(project: Folder, *arguments: str) -> tuple[set[str], str]:
    """The addresses of a plan's actions, and what it says of what it is about."""
    plan = project.json("plan", "--changed-since", "first", *arguments)
    (said,) = [note["message"] for note in plan["notes"] if note["code"] == "changed-since"]
    return {action["address"] for action in plan["actions"]}, said


def test_nothing_changed_is_nothing_to_do_whatever_is_missing(shop: Folder):
    assert about(shop) == (
        set(),
        "0 of 4 resources differ from first; the others were not looked at, and secrets were not compared",
    )


def test_a_comment_a_moved_file_and_another_order_are_no_change(shop: Folder):
    text = (shop.root / "manifests/customer-birch.yaml").read_text()
    (shop.root / "manifests/customer-birch.yaml").unlink()
    shop.write("manifests/more/birch.yaml", f"# a comment\n{text}")
    assert about(shop)[0] == set()


def test_the_manifests_are_loaded_once_beside_those_of_the_revision(
    shop: Folder, monkeypatch: pytest.MonkeyPatch
):
    loaded: list[Project] = []

    def counted(project: Project, *named: str, **options: Any) -> Any:
        loaded.append(project)
        return load(project, *named, **options)

    for module in (session, changed):
        monkeypatch.setattr(module, "load", counted)
    about(shop)
    assert [project.root == shop.root for project in loaded] == [True, False]


def test_what_changed_and_what_it_needs_is_planned(shop: Folder):
    shop.manifest("Customer", "birch", name="Birch", description="New")
    actions, said = about(shop)
    assert actions == {"Customer/birch"}
    assert said.startswith("1 of 4 resources differ from first: Customer/birch;")
    shop.shop(description="New")
    assert about(shop, "--select", "Instance/*")[0] == {
        "Instance/acme/orders", "Customer/acme", "Integration/orders",
    }  # fmt: skip


def test_a_definition_and_a_variable_count(shop: Folder):
    assert shop("apply", "--yes")[0] == 0
    shop.write("definitions/orders.yml", DEFINITION.replace("Posts orders", "Posts all orders"))
    assert about(shop)[0] == {"Integration/orders"} or about(shop)[1].startswith("1 of 4")


def test_what_is_gone_counts_where_it_may_be_deleted(shop: Folder):
    assert shop("apply", "--yes")[0] == 0
    (shop.root / "manifests/customer-birch.yaml").unlink()
    assert about(shop)[0] == set()
    assert about(shop, "--prune")[0] == {"Customer/birch"}


def test_a_project_that_is_new_is_new_as_a_whole(shop: Folder):
    git(shop, "checkout", "-q", "--orphan", "empty")
    git(shop, "rm", "-rqf", "--cached", ".")
    shop.write("README", "")
    git(shop, "add", "README")
    git(shop, "commit", "-qm", "empty")
    git(shop, "tag", "-f", "first")
    assert len(about(shop)[0]) == 4


def test_apply_does_it_and_a_saved_plan_is_carried_out_wherever_git_is_by_then(shop: Folder):
    shop.manifest("Customer", "birch", name="Birch", description="New")
    file = str(shop.root / "saved.json")
    assert shop("plan", "--changed-since", "first", "-o", file)[0] == 0
    commit(shop, "second")
    git(shop, "tag", "-f", "first")
    assert about(shop)[0] == set()
    assert shop("apply", file)[0] == 0
    assert [one["name"] for one in shop.json("get", "customers")] == ["Birch"]
    shop.manifest("Customer", "birch", name="Birch", description="Newer")
    assert shop("apply", "--yes", "--changed-since", "first")[0] == 0
    assert [one["description"] for one in shop.json("get", "customers")] == ["Newer"]


def test_side_by_side_each_environment_is_about_what_changed_there(shop: Folder):
    away = 'away: {url: "http://127.0.0.1:9", auth: {accessToken: {env: NO_TOKEN}}}'
    text = (shop.root / "reconciler.yaml").read_text()
    shop.write("reconciler.yaml", text.replace("[manifests/]", f"[manifests/], environments: {{{away}}}"))
    shop.manifest("Customer", "birch", name="Birch", description="New")
    for verb in ("plan", "drift"):
        both = shop.json(verb, "-e", "sandbox,away", "--changed-since", "first")
        assert both["environments"][0]["summary"]["actions"] == 1
        whole = shop.json(verb, "-e", "sandbox,away")
        assert whole["environments"][0]["summary"]["actions"] > 1
    both = shop.json("plan", "-e", "sandbox,away", "--changed-since", "first")
    (said,) = both["environments"][0]["notes"]
    assert said["message"].startswith("1 of 4 resources differ from first: Customer/birch;")
    assert both["environments"][1]["notes"] == []
    for shown in ("text", "markdown"):
        out = shop("plan", "-e", "sandbox,away", "--changed-since", "first", "--format", shown)[1]
        assert "1 of 4 resources differ from first" in unescape(" ".join(out.split()))
    both = shop.json("plan", "-e", "sandbox,away", "--changed-since", "nonsense")
    codes = {one["name"]: [error["code"] for error in one["errors"]] for one in both["environments"]}
    assert codes["sandbox"] == ["unknown-revision"]


@pytest.mark.parametrize("revision", ["nonsense", "--output=x", "first..HEAD", ""])
def test_a_revision_that_is_none_is_refused(shop: Folder, revision: str):
    code, _, err = shop("plan", f"--changed-since={revision}")
    if revision:
        assert code == 3
        assert f'git has no revision "{revision}"' in err
    assert not (shop.root / "x").exists()


def test_outside_of_a_repository_it_says_so(project: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.root.parent))
    project.shop()
    code, _, err = project("plan", "--changed-since", "main")
    assert code == 3
    assert "is in no git repository" in err
    assert "Traceback" not in err
