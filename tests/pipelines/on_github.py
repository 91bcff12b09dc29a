"""The steps of the GitHub workflow that `init` writes, from the first pull request to the issue on drift."""

from __future__ import annotations

from pathlib import Path

import httpx

from reconciler.cli.main import run
from tests.pipelines.runner import Ended, Runner, git
from tests.sandbox.served import ServedSandbox

MARK = "<!-- reconciler plan prismatic production -->"
PULL = "github.event.pull_request"


class Repository(Runner):
    """A project in a folder of a repository, on a served tenant."""

    tenant: ServedSandbox

    def greet(self, text: str) -> str:
        """Commits another greeting; the commit."""
        manifest = self.root / "infra/prismatic/manifests/hello.yaml"
        lines = manifest.read_text().splitlines()[:-1]
        manifest.write_text("\n".join([*lines, f"    Greeting: {text}", ""]))
        return self.commits(text)

    def commits(self, message: str) -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", message)
        self.commit = git(self.root, "rev-parse", "HEAD")
        return self.commit

    def pull(self, job: str = "plan") -> Ended:
        """A job for the pull request's newest commit."""
        return self.job(job, "pull_request", **{f"{PULL}.number": "7", f"{PULL}.head.sha": self.commit})

    def merge(self, repository: str = "acme/shop", event: str = "push") -> Ended:
        """The pull request's newest commit is merged, which gives another, and the job that applies."""
        head = self.commit
        git(self.root, "commit", "-q", "--allow-empty", "-m", "merged")
        self.commit = git(self.root, "rev-parse", "HEAD")
        git(self.root, "update-ref", "refs/remotes/origin/main", "HEAD")
        pulls = {self.commit: [{"head": {"sha": head, "repo": {"full_name": repository}}}]}
        self.put(pulls={**self.github()["pulls"], **pulls})
        return self.job("apply", event)

    @property
    def comments(self) -> list[str]:
        return [one["body"] for one in self.github()["comments"].get("7", [])]

    def ask(self, query: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.tenant.token}"}
        answer = httpx.post(f"{self.tenant.url}/api", json={"query": query}, headers=headers, trust_env=False)
        return dict(answer.json()["data"])


def way_on_github(root: Path, machine: Path, served: ServedSandbox, link: Path) -> None:
    """From the first pull request to the issue that is closed."""
    git(root, "init", "-q", "-b", "main")
    assert run(["init", str(root / "infra/prismatic")]) == 0
    project = root / "infra/prismatic/reconciler.yaml"
    project.write_text(
        project.read_text().replace("https://app.prismatic.io", f"{served.url}\n      rate: 1000")
    )
    tokens = {"PRISM_PLAN_TOKEN": served.refresh_token, "PRISM_REFRESH_TOKEN": served.refresh_token}
    workflow = root / ".github/workflows/reconciler-prismatic.yml"
    repository = Repository(root, machine, workflow, tokens, link)
    repository.tenant = served
    repository.commits("first")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    a_pull_request_is_planned_reviewed_and_applied(repository)
    what_was_not_reviewed_is_not_applied(repository)
    drift_keeps_one_issue_and_closes_it(repository)
    a_job_that_ends_before_its_plan_says_so_in_the_comment(repository)
    no_step_but_its_own_sees_a_token(repository)


