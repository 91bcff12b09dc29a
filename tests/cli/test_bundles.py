"""Code-native integrations from the command line: published, imported, left alone while nothing changes."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from reconciler.apply.run import Walk
from reconciler.live.fetch import fetch, kinds_to_read
from reconciler.manifests import project as projects
from reconciler.manifests.bundle import files_of, packed
from reconciler.manifests.load import load
from reconciler.model.outcome import Outcome
from reconciler.model.state import Desired
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.sandbox import Sandbox, transport
from tests.acceptance.remote import Remote
from tests.cli.projects import Folder
from tests.harness import Killed, client_of, known_to, run_of
from tests.manifests.bundles import INDEX, changed, needs_node
from tests.sandbox.served import ServedSandbox

pytestmark = needs_node
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS = (
    "{ components(public: false, includeComponentsForCodeNativeIntegrations: true) { nodes { key "
    "versionSequence(sortBy: [{field: VERSION_NUMBER, direction: ASC}]) { nodes { signature } } "
    "} } }"
)


def orders(project: Folder, index: str = INDEX, release: str = "1.0.0", **spec: Any) -> None:
    project.write("dist/index.js", index)
    project.manifest("Integration", "orders", bundle="../dist/", release=release, **spec)


def signature(project: Folder) -> str:
    return sha1(packed(files_of(project.root / "dist"))).hexdigest()


def published(project: Folder) -> list[str]:
    """The signatures of the component's versions, oldest first."""
    nodes = project.ask(VERSIONS)["components"]["nodes"]
    assert len(nodes) <= 1, nodes
    return [one["signature"] for node in nodes for one in node["versionSequence"]["nodes"]]


def apply(project: Folder) -> None:
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err


def unchanged(project: Folder) -> None:
    code, out, err = project("plan", "--detailed-exitcode")
    assert code == 0, out + err


def whole_life(project: Folder) -> None:
    orders(project)
    first = signature(project)
    apply(project)
    unchanged(project)
    assert published(project) == [first]
    orders(project, changed(), "1.1.0")
    second = signature(project)
    plan = project.json("plan")
    ids = [action["id"] for action in plan["actions"]]
    assert ids == [
        "Bundle/orders#publish",
        "Integration/orders#import",
        "Integration/orders#update",
        "Integration/orders#publish",
    ]
    bundle = {"path": "bundle", "before": first, "after": second, "cause": "pending"}
    assert [action["changes"] for action in plan["actions"][:2]] == [[bundle], [bundle]]
    _, out, _ = project("plan")
    assert f'bundle: "{first}" → "{second}"' in out
    apply(project)
    unchanged(project)
    assert published(project) == [first, second]


def test_a_bundle_is_published_and_imported_once(project: Folder) -> None:
    whole_life(project)
    code, out, err = project("pull", "--drift")  # whose files are none but the manifest's
    assert code == 0, out + err


def test_a_served_tenant_takes_uploads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("SERVED_TOKEN", "SERVED_REFRESH_TOKEN"):
        monkeypatch.setenv(name, "")
    with ServedSandbox() as served:
        whole_life(Remote(tmp_path, capsys, served))


def test_a_bundle_that_is_there_is_not_published_again(project: Folder) -> None:
    for index, release in ((INDEX, "1.0.0"), (changed(), "1.1.0"), (INDEX, "1.2.0")):
        orders(project, index, release)
        apply(project)
        unchanged(project)
    assert len(published(project)) == 2
    assert published(project)[0] == signature(project)


def test_the_embedded_tenant_and_the_plan_hold_no_bytes(project: Folder) -> None:
    orders(project, INDEX.replace('GREETING = "hello"', 'GREETING = "needle-in-the-code"'))
    texts = [*project("plan", "-o", str(project.root / "plan.json")), *project("plan", "--format", "json")]
    apply(project)
    texts += [(project.root / "plan.json").read_text()]
    texts += [path.read_text() for path in (project.root / ".reconciler/journal").glob("*.jsonl")]
    assert not any("needle-in-the-code" in str(text) for text in texts)


def test_a_saved_plan_is_bound_to_its_bundle(project: Folder) -> None:
    orders(project)
    saved = str(project.root / "plan.json")
    assert project("plan", "-o", saved)[0] == 0
    project.write("dist/index.js", changed())
    code, _, err = project("apply", saved, "--yes")
    assert code == 5, err
    assert published(project) == []
    project.write("dist/index.js", INDEX)
    assert project("apply", saved, "--yes")[0] == 0
    unchanged(project)


def test_an_instance_runs_a_bundle(project: Folder) -> None:
    orders(project)
    project.manifest("Customer", "acme", name="Acme")
    project.manifest(
        "Instance", "orders", customer="acme", integration="orders", name="O", config={"Channel": "#a"}
    )
    apply(project)
    unchanged(project)
    project.manifest(
        "Instance", "orders", customer="acme", integration="orders", name="O", config={"Chanel": "#a"}
    )
    code, _, err = project("validate")
    assert code == 3
    assert "Chanel" in err


