"""snapshot, and plan, drift and list against it: without the tenant, and with the same results."""

from __future__ import annotations

import gzip
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from graphql import FieldNode, Visitor, parse, visit

from reconciler.cli.main import run
from reconciler.kinds import all_kinds
from reconciler.live.redact import AS_THEY_ARE, PLAIN
from reconciler.sandbox import Sandbox
from reconciler.verbs.machine import Machine
from reconciler.verbs.session import open_session
from reconciler.verbs.snapshot import save, snapshot
from tests.cli.projects import PROJECT, Folder
from tests.golden_worlds.world import world
from tests.steady import steady

SECRET = {"secret": {"env": "SHOP_KEY"}}
CANARIES = (
    "canary-s3cr3t",
    "canary-typed-in",
    "canary-preset",
    "digest-key",
    "canary-hook",
    "canary-metadata",
)
KEYED = PROJECT.replace(
    "spec: {manifests: [manifests/]}",
    "spec:\n  manifests: [manifests/]\n  environments:\n    sandbox: {secretKey: {env: DIGEST_KEY}}\n",
)


def furnish(project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that was applied, and that people changed since."""
    monkeypatch.setenv("SHOP_KEY", "canary-s3cr3t")
    monkeypatch.setenv("DIGEST_KEY", "digest-key")
    definition = (
        (project.root / "definitions/orders.yml").read_text().replace("value: demo", "value: canary-preset")
    )
    project.write("definitions/orders.yml", definition)
    project.shop(
        config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": SECRET}}},
        flows={"Receive order": {"apiKeys": [SECRET], "testPayload": '{"a": 1}'}},
    )
    hook = "https://example.com/canary-hook"
    monkeypatch.setenv("HOOK", hook)
    project.manifest(
        "AlertWebhook",
        "ops",
        name="Ops",
        payloadTemplate="{}",
        url={"secret": {"env": "HOOK"}},
        headers={"Authorization": SECRET},
    )
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    project.mutate("createCustomer", {"name": "By hand", "externalId": "by-hand"})
    orders = project.ask("{ integrations { nodes { id metadata } } }")["integrations"]["nodes"][0]
    kept = {**json.loads(orders["metadata"]), "pager": {"token": "canary-metadata"}}
    project.mutate("updateIntegration", {"id": orders["id"], "metadata": json.dumps(kept)})
    instance = project.id_of("instances")
    rows = [
        {"key": "Shop", "values": json.dumps([{"name": "apiKey", "type": "value", "value": CANARIES[1]}])}
    ]
    project.mutate("updateInstanceConfigVariables", {"id": instance, "configVariables": rows})


@pytest.fixture(params=["keyed", "keyless"])
def taken(request: pytest.FixtureRequest, project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project beside which its snapshot lies."""
    if request.param == "keyed":
        project.write("reconciler.yaml", KEYED)
    furnish(project, monkeypatch)
    code, out, err = project("snapshot", "-o", str(project.root / "live.gz"))
    assert code == 0, out + err
    return project


@pytest.fixture
def no_tenant(taken: Folder, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Takes the tenant away: whoever opens it, or a connection, fails."""

    def away() -> None:
        def refuse(*_: Any, **__: Any) -> Any:
            raise AssertionError("somebody looks for the tenant")

        monkeypatch.setattr("reconciler.verbs.session.open_sandbox", refuse)
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)
        monkeypatch.setattr("socket.socket.connect", refuse)

    return away


def changed_in_git(project: Folder) -> None:
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    project.manifest("Customer", "new", name="New")
    definition = (project.root / "definitions/orders.yml").read_text()
    project.write("definitions/orders.yml", definition.replace("com/orders", "com/orders/2"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.1.0"
    )


TOLD_BY_THE_TENANT = {"updatedAt", "who", "activities"}


def of_plan(document: dict[str, Any]) -> dict[str, Any]:
    """A document without its moment, and without who changed what drifted, and when."""
    found = {name: value for name, value in document.items() if name != "createdAt"}
    for one in found.get("drift", ()):
        for name in TOLD_BY_THE_TENANT:
            one.pop(name, None)
    return found


def live(project: Folder) -> list[str]:
    return ["--live", str(project.root / "live.gz")]


@pytest.mark.parametrize("change", [lambda _: None, changed_in_git], ids=["as applied", "changed"])
def test_a_plan_against_a_snapshot_is_the_plan_against_the_tenant(
    taken: Folder, no_tenant: Callable[[], None], change: Callable[[Folder], None]
):
    keyed = "secretKey" in (taken.root / "reconciler.yaml").read_text()
    change(taken)
    online = [] if keyed else ["--no-secrets"]
    verbs = (["plan", *online], ["plan", "--prune", *online], *([["drift"]] if keyed else []), ["list"])
    there = [of_plan(taken.json(*verb)) for verb in verbs]
    no_tenant()
    here = [
        of_plan(taken.json(*[one for one in verb if one != "--no-secrets"], *live(taken))) for verb in verbs
    ]
    for one, other in zip(here, there, strict=True):
        assert one == other


def test_a_snapshot_holds_no_secret_and_only_its_owner_reads_it(taken: Folder):
    file = taken.root / "live.gz"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = gzip.decompress(file.read_bytes()).decode()
    assert [one for one in CANARIES if one in text] == []
    assert "#orders" in text
    assert "Acme" in text


def test_what_cannot_be_replayed_is_refused(taken: Folder, tmp_path: Path):
    def code(*arguments: str) -> tuple[int, str]:
        status, out, err = taken(*arguments, "--format", "json")
        assert not out
        (error,) = json.loads(err)["errors"]
        assert error["hint"]
        return status, error["code"]

    whole = (taken.root / "live.gz").read_bytes()
    document = json.loads(gzip.decompress(whole))
    files = {
        "none": None,
        "text": b"hello",
        "cut": whole[: len(whole) // 2],
        "list": gzip.compress(b"[]"),
        "newer": gzip.compress(json.dumps({**document, "format": "reconciler.snapshot/v2"}).encode()),
        "bare": gzip.compress(json.dumps({"format": "reconciler.snapshot/v1"}).encode()),
        "odd": gzip.compress(json.dumps({**document, "answers": [1]}).encode()),
    }
    for name, data in files.items():
        file = tmp_path / f"{name}.gz"
        if data is not None:
            file.write_bytes(data)
        for verb in ("plan", "drift", "list"):
            assert code(verb, "--live", str(file)) == (3, "snapshot-file"), name
    for name in ("project", "environment", "stack"):
        file = tmp_path / "other.gz"
        file.write_bytes(gzip.compress(json.dumps({**document, name: "other"}).encode()))
        assert code("plan", "--live", str(file)) == (3, "snapshot-of-another")


def test_a_snapshot_of_another_tenant_is_refused(taken: Folder):
    served = "{url: https://app.prismatic.io, tenant: TENANT, auth: {refreshToken: {env: NO_TOKEN}}}"
    document = json.loads(gzip.decompress((taken.root / "live.gz").read_bytes()))
    document |= {"environment": "prod", "stack": "https://app.prismatic.io"}
    (taken.root / "live.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    text = (taken.root / "reconciler.yaml").read_text()
    if "environments:" not in text:
        text = KEYED.replace("sandbox: {secretKey: {env: DIGEST_KEY}}", "sandbox: {}")

    def code(tenant: str) -> tuple[int, str]:
        environment = f"    prod: {served.replace('TENANT', tenant)}\n"
        taken.write("reconciler.yaml", text + environment)
        status, _, err = taken("plan", "-e", "prod", *live(taken))
        return status, err

    assert code(document["tenant"])[0] == 0  # and no token was asked for
    status, err = code("0b8e6a0c-0000-4000-8000-000000000000")
    assert status == 3
    assert f'is a snapshot of tenant "{document["tenant"]}"' in err


def test_another_key_is_refused_and_none_compares_nothing(taken: Folder, monkeypatch: pytest.MonkeyPatch):
    if "secretKey" not in (taken.root / "reconciler.yaml").read_text():
        return
    monkeypatch.setenv("DIGEST_KEY", "another")
    status, _, err = taken("plan", *live(taken))
    assert status == 3
    assert "was taken with another key" in err
    monkeypatch.delenv("DIGEST_KEY")
    monkeypatch.delenv("SHOP_KEY")
    here = taken.json("plan", "--no-secrets", *live(taken))
    assert {note["code"] for note in here["notes"]} == {"not-compared", "waits-for-deploy"}
    assert of_plan(here) == of_plan(taken.json("plan", "--no-secrets"))


def test_the_same_tenant_clock_and_chance_give_the_same_file(taken: Folder):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    files = []
    for name in ("one.gz", "two.gz"):
        session = open_session(taken.root / "reconciler.yaml", None, os.environ, taken.root)
        session = replace(session, machine=Machine(now=lambda: moment, entropy=lambda size: b"s" * size))
        save(session, taken.root / name, anyio.run(snapshot, session).snapshot)
        files.append((taken.root / name).read_bytes())
    assert files[0] == files[1]


def test_of_a_snapshot_nobody_asks_who_changed_what_drifted(taken: Folder, no_tenant: Callable[[], None]):
    acme = taken.ask('{ customers(externalId: "acme-1") { nodes { id } } }')["customers"]["nodes"][0]["id"]
    taken.mutate("updateCustomer", {"id": acme, "description": "By somebody"})
    assert taken("snapshot", "-o", str(taken.root / "live.gz"))[0] == 0
    there = [taken.json(verb)["drift"] for verb in ("plan", "drift")]
    no_tenant()
    here = [taken.json(verb, *live(taken))["drift"] for verb in ("plan", "drift")]
    for drifts in there:
        assert any(set(one) >= TOLD_BY_THE_TENANT for one in drifts)
    for drifts in here:
        assert ("Customer/acme", "description") in [(one["address"], one["path"]) for one in drifts]
        assert not any(TOLD_BY_THE_TENANT & set(one) for one in drifts)


def test_a_plan_of_a_snapshot_is_applied_only_where_live_still_fits(taken: Folder):
    changed_in_git(taken)
    saved = str(taken.root / "saved.json")
    assert taken("plan", "-o", saved, "--select", "Customer/acme", *live(taken))[0] == 0
    acme = taken.ask('{ customers(externalId: "acme-1") { nodes { id } } }')["customers"]["nodes"][0]["id"]
    taken.mutate("updateCustomer", {"id": acme, "description": "By somebody"})
    assert taken("apply", saved)[0] == 5
    taken.mutate("updateCustomer", {"id": acme, "description": "First"})
    code, out, err = taken("apply", saved)
    assert code == 0, out + err
    assert taken.ask('{ customers(externalId: "acme-1") { nodes { description } } }')["customers"][
        "nodes"
    ] == [{"description": "Second"}]


def test_each_field_that_is_asked_for_is_known_to_be_plain_or_is_withheld():
    withheld = {"apiKeys", "definition", "headers", "payloadTemplate", "secret", "testContentType"}
    withheld |= {"testHeaders", "testPayload", "url", "value"}
    named: set[str] = set()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if not node.selection_set:
                named.add((node.alias or node.name).value)

    for kind in all_kinds().values():
        for document in {kind.list_page(1, 0).document, *getattr(kind, "_documents", {}).values()}:
            if not document.lstrip().startswith("mutation"):
                visit(parse(document), Fields())
    numbers = {
        name for name in named if name.startswith(("allow", "has", "is", "uses", "total", "quick", "logs"))
    }
    numbers |= {"deployedVersion", "durationSecondsCondition", "enabled", "executionOverdueMinutesCondition"}
    numbers |= {
        "allocatedMemoryMb",
        "logSeverityLevelCondition",
        "needsDeploy",
        "public",
        "stepResultsDisabled",
    }
    numbers |= {"systemSuspended", "versionIsAvailable", "versionNumber"}
    assert named - PLAIN - AS_THEY_ARE - numbers - {"metadata", "versionAttributes"} == withheld
    assert not withheld & PLAIN


def test_what_decides_and_is_not_in_a_snapshot_is_an_error(taken: Folder):
    document = json.loads(gzip.decompress((taken.root / "live.gz").read_bytes()))
    document["answers"] = [one for one in document["answers"] if set(one["variables"]) != {"id"}]
    (taken.root / "live.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    changed_in_git(taken)
    status, _, err = taken("plan", *live(taken))
    assert status == 3
    assert "the snapshot does not hold what a plan with these manifests asks of an object" in err


@pytest.mark.parametrize("seed", [3, 9, 13])
def test_in_other_worlds_the_plan_is_the_same(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one = world(seed)

    def said(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = run(["--project", str(tmp_path / "reconciler.yaml"), "--format", "json", *arguments])
        out, err = capsys.readouterr()
        assert out, err
        return code, of_plan(json.loads(out))

    with steady(seed, one.first.secrets):
        one.first.write(tmp_path)
        (tmp_path / ".reconciler").mkdir()
        with Sandbox(tmp_path / ".reconciler" / "sandbox.db", rules=one.rules) as sandbox:
            for deed in one.before:
                deed.do(sandbox)
        said("apply", "--yes", "--parallelism", "1")
        with Sandbox(tmp_path / ".reconciler" / "sandbox.db") as sandbox:
            for deed in one.between:
                deed.do(sandbox)
        assert (
            run(["--project", str(tmp_path / "reconciler.yaml"), "snapshot", "-o", str(tmp_path / "f")]) == 0
        )
        capsys.readouterr()
    one.later.write(tmp_path)
    with steady(f"{seed} later", one.later.secrets):
        for verb in (["plan", *one.options], ["plan", "--no-secrets"], ["drift"], ["list"]):
            assert said(*verb, "--live", str(tmp_path / "f")) == said(*verb)
