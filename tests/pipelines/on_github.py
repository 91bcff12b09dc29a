"""The steps of the GitHub workflow that `init` writes, from the first pull request to the issue on drift."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import httpx

from reconciler.cli.main import run
from tests.manifests.bundles import INDEX
from tests.pipelines import quick
from tests.pipelines.expressions import written
from tests.pipelines.runner import PRODUCT, Ended, Runner, git
from tests.sandbox.served import ServedSandbox

NODE = shutil.which("node")
BUNDLE = """\
apiVersion: reconciler/v1
kind: Integration
metadata: {name: orders}
spec: {bundle: ../dist/, release: 1.0.0}
"""
MARK = "<!-- reconciler plan prismatic production -->"
PULL = "github.event.pull_request"


class Repository(Runner):
    """A project in a folder of a repository, on a served tenant."""

    tenant: ServedSandbox
    gates: list[str]
    shown: str

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

    def pull(self, job: str = "plan", **more: str) -> Ended:
        """A job for the pull request's newest commit, in a run of its own."""
        self.begin()
        return self.beside(job, **more)

    def beside(self, job: str, **more: str) -> Ended:
        """Another job of that run."""
        return self.job(
            job, "pull_request", **{f"{PULL}.number": "7", f"{PULL}.head.sha": self.commit, **more}
        )

    def merge(self, repository: str = "acme/shop", event: str = "push") -> Ended:
        """The pull request's newest commit is merged, which gives another; how the jobs after it end."""
        head = self.commit
        git(self.root, "commit", "-q", "--allow-empty", "-m", "merged")
        self.commit = git(self.root, "rev-parse", "HEAD")
        git(self.root, "update-ref", "refs/remotes/origin/main", "HEAD")
        pulls = {self.commit: [{"head": {"sha": head, "repo": {"full_name": repository}}}]}
        self.put(pulls={**self.github()["pulls"], **pulls})
        self.begin()
        ended = self.job("reviewed", event)
        self.shown = ended.summary
        if ended.failed:
            return ended
        self.gates = []
        for one in json.loads(ended.outputs["applies"]):
            self.gates.append(one["gate"])
            ended = self.job(
                "apply", event, **{f"matrix.{key}": written(value) for key, value in one.items()}
            )
        return ended

    def scheduled(self, job: str) -> Ended:
        """A job of the run of the day."""
        self.begin()
        return self.job(job, "schedule")

    def pushed(self, branch: str) -> str:
        """What a branch changes that a job pushed; the machine of that job is thrown away."""
        git(self.root, "reset", "-q", "--hard", self.commit)
        return git(self.root, "--git-dir", str(self.machine / "origin.git"), "show", branch)

    def set(self, **settings: str) -> None:
        """Changes settings at the top of the workflow."""
        text = self.workflow.read_text()
        for name, value in settings.items():
            text, found = re.subn(
                rf"^  {name}: .*$", f"  {name}: {json.dumps(value)}", text, flags=re.MULTILINE
            )
            assert found == 1, name
        self.workflow.write_text(text)

    @property
    def comments(self) -> list[str]:
        return [one["body"] for one in self.github()["comments"].get("7", [])]

    def ask(self, query: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.tenant.token}"}
        answer = httpx.post(f"{self.tenant.url}/api", json={"query": query}, headers=headers, trust_env=False)
        return dict(answer.json()["data"])


def project_of(folder: Path, served: ServedSandbox) -> None:
    """A new project is about this tenant, which two environments are, with a release of each."""
    project = folder / "reconciler.yaml"
    text = project.read_text().replace("https://app.prismatic.io", f"{served.url}\n      rate: 1000")
    head, production = text.split("    production:\n")
    production, rest = production.split("  default:")
    staging = f"    staging:\n{production}      variables: {{release: 1.1.0}}\n"
    production = f"    production:\n{production}      variables: {{release: 1.0.0}}\n"
    project.write_text(f"{head}{staging}{production}  default:{rest.replace('sandbox', 'production')}")
    manifest = folder / "manifests/hello.yaml"
    manifest.write_text(manifest.read_text().replace("release: 1.0.0", "release: ${var.release}"))


def way_on_github(root: Path, machine: Path, served: ServedSandbox, link: Path) -> None:
    """From the first pull request to the issue that is closed."""
    git(root, "init", "-q", "-b", "main")
    assert run(["init", str(root / "infra/prismatic")]) == 0
    project_of(root / "infra/prismatic", served)
    tokens = {"PRISM_PLAN_TOKEN": served.refresh_token, "PRISM_REFRESH_TOKEN": served.refresh_token}
    workflow = root / ".github/workflows/reconciler-prismatic.yml"
    repository = Repository(root, machine, workflow, tokens, link)
    repository.tenant = served
    git(root, "init", "-q", "--bare", str(machine / "origin.git"))
    git(root, "remote", "add", "origin", str(machine / "origin.git"))
    repository.commits("first")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    the_settings_reach_the_jobs(repository)
    a_pull_request_is_planned_reviewed_and_applied(repository)
    what_was_not_reviewed_is_not_applied(repository)
    drift_keeps_one_issue_and_closes_it(repository)
    what_was_not_reviewed_asks_a_second_environment(repository)
    shares_come_to_one_comment(repository)
    a_fork_is_planned_on_a_snapshot_alone(repository)
    a_merge_proposes_its_promotion(repository)
    what_is_built_runs_where_no_token_is(repository)
    a_job_that_ends_before_its_plan_says_so_in_the_comment(repository)
    no_step_but_its_own_sees_a_token(repository)


