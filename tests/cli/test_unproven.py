"""What is live and may be a secret: shown only where the record proves that it was last written as plain."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.cli.projects import DEFINITION, Folder

SECRET = "kanarie-3f9b2c71"
NOT_SHOWN = "(not shown: it may be a secret)"
KEYS = ("Channel", "Body", "Pairs")
VARIABLES = """\
  - {key: Body, dataType: code, codeLanguage: json, defaultValue: "{}", orgOnly: false}
  - {key: Pairs, dataType: string, collectionType: keyvaluelist, defaultValue: '[]', orgOnly: false}
  - {key: Mode, dataType: picklist, pickList: [fast, slow], defaultValue: fast, orgOnly: false}
requiredConfigVars:
"""
ELEMENTS = "".join(f"      - {{type: configVar, value: {key}}}\n" for key in ("Body", "Pairs", "Mode"))


@pytest.fixture
def shop(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project whose integration has texts of all sorts."""
    monkeypatch.setenv("SHOP_KEY", SECRET)
    more, head = VARIABLES.rsplit("requiredConfigVars:\n", 1)[0], "requiredConfigVars:\n"
    text = DEFINITION.replace(head, head + more).replace("    elements:\n", "    elements:\n" + ELEMENTS)
    project.write("definitions/orders.yml", text)
    return project


def secret() -> dict[str, Any]:
    return {"secret": {"env": "SHOP_KEY"}}


def said(project: Folder) -> str:
    """All that is said and saved of the plan."""
    saved = project.root / "saved.json"
    texts = [*project("plan", "-o", str(saved), "-v"), *project("drift")]
    assert saved.exists(), texts
    for form in ("json", "markdown", "junit", "github"):
        texts += [*project("plan", "--format", form), *project("drift", "--format", form)]
    return "".join(map(str, texts)) + saved.read_text()


def before(project: Folder) -> dict[str, Any]:
    """What the plan shows to be there, by path."""
    actions = project.json("plan")["actions"]
    return {change["path"]: change["before"] for action in actions for change in action["changes"]}


def applied(project: Folder) -> None:
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0


def someone_sets(project: Folder, **values: str) -> None:
    variables = [{"key": key, "value": value} for key, value in values.items()]
    project.behind(
        "updateInstanceConfigVariables", {"id": project.id_of("instances"), "configVariables": variables}
    )
    project.behind("deployInstance", {"id": project.id_of("instances")})


@pytest.mark.parametrize(
    ("key", "was", "now"),
    [
        ("Channel", secret(), "plain-a"),
        ("Body", secret(), '{"a": 1}'),
        ("Pairs", {"token": secret()}, {"token": "plain-a"}),
        ("Pairs", [{"key": "token", "value": secret()}], [{"key": "token", "value": "plain-a"}]),
    ],
)
@pytest.mark.parametrize("others", [{}, {"Mode": "fast"}])
def test_what_was_a_secret_is_not_shown_when_git_calls_it_plain(
    shop: Folder, key: str, was: Any, now: Any, others: dict[str, Any]
):
    """Some other variable is not mentioned any more."""
    shop.shop(config={key: was, "Mode": "slow"})
    applied(shop)
    shop.shop(config={key: now, **others})
    assert SECRET not in said(shop)
    assert before(shop)[f"config.{key}"] == "(secret)"
    shop.shop(config=others or {"Mode": "slow"})
    applied(shop)
    shop.shop(config={key: now, **others})
    assert SECRET not in said(shop)
    applied(shop)
    someone_sets(shop, **{key: '[{"key": "theirs", "value": "1"}]'})
    assert "theirs" in said(shop), "a person's later edit of a plain text is shown"