def test_low_code_gives_way_to_code(project: Folder) -> None:
    project.manifest("Integration", "orders", definition="../definitions/orders.yml", release="1.0.0")
    apply(project)
    orders(project, release="2.0.0")
    apply(project)
    unchanged(project)
    project.manifest("Integration", "orders", definition="../definitions/orders.yml", release="3.0.0")
    apply(project)
    unchanged(project)


PUBLISH = """mutation ($input: PublishComponentInput!) { publishComponent(input: $input) {
  publishResult { packageUploadUrl } errors { field messages } } }"""


def publish_by_hand(project: Folder, content: bytes) -> None:
    """Somebody's own version of our component."""
    (node,) = project.ask(VERSIONS)["components"]["nodes"]
    described = {"key": node["key"], "forCodeNativeIntegration": True}
    display = {"label": "Mine", "description": "Mine"}
    sandbox = project.sandbox()

    async def work() -> None:
        async with httpx.AsyncClient(transport=transport(sandbox)) as http:
            values = {"input": {"definition": {**described, "display": display}}}
            _, answer, _ = sandbox.execute(PUBLISH, values)
            url = answer["data"]["publishComponent"]["publishResult"]["packageUploadUrl"]
            assert (await http.put(url, content=content)).status_code == 200

    try:
        anyio.run(work)
    finally:
        sandbox.close()


def test_somebodys_version_is_named_and_left_alone(project: Folder) -> None:
    orders(project)
    apply(project)
    publish_by_hand(project, b"mine")
    unchanged(project)
    (drift,) = project.json("drift")["drift"]
    assert (drift["address"], drift["path"]) == ("Bundle/orders", "bundle")
    assert (drift["applied"], drift["live"]) == (signature(project), sha1(b"mine").hexdigest())
    orders(project, changed(), "1.1.0")
    apply(project)
    unchanged(project)
    assert project.json("drift")["drift"] == []


def test_a_draft_that_was_put_on_another_bundle_is_put_back(project: Folder) -> None:
    orders(project, draft="follow")
    apply(project)
    publish_by_hand(project, b"mine")
    identifier = project.id_of("integrations")
    text = project.ask("{ integrations { nodes { definition } } }")["integrations"]["nodes"][0]["definition"]
    other = text.replace('"version": !!int "1"', '"version": !!int "2"')
    assert other != text
    project.behind("importIntegration", {"integrationId": identifier, "definition": other})
    plan = project.json("plan", "--overwrite-drafts")
    (change,) = plan["actions"][0]["changes"]
    assert change == {
        "path": "bundle",
        "before": sha1(b"mine").hexdigest(),
        "after": signature(project),
        "cause": "drift",
    }
    code, out, err = project("apply", "--yes", "--overwrite-drafts")
    assert code == 0, out + err
    unchanged(project)
    assert len(published(project)) == 2


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        ({"definition": "../definitions/orders.yml"}, "wrong-value", "names a definition and a bundle"),
        ({"bundle": "../nowhere/"}, "missing-file", "does not exist"),
        ({"bundle": "../../"}, "outside-project", "is outside the project"),
        ({"bundle": "../link"}, "outside-project", "is outside the project"),
        ({"bundle": "../definitions"}, "bundle-folder", "holds no index.js"),
        ({"bundle": "../reconciler.yaml"}, "bundle-folder", "is not a folder"),
    ],
)
def test_what_is_no_bundle_is_told_at_its_line(
    spec: dict[str, str], code: str, words: str, project: Folder
) -> None:
    (project.root / "link").symlink_to(project.root.parent)
    orders(project, **spec) if "bundle" not in spec else project.manifest("Integration", "orders", **spec)
    exit_code, _, err = project("validate", "--format", "json")
    assert exit_code == 3
    (error,) = json.loads(err)["errors"]
    assert error["code"] == code, error
    assert words in error["message"]
    assert error["file"] == "manifests/integration-orders.yaml"
    assert error["line"] >= 4
    assert error["address"] == "Integration/orders"


def test_neither_definition_nor_bundle(project: Folder) -> None:
    project.manifest("Integration", "orders", name="Orders")
    code, _, err = project("validate")
    assert code == 3
    assert '"definition"' in err


class Mortal(httpx.AsyncBaseTransport):
    """Kills the run at the n-th thing that changes the tenant, uploads included: before or after it."""

    def __init__(self, inner: httpx.AsyncBaseTransport, at: int, after: bool) -> None:
        self.inner, self.at, self.after, self.seen = inner, at, after, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        writes = request.method == "PUT" or json.loads(request.content)["query"].startswith("mutation")
        self.seen += writes
        if writes and self.seen == self.at and not self.after:
            raise Killed
        response = await self.inner.handle_async_request(request)
        if writes and self.seen == self.at:
            await response.aread()
            raise Killed
        return response


