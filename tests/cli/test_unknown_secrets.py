"""Secrets that cannot be read back, and of which no record tells whether they were ever sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.projects import DEFINITION, PROJECT, Folder
from tests.cli.test_adopt_all import adopt
from tests.cli.test_takeover import ORDERS, by_hand, instance, shop

KEYED = PROJECT.replace(
    "spec: {manifests: [manifests/]}",
    "spec:\n  manifests: [manifests/]\n  environments:\n    sandbox: {secretKey: {env: DIGEST_KEY}}\n",
)
THEIRS, FIRST, SECOND = "typed-in-by-hand", "the-first-of-git", "the-second-of-git"


@pytest.fixture
def adopted(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An instance that was taken over, with a secret that the tenant does not give back."""
    monkeypatch.setenv("SHOP_KEY", THEIRS)
    monkeypatch.setenv("DIGEST_KEY", "a-key-for-digests")
    project.write("reconciler.yaml", KEYED)
    ids = by_hand(project)
    inputs = [{"name": "apiKey", "type": "value", "value": THEIRS}]
    variables = [{"key": "Shop", "values": json.dumps(inputs)}]
    project.behind("updateInstanceConfigVariables", {"id": ids[ORDERS], "configVariables": variables})
    project.behind("deployInstance", {"id": ids[ORDERS]})
    project.behind("updateInstance", {"id": ids[ORDERS], "enabled": False, "preserveDeployState": True})
    _git(project)
    assert project("sandbox", "rule", "secrets_read_back=hidden")[0] == 0
    adopt(project)
    return project


def _git(project: Folder, channel: str = "#orders", **instance: Any) -> None:
    secret = {"secret": {"env": "SHOP_KEY"}}
    shop(project, config={"Channel": channel, "Shop": {"inputs": {"apiKey": secret}}}, **instance)


def _sent(project: Folder) -> str:
    """The secret that the tenant has."""
    assert project("sandbox", "rule", "secrets_read_back=clear")[0] == 0
    inputs = "configVariables { nodes { inputs { nodes { value } } } }"
    query = f"{{ instances(isSystem: false) {{ nodes {{ {inputs} }} }} }}"
    (node,) = project.ask(query)["instances"]["nodes"]
    assert project("sandbox", "rule", "secrets_read_back=hidden")[0] == 0
    return str(next(i["value"] for v in node["configVariables"]["nodes"] for i in v["inputs"]["nodes"]))


def _paths(project: Folder) -> list[str]:
    return [change["path"] for action in project.json("plan")["actions"] for change in action["changes"]]


def _applied(project: Folder) -> None:
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_what_is_taken_over_is_not_deployed_for_them(adopted: Folder):
    assert _paths(adopted) == []


def test_one_that_rotates_along_with_the_first_deploy_goes_out_with_it(
    adopted: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SHOP_KEY", FIRST)
    _git(adopted, channel="#new")
    assert _paths(adopted) == ["config.Channel", "config.Shop.inputs.apiKey"]
    _applied(adopted)
    assert _sent(adopted) == FIRST
    monkeypatch.setenv("SHOP_KEY", SECOND)
    assert _paths(adopted) == ["config.Shop.inputs.apiKey"]
    _applied(adopted)
    assert _sent(adopted) == SECOND


def test_a_new_release_takes_it_along(adopted: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_KEY", FIRST)
    adopted.write("definitions/orders.yml", DEFINITION.replace("example.com/orders", "example.com/new"))
    _git(adopted, release="2.0.0")
    assert "config.Shop.inputs.apiKey" in _paths(adopted)
    _applied(adopted)
    assert _sent(adopted) == FIRST


def test_a_write_that_does_not_send_it_does_not_say_so(adopted: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_KEY", FIRST)
    before = instance(adopted)
    _git(adopted, description="Notices")
    assert _paths(adopted) == ["description"]
    _applied(adopted)
    assert (_sent(adopted), instance(adopted)) == (THEIRS, before)
    _git(adopted, channel="#new", description="Notices")
    _applied(adopted)
    assert _sent(adopted) == FIRST


def test_so_it_is_with_a_key_that_came_later(project: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_KEY", THEIRS)
    monkeypatch.setenv("DIGEST_KEY", "a-key-for-digests")
    assert project("sandbox", "rule", "secrets_read_back=hidden")[0] == 0
    _git(project)
    assert project("apply", "--yes")[0] == 0
    project.write("reconciler.yaml", KEYED)
    assert _paths(project) == []
    monkeypatch.setenv("SHOP_KEY", FIRST)
    _git(project, description="Notices")
    _applied(project)
    _git(project, channel="#new", description="Notices")
    _applied(project)
    assert _sent(project) == FIRST