def a_pull_request_is_planned_reviewed_and_applied(repository: Repository):
    first = repository.greet("Hello from a pull request")
    ended = repository.pull()
    assert ended.failed == "", ended.log
    (comment,) = repository.comments
    assert comment.startswith(f"{MARK}\n### Plan for")
    assert first in comment
    assert "T" in comment.split(f"Commit {first}, ")[1][:20]
    assert "checksum" in comment
    assert "### Plan for" in ended.summary

    (repository.root / "infra/prismatic/manifests/bad.yaml").write_text("kind: Nonsense\n")
    broken = repository.commits("broken")
    ended = repository.pull("validate")
    assert ended.failed == "validate"
    assert "infra/prismatic/manifests/bad.yaml" in " ".join(ended.annotations)
    assert "bad.yaml" in ended.summary
    ended = repository.pull()
    assert ended.failed == "plan"
    (comment,) = repository.comments  # the same one
    assert (broken in comment, first in comment, "bad.yaml" in comment) == (True, False, True)

    (repository.root / "infra/prismatic/manifests/bad.yaml").unlink()
    last = repository.commits("mended")
    assert repository.pull().failed == ""
    assert [last in comment for comment in repository.comments] == [True]
    ended = repository.merge()
    assert ended.failed == "", ended.log
    assert "### Apply to" in ended.summary
    assert repository.ask("{ customers(isSystem: false) { nodes { name } } }") == {
        "customers": {"nodes": [{"name": "Acme Inc"}]}
    }
    journal = repository.machine / f"artifacts/{repository.runs}/reconciler-journal-production"
    assert list(journal.glob("*.jsonl"))


def what_was_not_reviewed_is_not_applied(repository: Repository):
    repository.greet("Reviewed")
    assert "PRISM_PLAN_TOKEN may write" in " ".join(repository.pull().annotations)
    head = repository.commit
    repository.greet("Slipped in")
    repository.commit = head
    ended = repository.merge()
    assert ended.failed == "apply"
    assert "not-reviewed" in ended.log or "not the one that was reviewed" in ended.log
    assert "Slipped in" in ended.summary
    unseen = repository.greet("Never planned")
    assert repository.merge().failed == "what was reviewed"
    repository.commit = unseen
    assert repository.pull().failed == ""
    ended = repository.merge(repository="mallory/shop")
    assert (ended.failed, "was reviewed" in ended.summary) == ("what was reviewed", True)
    ended = repository.merge(event="workflow_dispatch")
    assert ended.failed == "", ended.log


def drift_keeps_one_issue_and_closes_it(repository: Repository):
    assert repository.job("drift", "schedule").failed == ""
    assert repository.github()["issues"] == []
    (customer,) = repository.ask("{ customers(isSystem: false) { nodes { id } } }")["customers"]["nodes"]
    change = 'mutation {{ updateCustomer(input: {{id: "{}", name: "{}"}}) {{ errors {{ field }} }} }}'
    for name in ("By hand", "By another hand"):
        repository.ask(change.format(customer["id"], name))
        ended = repository.job("drift", "schedule")
        assert ended.failed == "", ended.log
        (issue,) = repository.github()["issues"]
        assert name in issue["body"]
        assert name in ended.summary
        assert "Drift in production" in issue["title"]
    repository.ask(change.format(customer["id"], "Acme Inc"))
    assert repository.job("drift", "schedule").failed == ""
    assert [issue["state"] for issue in repository.github()["issues"]] == ["closed"]


def a_job_that_ends_before_its_plan_says_so_in_the_comment(repository: Repository):
    pip = repository.bin / "pip"
    text = pip.read_text()
    pip.write_text("#!/bin/sh\nexit 1\n")
    ended = repository.pull()
    pip.write_text(text)
    assert ended.failed == "install"
    (comment,) = repository.comments
    assert "No plan for `production`" in comment
    assert repository.commit in comment


def no_step_but_its_own_sees_a_token(repository: Repository):
    allowed = {
        "plan": "PRISM_REFRESH_TOKEN",
        "what the token may do": "PRISM_REFRESH_TOKEN",
        "apply": "PRISM_REFRESH_TOKEN",
        "drift": "PRISM_REFRESH_TOKEN",
    }
    names = set()
    for name, environ in repository.seen:
        names.add(name)
        held = {key for key, value in environ.items() if value == repository.tenant.refresh_token}
        assert held == ({allowed[name]} if name in allowed else set()), name
    assert names >= {*allowed, "install", "validate", "comment", "what was reviewed", "issue"}