def desired_of(project: Folder) -> Desired:
    found, problems = projects.load(project.root / "reconciler.yaml")
    assert found is not None, problems
    desired, diagnostics = load(found, "sandbox", environ=os.environ)
    assert not diagnostics, diagnostics
    return desired


def run(sandbox: Sandbox, desired: Desired, at: int, after: bool) -> Outcome:
    """One plan and apply, which dies at its n-th write."""

    async def work() -> Outcome:
        mortal = Mortal(transport(sandbox), at, after)
        async with client_of(sandbox, wire=mortal) as client:
            live = await fetch(client, kinds_to_read(desired, prune=False))
            matched = match(desired, live)
            run = run_of(client, desired, known_to(matched))
            plan = make_plan(desired, live, run.policy)
            return await Walk(plan, run, parallelism=4, now=lambda: NOW).outcome()

    return anyio.run(work)


@pytest.mark.parametrize(
    ("known", "at", "after"),
    [
        *((False, at, after) for at, after in ((1, True), (2, True), (3, True), (5, False))),
        *((True, at, after) for at, after in ((1, False), (2, False), (2, True), (3, True), (5, True))),
    ],
)
def test_a_run_that_died_is_gone_on_with(known: bool, at: int, after: bool, project: Folder) -> None:
    """Writes: publish, upload, create or import, update, publish. Only a package that never arrived is sent
    again.
    """
    orders(project)
    if known:
        apply(project)
        orders(project, changed(), "1.1.0")
    before = published(project)
    with project.sandbox() as sandbox:
        with pytest.raises(BaseExceptionGroup) as caught:
            run(sandbox, desired_of(project), at, after)
        assert caught.value.subgroup(Killed)
        arrived = at > 2 or (at == 2 and after)
        assert published(project) == [*before, *([signature(project)] if arrived else [])]
    apply(project)
    unchanged(project)
    assert published(project) == [*before, signature(project)]
    assert len(project.ask("{ integrations { nodes { id } } }")["integrations"]["nodes"]) == 1
    versions = "{ integrations(allVersions: true) { nodes { versionNumber versionIsAvailable } } }"
    numbers = [v for v in project.ask(versions)["integrations"]["nodes"] if v["versionIsAvailable"]]
    assert len(numbers) == 1 + known


@pytest.mark.parametrize("pattern", ["Integration/orders", "team=crm"])
def test_the_bundle_of_an_excluded_integration_is_not_published(project: Folder, pattern: str) -> None:
    orders(project)
    path = next(project.root.glob("manifests/integration-*.yaml"))
    path.write_text(path.read_text().replace("metadata:\n", "metadata:\n  labels: {team: crm}\n", 1))
    project.manifest("Customer", "acme", name="Acme")
    found = project.json("plan", "--exclude", pattern)
    assert {a["address"] for a in found["actions"]} == {"Customer/acme"}
    assert "leftOut" not in found
    selected = project.json("plan", "--select", pattern, "--no-deps")
    assert {a["address"].partition("/")[0] for a in selected["actions"]} == {"Bundle", "Integration"}


SECRETS = {"ORDERS_TOKEN": {"secret": {"env": "TOKEN"}}}
IN_DEFINITION = INDEX.replace("defaultValue: general", 'defaultValue: "\\${secret:ORDERS_TOKEN}"')
CONNECTION = """[{key: "shop", label: "Shop", inputs: [
  {key: "token", label: "Token", type: "string", default: "${secret:ORDERS_TOKEN}"}]}]"""
IN_CONNECTION = INDEX.replace("connections: []", f"connections: {CONNECTION}")


@pytest.mark.parametrize("index", [IN_DEFINITION, IN_CONNECTION], ids=["definition", "connection"])
def test_the_secrets_of_a_bundle_are_filled_in_before_it_is_sent(
    project: Folder, index: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TOKEN", "t-0123456789")
    orders(project, index)
    assert project("validate")[0] == 0
    assert "secret-missing" in {one["code"] for one in project.json("plan")["refusals"]}
    code, out, err = project("apply", "--yes")
    assert code == 5
    orders(project, index, definitionSecrets=SECRETS)
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert "t-0123456789" not in out + err
    node = project.ask("{ integrations { nodes { definition } } }")["integrations"]["nodes"][0]
    assert "signature" not in node["definition"]
    presets = project.ask(
        "{ components(public: false, includeComponentsForCodeNativeIntegrations: true) { nodes { "
        "connections { nodes { inputs { nodes { key default } } } } } } }"
    )
    sent = f"{node['definition']} {json.dumps(presets)}"
    assert ("${secret" in sent, "t-0123456789" in sent) == (False, True)
    unchanged(project)


def test_a_pull_removes_a_manifest_and_leaves_the_folder_of_its_bundle_alone(project: Folder) -> None:
    orders(project)
    code, out, err = project("pull", "--prune")
    assert code == 0, out + err
    assert not list(project.root.glob("manifests/integration-orders.yaml"))
    assert (project.root / "dist/index.js").exists()