@pytest.mark.parametrize(
    ("setting", "was", "now"),
    [
        ("testHeaders", {"x-key": secret()}, {"x-key": "plain"}),
        ("testPayload", {"key": secret()}, {"key": "plain"}),
    ],
)
def test_the_same_of_the_settings_of_a_flow(shop: Folder, setting: str, was: Any, now: Any):
    shop.shop(flows={"Receive order": {setting: was, "usesLre": True}})
    applied(shop)
    shop.shop(flows={"Receive order": {setting: now}})
    assert SECRET not in said(shop)
    shop.shop(flows={"Receive order": {"usesLre": False}})
    applied(shop)
    shop.shop(flows={"Receive order": {setting: now}})
    assert SECRET not in said(shop)
    applied(shop)
    query = "{ instances(isSystem: false) { nodes { id flowConfigs { nodes { flow { id } } } } } }"
    (instance,) = shop.ask(query)["instances"]["nodes"]
    flow = {"flowId": instance["flowConfigs"]["nodes"][0]["flow"]["id"], setting: '{"x": "theirs"}'}
    shop.behind("updateInstance", {"id": instance["id"], "flowConfigs": [flow]})
    assert "theirs" in said(shop)


def test_what_the_record_does_not_know_is_not_shown(shop: Folder):
    shop.shop(config={"Mode": "slow"})
    applied(shop)
    someone_sets(shop, Channel=SECRET, Mode="fast")
    shop.shop(config={"Channel": "#orders", "Mode": "slow"})
    assert before(shop) == {"config.Channel": NOT_SHOWN, "config.Mode": "fast"}
    assert SECRET not in said(shop)


def test_without_a_record_no_text_is_shown(shop: Folder):
    environments = "spec:\n  manifests: [manifests/]\n  environments: {sandbox: {applied: none}}\n"
    project = (shop.root / "reconciler.yaml").read_text()
    shop.write("reconciler.yaml", project.replace("spec: {manifests: [manifests/]}\n", environments))
    shop.shop(config={"Channel": "#orders", "Mode": "slow"})
    applied(shop)
    someone_sets(shop, Channel=SECRET, Mode="fast")
    assert before(shop) == {"config.Channel": NOT_SHOWN, "config.Mode": "fast"}
    assert SECRET not in said(shop)


def _labels(project: Folder) -> list[str]:
    found = project.ask("{ instances(isSystem: false) { nodes { labels } } }")["instances"]["nodes"]
    return list(found[0]["labels"])


@pytest.mark.parametrize("which", ["reconciler-applied:", "reconciler-applied:2:"])
def test_a_record_that_is_gone_or_of_an_earlier_version_is_none_and_writes_nothing(shop: Folder, which: str):
    flows = {"Receive order": {"apiKeys": [secret()], "testPayload": "plain"}}
    shop.shop(config={"Channel": "#orders"}, flows=flows)
    applied(shop)
    earlier = ["reconciler-applied:" + "ab12" * 10] if which.endswith("2:") else []
    labels = [label for label in _labels(shop) if not label.startswith("reconciler-applied:")]
    labels += earlier
    shop.behind(
        "updateInstance", {"id": shop.id_of("instances"), "labels": labels, "preserveDeployState": True}
    )
    assert shop("plan", "--detailed-exitcode")[0] == 0
    someone_sets(shop, Channel=SECRET)
    assert before(shop) == {"config.Channel": NOT_SHOWN}
    assert SECRET not in said(shop)
    applied(shop)
    assert any(label.startswith("reconciler-applied:2:") for label in _labels(shop))
    assert len(_labels(shop)) == 2
    someone_sets(shop, Channel="#theirs")
    assert before(shop) == {"config.Channel": "#theirs"}


def test_a_run_that_ends_before_the_plain_value_is_there_leaves_the_secret_hidden(shop: Folder):
    """The record must not say what is only about to be."""
    shop.shop(config={"Channel": secret()}, description="One")
    applied(shop)
    shop.shop(config={"Channel": "plain-a"}, description="Two")
    assert shop("sandbox", "fault", "graphql_errors", "--operation", "updateInstanceConfigVariables")[0] == 0
    assert shop("apply", "--yes")[0] != 0
    assert SECRET not in said(shop)
    assert before(shop) == {"config.Channel": "(secret)"}


