"""init, validate and schema, on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES, project_name
from tests.pipelines.runner import PRODUCT
from tests.pipelines.templates import lines


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run(["init", "--ci", "none"]) == 0
    capsys.readouterr()
    return folder


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_a_new_project_plans_applies_and_then_plans_empty(
    folder: Path, ci: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["init", "My Acme!", "--ci", ci]) == 0
    shown = capsys.readouterr().out
    assert "cd 'My Acme!'" in shown
    monkeypatch.chdir(folder / "My Acme!")
    written = {p.relative_to(Path.cwd()).as_posix() for p in Path.cwd().rglob("*") if p.is_file()}
    assert all(f"  {name}\n" in shown for name in written)
    assert (PIPELINES[ci][0] in written) if ci != "none" else len(written) == 5
    assert run(["validate"]) == 0
    assert capsys.readouterr().out == "3 resources in 2 files are valid.\n"
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--yes"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 0


def test_pipelines_are_yaml_and_apply_one_at_a_time(folder: Path) -> None:
    assert run(["init", "a", "--ci", "github"]) == run(["init", "b", "--ci", "gitlab"]) == 0
    github = yaml.safe_load((folder / "a/.github/workflows/reconciler.yml").read_text())
    assert github["jobs"]["apply"]["concurrency"]["cancel-in-progress"] is False
    assert "pull_request_target" not in (folder / "a/.github/workflows/reconciler.yml").read_text()
    gitlab = yaml.safe_load((folder / "b/.gitlab-ci.yml").read_text())
    assert gitlab["apply"]["resource_group"]
    programs = [part for job in gitlab.values() for part in str(lines_of(job)).split("<<'PYTHON'\n")[1:]]
    assert programs
    for program in programs:
        compile(program.split("\nPYTHON")[0], "note", "exec")


def lines_of(job: Any) -> str:
    """What a job, or a list of scripts, has the shell run."""
    scripts = [job] if isinstance(job, list) else [job.get("script", [])] if isinstance(job, dict) else []
    return "\n".join(str(line) for script in scripts for line in lines(script))


STUB = """#!/bin/sh
for argument; do [ "$last" = -o ] && echo "$PLAN" > "$argument"; last=$argument; done
exit "$CODE"
"""


@pytest.mark.skipif(not shutil.which("jq"), reason="as GitHub's runners have it")
@pytest.mark.parametrize("ci", ["github", "gitlab"])
@pytest.mark.parametrize(
    ("code", "plan", "ends"),
    [
        (0, {"actions": []}, 0),
        (5, {"actions": [{"id": "a"}], "refusals": [{}]}, 0),
        (5, {"actions": [], "refusals": [{}]}, 5),
        (5, {"actions": [{"id": "a"}], "refusals": [{}], "refused": True}, 5),
        (1, {"actions": [{"id": "a"}]}, 1),
    ],
)
def test_pipelines_go_on_where_apply_would(
    folder: Path, ci: str, code: int, plan: dict[str, Any], ends: int
) -> None:
    """The job of the plan fails only where nothing is to be done beside what is refused."""
    assert run(["init", "a", "--ci", ci]) == 0
    if ci == "github":
        steps = yaml.safe_load((PRODUCT / "action.yml").read_text())["runs"]["steps"]
        script = next(step["run"] for step in steps if step.get("name") == "plan")
    else:
        pipeline = yaml.safe_load((folder / "a" / PIPELINES[ci][0]).read_text())
        script = next(line for line in lines(pipeline["plan"]["script"]) if "tool plan" in line)
        script = f'kept="$RUNNER_TEMP" share=""\ntool() {{ reconciler "$@"; }}\n{script}'
    stub = folder / "bin" / "reconciler"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    environ = {"PATH": f"{stub.parent}:{os.environ['PATH']}", "CODE": str(code), "PLAN": json.dumps(plan)}
    environ |= {"RUNNER_TEMP": str(folder), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    environ |= {"ENVIRONMENT": "production", "SHARDS": "1", "SHARD": "1/1"}
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=folder, env=environ, check=False)
    assert done.returncode == ends


def test_init_writes_nothing_where_one_of_its_files_exists(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "definitions").mkdir()
    (folder / "definitions/hello.yml").symlink_to("elsewhere")
    (folder / "reconciler.yaml").write_text("mine")
    assert run(["init"]) == 3
    told = capsys.readouterr().err
    assert "reconciler.yaml exists already" in told
    assert "definitions/hello.yml exists already" in told
    assert not (folder / "manifests").exists()
    assert (folder / "reconciler.yaml").read_text() == "mine"


def test_init_extends_a_gitignore_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".gitignore").write_text("*.pyc")
    assert run(["init", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["extended"] == [".gitignore"]
    assert (folder / ".gitignore").read_text() == "*.pyc\n.reconciler/\n"


@pytest.mark.parametrize(
    ("folder_name", "expected"),
    [("Acme Integrations", "acme-integrations"), ("ÄÖ", "project"), ("x" * 60, "x" * 40), ("-a_b-", "a-b")],
)
def test_a_project_is_named_for_its_folder(folder_name: str, expected: str) -> None:
    assert project_name(folder_name) == expected


def test_validate_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["valid"], document["resources"], document["warnings"]) == (True, 3, [])
    assert document["environments"] == ["production", "sandbox"]


def test_validate_tells_all_errors_of_all_environments_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "apiVersion: reconciler/v1\nkind: Customer\n"
    (project / "manifests/bad.yaml").write_text(
        f"{head}metadata: {{name: one}}\nspec: {{nam: One}}\n---\n"
        f"{head}metadata: {{name: two, environments: [production]}}\nspec: {{name: '${{var.none}}'}}\n"
    )
    assert run(["validate", "--format", "json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    entries = json.loads(err)["errors"]
    assert len(entries) == len({json.dumps(entry) for entry in entries})
    assert {entry["line"] for entry in entries} == {4, 9}
    assert run(["validate", "-e", "sandbox"]) == 3
    assert "var.none" not in capsys.readouterr().err


def test_validate_reads_no_secret(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PRISM_REFRESH_TOKEN", raising=False)
    file = project / "manifests/hello.yaml"
    text = file.read_text().replace(
        "enabled: true", "flows: {Receive message: {apiKeys: [{secret: {env: NO}}]}}"
    )
    file.write_text(text)
    assert run(["validate"]) == 0


def test_validate_shows_warnings_beside_the_result(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "manifests/hello.yaml"
    file.write_text(
        file.read_text()
        .replace("  release: 1.0.0 ", "  comment: no release ", 1)
        .replace("latest", '"1.0.0"')
    )
    assert run(["validate"]) == 0
    out, err = capsys.readouterr()
    assert out == "3 resources in 2 files are valid.\n"
    assert 'warning: "comment" has no effect without a release' in err


def test_validate_without_a_project(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate"]) == 3
    assert "reconciler init" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["project", "Integration", "InstanceSet", "DRIFT"])
def test_schema_is_printed_outside_a_project_too(
    folder: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schema", kind]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_schema_of_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "instances"]) == 3
    assert 'did you mean "instance"?' in capsys.readouterr().err
