"""What was reviewed is what is applied: `--checksum`, and `--reviewed` with the plan that it is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.projects import PROJECT, Folder

KEY = {"secret": {"env": "SHOP_KEY"}}


@pytest.fixture
def shop(project: Folder) -> Folder:
    """What is applied, and a change that is planned and saved."""
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    project.manifest("Customer", "birch", name="Birch")
    assert project("plan", "-o", str(project.root / "reviewed.json"))[0] == 0
    return project


def reviewed(project: Folder) -> str:
    return str(project.root / "reviewed.json")


def stopped(project: Folder, *arguments: str) -> list[dict[str, Any]]:
    """The errors of an apply that changes nothing."""
    before = project.writes()
    code, out, err = project("apply", "--yes", *arguments, "--format", "json")
    assert (code, out) == (5, ""), out + err
    assert project.writes() == before
    return list(json.loads(err)["errors"])


def test_the_plan_that_was_reviewed_is_applied(shop: Folder):
    assert shop("plan", "--reviewed", reviewed(shop))[0] == 0
    code, out, err = shop("apply", "--yes", "--reviewed", reviewed(shop))
    assert code == 0, out + err
    assert shop.json("plan")["actions"] == []


def test_another_plan_stops_with_the_difference(shop: Folder):
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Third")
    (shop.root / "manifests/customer-birch.yaml").unlink()
    shop.manifest("Customer", "cedar", name="Cedar")
    head, *rest = stopped(shop, "--reviewed", reviewed(shop))
    assert head["code"] == "not-reviewed"
    assert head["message"].startswith("the plan is not the one that was reviewed")
    assert "reconciler plan" in head["hint"]
    assert {(one["address"], one["message"]) for one in rest} == {
        (
            "Customer/acme",
            'update: description was reviewed as "First" → "Second", and is now "First" → "Third"',
        ),
        ("Customer/birch", "create was reviewed, and is not planned any more"),
        ("Customer/cedar", 'create is planned now, and was not reviewed: name "Cedar"'),
    }
    code, out, _ = shop("apply", "--yes", "--reviewed", reviewed(shop), "--format", "markdown")
    assert code == 5
    assert "Customer/cedar" in out
    assert "Third" in out
    saved = shop.root / "now.json"
    code, out, _ = shop("plan", "--reviewed", reviewed(shop), "--format", "markdown", "-o", str(saved))
    assert (code, "create is planned now, and was not reviewed" in out) == (5, True)
    assert shop("apply", "--yes", "--reviewed", str(saved))[0] == 0  # who sees it may approve it


def test_a_change_of_the_tenant_is_a_difference(shop: Folder):
    shop.behind("updateCustomer", {"id": shop.id_of("customers"), "description": "By hand"})
    _, *rest = stopped(shop, "--reviewed", reviewed(shop))
    assert [one["message"] for one in rest] == [
        'update: description was reviewed as "First" → "Second", and is now "By hand" → "Second"'
    ]


def test_each_difference_between_the_documents_is_told(shop: Folder):
    document = json.loads(Path(reviewed(shop)).read_text())
    document["checksum"] = f"sha256:{'0' * 64}"
    first, *others = document["actions"]
    refusal = {"code": "protected", "message": "it is protected", "address": "Customer/acme"}
    rollout = {"name": "orders", "waves": [["Instance/acme/orders"]], "maxFailures": 0}
    state = "update would do the same to an object that was changed since"
    refused = "it was refused when it was reviewed, and is not now: protected"
    waves = "its waves are not those that were reviewed"
    for change, address, message in (
        ({"actions": [{**first, "content": "0" * 64}, *others]}, "Customer/acme", state),
        ({"refusals": [refusal]}, "Customer/acme", refused),
        ({"rollouts": [rollout]}, "orders", waves),
    ):
        Path(reviewed(shop)).write_text(json.dumps({**document, **change}))
        _, *rest = stopped(shop, "--reviewed", reviewed(shop))
        assert [(one["address"], one["message"]) for one in rest] == [(address, message)]


def test_a_plan_of_another_tenant_or_environment_is_another(shop: Folder):
    document = json.loads(Path(reviewed(shop)).read_text())
    for name, value in (("tenant", "elsewhere"), ("environment", "other"), ("project", "other")):
        Path(reviewed(shop)).write_text(json.dumps({**document, name: value}))
        (error,) = stopped(shop, "--reviewed", reviewed(shop))
        assert f'was reviewed for the {name} "{value}"' in error["message"]


def test_a_checksum_and_a_file_must_be_of_one_plan(shop: Folder):
    checksum = shop.json("plan")["checksum"]
    other = f"sha256:{'0' * 64}"
    code, _, err = shop("apply", "--yes", "--reviewed", reviewed(shop), "--checksum", other)
    assert code == 3
    assert (
        "plan-file"
        in shop("apply", "--yes", "--reviewed", reviewed(shop), "--checksum", other, "--format", "json")[2]
    )
    assert shop("apply", reviewed(shop), "--reviewed", reviewed(shop))[0] == 3
    code, _, err = shop("apply", "--yes", "--checksum", other)
    assert (code, other in err, checksum in err) == (5, True, True)
    assert shop("apply", "--yes", "--reviewed", reviewed(shop), "--checksum", checksum)[0] == 0


def test_the_checksum_holds_nothing_learned_or_predicted(shop: Folder):
    def of(*arguments: str, **environment: Any) -> tuple[str, Any]:
        spec = {"manifests": ["manifests/"], "environments": {"sandbox": environment}}
        shop.write("reconciler.yaml", yaml.safe_dump({**yaml.safe_load(PROJECT), "spec": spec}))
        plan = shop.json("plan", *arguments)
        return plan["checksum"], plan["requests"]

    checksum, _ = of()
    predicted = []
    for settings in ({"batch": 1}, {"batch": 50}, {"rate": 1}, {"rate": 1000}):
        found, requests = of(**settings)
        assert found == checksum
        predicted.append(requests)
    assert predicted[0] != predicted[1]
    assert of("--parallelism", "1")[0] == checksum


def test_a_plan_without_secrets_is_the_one_that_is_applied_where_none_changed(
    project: Folder, monkeypatch: pytest.MonkeyPatch
):
    def wanted(description: str) -> None:
        project.shop(
            description=description,
            config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": KEY}}},
            flows={"Receive order": {"apiKeys": [KEY]}},
        )

    def saved() -> None:
        monkeypatch.delenv("SHOP_KEY")
        assert project("plan", "--no-secrets", "-o", reviewed(project))[0] == 0
        monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")

    monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")
    wanted("First")
    saved()
    code, out, err = project("apply", "--yes", "--reviewed", reviewed(project))
    assert code == 0, out + err
    wanted("Second")
    saved()
    monkeypatch.setenv("SHOP_KEY", "an0ther-value")
    errors = stopped(project, "--reviewed", reviewed(project))
    assert "an0ther-value" not in str(errors)
    monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")
    code, out, err = project("apply", "--yes", "--reviewed", reviewed(project))
    assert code == 0, out + err
