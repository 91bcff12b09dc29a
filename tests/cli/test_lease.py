"""The lease through the command line, on the embedded sandbox."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from reconciler.apply import lease_calls as profile
from reconciler.manifests.schemas import validator
from reconciler.model.errors import GraphQLError, NoLease
from reconciler.model.lease import Lease
from reconciler.model.outcome import Event, Started, Status
from reconciler.sandbox import Sandbox
from reconciler.verbs.apply import apply
from reconciler.verbs.lease import holder
from reconciler.verbs.machine import Machine
from reconciler.verbs.plan import plan
from reconciler.verbs.session import Options, open_session
from tests.cli.projects import PROJECT, Folder

LEASED = PROJECT.replace("spec: {", "spec: {policy: {lease: true}, ")


@pytest.fixture
def leased(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A shop that asks for leases."""
    for name in ("GITHUB_RUN_ID", "CI_JOB_URL", "GITHUB_SHA", "CI_COMMIT_SHA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("USER", "alice")
    project.write("reconciler.yaml", LEASED)
    project.shop()
    return project


def other(sandbox: Sandbox, *, seconds: float = 600, holder: str = "bob@there") -> None:
    """Someone else's lease, which ends in so many seconds."""
    now = datetime.now(UTC)
    op = profile.create("shop", Lease(holder, "2 actions", now, now + timedelta(seconds=seconds), "theirs"))
    _, answer, _ = sandbox.execute(op.document, dict(op.variables))
    assert not answer["data"]["createInstanceProfile"]["errors"]


def left(project: Folder) -> Lease | None:
    op = profile.find("shop")
    with project.sandbox() as sandbox:
        _, answer, _ = sandbox.execute(op.document, dict(op.variables))
    return profile.found("shop", answer["data"]["instanceProfiles"])


def held_by_bob(project: Folder, **options: Any) -> None:
    with project.sandbox() as sandbox:
        other(sandbox, **options)


def test_applied_under_a_lease_that_is_given_back(leased: Folder):
    code, _, err = leased("apply", "--yes")
    assert code == 0, err
    assert left(leased) is None
    assert leased("plan", "--detailed-exitcode")[0] == 0


def test_given_back_after_a_failure(leased: Folder):
    with leased.sandbox() as sandbox:
        sandbox.set_rule("label_limit", "64")
    leased.manifest("Customer", "acme", name="Acme", labels=["l" * 70])
    assert leased("apply", "--yes")[0] == 1
    assert left(leased) is None


def test_nothing_is_written_under_the_lease_of_another(leased: Folder):
    held_by_bob(leased)
    writes = leased.writes()
    code, _, err = leased("apply", "--yes")
    assert code == 5
    assert "another run works on this tenant: bob@there since " in err
    assert "--take-lease" in err
    assert leased.writes() == writes
    _, out, _ = leased("history", "--format", "json")
    assert '"runs": []' in out
    _, _, err = leased("apply", "--yes", "--format", "json")
    assert '"code": "lease"' in err


def test_a_saved_plan_needs_the_lease_too(leased: Folder):
    held_by_bob(leased)
    file = str(leased.root / "plan.json")
    assert leased("plan", "-o", file)[0] == 0
    assert leased("apply", file)[0] == 5
    assert leased("apply", file, "--take-lease")[0] == 0


def test_taken_over_after_its_end(leased: Folder):
    held_by_bob(leased, seconds=-120)
    code, _, err = leased("apply", "--yes")
    assert code == 0, err
    assert "removed the expired lease of bob@there" in err
    assert left(leased) is None


def test_taken_on_purpose(leased: Folder):
    held_by_bob(leased)
    code, _, err = leased("apply", "--yes", "--take-lease")
    assert code == 0, err
    assert "took the lease from bob@there" in err
    assert left(leased) is None


def test_the_plan_shows_who_works_on_the_tenant(leased: Folder):
    assert "lease" not in leased.json("plan")
    held_by_bob(leased)
    with leased.sandbox() as sandbox:
        sandbox.role = "guest"  # a token that may only read
    document = leased.json("plan")
    shown = document["lease"]
    assert (shown["holder"], shown["reason"], shown["expired"]) == ("bob@there", "2 actions", False)
    assert not list(validator("plan").iter_errors(document))
    for name in ("text", "markdown"):
        code, out, _ = leased("plan", "--format", name)
        assert code == 0
        assert "bob" in out
        assert shown["until"] in out.replace("&#45;", "-").replace("&#58;", ":")
        assert "apply would be refused" in out


def test_a_plan_that_may_not_see_the_lease_says_so(leased: Folder, monkeypatch: pytest.MonkeyPatch):
    async def denied(*_: object) -> None:
        raise GraphQLError("instanceProfiles: Permission denied")

    monkeypatch.setattr("reconciler.verbs.lease.present", denied)
    document = leased.json("plan")
    assert [warning["code"] for warning in document["warnings"]] == ["lease-unknown"]
    assert len(document["actions"]) > 0


def test_the_plan_shows_what_is_left_of_a_killed_run(leased: Folder):
    held_by_bob(leased, seconds=-120)
    assert leased.json("plan")["lease"]["expired"] is True
    assert "apply takes it over" in leased("plan")[1]


@pytest.mark.parametrize("name", ["\x1b[31mred", "<b>bold</b> @team"])
def test_a_hostile_holder_is_shown_not_obeyed(leased: Folder, name: str):
    held_by_bob(leased, holder=name)
    for arguments in (("plan",), ("plan", "--format", "markdown"), ("apply", "--yes")):
        _, out, err = leased(*arguments)
        assert "\x1b" not in out + err
        assert "markdown" not in arguments or ("<b>" not in out and "@team" not in out)


def test_without_the_policy_nothing_of_it_is_sent(leased: Folder):
    def cost() -> tuple[int, dict[str, Any]]:
        with leased.sandbox() as sandbox:
            before = sandbox.requests()
        document = leased.json("plan")
        with leased.sandbox() as sandbox:
            return sandbox.requests() - before, document["requests"]

    requests, estimate = cost()
    leased.write("reconciler.yaml", PROJECT)
    held_by_bob(leased)
    assert cost() == (requests - 1, estimate)
    assert leased("apply", "--yes")[0] == 0
    lease = left(leased)
    assert lease is not None
    assert lease.holder == "bob@there"


def test_a_lease_that_is_lost_stops_the_run(leased: Folder):
    # The clock stands, so that a slow machine does not lose the lease by itself.
    moments = [datetime.now(UTC).replace(microsecond=0)]
    for number in range(60):
        leased.manifest("Customer", f"c{number:02}", name=f"Customer {number:02}")
    session = open_session(leased.root / "reconciler.yaml", None, dict(os.environ), leased.root)
    session = replace(session, machine=Machine(now=lambda: moments[-1]))
    planned = anyio.run(plan, session, Options())
    thief = leased.sandbox()
    begun: list[str] = []

    def listener(event: Event) -> None:
        if isinstance(event, Started):
            begun.append(event.action.id)
            time.sleep(0.02)  # many of them are longer than it takes to look at the clock again
        if len(begun) == 5 and isinstance(event, Started):
            lease = left(leased)
            assert lease is not None
            assert lease.reason == f"{len(planned.plan.actions)} actions"
            op = profile.remove(lease)
            thief.execute(op.document, dict(op.variables))
            other(thief)
            moments.append(moments[0] + timedelta(seconds=0.5))  # time to renew it

    async def work() -> Any:
        return await apply(session, planned, listener=listener, say=print, parallelism=1, lease_seconds=1.2)

    outcome = anyio.run(work)
    thief.close()
    assert isinstance(outcome.fatal, NoLease)
    assert "taken by bob@there" in outcome.fatal.message
    done = {result.action.id for result in outcome.results if result.status is Status.DONE}
    rest = [result for result in outcome.results if result.action.id not in done]
    assert done <= set(begun), "what was begun was finished, or called off before it was sent"
    assert {(one.status, one.because, one.doubtful) for one in rest} == {(Status.SKIPPED, "lease", False)}
    named = {node["name"] for node in leased.ask("{ customers { nodes { name } } }")["customers"]["nodes"]}
    assert len(named - {"System Customer"}) == len([one for one in done if one.startswith("Customer/")])
    assert not outcome.interrupted
    lease = left(leased)
    assert lease is not None
    assert lease.holder == "bob@there"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"USER": "alice"}, "alice@"),
        ({"LOGNAME": "alice"}, "alice@"),
        (
            {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "https://git.example/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://git.example/a/b/-/jobs/7"}, "https://git.example/a/b/-/jobs/7"),
    ],
)
def test_who_a_run_is(environ: dict[str, str], name: str):
    assert holder(environ).startswith(name)
