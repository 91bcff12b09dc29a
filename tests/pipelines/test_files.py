"""What the files are that `init` writes for a platform: where it reads them, and what they allow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check
from click.testing import CliRunner

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES
from tests.pipelines.templates import pipeline

LEAST = {
    "validate": {"contents": "read"},
    "plan": {"contents": "read", "pull-requests": "write"},
    "apply": {"contents": "read", "actions": "read", "pull-requests": "read"},
    "drift": {"contents": "read", "issues": "write"},
}


def test_jobs_on_github_may_do_little_and_end(tmp_path: Path):
    workflow = pipeline(tmp_path, "github")
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == LEAST
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
    for name in ("plan", "apply", "drift"):
        job = workflow["jobs"][name]
        assert job["strategy"]["matrix"] == {
            "environment": "${{ fromJSON(needs.validate.outputs.environments) }}"
        }
        assert "${{ matrix.environment }}" in job["concurrency"]["group"]
    assert workflow["jobs"]["apply"]["environment"] == "${{ matrix.environment }}"


def test_actions_are_pinned_with_their_version_beside(tmp_path: Path):
    pipeline(tmp_path, "github")
    text = (tmp_path / ".github/workflows/reconciler.yml").read_text()
    used = re.findall(r"uses: (.*)", text)
    assert len(used) >= 8
    for one in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_a_project_in_a_folder_of_a_repository_has_its_workflow_where_github_reads_it(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    assert run(["init", str(tmp_path / "infra/prismatic")]) == 0
    workflow = yaml.safe_load((tmp_path / ".github/workflows/reconciler-prismatic.yml").read_text())
    assert workflow["defaults"]["run"]["working-directory"] == "infra/prismatic"
    paths = ["infra/prismatic/**", ".github/workflows/reconciler-prismatic.yml"]
    assert workflow[True]["pull_request"]["paths"] == workflow[True]["push"]["paths"] == paths
    assert not (tmp_path / "infra/prismatic/.github").exists()
    assert run(["init", str(tmp_path / "infra/other")]) == 0  # beside the first
    assert len(list((tmp_path / ".github/workflows").iterdir())) == 2
    assert "__" not in (tmp_path / ".github/workflows/reconciler-other.yml").read_text()


def test_a_project_in_a_folder_has_its_gitlab_pipeline_at_the_root(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    assert run(["init", str(tmp_path / "infra/prismatic"), "--ci", "gitlab"]) == 0
    text = (tmp_path / ".gitlab-ci.yml").read_text()
    assert 'cd "infra/prismatic"' in text
    assert "__" not in text
    assert run(["init", str(tmp_path / "infra/other"), "--ci", "gitlab"]) == 3


@pytest.mark.parametrize(
    ("ci", "schema"),
    [
        ("github", ["vendor.github-workflows"]),
        ("gitlab", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_a_pipeline_fits_the_schema_of_its_platform(tmp_path: Path, ci: str, schema: list[str]):
    pipeline(tmp_path, ci)
    file = str(tmp_path / PIPELINES[ci][0])
    done = CliRunner().invoke(check, ["--builtin-schema", *schema, file])
    assert done.exit_code == 0, done.output


def test_a_scheduled_pipeline_of_gitlab_applies_nothing(tmp_path: Path):
    jobs = pipeline(tmp_path, "gitlab")
    about = {name: job["rules"][0]["if"] for name, job in jobs.items() if "rules" in job}
    by_hand_or_pushed = "$CI_PIPELINE_SOURCE =~ /^(push|web)$/ && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"
    assert about["apply"] == by_hand_or_pushed
    assert {name for name, rule in about.items() if "schedule" in rule} == {"drift"}


def test_the_hook_for_pre_commit_validates_the_project_it_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (hook,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()
    assert (program, hook["pass_filenames"], hook["language"]) == ("reconciler", False, "python")
    assert run(["init", str(tmp_path), "--ci", "none"]) == 0
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 0
    assert all(re.search(hook["files"], name) for name in ("manifests/hello.yaml", "definitions/hello.yml"))
    (tmp_path / "manifests/hello.yaml").write_text("kind: Nonsense\n")
    capsys.readouterr()
    assert run(arguments) == 3
    assert "manifests/hello.yaml" in capsys.readouterr().err
