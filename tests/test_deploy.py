"""What lies in examples/deploy is what Kubernetes and systemd take, its commands are ours, and the layout
that it makes of a checkout works.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.cli.conftest import project
from tests.cli.projects import Folder
from tests.test_docs import commands

__all__ = ["project"]
FOLDER = Path(__file__).parents[1] / "examples" / "deploy"
MANIFESTS = sorted((FOLDER / "kubernetes").glob("*.yaml"))
UNITS = sorted((FOLDER / "systemd").iterdir())
LOADED = {path: list(yaml.safe_load_all(path.read_text("utf-8"))) for path in MANIFESTS}
IMAGE = "registry.example.com/reconciler:0.1.0"


def maps(value: Any) -> Iterator[dict[str, Any]]:
    """All maps within."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from maps(one)


def containers() -> list[dict[str, Any]]:
    return [one for each in LOADED.values() for one in maps(each) if "image" in one]


def ours() -> dict[str, list[str]]:
    """The arguments that the reconciler gets, by where they stand."""
    found = {
        one["name"]: one["args"] for one in containers() if one["image"] == IMAGE and "command" not in one
    }
    (words,) = re.findall(r"^CMD (\[.*\])$", (FOLDER / "Containerfile").read_text("utf-8"), re.MULTILINE)
    found["Containerfile"] = yaml.safe_load(words)
    for path in UNITS:
        for line in re.findall(r"^ExecStart=(.*)$", path.read_text("utf-8"), re.MULTILINE):
            program, *found[path.name] = shlex.split(line)
            assert program == "/opt/reconciler/bin/reconciler"
    return found


def test_all_of_it_is_looked_at() -> None:
    kinds = [one["kind"] for each in LOADED.values() for one in each]
    assert sorted(kinds) == ["CronJob", "Deployment", "PersistentVolumeClaim", "Service"]
    assert sorted(ours()) == [
        "Containerfile", "drift", "reconciler-drift.service", "reconciler-watch.service", "watch",
    ]  # fmt: skip


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_it(path: Path) -> None:
    for one in LOADED[path]:
        kubernetes_validate.validate(one, "1.32", strict=True)
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate({**one, "spec": {**one["spec"], "nonsense": 1}}, "1.32", strict=True)


@pytest.mark.parametrize("name", ours())
def test_its_commands_are_ours(name: str) -> None:
    verb, *arguments = ours()[name]
    dict(commands())[(verb,)].make_context(verb, arguments)


def test_there_is_one_loop_that_ends_in_peace_and_no_token_in_sight() -> None:
    (deployment,) = (one for each in LOADED.values() for one in each if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]["type"]) == (1, "Recreate")
    assert pod["terminationGracePeriodSeconds"] > 300
    for one in containers():
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert [each for each in one.get("env", ()) if "value" in each] == []
    mounted = {each["name"] for one in containers() for each in one["volumeMounts"]}
    assert mounted == {"project", "tmp", "git-token", "secrets"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text("utf-8").replace("/opt/reconciler/bin/reconciler", sys.executable)
        (tmp_path / path.name).write_text(text)
    files = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or "reconciler-" in line] == []
    (tmp_path / UNITS[0].name).write_text("[Service]\nExecStart=/nowhere\n")
    assert subprocess.run(["systemd-analyze", "verify", files[0]], capture_output=True).returncode != 0


def test_a_commit_comes_as_a_whole_and_the_journal_stays(project: Folder, tmp_path: Path) -> None:
    """The layout of the Deployment: parts of the project are links into what git-sync links to."""
    (layout,) = (one for one in containers() if one["name"] == "layout")
    project.shop()
    first, second = tmp_path / "work/git/first", tmp_path / "work/git/second"
    for folder in (first, second):
        folder.mkdir(parents=True)
        for name in ("reconciler.yaml", "manifests", "definitions"):
            source = project.root / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    manifest = second / "manifests/customer-acme.yaml"
    manifest.write_text(manifest.read_text().replace("name: Acme", "name: Acme Inc"))
    script = layout["args"][0].replace("/project", str(tmp_path / "work"))
    subprocess.run(["sh", "-c", script], check=True)
    current, project.root = tmp_path / "work/git/current", tmp_path / "work"
    current.symlink_to("first")
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0
    current.unlink()
    current.symlink_to("second")
    assert [one["id"] for one in project.json("plan")["actions"]] == ["Customer/acme#update"]
    assert len(project.json("history")["runs"]) == 1
    assert (tmp_path / "work/.reconciler").is_dir()
