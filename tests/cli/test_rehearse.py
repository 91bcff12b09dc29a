"""rehearse: what apply would do, done on a copy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from reconciler.live.nodes import nodes_of
from reconciler.live.redact import AS_THEY_ARE
from reconciler.manifests import schemas
from reconciler.sandbox import Sandbox
from reconciler.sandbox.copied import copy
from reconciler.verbs.offline import read
from tests.cli.projects import Folder
from tests.cli.test_bundles import orders
from tests.cli.test_snapshot import KEYED, changed_in_git, furnish, live
from tests.manifests.bundles import changed as changed_code
from tests.manifests.bundles import needs_node

SECRET = {"secret": {"env": "SHOP_KEY"}}


@pytest.fixture
def changed(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A tenant that was applied, people's changes in it, and others in git; no secret can be read."""
    project.write("reconciler.yaml", KEYED)
    furnish(project, monkeypatch)
    changed_in_git(project)
    project.manifest("Customer", "fresh", name="Fresh", externalId="fresh-1")
    project.manifest(
        "Instance",
        "more",
        customer="fresh",
        integration="orders",
        name="Orders for Fresh",
        enabled=True,
        config={"Channel": "#fresh", "Shop": {"inputs": {"apiKey": SECRET}}},
    )
    for name in ("SHOP_KEY", "HOOK"):
        monkeypatch.delenv(name)
    return project