def a_pull_request_is_planned_reviewed_and_applied(repository: Repository):
    repository.set(UNREVIEWED="ask")
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
    assert repository.gates == ["production"]
    assert repository.ask("{ customers(isSystem: false) { nodes { name } } }") == {
        "customers": {"nodes": [{"name": "Acme Inc"}]}
    }
    journal = repository.machine / f"artifacts/{repository.runs}/reconciler-journal-production-1"
    assert list(journal.glob("*.jsonl"))


def what_was_not_reviewed_is_not_applied(repository: Repository):
    repository.set(UNREVIEWED="stop")
    repository.greet("Reviewed")
    assert "PRISM_PLAN_TOKEN may write" in " ".join(repository.pull().annotations)
    repository.without = frozenset({"what the token may do"})
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
    assert repository.scheduled("drift").failed == ""
    assert repository.github()["issues"] == []
    (customer,) = repository.ask("{ customers(isSystem: false) { nodes { id } } }")["customers"]["nodes"]
    change = 'mutation {{ updateCustomer(input: {{id: "{}", name: "{}"}}) {{ errors {{ field }} }} }}'
    repository.set(DRIFT_PULLS="true")
    for name in ("By hand", "By another hand"):
        repository.ask(change.format(customer["id"], name))
        ended = repository.scheduled("drift")
        assert ended.failed == "", ended.log
        (issue,) = repository.github()["issues"]
        assert name in issue["body"]
        assert name in ended.summary
        assert "Drift in production" in issue["title"]
    assert repository.scheduled("pull").failed == ""
    (proposed,) = repository.github()["requests"]
    assert (proposed["state"], proposed["head"]) == ("open", "reconciler/drift-prismatic-production")
    assert "By another hand" in repository.pushed(proposed["head"])
    repository.ask(change.format(customer["id"], "Acme Inc"))
    assert "nothing is to be changed" in repository.scheduled("pull").log
    assert [one["state"] for one in repository.github()["requests"]] == ["closed"]
    assert repository.scheduled("drift").failed == ""
    assert [issue["state"] for issue in repository.github()["issues"]] == ["closed"]
    ended = repository.pull("rehearse")
    assert ended.failed == "", ended.log
    assert "### Rehearsal" in ended.summary


def the_settings_reach_the_jobs(repository: Repository):
    repository.set(SHARDS="3", ABREAST="2", PROMOTE_FROM="staging", DRIFT_PULLS="true")
    repository.begin()
    ended = repository.job("settings", "push")
    told = {"environments": '["production"]', "shards": "[1,2,3]", "abreast": "2"}
    told |= {"promote": "staging", "drift-pulls": "true", "rehearse": "false", "snapshots": ""}
    assert ended.outputs == told
    git(repository.root, "checkout", "-q", "--", ".")
    needs = {f"needs.settings.outputs.{name}": value for name, value in ended.outputs.items()}
    needs |= {"github.ref": "refs/heads/main"}
    for event, jobs in {
        "pull_request": ["settings", "validate"],
        "push": ["settings", "validate", "reviewed", "apply", "promote"],
        "workflow_dispatch": ["settings", "validate", "reviewed", "apply", "promote"],
        "schedule": ["settings", "validate", "drift", "pull"],
    }.items():
        of_all = {"apply", "promote"} & set(jobs)  # their condition is that those which they need ran
        assert [name for name in repository.names if repository.runs_in(name, event, **needs)] == [
            one for one in repository.names if one in jobs or (one in ("apply", "promote") and not of_all)
        ]
    own = {f"{PULL}.head.repo.full_name": "acme/shop"}
    assert repository.runs_in("plan", "pull_request", **needs, **own)
    assert repository.runs_in("comment", "pull_request", **needs, **own)


def what_was_not_reviewed_asks_a_second_environment(repository: Repository):
    repository.set(UNREVIEWED="ask")
    repository.greet("Seen by the second")
    ended = repository.merge()
    assert ended.failed == "", ended.log
    assert repository.gates == ["production-unreviewed"]
    assert "Seen by the second" in repository.shown  # with what is planned now, before it is approved
    assert "### Apply to" in ended.summary
    repository.set(UNREVIEWED="stop")
    repository.commits("stop")


