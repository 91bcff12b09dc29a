"""The steps of the GitLab pipeline that `init` writes, on a served tenant and a stand-in for GitLab."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from reconciler.cli.main import run
from tests.manifests.bundles import INDEX
from tests.pipelines import quick
from tests.pipelines.gitlab import TOKEN, GitLab, Jobs
from tests.pipelines.on_github import BUNDLE, project_of
from tests.pipelines.runner import git
from tests.sandbox.served import ServedSandbox

PROJECT = "infra/prismatic"
REQUEST = "merge_request_event"
RENAME = 'mutation {{ updateCustomer(input: {{id: "{}", name: "{}"}}) {{ errors {{ field }} }} }}'


def way_on_gitlab(root: Path, machine: Path, served: ServedSandbox, link: Path) -> None:
    """From the first merge request to the issue that is closed."""
    git(root, "init", "-q", "-b", "main")
    assert run(["init", str(root / PROJECT), "--ci", "gitlab"]) == 0
    project_of(root / PROJECT, served)
    git(root, "init", "-q", "--bare", str(machine / "origin.git"))
    commit(root, "first")
    git(root, "checkout", "-qb", "request")
    token = served.refresh_token
    tokens = {"PRISM_PLAN_TOKEN": token, "PRISM_REFRESH_TOKEN": token, "RECONCILER_NOTES": TOKEN}
    gitlab = GitLab()
    jobs = Jobs(root, machine, gitlab, tokens, link)
    try:
        a_request_is_planned_reviewed_and_applied(jobs, served)
        what_was_not_reviewed_waits_for_a_second_approval(jobs)
        a_merge_proposes_its_promotion(jobs)
        drift_keeps_one_issue_and_closes_it(jobs, served)
        shares_come_to_one_note(jobs)
        a_fork_is_planned_on_a_snapshot_alone(jobs)
        what_is_built_is_all_that_a_job_with_a_token_takes(jobs)
        what_leads_elsewhere_stops_the_job(jobs)
    finally:
        gitlab.close()
    plan = {"PRISM_PLAN_TOKEN", "RECONCILER_NOTES"}
    assert jobs.seen == {
        "validate": set(),
        "apply": {"PRISM_REFRESH_TOKEN"},
        "apply-unreviewed": {"PRISM_REFRESH_TOKEN"},
        **dict.fromkeys(("plan", "note", "rehearse", "reviewed", "promote", "drift", "pull"), plan),
    }


def commit(root: Path, message: str) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def greet(root: Path, text: str) -> str:
    manifest = root / PROJECT / "manifests/hello.yaml"
    manifest.write_text("\n".join([*manifest.read_text().splitlines()[:-1], f"    Greeting: {text}", ""]))
    return commit(root, text)


def well(ended: tuple[int, str]) -> str:
    code, log = ended
    assert code == 0, log
    return log


def a_request_is_planned_reviewed_and_applied(jobs: Jobs, served: ServedSandbox) -> None:
    gitlab, manifests = jobs.gitlab, jobs.root / PROJECT / "manifests"
    (manifests / "bad.yaml").write_text("kind: Nonsense\n")
    first = commit(jobs.root, "first of the request")
    assert jobs.job("validate", REQUEST, first)[0] == 3
    assert jobs.job("plan", REQUEST, first)[0] == 3
    assert served.refresh_token not in (jobs.machine / "installed").read_text()
    well(jobs.job("note", REQUEST, first))
    (note,) = gitlab.notes
    assert note["body"].startswith("<!-- reconciler plan prismatic production -->\n")
    assert "bad.yaml" in note["body"]

    jobs.begin()
    (manifests / "bad.yaml").unlink()
    last = commit(jobs.root, "last of the request")
    well(jobs.job("validate", REQUEST, last))
    well(jobs.job("plan", REQUEST, last))
    well(jobs.job("note", REQUEST, last))
    (note,) = gitlab.notes  # the same one
    assert f"Commit {last}, " in note["body"]
    assert "### Plan for" in note["body"]
    assert first not in note["body"]
    reviewed(jobs, last)

    jobs.begin()
    code, log = jobs.job("reviewed", "push", "unreviewed")
    assert (code, "no plan of unreviewed was reviewed" in log) == (1, True)
    gitlab.merged["merge"] = last
    well(jobs.job("reviewed", "push", "merge"))
    well(jobs.job("apply", "push", "merge"))
    assert list((jobs.artifacts["apply"] / ".reconciler-ci/journal").glob("*.jsonl"))
    code, log = jobs.job("apply", "push", "merge")  # all is done: that is another plan
    assert (code, "not the one that was reviewed" in log) == (5, True)


def reviewed(jobs: Jobs, commit: str) -> None:
    plan = jobs.artifacts["plan"] / ".reconciler-ci/kept/production/1/1/plan.json"
    jobs.gitlab.artifacts[commit] = plan.read_bytes()


def what_was_not_reviewed_waits_for_a_second_approval(jobs: Jobs) -> None:
    jobs.begin()
    merge = greet(jobs.root, "Seen by the second")
    jobs.gitlab.merged[merge] = jobs.gitlab.merged["merge"]
    log = well(jobs.job("reviewed", "push", merge, UNREVIEWED="ask"))
    assert "not the one that was reviewed" in log
    assert "Seen by the second" in log
    assert jobs.job("apply", "push", merge)[0] == 5
    well(jobs.job("apply-unreviewed", "push", merge))
    jobs.begin()
    well(jobs.job("reviewed", "web", merge))
    well(jobs.job("apply", "web", merge))
    assert "On a copy of the tenant" in well(jobs.job("rehearse", REQUEST, merge))


def a_merge_proposes_its_promotion(jobs: Jobs) -> None:
    well(jobs.job("promote", "push", "merge", PROMOTE_FROM="production", PROMOTE_TO="staging"))
    (proposed,) = jobs.gitlab.requests
    assert proposed["source_branch"] == "reconciler/promote-prismatic-staging"
    assert "+      variables: {release: 1.0.0}" in pushed(jobs, proposed["source_branch"])
    jobs.gitlab.requests.clear()


def pushed(jobs: Jobs, branch: str) -> str:
    return git(jobs.root, "--git-dir", str(jobs.machine / "origin.git"), "show", branch)


def drift_keeps_one_issue_and_closes_it(jobs: Jobs, served: ServedSandbox) -> None:
    for name in ("By hand", "By another hand", "Acme Inc"):
        rename(served, name)
        well(jobs.job("drift", "schedule", "merge"))
        (issue,) = jobs.gitlab.issues
        assert issue.get("state_event") == ("close" if name == "Acme Inc" else None)
        assert name == "Acme Inc" or name in issue["description"]
        if name != "By hand":
            well(jobs.job("pull", "schedule", "merge"))
            (proposed,) = jobs.gitlab.requests
            assert proposed.get("state_event") == ("close" if name == "Acme Inc" else None)
    assert proposed["source_branch"] == "reconciler/drift-prismatic-production"
    assert "By another hand" in pushed(jobs, proposed["source_branch"])


def rename(served: ServedSandbox, name: str) -> None:
    def ask(query: str) -> dict[str, dict[str, list[dict[str, str]]]]:
        headers = {"Authorization": f"Bearer {served.token}"}
        answer = httpx.post(f"{served.url}/api", json={"query": query}, headers=headers, trust_env=False)
        return dict(answer.json()["data"])

    (customer,) = ask("{ customers(isSystem: false) { nodes { id } } }")["customers"]["nodes"]
    ask(RENAME.format(customer["id"], name))


def shares_come_to_one_note(jobs: Jobs) -> None:
    jobs.begin()
    last = greet(jobs.root, "In shares")
    well(jobs.job("plan", REQUEST, last, SHARD="2/2"))
    well(jobs.job("note", REQUEST, last, SHARDS="2"))
    (note,) = jobs.gitlab.notes
    assert f"Commit {last}, " in note["body"]
    assert "In shares" in note["body"]
    assert "1/2" in note["body"]  # which is missing


def a_fork_is_planned_on_a_snapshot_alone(jobs: Jobs) -> None:
    folder = jobs.root / PROJECT / "snapshots"
    folder.mkdir()
    project, file = str(folder.parent / "reconciler.yaml"), str(folder / "production.snapshot")
    token = jobs.secrets["PRISM_REFRESH_TOKEN"]
    arguments = ("--project", project, "-e", "production", "snapshot", "-o", file)
    quick.call(jobs.bin, *arguments, PRISM_REFRESH_TOKEN=token)
    last = commit(jobs.root, "a snapshot")
    secrets, jobs.secrets = jobs.secrets, {}
    assert "In shares" in well(jobs.job("plan", REQUEST, last, SNAPSHOTS="snapshots", LIVE="true"))
    jobs.secrets = secrets
    shutil.rmtree(folder)


def what_is_built_is_all_that_a_job_with_a_token_takes(jobs: Jobs) -> None:
    project = jobs.root / PROJECT
    (project / "source.js").write_text(INDEX)
    (project / "json.py").write_text("raise SystemExit('code of the request runs')\n")
    (project / "manifests/orders.yaml").write_text(BUNDLE)
    last = commit(jobs.root, "a bundle")
    jobs.begin()
    log = well(jobs.job("validate", REQUEST, last, BUILD="mkdir dist && cp source.js dist/index.js"))
    forged = jobs.artifacts["validate"] / ".reconciler-ci/kept/production/1/1/plan.md"
    forged.parent.mkdir(parents=True)
    forged.write_text("forged")
    log = well(jobs.job("plan", REQUEST, last))
    assert "Bundle/orders" in log
    assert "code of the request" not in log
    assert "PRISM_PLAN_TOKEN may write" in log
    assert "forged" not in (jobs.artifacts["plan"] / ".reconciler-ci/kept/production/1/1/plan.md").read_text()


def what_leads_elsewhere_stops_the_job(jobs: Jobs) -> None:
    code, log = jobs.job("validate", REQUEST, "any", PRISM_PLAN_TOKEN="token")
    assert (code, "a token reaches the job that builds" in log) == (1, True)
    (jobs.root / "linked").symlink_to("infra")
    (jobs.root / "infra/prismatic/linked").symlink_to("..")
    last = commit(jobs.root, "links")
    for settings in ({"FOLDER": "linked/prismatic"}, {"BUILT": "linked/dist"}):
        code, log = jobs.job("plan", REQUEST, last, **settings)
        assert (code, "is reached by a link" in log) == (1, True)