def rehearsed(project: Folder, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = project("rehearse", "--format", "json", *arguments)
    assert out, err
    document = json.loads(out)
    problems = [one.message for one in Draft202012Validator(schemas.load("rehearsal")).iter_errors(document)]
    assert problems == []
    return code, document


def test_what_is_rehearsed_is_what_apply_then_does(changed: Folder, monkeypatch: pytest.MonkeyPatch):
    before = changed.writes()
    code, document = rehearsed(changed, "--diff", "--exclude", "Instance/acme/orders")
    assert (code, document["succeeds"], document["left"], changed.writes()) == (0, True, [], before)
    assert "canary" not in json.dumps(document)
    looks = {(one["address"], one["path"]): (one["before"], one["after"]) for one in document["instances"]}
    assert looks["Instance/fresh/more", "config.Channel"] == (None, "#fresh")
    assert looks["Instance/fresh/more", "config.Shop.inputs.apiKey"] == (None, "(secret)")
    assert looks["Instance/fresh/more", "version"] == (None, 2)
    assert not any(address == "Instance/acme/orders" for address, _ in looks)
    monkeypatch.setenv("SHOP_KEY", "canary-s3cr3t")
    monkeypatch.setenv("HOOK", "https://example.com/canary-hook")
    outcome = changed.json("apply", "--yes", "--exclude", "Instance/acme/orders")
    assert [one["id"] for one in outcome["actions"]] == [a["id"] for a in document["outcome"]["actions"]]
    assert changed.writes() - before == document["requests"]["write"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_secret_that_was_rotated_is_rehearsed(project: Folder, monkeypatch: pytest.MonkeyPatch, kept: bool):
    """In a snapshot with a key, too. What cannot be read is taken for what the tenant has."""
    project.write("reconciler.yaml", KEYED)
    monkeypatch.setenv("SHOP_KEY", "canary-s3cr3t")
    monkeypatch.setenv("DIGEST_KEY", "digest-key")
    project.shop(config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": SECRET}}})
    url = {"secret": {"command": ["sh", "-c", "echo run >> ran; echo https://example.com/canary-hook"]}}
    project.manifest("AlertWebhook", "ops", name="Ops", payloadTemplate="{}", url=url)
    assert project("apply", "--yes")[0] == 0
    before, ran = project.writes(), (project.root / "ran").read_text()
    where = live(project) if kept else []
    if kept:
        assert project("snapshot", "-o", str(project.root / "live.gz"))[0] == 0
    assert rehearsed(project, *where)[1]["plan"]["actions"] == []
    monkeypatch.setenv("SHOP_KEY", "canary-r0tat3d")
    code, document = rehearsed(project, "--diff", *where)
    assert (code, document["succeeds"], document["converges"]) == (0, True, True)
    assert [one["id"] for one in document["plan"]["actions"]] == [
        one["id"] for one in project.json("plan")["actions"]
    ]
    assert "Instance/acme/orders#configure" in [one["id"] for one in document["plan"]["actions"]]
    assert ("canary" in json.dumps(document), "hmac:" in json.dumps(document)) == (False, False)
    assert project.writes() == before
    monkeypatch.delenv("SHOP_KEY")
    (project.root / "ran").write_text(ran)
    assert rehearsed(project, *where)[1]["plan"]["actions"] == []
    assert (project.root / "ran").read_text() == ran, "no command is run"


def test_what_fails_by_the_rules_of_the_tenant_is_told(changed: Folder):
    text = (
        (changed.root / "reconciler.yaml")
        .read_text()
        .replace("{secretKey: {env: DIGEST_KEY}}", "{rules: rules.yaml}")
    )
    changed.write("reconciler.yaml", text)
    changed.write("rules.yaml", "comment_limit: 1000\n")
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.1.0"}
    changed.manifest("Integration", "orders", **spec, comment="x" * 1001)
    code, document = rehearsed(changed)
    assert (code, document["succeeds"], document["converges"]) == (1, False, False)
    assert [one["id"] for one in document["failures"]] == ["Integration/orders#publish"]
    assert "Integration/orders#publish" in document["left"]
    code, out, _ = changed("rehearse")
    assert code == 1
    assert "failed: Integration/orders#publish:" in out
    assert "It does not converge" in out
    assert changed("rehearse", "--format", "markdown")[0] == 1
    changed.write("rules.yaml", "no_such_rule: x\n")
    assert changed("rehearse")[0] == 3


def test_what_is_refused_is_told(changed: Folder):
    code, document = rehearsed(changed)
    assert code == 1  # what a person saved on the instance waits for their deploy
    assert {one["code"] for one in document["refusals"]} == {"undeployed-changes"}


def test_a_token_that_only_reads_is_enough(changed: Folder):
    with changed.sandbox() as sandbox:
        sandbox.role = "guest"
    code, document = rehearsed(changed, "--exclude", "Instance/acme/orders")
    assert (code, document["failures"]) == (0, [])


@pytest.mark.parametrize("keyed", [True, False])
def test_a_snapshot_is_enough(changed: Folder, monkeypatch: pytest.MonkeyPatch, keyed: bool):
    if not keyed:
        text = (changed.root / "reconciler.yaml").read_text().replace("{secretKey: {env: DIGEST_KEY}}", "{}")
        changed.write("reconciler.yaml", text)
    assert changed("snapshot", "-o", str(changed.root / "live.gz"))[0] == 0
    _, there = rehearsed(changed, "--exclude", "Instance/acme/orders")

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("somebody looks for the tenant")

    monkeypatch.setattr("reconciler.verbs.session.open_sandbox", refuse)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)
    code, here = rehearsed(changed, "--exclude", "Instance/acme/orders", *live(changed))
    assert (code, here["source"], here["succeeds"]) == (0, "snapshot", True)
    assert [a["id"] for a in here["plan"]["actions"]] == [a["id"] for a in there["plan"]["actions"]]


def test_runs_that_are_killed_follow_from_the_seed(changed: Folder):
    given = ("--exclude", "Instance/acme/orders", "--faults", "2")
    code, document = rehearsed(changed, *given)
    runs = document["faults"]["runs"]
    assert (code, len(runs), all(run["converges"] for run in runs)) == (0, 2, True)
    assert len(runs[document["faults"]["worst"]]["left"]) == max(len(run["left"]) for run in runs)
    moments = [(run["mutation"], run["moment"]) for run in runs]
    again = rehearsed(changed, *given)[1]["faults"]["runs"]
    assert [(run["mutation"], run["moment"]) for run in again] == moments
    assert "Killed once (seed 1)" in changed("rehearse", *given[:2], "--faults", "1", "--seed", "1")[1]


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = [*one, *(key for key in other if key not in one)]
        return [found for key in keys for found in differences(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for _, (a, b) in pairs for found in differences(a, b, f"{path}[]")]
    return [] if one == other else [path]


def test_a_copy_answers_as_the_tenant_did(changed: Folder):
    assert changed("snapshot", "-o", str(changed.root / "live.gz"))[0] == 0
    taken = read(changed.root / "live.gz")
    found = nodes_of(taken.answers, lambda node: node)
    with Sandbox(":memory:") as sandbox:
        copy(sandbox, taken.tenant, found.lists, found.definitions, found.listings)
        for heard in taken.answers:
            if heard.name in ("activities", *AS_THEY_ARE):
                continue
            _, body, _ = sandbox.execute(heard.query, dict(heard.variables))
            other = set(differences(heard.body, body))
            # Parts of rows, and the organization, have ids of their own; a text with stand-ins is JSON.
            other -= {f".data.instances.nodes[].flowConfigs.nodes[].{part}id" for part in ("", "flow.")}
            other -= {".data.authenticatedUser.org.id", ".data.integration.definition"}
            other -= {".data.integrations.nodes[].definition"}
            assert other == set(), heard.query


@needs_node
def test_code_is_rehearsed_too(project: Folder):
    orders(project)
    assert project("apply", "--yes")[0] == 0
    assert project("snapshot", "-o", str(project.root / "live.gz"))[0] == 0
    orders(project, changed_code(), "1.1.0")
    there, here = project.json("plan", "--no-secrets"), project.json("plan", *live(project))
    assert {**here, "createdAt": ""} == {**there, "createdAt": ""}
    for given in ([], live(project)):
        code, document = rehearsed(project, *given)
        assert (code, document["left"]) == (0, [])
        assert "Integration/orders#publish" in {one["id"] for one in document["plan"]["actions"]}