def test_a_run_that_ends_before_the_secret_is_recorded_has_not_sent_it(shop: Folder):
    shop.shop(config={"Channel": "plain-a"})
    applied(shop)
    shop.shop(config={"Channel": secret()})
    assert shop("sandbox", "fault", "graphql_errors", "--operation", "updateInstance")[0] == 0
    assert shop("apply", "--yes")[0] != 0
    values = "{ instances(isSystem: false) { nodes { configVariables { nodes { value } } } } }"
    assert SECRET not in json.dumps(shop.ask(values))


def _foreign(project: Folder, **values: str) -> str:
    """Somebody's own instance, of the release that git names; its id."""
    nodes = project.ask("{ integrations { nodes { versionSequence { nodes { id versionNumber } } } } }")
    versions = nodes["integrations"]["nodes"][0]["versionSequence"]["nodes"]
    newest = max(versions, key=lambda version: version["versionNumber"])["id"]
    variables = [{"key": key, "value": value} for key, value in values.items()]
    made = project.behind(
        "createInstance",
        {
            "customer": project.id_of("customers"),
            "integration": newest,
            "name": "Orders for Acme",
            "configVariables": variables,
        },
    )
    project.behind("deployInstance", {"id": made["id"]})
    return str(made["id"])


def test_what_is_adopted_counts_as_plain_only_where_it_is_just_what_git_says(shop: Folder):
    shop.shop(config={"Channel": "#orders", "Body": "{}"})
    (shop.root / "manifests/instance-orders.yaml").unlink()
    applied(shop)
    foreign = _foreign(shop, Channel=SECRET, Body="{}")
    shop.shop(config={"Channel": "#orders", "Body": "{}"})
    code, _, err = shop("adopt", "Instance/acme/orders", foreign, "--yes")
    assert code == 0, err
    assert before(shop)["config.Channel"] == NOT_SHOWN
    someone_sets(shop, Body='{"by": "theirs"}')
    shown = before(shop)
    assert (shown["config.Channel"], shown["config.Body"]) == (NOT_SHOWN, {"by": "theirs"})
    assert SECRET not in said(shop)
    causes = {one["path"]: one["cause"] for one in shop.json("drift")["drift"]}
    assert causes == {"config.Body": "drift", "config.Channel": "unknown"}


def test_a_record_that_was_copied_onto_a_strangers_object_proves_nothing(shop: Folder):
    """Whether it was written at the creation or later."""
    for description in ("One", "Two"):
        shop.shop(config={"Channel": "#orders"}, description=description)
        applied(shop)
        ours = shop.id_of("instances")
        labels = _labels(shop)
        shop.behind("updateInstance", {"id": ours, "labels": [], "preserveDeployState": True})
        foreign = _foreign(shop, Channel=SECRET)
        values = {"labels": labels, "name": "Theirs", "preserveDeployState": True}
        shop.behind("updateInstance", {"id": foreign, **values})
        shop.shop(config={"Channel": "#other"}, description=description)
        assert before(shop)["config.Channel"] == NOT_SHOWN
        assert SECRET not in said(shop)
        shop.behind("deleteInstance", {"id": foreign})
        shop.behind("updateInstance", {"id": ours, "labels": labels, "preserveDeployState": True})


def test_two_that_bear_one_mark_prove_nothing(shop: Folder):
    """Here whoever copied the labels gave the copy the same name, too."""
    shop.shop(config={"Channel": SECRET})
    applied(shop)
    labels = _labels(shop)
    shop.shop(config={"Channel": "#x"})
    assert before(shop)["config.Channel"] == SECRET
    foreign = _foreign(shop, Channel=SECRET)
    shop.behind("updateInstance", {"id": foreign, "labels": labels, "preserveDeployState": True})
    assert "config.Channel" not in before(shop)  # nothing is done to either
    assert SECRET not in said(shop)


