"""What the files are that `init` writes for a platform: where it reads them, and what they allow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reconciler.cli.main import run
from reconciler.verbs.init import PIPELINES
from tests.pipelines import include
from tests.pipelines.runner import OURS, PRODUCT
from tests.pipelines.templates import pipeline

LEAST = {
    "settings": {},
    "validate": {"contents": "read"},
    "plan": {"contents": "read", "pull-requests": "write"},
    "comment": {"contents": "read", "pull-requests": "write"},
    "rehearse": {"contents": "read"},
    "reviewed": {"contents": "read", "actions": "read", "pull-requests": "read"},
    "apply": {"contents": "read"},
    "promote": {"contents": "write", "pull-requests": "write"},
    "drift": {"contents": "read", "issues": "write"},
    "pull": {"contents": "write", "pull-requests": "write"},
}
NAMED = "${{ fromJSON(needs.settings.outputs.environments) }}"


def test_jobs_on_github_may_do_little_and_end(tmp_path: Path):
    workflow = pipeline(tmp_path, "github")
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == LEAST
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())
    for name, job in workflow["jobs"].items():
        matrix = job.get("strategy", {}).get("matrix", {})
        if name in ("plan", "comment", "rehearse", "drift", "pull"):
            assert matrix["environment"] == NAMED
            assert job["strategy"]["fail-fast"] is False
        if matrix:
            assert "${{ matrix.environment }}" in job["concurrency"]["group"]
    apply = workflow["jobs"]["apply"]
    assert apply["strategy"]["matrix"] == {"include": "${{ fromJSON(needs.reviewed.outputs.applies) }}"}
    assert apply["environment"] == "${{ matrix.gate }}"
    assert apply["concurrency"]["cancel-in-progress"] is False


def test_a_job_with_a_token_runs_no_code_of_a_pull_request(tmp_path: Path):
    """It builds nothing, and takes over what was built and described before anything talks to the tenant."""
    for name, job in pipeline(tmp_path, "github")["jobs"].items():
        calls = [step["with"]["do"] for step in job["steps"] if step.get("uses") == OURS]
        if "secrets.PRISM" in str(job):
            assert calls[:2] == ["setup", "built"], name
            assert not [step for step in job["steps"] if "BUILD" in str(step)]
            # Another action in its place would be the pull request's: it is laid over whatever stands there.
            assert [step["with"].get("path") for step in job["steps"][:2]] == [None, ".reconciler-action"]
        elif name == "validate":
            assert calls == ["setup", "validate"]


def test_actions_are_pinned_with_their_version_beside(tmp_path: Path):
    pipeline(tmp_path, "github")
    texts = (tmp_path / ".github/workflows/reconciler.yml", PRODUCT / "action.yml")
    used = [one for file in texts for one in re.findall(r"uses: (.*)", file.read_text())]
    assert len(used) >= 8
    for one in used:
        assert one == OURS or re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


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
    assert 'FOLDER: "infra/prismatic"' in text
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
    fits(tmp_path / PIPELINES[ci][0], *schema)


def fits(file: Path, *schema: str) -> None:
    done = CliRunner().invoke(check, ["--builtin-schema", *schema, str(file)])
    assert done.exit_code == 0, done.output


def test_the_action_fits_the_schema_of_its_platform_and_installs_what_the_package_needs():
    fits(PRODUCT / "action.yml", "vendor.github-actions")
    project = tomllib.loads((PRODUCT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["policy"]]
    asked += project["build-system"]["requires"]
    lock = (PRODUCT / "ci/requirements.txt").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
    for one in map(Requirement, asked):
        assert one.specifier.contains(pinned[canonicalize_name(one.name)]), f"make lock: {one}"
    assert all("--hash=sha256:" in part for part in re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:])


def test_a_scheduled_pipeline_of_gitlab_applies_nothing(tmp_path: Path):
    jobs = pipeline(tmp_path, "gitlab")
    about = {name: job["rules"][0]["if"] for name, job in jobs.items() if "rules" in job}
    by_hand_or_pushed = "$CI_PIPELINE_SOURCE =~ /^(push|web)$/ && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"
    assert about["apply"] == by_hand_or_pushed
    assert {name for name, rule in about.items() if "schedule" in rule} == {"validate", "drift", "pull"}


def test_the_file_to_include_is_the_pipeline_that_is_written(tmp_path: Path):
    text = include.FILE.read_text("utf-8")
    assert text == include.text(), "make schemas"
    spec, pipeline = yaml.safe_load_all(text)
    named = re.findall(r"\$\[\[ inputs\.(\w+) \]\]", text)
    assert sorted(named) == sorted(spec["spec"]["inputs"])
    matrix = {"ENVIRONMENT": "$[[ inputs.environments ]]", "SHARD": "$[[ inputs.shards ]]"}
    assert pipeline[".shares"]["parallel"]["matrix"] == [matrix]
    file = tmp_path / "pipeline.yml"
    file.write_text(text.split("\n---\n")[1])
    fits(file, "vendor.gitlab-ci", "--data-transform", "gitlab-ci")


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