def shares_come_to_one_comment(repository: Repository):
    repository.greet("In shares")
    repository.set(SHARDS="2")
    first = repository.pull(**{"matrix.shard": "1"})
    second = repository.beside("plan", **{"matrix.shard": "2"})
    assert (first.failed, second.failed) == ("", "")
    ended = repository.beside("comment")
    assert ended.failed == "", ended.log
    (comment,) = repository.comments
    assert repository.commit in comment
    assert "In shares" in comment
    git(repository.root, "checkout", "-q", "--", ".")


def a_fork_is_planned_on_a_snapshot_alone(repository: Repository):
    before = repository.comments
    folder = repository.root / "infra/prismatic/snapshots"
    folder.mkdir()
    project, file = str(folder.parent / "reconciler.yaml"), str(folder / "production.snapshot")
    token = repository.tenant.refresh_token
    arguments = ("--project", project, "-e", "production", "snapshot", "-o", file)
    quick.call(repository.bin, *arguments, PRISM_REFRESH_TOKEN=token)
    fork = {f"{PULL}.head.repo.full_name": "mallory/shop", "secrets.PRISM_PLAN_TOKEN": ""}
    assert not repository.runs_in("plan", "pull_request", **fork)
    assert repository.runs_in(
        "plan", "pull_request", **fork, **{"needs.settings.outputs.snapshots": "snapshots"}
    )
    repository.set(SNAPSHOTS="snapshots")
    ended = repository.pull(**fork)
    assert ended.failed == "", ended.log
    assert "### Plan for" in ended.summary
    assert "In shares" in ended.summary
    assert repository.comments == before
    shutil.rmtree(folder)
    git(repository.root, "checkout", "-q", "--", ".")


def a_merge_proposes_its_promotion(repository: Repository):
    repository.set(PROMOTE_FROM="production", PROMOTE_TO="staging")
    ended = repository.job("promote", "push")
    assert ended.failed == "", ended.log
    proposed = repository.github()["requests"][-1]
    assert proposed["head"] == "reconciler/promote-prismatic-staging"
    assert proposed["title"] == "Promote production to staging (prismatic)"
    assert "+      variables: {release: 1.0.0}" in repository.pushed(proposed["head"])


def what_is_built_runs_where_no_token_is(repository: Repository):
    project = repository.root / "infra/prismatic"
    (project / "source.js").write_text(INDEX)
    (project / "manifests/orders.yaml").write_text(BUNDLE)
    (project / ".gitignore").write_text(".reconciler/\ndist/\n")
    repository.set(BUILD="mkdir dist && cp source.js dist/index.js")
    repository.commits("a bundle")
    repository.program("node", f'echo "$PRISM_REFRESH_TOKEN" >> {repository.machine}/nodes; exec {NODE} "$@"')
    ended = repository.pull("validate")
    assert ended.failed == "", ended.log
    assert (repository.machine / "nodes").read_text().strip() == ""
    (repository.machine / "nodes").unlink()
    shutil.rmtree(project / "dist")
    ended = repository.beside("plan")
    assert ended.failed == "", ended.log
    assert "Bundle/orders" in repository.comments[0]
    assert not (repository.machine / "nodes").exists()
    (project / "dist/index.js").write_text("process.exit(1)")
    assert repository.pull().failed == "plan"  # of a job that built nothing: it is not run, but refused
    assert "--described" in repository.comments[0]
    assert not (repository.machine / "nodes").exists()
    git(repository.root, "rm", "-q", "-r", "infra/prismatic/manifests/orders.yaml")
    repository.commits("no bundle")


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
    (repository.root / "linked").symlink_to("infra")
    (repository.root / "infra/prismatic/linked").symlink_to("..")
    for step, settings in (
        ("install", {"FOLDER": "linked/prismatic"}),
        ("built", {"FOLDER": "infra/prismatic", "BUILT": "linked/dist"}),
    ):
        repository.set(**settings)
        ended = repository.pull()
        assert (ended.failed, "is reached by a link" in ended.log) == (step, True)
    repository.product = repository.root / ".reconciler-action"
    repository.product.symlink_to(PRODUCT)
    ended = repository.pull()
    assert (ended.failed, "is reached by a link" in ended.log) == ("install", True)
    git(repository.root, "checkout", "-q", "--", ".")


def no_step_but_its_own_sees_a_token(repository: Repository):
    allowed = {"plan", "what the token may do", "rehearse", "what is to be applied", "apply"}
    allowed |= {"drift", "pull", "promote"}
    names, holders = set(), set()
    for name, environ in repository.seen:
        names.add(name)
        held = {key for key, value in environ.items() if value == repository.tenant.refresh_token}
        assert held <= ({"PRISM_REFRESH_TOKEN"} if name in allowed else set()), name
        holders |= {name} if held else set()
    assert holders == allowed
    assert names == {one["name"] for one in repository.every_step if "name" in one}
