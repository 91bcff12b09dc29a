"""The steps of the GitLab pipeline that `init` writes, on a served tenant and a stand-in for GitLab."""

from __future__ import annotations

from pathlib import Path

import httpx

from reconciler.cli.main import run
from tests.pipelines.gitlab import TOKEN, GitLab, Jobs
from tests.pipelines.runner import git
from tests.sandbox.served import ServedSandbox

PROJECT = "infra/prismatic"
RENAME = 'mutation {{ updateCustomer(input: {{id: "{}", name: "{}"}}) {{ errors {{ field }} }} }}'


def way_on_gitlab(root: Path, machine: Path, served: ServedSandbox, link: Path) -> None:
    """From the first merge request to the issue that is closed."""
    git(root, "init", "-q", "-b", "main")
    assert run(["init", str(root / PROJECT), "--ci", "gitlab"]) == 0
    file = root / PROJECT / "reconciler.yaml"
    file.write_text(file.read_text().replace("https://app.prismatic.io", f"{served.url}\n      rate: 1000"))
    git(root, "remote", "add", "origin", str(root))
    commit(root, "first")
    git(root, "checkout", "-qb", "request")
    token = served.refresh_token
    tokens = {"PRISM_PLAN_TOKEN": token, "PRISM_REFRESH_TOKEN": token, "RECONCILER_NOTES": TOKEN}
    gitlab = GitLab()
    jobs = Jobs(root, machine, gitlab, tokens, link)
    try:
        a_request_is_planned_reviewed_and_applied(jobs, served)
        drift_keeps_one_issue_and_closes_it(jobs, served)
    finally:
        gitlab.close()


def commit(root: Path, message: str) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def a_request_is_planned_reviewed_and_applied(jobs: Jobs, served: ServedSandbox) -> None:
    gitlab, manifests = jobs.gitlab, jobs.root / PROJECT / "manifests"
    first = commit(jobs.root, "first of the request")
    assert jobs.job("validate", "merge_request_event", first)[0] == 0
    assert served.refresh_token not in (jobs.machine / "installed").read_text()
    (manifests / "bad.yaml").write_text("kind: Nonsense\n")
    assert jobs.job("plan", "merge_request_event", first)[0] == 3
    (note,) = gitlab.notes
    assert note["body"].startswith("<!-- reconciler plan prismatic production -->\n")
    assert "bad.yaml" in note["body"]

    (manifests / "bad.yaml").unlink()
    last = commit(jobs.root, "last of the request")
    code, log = jobs.job("plan", "merge_request_event", last)
    assert code == 0, log
    (note,) = gitlab.notes  # the same one
    assert f"Commit {last}, " in note["body"]
    assert "### Plan for" in note["body"]
    assert first not in note["body"]
    gitlab.artifacts[last] = (jobs.root / PROJECT / "plan.json").read_bytes()

    code, log = jobs.job("apply", "push", "unreviewed")
    assert (code, "no plan of unreviewed was reviewed" in log) == (1, True)
    gitlab.merged["merge"] = last
    code, log = jobs.job("apply", "push", "merge")
    assert code == 0, log
    code, log = jobs.job("apply", "push", "merge")  # all is done: that is another plan
    assert (code, "not the one that was reviewed" in log) == (5, True)
    assert "PRISM_PLAN_TOKEN may write" in jobs.job("plan", "merge_request_event", last)[1]


def drift_keeps_one_issue_and_closes_it(jobs: Jobs, served: ServedSandbox) -> None:
    for name in ("By hand", "By another hand", "Acme Inc"):
        rename(served, name)
        code, log = jobs.job("drift", "schedule", "merge")
        assert code == 0, log
        (issue,) = jobs.gitlab.issues
        assert issue.get("state_event") == ("close" if name == "Acme Inc" else None)
        assert name == "Acme Inc" or name in issue["description"]


def rename(served: ServedSandbox, name: str) -> None:
    def ask(query: str) -> dict[str, dict[str, list[dict[str, str]]]]:
        headers = {"Authorization": f"Bearer {served.token}"}
        answer = httpx.post(f"{served.url}/api", json={"query": query}, headers=headers, trust_env=False)
        return dict(answer.json()["data"])

    (customer,) = ask("{ customers(isSystem: false) { nodes { id } } }")["customers"]["nodes"]
    ask(RENAME.format(customer["id"], name))
