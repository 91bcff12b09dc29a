"""What is live and may be a secret: shown only where the record proves that it was last written as plain."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
