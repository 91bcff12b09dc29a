"""Texts with blanks around them, in tenants that keep these and in tenants that do not."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox import Sandbox
from tests.cli.projects import DEFINITION, Folder

RULES = ("as_sent", "trimmed")
VARIABLES = """\
  - {key: Separator, dataType: string, defaultValue: ""}
  - {key: Script, dataType: code, codeLanguage: xml, defaultValue: ""}
  - {key: Body, dataType: string, defaultValue: ""}
  - {key: Token, dataType: string, defaultValue: ""}
"""
CONFIG: dict[str, Any] = {
    "Channel": " #orders",
    "Separator": ", ",
    "Script": "<a/>\n",
    "Body": '{"a": 1}\n',
    "Token": {"secret": {"env": "TOKEN"}},
    "Shop": {"inputs": {"apiKey": {"secret": {"env": "TOKEN"}}}},
}


def tenant(project: Folder, rule: str) -> None:
    (project.root / ".reconciler").mkdir(exist_ok=True)
    Sandbox(project.root / ".reconciler" / "sandbox.db", rules={"texts_read_back": rule}).close()


def written(project: Folder, **changed: Any) -> None:
    project.write("definitions/orders.yml", DEFINITION + VARIABLES)
    project.manifest(
        "Integration",
        "orders",
        name=" Orders ",
        description="Of the shop.\n",
        category=" Shop",
        labels=[" spring "],
        definition="../definitions/orders.yml",
        release="1.0.0",
        comment=" First.\n",
    )
    project.manifest(
        "Customer", "acme", name="Acme ", externalId="acme-1", description="\nTwo\nlines\n", labels=[" a"]
    )
    spec = {"customer": "acme", "integration": "orders", "name": " Orders", "enabled": True}
    spec |= {"description": "Of Acme.\n", "labels": ["b ", " c"], "config": CONFIG}
    project.manifest("Instance", "orders", **{**spec, **changed})
    project.manifest("AlertGroup", "night", name=" Night ", users=[])
    of_slack = {"component": "slack", "connection": "oauth2", "inputs": {"clientId": " id\n"}}
    project.manifest(
        "Connection",
        "slack",
        name="Slack",
        stableKey="slack-1",
        description="  Of all.\n",
        scope="org",
        **of_slack,
    )


@pytest.fixture(params=["keyed", "unkeyed"])
def secrets(request: pytest.FixtureRequest, project: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", " t0ken-of-the-shop\n")
    monkeypatch.setenv("DIGESTS", "key-of-digests-0123456789")
    if request.param == "keyed":
        text = (
            (project.root / "reconciler.yaml")
            .read_text()
            .replace(
                "manifests: [manifests/]",
                "manifests: [manifests/], environments: {sandbox: {secretKey: {env: DIGESTS}}}",
            )
        )
        project.write("reconciler.yaml", text)


def unchanged(project: Folder) -> None:
    before = project.writes()
    code, out, err = project("plan", "--detailed-exitcode")
    assert code == 0, out + err
    code, out, err = project("drift", "--detailed-exitcode")
    assert code == 0, out + err
    code, out, err = project("apply", "--yes")
    assert (code, project.writes()) == (0, before), out + err


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("rule", RULES)
def test_what_was_sent_is_no_difference(project: Folder, rule: str) -> None:
    tenant(project, rule)
    written(project)
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    unchanged(project)


@pytest.mark.parametrize("applied", ["label", "none"])
@pytest.mark.parametrize("rule", RULES)
def test_what_is_changed_goes_out_once(
    project: Folder, rule: str, applied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0ken-of-the-shop")
    tenant(project, rule)
    text = (project.root / "reconciler.yaml").read_text()
    project.write(
        "reconciler.yaml",
        text.replace(
            "manifests: [manifests/]",
            f"manifests: [manifests/], environments: {{sandbox: {{applied: {applied}}}}}",
        ),
    )
    written(
        project,
        config={**dict.fromkeys(CONFIG, "x"), "Shop": CONFIG["Shop"]},
        description="y",
        name="Z",
        labels=[],
    )
    assert project("apply", "--yes")[0] == 0
    written(project)
    (causes,) = {
        c["cause"] for a in project.json("plan")["actions"] for c in a["changes"] if "config." in c["path"]
    }
    assert causes in ("pending", "unknown")
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    unchanged(project)


@pytest.mark.parametrize("rule", RULES)
def test_blanks_that_git_changes_are_a_change(
    project: Folder, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0ken-of-the-shop")
    tenant(project, rule)
    written(project, config={**CONFIG, "Separator": ","}, description="Of Acme.")
    assert project("apply", "--yes")[0] == 0
    unchanged(project)
    written(project)
    paths = {c["path"] for a in project.json("plan")["actions"] for c in a["changes"]}
    assert {"config.Separator", "description"} <= paths
    assert project("apply", "--yes")[0] == 0
    unchanged(project)


@pytest.mark.parametrize("rule", RULES)
def test_other_texts_are_changes_of_the_tenant(
    project: Folder, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0ken-of-the-shop")
    tenant(project, rule)
    written(project)
    assert project("apply", "--yes")[0] == 0
    rows = [{"key": "Separator", "value": ";"}, {"key": "Script", "value": "<b/>"}]
    project.behind(
        "updateInstanceConfigVariables", {"id": project.id_of("instances"), "configVariables": rows}
    )
    project.behind("updateCustomer", {"id": project.id_of("customers"), "description": "Two"})
    found = {one["path"]: one["cause"] for one in project.json("drift")["drift"]}
    assert found == {"config.Separator": "drift", "config.Script": "drift", "description": "drift"}


@pytest.mark.parametrize("rule", RULES)
def test_git_alone_is_to_blame_for_what_git_changed(
    project: Folder, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t0ken-of-the-shop")
    tenant(project, rule)
    written(project)
    assert project("apply", "--yes")[0] == 0
    written(
        project, config={**CONFIG, "Script": "<b/>\n", "Channel": " #other"}, description="Of Acme, too.\n"
    )
    changes = [c for a in project.json("plan")["actions"] for c in a["changes"]]
    assert {c["path"]: c["cause"] for c in changes} == {
        "config.Script": "pending",
        "config.Channel": "pending",
        "description": "pending",
    }
    assert project.json("drift")["drift"] == []
