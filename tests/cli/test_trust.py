"""What a pull request may not do: see the tenant's token, send it elsewhere, run or read what the default
branch does not allow.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder
from tests.cli.test_changed_since import commit, git

TOKEN = "t0ken-of-the-tenant"
AUTH = {"refreshToken": {"env": "SHOP_TOKEN"}}


def write(project: Folder, **spec: Any) -> None:
    """The project file: the sandbox, and a tenant whose token stands in SHOP_TOKEN."""
    tenant = {"url": "https://tenant.example.com", "auth": AUTH, "secretKey": {"env": "SHOP_KEY"}}
    spec = {"manifests": ["manifests/"], "environments": {"production": tenant}, **spec}
    head = {"apiVersion": "reconciler/v1", "kind": "Project", "metadata": {"name": "shop"}}
    project.write("reconciler.yaml", yaml.safe_dump({**head, "spec": {"default": "sandbox", **spec}}))


def secret(project: Folder, **source: Any) -> None:
    project.shop(config={"Shop": {"inputs": {"apiKey": {"secret": source}}}})


@pytest.fixture
def shop(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project on its branch main, whose token stands in the environment, once under another name."""
    for name in ("SHOP_TOKEN", "COPY", "PRISM_PLAN_TOKEN"):
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("SHOP_KEY", "k3y-of-the-digests")
    project.write(".gitignore", ".reconciler/\n")
    write(project)
    project.shop()
    git(project, "init", "-q", "-b", "main")
    commit(project, "first")
    git(project, "checkout", "-qb", "pull-request")
    return project


def refused(project: Folder, *arguments: str) -> dict[str, Any]:
    """The one error that a plan ends with, in which the token is not."""
    code, out, err = project("plan", *arguments, "--format", "json")
    assert code == 3, out + err
    assert TOKEN not in out + err
    (error,) = json.loads(err)["errors"]
    return dict(error)


@pytest.mark.parametrize("name", ["SHOP_TOKEN", "SHOP_KEY", "COPY", "PRISM_PLAN_TOKEN"])
def test_no_manifest_can_show_the_token(shop: Folder, name: str):
    shop.shop(description=f"it is ${{env.{name}}}")
    error = refused(shop)
    assert (error["code"], error["address"]) == ("token-withheld", "Instance/acme/orders")
    assert name in error["message"]
    assert error["line"]


@pytest.mark.parametrize("name", ["SHOP_TOKEN", "PRISM_PLAN_TOKEN"])
def test_the_token_is_no_secret_of_a_manifest(shop: Folder, name: str):
    secret(shop, env=name)
    assert refused(shop)["code"] == "token-withheld"


def test_a_command_does_not_see_the_token(shop: Folder):
    secret(shop, command=["sh", "-c", "env > seen; echo enough"])
    assert shop("plan")[0] == 0
    seen = (shop.root / "seen").read_text()
    assert "PATH=" in seen
    assert TOKEN not in seen
    assert "k3y-of-the-digests" not in seen


def test_a_command_is_not_run_that_the_trusted_revision_does_not_allow(shop: Folder):
    secret(shop, command=["sh", "-c", "touch ran; echo enough"])
    write(shop, allowCommands=[["sh", "-c"]])
    error = refused(shop, "--trust", "main")
    assert error["code"] == "untrusted-command"
    assert '"main"' in error["message"]
    assert "reconciler plan --no-secrets --trust main" in error["hint"]
    assert "allowCommands" in error["hint"]
    assert not (shop.root / "ran").exists()
    assert shop("plan", "--trust", "main", "--no-secrets")[0] == 0
    assert shop("plan")[0] == 0  # whose folder it is, decides


@pytest.mark.parametrize(
    ("allowed", "command", "is_run"),
    [
        ([["sh", "-c", "touch ran; echo a"]], ["sh", "-c", "touch ran; echo a"], True),
        ([["sh", "-c"]], ["sh", "-c", "touch ran; echo a"], True),
        ([["sh", "-c", "touch ran"]], ["sh", "-c", "touch ran; echo a"], False),
        (["touch ran; echo a"], "touch ran; echo a", True),
        (["touch ran"], "touch ran; echo a", False),
        ([["touch ran; echo a"]], "touch ran; echo a", False),
        (["./own.sh"], ["./own.sh"], False),
        ([["./own.sh"]], ["./own.sh"], False),
        ([["own.sh"]], ["own.sh"], False),
        ([], "touch ran; echo a", False),
    ],
)
def test_what_commands_a_revision_allows(shop: Folder, allowed: list[Any], command: Any, is_run: bool):
    git(shop, "checkout", "-q", "main")
    shop.write("own.sh", "#!/bin/sh\ntouch ran; echo a\n").chmod(0o755)
    write(shop, allowCommands=allowed)
    commit(shop, "second")
    secret(shop, command=command)
    code, out, err = shop("plan", "--trust", "main")
    assert (code, (shop.root / "ran").exists()) == ((0, True) if is_run else (3, False)), out + err