def test_a_secret_of_an_earlier_release_stays_one(shop: Folder):
    shop.shop(config={"Channel": secret(), "Body": "{}"})
    applied(shop)
    text = (shop.root / "definitions/orders.yml").read_text()
    more = "requiredConfigVars:\n  - {key: Added, dataType: string, defaultValue: x, orgOnly: false}\n"
    text = text.replace("requiredConfigVars:\n", more)
    shop.write(
        "definitions/orders.yml",
        text.replace("value: Channel}", "value: Channel}\n      - {type: configVar, value: Added}"),
    )
    shop.shop(config={"Body": "{}"})
    shop.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    applied(shop)
    shop.shop(config={"Channel": "#orders", "Body": '{"a": 1}'})
    shop.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    assert before(shop) == {"config.Channel": "(secret)", "config.Body": {}}
    assert SECRET not in said(shop)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_values_are_shown_on_request_and_on_a_terminal_alone(shop: Folder, form: str):
    shop.shop(config={"Mode": "slow"})
    applied(shop)
    someone_sets(shop, Channel=SECRET)
    shop.shop(config={"Channel": "#orders", "Mode": "slow"})
    code, out, err = shop("plan", "--show-values", "--format", form)
    assert (code, SECRET in out + err) == (0, False)
    assert "--show-values" in err


def test_why_a_value_is_not_shown_is_said_once(shop: Folder):
    shop.shop(config={"Mode": "slow"})
    applied(shop)
    shop.shop(config={"Channel": "#orders", "Body": '{"a": 1}', "Mode": "slow"})
    _, out, _ = shop("plan")
    assert out.count(NOT_SHOWN) == 3
    assert out.count("no record proves") == 1


def test_a_person_at_a_terminal_is_shown_what_may_be_a_secret_and_not_what_is_one(shop: Folder):
    shop.shop(config={"Channel": secret(), "Mode": "slow"})
    applied(shop)
    someone_sets(shop, Channel="kanarie-of-theirs", Body='{"a": "may be one"}')
    shop.shop(config={"Channel": "#orders", "Body": "{}", "Mode": "slow"})
    saved = shop.root / "saved.json"
    master, slave = os.openpty()
    words = ["--project", str(shop.root / "reconciler.yaml"), "plan", "--show-values", "-o", str(saved)]
    process = subprocess.Popen([sys.executable, "-m", "reconciler", *words], stdout=slave, stderr=slave)
    os.close(slave)
    out = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while part := os.read(master, 65536):
            out += part
    os.close(master)
    assert process.wait(60) == 0
    shown = " ".join(out.decode().split())
    assert "may be one" in shown
    assert "kanarie" not in shown
    assert "no record proves" not in shown
    assert "may be one" not in saved.read_text()


SENSITIVE = {
    "config": {"Channel": SECRET, "Pairs": {"token": SECRET, "count": "2"}, "Mode": "slow"},
    "flows": {"Receive order": {"testHeaders": {"x-key": SECRET}, "testPayload": {"key": SECRET, "n": 1.5}}},
}


@pytest.mark.parametrize(
    "paths",
    [
        [
            "config.Channel",
            "config.Pairs.token",
            "flows.Receive order.testHeaders",
            "flows.Receive order.testPayload",
        ],
        ["config", "flows"],
    ],
)
def test_a_field_that_is_declared_sensitive_is_a_secret_without_a_source(shop: Folder, paths: list[str]):
    def write(**more: Any) -> None:
        shop.shop(**{**SENSITIVE, **more})
        path = shop.root / "manifests/instance-orders.yaml"
        text = yaml.safe_load(path.read_text())
        text["metadata"]["sensitive"] = paths
        shop.write("manifests/instance-orders.yaml", yaml.safe_dump(text))

    write()
    everything = said(shop)
    assert SECRET not in everything
    assert "(secret)" in everything
    applied(shop)
    query = "{ configVariables { nodes { value } } flowConfigs { nodes { testPayload testHeaders } } }"
    (node,) = shop.ask(f"{{ instances(isSystem: false) {{ nodes {query} }} }}")["instances"]["nodes"]
    values = [one["value"] for one in node["configVariables"]["nodes"]]
    assert SECRET in values
    assert [json.loads(one)[0] for one in values if one and "count" in one] == [
        {"key": "count", "value": "2"}
    ]
    (flow,) = node["flowConfigs"]["nodes"]
    assert json.loads(flow["testPayload"]) == {"key": SECRET, "n": 1.5}
    write(config={**SENSITIVE["config"], "Channel": "kanarie-rotated"})
    assert "kanarie" not in said(shop)
    applied(shop)
    files = [path for path in (shop.root / ".reconciler/journal").rglob("*") if path.is_file()]
    assert "kanarie" not in "".join(path.read_text() for path in files)


