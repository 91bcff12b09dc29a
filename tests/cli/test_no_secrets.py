"""plan --no-secrets: nothing secret is read, and what depends on one is named."""

from __future__ import annotations

import pytest

from tests.cli.projects import PROJECT, Folder

SECRET = {"secret": {"env": "SHOP_KEY"}}
KEYED = PROJECT.replace(
    "spec: {manifests: [manifests/]}",
    "spec:\n  manifests: [manifests/]\n  environments:\n    sandbox: {secretKey: {env: DIGEST_KEY}}\n",
)


@pytest.fixture
def applied(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A tenant as its manifests say, and no secret to be read any more."""
    monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")
    monkeypatch.setenv("DIGEST_KEY", "digest-key")
    project.write("reconciler.yaml", KEYED)
    project.shop(
        config={"Channel": "#orders", "Shop": {"inputs": {"apiKey": SECRET}}},
        flows={"Receive order": {"apiKeys": [SECRET]}},
    )
    project.manifest(
        "AlertWebhook", "ops", name="Ops", payloadTemplate="{}", url=SECRET, headers={"Authorization": SECRET}
    )
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    monkeypatch.delenv("SHOP_KEY")
    monkeypatch.delenv("DIGEST_KEY")
    return project


def test_a_plan_needs_no_secret_and_names_what_it_did_not_compare(applied: Folder):
    assert applied("plan")[0] == 3
    plan = applied.json("plan", "--no-secrets")
    assert plan["actions"] == plan["refusals"] == []
    notes = {note["address"]: note["message"] for note in plan["notes"] if note["code"] == "not-compared"}
    assert set(notes) == {"AlertWebhook/ops", "Instance/acme/orders", "Integration/orders"}
    assert "config.Shop.inputs.apiKey, flows.Receive order.apiKeys" in notes["Instance/acme/orders"]
    assert "config.Channel" not in notes["Instance/acme/orders"]  # the record proves that it is plain
    assert "url, headers.Authorization" in notes["AlertWebhook/ops"]


def test_drift_needs_no_secret_either(applied: Folder):
    assert applied("drift")[0] == 3
    assert applied("drift", "--no-secrets", "--detailed-exitcode")[0] == 0
    applied.behind("updateCustomer", {"id": applied.id_of("customers"), "description": "By hand"})
    code, out, _ = applied("drift", "--no-secrets", "--detailed-exitcode")
    assert (code, "By hand" in out) == (2, True)


def test_what_is_no_secret_is_planned(applied: Folder):
    applied.shop(
        name="Orders of Acme",
        config={"Channel": "#other", "Shop": {"inputs": {"apiKey": SECRET}}},
        flows={"Receive order": {"apiKeys": [SECRET]}},
    )
    applied.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    with_none = applied.json("plan", "--no-secrets")
    changed = {(a["address"], c["path"]) for a in with_none["actions"] for c in a["changes"]}
    assert changed == {
        ("Instance/acme/orders", "name"),
        ("Instance/acme/orders", "config.Channel"),
        ("Customer/acme", "description"),
    }


def test_a_command_is_not_run_and_a_new_resource_is_planned(project: Folder):
    touched = project.root / "touched"
    command = {"secret": {"command": ["touch", str(touched)]}}
    project.shop(config={"Shop": {"inputs": {"apiKey": command}}})
    plan = project.json("plan", "--no-secrets")
    assert "Instance/acme/orders#create" in {action["id"] for action in plan["actions"]}
    assert not touched.exists()


def test_what_was_planned_without_secrets_is_applied_with_them(
    applied: Folder, monkeypatch: pytest.MonkeyPatch
):
    applied.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    saved = str(applied.root / "saved.json")
    assert applied("plan", "--no-secrets", "-o", saved)[0] == 0
    monkeypatch.setenv("SHOP_KEY", "s3cr3t-value")
    monkeypatch.setenv("DIGEST_KEY", "digest-key")
    code, out, err = applied("apply", saved)
    assert code == 0, out + err
    assert applied("plan", "--detailed-exitcode")[0] == 0
