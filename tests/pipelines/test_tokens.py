"""Two tokens: the one that plans only reads, and the one that applies is held by a protected environment."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pipelines.gitlab import whole
from tests.pipelines.runner import OURS, PRODUCT
from tests.pipelines.templates import TOKENS, lines, parsed, pipeline, secrets_in

FORKS = "github.event.pull_request.head.repo.full_name == github.repository"


def test_on_github_each_job_sees_its_own_token_and_no_step_another(tmp_path: Path):
    workflow = pipeline(tmp_path, "github")
    jobs = workflow["jobs"]
    outside = {name: part for name, part in workflow.items() if name != "jobs"}
    assert secrets_in(outside) == set()
    assert "secrets." not in str(outside)
    for name, job in jobs.items():
        assert "secrets." not in str({key: part for key, part in job.items() if key != "steps"})
        seen = secrets_in(job["steps"])
        assert seen <= ({"PRISM_REFRESH_TOKEN"} if "environment" in job else {"PRISM_PLAN_TOKEN"}), name
        for step in job["steps"]:
            if secrets_in(step):  # and it does nothing beside
                assert step["uses"] == OURS
                assert secrets_in(step["with"]["token"]) == secrets_in(step)
                assert step["with"]["do"] != "setup"
    assert secrets_in(jobs["plan"]) == {"PRISM_PLAN_TOKEN"}
    assert secrets_in(jobs["apply"]) == {"PRISM_REFRESH_TOKEN"}
    assert FORKS in " ".join(jobs["plan"]["if"].split())
    assert secrets_in(jobs["validate"]) == set()
    assert FORKS not in jobs["validate"].get("if", "")


def test_in_the_action_only_what_talks_to_the_tenant_is_given_the_token():
    steps = parsed((PRODUCT / "action.yml").read_text())["runs"]["steps"]
    given = {step["name"]: step for step in steps if "inputs.token" in str(step)}
    assert set(given) == {
        *("plan", "what the token may do", "rehearse", "what is to be applied"),
        *("apply", "drift", "promote", "pull"),
    }
    for name, step in given.items():
        assert step["env"]["PRISM_REFRESH_TOKEN"] == "${{ inputs.token }}", name
        assert "GH_TOKEN" not in step["env"]
        assert "pip install" not in step["run"]
    for step in steps:  # what is put into a script by the platform would be run by it
        assert "${{" not in step.get("run", ""), step


def test_on_github_a_job_that_plans_tells_when_its_token_can_write(tmp_path: Path):
    calls = [step["with"].get("do") for step in pipeline(tmp_path, "github")["jobs"]["plan"]["steps"]]
    assert "plan" in calls
    steps = parsed((PRODUCT / "action.yml").read_text())["runs"]["steps"]
    (told,) = (step for step in steps if "whoami" in step.get("run", ""))
    assert told["if"].startswith("inputs.do == 'plan'")
    assert "--can" in told["run"]


def test_on_gitlab_no_token_reaches_what_builds_or_is_installed(tmp_path: Path):
    """The tokens are those of environments, and the job that builds is in none."""
    jobs = pipeline(tmp_path, "gitlab")
    assert not set(TOKENS) & {*jobs, *jobs["variables"]}
    (install,) = (line for line in jobs[".reconciler"]["before_script"] if "pip install" in line)
    assert all(f"-u {name}" in install for name in (*TOKENS, "RECONCILER_NOTES"))
    (install_again,) = (line for line in lines(jobs[".tenant"]["before_script"]) if "pip install" in line)
    assert install_again == install
    stages = {name: whole(jobs, name) for name in jobs if "stage" in jobs[name]}
    places = {name: job.get("environment") for name, job in stages.items()}
    assert places.pop("validate") is None
    assert (places.pop("apply"), places.pop("apply-unreviewed")) == (
        "$ENVIRONMENT",
        "$ENVIRONMENT-unreviewed",
    )
    assert {str(place) for place in places.values()} == {"{'name': 'plan/$ENVIRONMENT', 'action': 'access'}"}


def test_on_gitlab_a_job_with_a_token_runs_no_code_of_a_merge_request(tmp_path: Path):
    jobs = pipeline(tmp_path, "gitlab")
    same = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    for name in ("plan", "note", "rehearse"):
        assert same in jobs[name]["rules"][0]["if"]
    for name in jobs:
        if "stage" in jobs[name] and name != "validate":
            job = whole(jobs, name)  # nothing of it was written by such code, not even its checkout
            assert job["variables"]["GIT_STRATEGY"] == "none" or job["needs"] == ["plan"], name
            assert not re.search(r"\$BUILD\b|python -c", str(job)), name  # "-c" imports what lies beside it
    assert "$BUILD" in str(jobs["validate"])
    assert whole(jobs, "apply")["needs"] == ["reviewed"]
    assert whole(jobs, "note")["needs"] == ["plan"]