@pytest.mark.parametrize(
    ("kind", "path", "code"),
    [
        ("instance", "name", "not-secret"),
        ("instance", "conifg.A", "unknown-field"),
        ("instance", "enabled", "not-secret"),
        ("customer", "description", "not-secret"),
        ("integration", "name", "not-secret"),
        ("integration", "definition.flows[Receive order]", None),
        ("instance", "config.Channel", None),
    ],
)
def test_only_what_may_be_a_secret_can_be_declared_sensitive(
    shop: Folder, kind: str, path: str, code: str | None
):
    shop.shop()
    name = "acme" if kind == "customer" else "orders"
    file = shop.root / f"manifests/{kind}-{name}.yaml"
    text = yaml.safe_load(file.read_text())
    text["metadata"]["sensitive"] = [path]
    file.write_text(yaml.safe_dump(text))
    exit_code, _, err = shop("validate", "--format", "json")
    assert exit_code == (3 if code else 0)
    assert [one["code"] for one in json.loads(err or '{"errors": []}')["errors"]] == ([code] if code else [])


def test_what_is_sensitive_in_a_definition_is_not_shown(shop: Folder):
    shop.shop()
    applied(shop)
    text = (shop.root / "definitions/orders.yml").read_text()
    shop.write("definitions/orders.yml", text.replace("https://example.com/orders", f"https://{SECRET}"))
    path = "definition.flows[Receive order].steps[Fetch details].inputs.url"
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.1.0"}
    metadata = {"name": "orders", "sensitive": [path]}
    manifest = {"apiVersion": "reconciler/v1", "kind": "Integration", "metadata": metadata, "spec": spec}
    shop.write("manifests/integration-orders.yaml", yaml.safe_dump(manifest))
    assert SECRET not in said(shop)
    assert before(shop)[f"{path}.value"] == "(secret)"


STEP = """\
      - name: Sign
        action: {key: hmacText, component: {key: hash, isPublic: true, version: LATEST}}
        inputs:
          message: {type: value, value: MESSAGE}
          secretKey: {type: value, value: KEY}
configPages:
"""


def _signing(project: Folder, message: str, key: str, release: str) -> None:
    text = DEFINITION.replace("configPages:\n", STEP.replace("MESSAGE", message).replace("KEY", key))
    project.write("definitions/orders.yml", text)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": release}
    project.manifest("Integration", "orders", **spec)


def test_what_a_component_calls_a_password_is_not_shown_and_the_rest_of_a_definition_is(project: Folder):
    project.shop()
    _signing(project, "first", "kanarie-one", "1.0.0")
    applied(project)
    _signing(project, "second", "kanarie-two", "2.0.0")
    sign = "definition.flows[Receive order].steps[Sign].inputs"
    shown = before(project)
    assert (shown[f"{sign}.message.value"], shown[f"{sign}.secretKey.value"]) == ("first", "(secret)")
    assert "kanarie" not in said(project)
    (project.root / "definitions/orders.yml").write_text(DEFINITION)
    everything = said(project)
    assert "kanarie" not in everything
    assert "first" in everything


def test_what_nobody_tells_of_a_component_is_not_shown(project: Folder):
    project.shop()
    _signing(project, "first", "kanarie-one", "1.0.0")
    applied(project)
    _signing(project, "second", "kanarie-two", "2.0.0")
    # The first request for components is the one that asks what they call their inputs.
    assert project("sandbox", "fault", "graphql_errors", "--operation", "components")[0] == 0
    sign = "definition.flows[Receive order].steps[Sign].inputs"
    shown = before(project)
    assert (shown[f"{sign}.message.value"], shown[f"{sign}.secretKey.value"]) == (NOT_SHOWN, NOT_SHOWN)
    assert "kanarie" not in said(project)
