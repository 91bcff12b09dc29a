"""Two tokens: the one that plans only reads, and the one that applies is held by a protected environment."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.pipelines.runner import OURS, PRODUCT
from tests.pipelines.templates import TOKENS, pipeline, secrets_in

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
    steps = yaml.safe_load((PRODUCT / "action.yml").read_text())["runs"]["steps"]
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
    steps = yaml.safe_load((PRODUCT / "action.yml").read_text())["runs"]["steps"]
    (told,) = (step for step in steps if "whoami" in step.get("run", ""))
    assert told["if"].startswith("inputs.do == 'plan'")
    assert "--can" in told["run"]


def test_on_gitlab_what_is_installed_sees_no_token_and_the_plan_the_one_that_reads(tmp_path: Path):
    jobs = pipeline(tmp_path, "gitlab")
    assert not {"variables", *TOKENS} & set(jobs)
    (install,) = (line for line in jobs[".reconciler"]["before_script"] if "pip install" in line)
    for line in (install, *(line for line in jobs["validate"]["script"] if "reconciler " in line)):
        assert all(f"-u {name}" in line for name in (*TOKENS, "RECONCILER_NOTES"))
    plan = jobs["plan"]["script"]
    assert plan[:2] == ['export PRISM_REFRESH_TOKEN="$PRISM_PLAN_TOKEN"', "unset PRISM_PLAN_TOKEN"]
    assert jobs["plan"]["rules"] == [
        {"if": '$CI_PIPELINE_SOURCE == "merge_request_event" && $PRISM_PLAN_TOKEN'}
    ]
    assert "PRISM_PLAN_TOKEN" not in str(jobs["apply"]).replace("-u PRISM_PLAN_TOKEN", "")
    assert jobs["apply"]["environment"]