def test_allowed_commands_are_all_where_a_project_names_some(shop: Folder):
    write(shop, allowCommands=[["vault"]])
    secret(shop, command="echo enough")
    error = refused(shop)
    assert error["code"] == "untrusted-command"
    assert "reconciler.yaml" in error["message"]


def test_files_outside_are_read_that_the_trusted_revision_allows(
    shop: Folder, tmp_path_factory: pytest.TempPathFactory
):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "key").write_text("enough")
    secret(shop, file=str(outside / "key"))
    write(shop, allowOutside=[str(outside)])
    assert refused(shop, "--trust", "main")["code"] == "secret-outside"
    git(shop, "add", "-A")
    commit(shop, "allowed")
    assert shop("plan", "--trust", "pull-request")[0] == 0


def test_the_url_and_all_else_of_the_project_file_are_those_of_the_trusted_revision(shop: Folder):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.05)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
        write(shop, environments={"sandbox": {"url": url, "auth": AUTH}}, policy={"prune": True})
        code, out, err = shop("plan", "--trust", "main")
        assert code == 0, out + err
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert "project-file-differs" in {note["code"] for note in shop.json("plan", "--trust", "main")["notes"]}
    assert shop("whoami", "--trust", "main")[0] == 0
    write(shop)
    assert shop.json("plan", "--trust", "main")["notes"] == []


def test_a_broken_project_file_of_a_pull_request_is_not_read(shop: Folder):
    shop.write("reconciler.yaml", "nonsense: [")
    assert shop("plan", "--trust", "main")[0] == 0
    (shop.root / "reconciler.yaml").unlink()
    assert shop("plan", "--trust", "main")[0] == 3


def test_what_cannot_be_trusted_is_told(shop: Folder, tmp_path_factory: pytest.TempPathFactory):
    assert refused(shop, "--trust", "nowhere")["code"] == "unknown-revision"
    git(shop, "rm", "-q", "--cached", "reconciler.yaml")
    git(shop, "commit", "-qm", "without")
    git(shop, "tag", "without")
    error = refused(shop, "--trust", "without")
    assert (error["code"], '"without"' in error["message"]) == ("no-project", True)
    assert refused(shop, "--trust", "main", "-e", "none")["code"] == "unknown-environment"
    (shop.root / ".git").rename(Path(tmp_path_factory.mktemp("gone")) / ".git")
    assert refused(shop, "--trust", "main")["code"] == "no-repository"


def in_folder(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_repository_that_is_laid_into_the_project_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The files of a bare repository can be committed, and git would take the folder for one."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    top, mark = tmp_path / "top", tmp_path / "ran"
    (top / "shop").mkdir(parents=True)
    shop = Folder(top / "shop", capsys)
    shop.write(".gitignore", ".reconciler/\n")
    write(shop)
    for folder in (tmp_path / "other", top):  # the other is the attacker's
        folder.mkdir(exist_ok=True)
        in_folder(folder, "init", "-q", "-b", "main")
    (tmp_path / "other/reconciler.yaml").write_text(
        (shop.root / "reconciler.yaml").read_text() + "  bad: 1\n"
    )
    for folder in (tmp_path / "other", top):
        in_folder(folder, "add", "-A")
        in_folder(folder, "commit", "-qm", "first")
    in_folder(tmp_path / "other", "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    shutil.copytree(tmp_path / "bare", shop.root, dirs_exist_ok=True)
    monitor = f"\tbare = false\n\tworktree = .\n\tfsmonitor = touch {mark}\n"
    (shop.root / "config").write_text(f"[core]\n\trepositoryformatversion = 0\n{monitor}")
    code, out, err = shop("plan", "--trust", "main", "--live", "none")
    assert "bad" not in out + err
    assert (code, "is in no git repository" in err) == (3, True)
    assert shop("plan", "-e", "sandbox")[0] == 0
    assert shop("apply", "--yes", "-e", "sandbox")[0] == 0
    assert shop("pull", "-e", "sandbox")[0] == 0
    assert not mark.exists()
