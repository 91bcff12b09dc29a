"""pull: what a tenant has becomes manifests, and what people change in it afterwards becomes lines of git."""

from __future__ import annotations

import json
import shutil
from difflib import unified_diff
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder

SECRET = "k-0123456789abcdef"
ADDRESSES = ("Integration/orders", "Customer/acme", "Instance/acme/orders")


@pytest.fixture
def tenant(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A tenant in which things were made, and a project that knows nothing of them."""
    monkeypatch.setenv("KEY", SECRET)
    key = {"secret": {"env": "KEY"}}
    shop = {"inputs": {"apiKey": key}}
    project.shop(config={"Channel": "#orders", "Shop": shop}, flows={"Receive order": {"apiKeys": [key]}})
    project.manifest("EventWebhook", "audit", name="Audit", url=key, eventTypes=["instance.deployed"])
    assert project("apply", "--yes")[0] == 0
    assert project("forget", *ADDRESSES, "EventWebhook/audit", "--yes")[0] == 0
    for folder in ("manifests", "definitions"):
        shutil.rmtree(project.root / folder)
        (project.root / folder).mkdir()
    return project


def files(project: Folder) -> dict[str, str]:
    found = [*(project.root / "manifests").rglob("*.yml"), *(project.root / "definitions").rglob("*.yml")]
    found += [path for path in [project.root / ".env.example"] if path.exists()]
    return {path.relative_to(project.root).as_posix(): path.read_text() for path in sorted(found)}


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The lines that went and came."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        sides = (before.get(name, "").splitlines(), after.get(name, "").splitlines())
        lines += [
            line for line in unified_diff(*sides, lineterm="", n=0) if line[:2] not in ("--", "++", "@@")
        ]
    return lines


def empty(project: Folder) -> bool:
    code, _, _ = project("plan", "--detailed-exitcode")
    plan = project.json("plan")
    return (code, plan["actions"], plan["refusals"]) == (0, [], [])


def test_all_of_it_is_pulled_and_nothing_is_left_to_do(tenant: Folder):
    writes = tenant.writes()
    code, out, err = tenant("pull")
    assert code == 0, err
    found = files(tenant)
    assert set(found) == {
        ".env.example",
        "definitions/orders.yml",
        "manifests/customers/acme.yml",
        "manifests/webhooks/audit.yml",
        "manifests/instances/acme/orders-for-acme.yml",
        "manifests/integrations/orders.yml",
    }
    assert empty(tenant)
    assert tenant("apply", "--yes")[0] == 0
    assert tenant.writes() == writes
    assert SECRET not in "".join([*found.values(), out, err])
    assert tenant.json("pull")["files"] == []
    assert files(tenant) == found


def test_secrets_stand_as_comments_and_in_a_table(tenant: Folder):
    told = tenant.json("pull")
    rows = {(row["address"], row["input"]): row for row in told["secrets"]}
    row = rows["Instance/acme/orders-for-acme", "config.Shop.inputs.apiKey"]
    assert (row["variable"], row["readable"]) == ("ACME_ORDERS_FOR_ACME_SHOP_API_KEY", True)
    assert rows["EventWebhook/audit", "secret"]["readable"] is False
    found = files(tenant)
    instance = found["manifests/instances/acme/orders-for-acme.yml"]
    assert "#       apiKey: {secret: {env: ACME_ORDERS_FOR_ACME_SHOP_API_KEY}}" in instance
    assert "ACME_ORDERS_FOR_ACME_SHOP_API_KEY=\n" in found[".env.example"]
    assert 'value: "${secret:SHOP_API_KEY}"' in found["definitions/orders.yml"]
    assert (
        "#   SHOP_API_KEY: {secret: {env: ORDERS_SHOP_API_KEY}}" in found["manifests/integrations/orders.yml"]
    )


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ((), False),
        (("--plain-config",), True),
        (("--plain-config=Channel,Other",), True),
        (("--plain-config=Other",), False),
    ],
)
def test_a_text_is_written_where_somebody_calls_it_plain(
    tenant: Folder, options: tuple[str, ...], written: bool
):
    told = tenant.json("pull", *options)
    text = files(tenant)["manifests/instances/acme/orders-for-acme.yml"]
    assert ('Channel: "#orders"' in text, "# " in text) == (written, True)
    assert told["plain"] == (["Channel"] if written else [])
    assert {"address": "Instance/acme/orders-for-acme", "path": "config.Channel"} in told[
        "withheld"
    ] or written
    assert empty(tenant)


def test_the_folder_of_manifests_is_made(tenant: Folder):
    (tenant.root / "manifests").rmdir()
    assert tenant("pull", "--dry-run")[0] == 0
    assert not (tenant.root / "manifests").exists()
    assert tenant("pull")[0] == 0
    assert empty(tenant)


def test_a_dry_run_writes_nothing(tenant: Folder):
    before = files(tenant)
    assert "manifests/customers/acme.yml" in tenant.json("pull", "--dry-run")["files"]
    assert files(tenant) == before


def test_what_is_selected_comes_with_what_it_refers_to(tenant: Folder):
    tenant("pull", "--select", "Instance/*")
    assert {path.split("/")[1] for path in files(tenant) if path.startswith("m")} == {
        "customers",
        "instances",
        "integrations",
    }
    assert empty(tenant)


def test_what_refers_to_what_is_excluded_is_left_out_too(tenant: Folder):
    tenant("pull", "--exclude", "Customer/*")
    assert {path.split("/")[1] for path in files(tenant) if path.startswith("m")} == {
        "webhooks",
        "integrations",
    }
    assert empty(tenant)


def test_edits_in_the_tenant_become_lines_of_git(tenant: Folder):
    tenant("pull", "--plain-config")
    path = tenant.root / "manifests/customers/acme.yml"
    path.write_text(path.read_text().replace("description: First", "description: 'First'  # as agreed\n"))
    before = files(tenant)
    assert tenant.json("pull")["files"] == []
    ids = {kind: node["id"] for kind, node in _nodes(tenant).items()}
    tenant.behind("updateCustomer", {"id": ids["customer"], "description": "Second's"})
    tenant.behind("updateInstance", {"id": ids["instance"], "description": "Notices", "enabled": False})
    code, out, err = tenant("pull", "--plain-config", "--format", "json")
    assert code == 0, out + err
    assert changes(before, files(tenant)) == [
        "-  description: 'First'  # as agreed",
        "+  description: 'Second''s'  # as agreed",
        "+  description: Notices",
        "+  enabled: false",
    ]
    assert empty(tenant)
    assert tenant.json("pull")["files"] == []


def test_a_version_that_people_published_becomes_the_release(tenant: Folder):
    tenant("pull")
    before = files(tenant)
    node = _nodes(tenant)["integration"]
    text = node["definition"].replace("Fetch details", "Fetch all details")
    tenant.behind("importIntegration", {"integrationId": node["id"], "definition": text})
    told = tenant.json("pull")
    assert told["files"] == ["definitions/orders.draft.yml"]
    assert empty(tenant)
    tenant.behind("publishIntegration", {"id": node["id"], "comment": "2.0.0: all details"})
    told = tenant.json("pull")
    assert told["removed"] == ["definitions/orders.draft.yml"]
    assert changes(before, files(tenant)) == [
        "-        name: Fetch details",
        "+        name: Fetch all details",
        "-  release: 1.0.0",
        "+  release: 2.0.0",
    ]
    assert empty(tenant)


def test_what_git_changed_stays_and_what_both_changed_is_a_conflict(tenant: Folder):
    tenant("pull")
    for address in ADDRESSES[1:2]:
        tenant("adopt", address, _nodes(tenant)["customer"]["id"], "--yes")
    path = tenant.root / "manifests/customers/acme.yml"
    path.write_text(path.read_text().replace("description: First", "description: Ours"))
    assert tenant.json("pull")["files"] == []
    tenant.behind("updateCustomer", {"id": _nodes(tenant)["customer"]["id"], "description": "Theirs"})
    code, out, _ = tenant("pull", "--format", "json")
    told = json.loads(out)
    assert (code, told["files"]) == (1, [])
    assert [(one["address"], one["path"], one["conflict"]) for one in told["kept"]] == [
        ("Customer/acme", "description", True)
    ]
    assert "description: Ours" in path.read_text()


def test_a_value_from_a_variable_is_reported_and_kept(tenant: Folder, monkeypatch: pytest.MonkeyPatch):
    tenant("pull")
    path = tenant.root / "manifests/customers/acme.yml"
    path.write_text(path.read_text().replace("description: First", "description: ${env.WHAT}"))
    monkeypatch.setenv("WHAT", "First")
    before = files(tenant)
    tenant.behind("updateCustomer", {"id": _nodes(tenant)["customer"]["id"], "description": "Theirs"})
    told = tenant.json("pull")
    assert [(one["path"], one["reason"]) for one in told["kept"]] == [
        ("description", "it comes from a variable")
    ]
    assert files(tenant) == before


def test_another_projects_objects_and_twins_are_left_out_and_named(tenant: Folder):
    tenant.behind("createCustomer", {"name": "Theirs", "labels": ["reconciler:other/customer/theirs"]})
    for _ in range(2):
        tenant.behind(
            "createIntegration", {"name": "Twin", "definition": _nodes(tenant)["integration"]["definition"]}
        )
    told = tenant.json("pull")
    assert sorted((one["kind"], one["reason"][:26]) for one in told["leftOut"]) == [
        ("Customer", "it belongs to another proj"),
        ("Integration", "it has the same name as 1 "),
        ("Integration", "it has the same name as 1 "),
    ]
    assert empty(tenant)


def test_a_definition_is_not_published_without_its_secrets(tenant: Folder):
    tenant("pull")
    tenant("adopt", "Integration/orders", _nodes(tenant)["integration"]["id"], "--yes")
    path = tenant.root / "manifests/integrations/orders.yml"
    text = path.read_text()
    path.write_text(text.replace("release: 1.0.0", "release: 1.1.0"))
    assert [one["code"] for one in tenant.json("plan")["refusals"]] == ["secret-missing"]
    given = "  definitionSecrets: {SHOP_API_KEY: {secret: {env: KEY}}}\n  release: 1.1.0"
    path.write_text(text.replace("  release: 1.0.0", given))
    (tenant.root / "definitions/orders.yml").write_text(
        (tenant.root / "definitions/orders.yml").read_text().replace("Fetch details", "Fetch all")
    )
    code, out, err = tenant("apply", "--yes")
    assert code == 0, out + err
    assert SECRET not in out + err
    assert "${secret" not in _nodes(tenant)["integration"]["definition"]
    assert SECRET in _nodes(tenant)["integration"]["definition"]
    assert empty(tenant)


def _nodes(project: Folder) -> dict[str, Any]:
    query = (
        "{ integrations { nodes { id definition } } customers(isSystem: false) { nodes { id } } "
        "instances(isSystem: false) { nodes { id } } }"
    )
    return {kind[:-1]: found["nodes"][0] for kind, found in project.ask(query).items()}


def test_what_is_changed_on_an_instance_of_a_set_becomes_an_override(tenant: Folder):
    tenant("pull")
    shutil.rmtree(tenant.root / "manifests/instances")
    tenant.manifest(
        "InstanceSet",
        "orders-for-acme",
        customers={"names": ["acme"]},
        template={"integration": "orders", "release": "1.0.0", "name": "Orders for Acme"},
    )
    assert tenant.json("pull")["files"] == []
    assert empty(tenant)
    before = files(tenant)
    tenant.behind("updateInstance", {"id": _nodes(tenant)["instance"]["id"], "description": "Theirs"})
    told = tenant.json("pull")
    path = "manifests/instanceset-orders-for-acme.yaml"
    assert (told["kept"], told["files"], files(tenant)) == ([], [path], before)
    set_ = yaml.safe_load((tenant.root / path).read_text())
    assert set_["spec"]["overrides"] == {"acme": {"description": "Theirs"}}
    assert set_["spec"]["template"]["name"] == "Orders for Acme"
    assert empty(tenant)
    assert tenant.json("pull")["files"] == []


def test_files_of_what_is_gone_are_named_and_removed_with_prune(tenant: Folder):
    tenant("pull")
    tenant.behind("deleteInstance", {"id": _nodes(tenant)["instance"]["id"]})
    path = "manifests/instances/acme/orders-for-acme.yml"
    told = tenant.json("pull")
    assert [(one["address"], path in one["reason"]) for one in told["kept"]] == [
        ("Instance/acme/orders-for-acme", True)
    ]
    assert path in files(tenant)
    assert tenant.json("pull", "--prune")["removed"] == [path]
    assert path not in files(tenant)
    assert empty(tenant)


def test_a_file_in_which_something_else_stands_is_not_removed(tenant: Folder):
    tenant("pull")
    gone = tenant.root / "manifests/instances/acme/orders-for-acme.yml"
    customer = tenant.root / "manifests/customers/acme.yml"
    customer.write_text(customer.read_text() + "---\n" + gone.read_text())
    gone.unlink()
    tenant.behind("deleteInstance", {"id": _nodes(tenant)["instance"]["id"]})
    before = files(tenant)
    told = tenant.json("pull", "--prune")
    assert (told["removed"], files(tenant)) == ([], before)


def test_the_second_document_of_a_file_is_changed_where_it_stands(tenant: Folder):
    tenant("pull")
    instance = tenant.root / "manifests/instances/acme/orders-for-acme.yml"
    customer = tenant.root / "manifests/customers/acme.yml"
    customer.write_text(instance.read_text() + "---\n" + customer.read_text())
    instance.unlink()
    before = files(tenant)
    tenant.behind("updateCustomer", {"id": _nodes(tenant)["customer"]["id"], "description": "Theirs"})
    tenant.behind("updateInstance", {"id": _nodes(tenant)["instance"]["id"], "description": "Notices"})
    tenant("pull")
    assert changes(before, files(tenant)) == [
        "+  description: Notices",
        "-  description: First",
        "+  description: Theirs",
    ]
    assert empty(tenant)


def test_without_a_folder_of_manifests_nothing_is_read(tenant: Folder):
    text = (tenant.root / "reconciler.yaml").read_text()
    (tenant.root / "reconciler.yaml").write_text(text.replace("manifests/", "manifests/*/*.yml"))
    tenant.write("manifests/customers/birch.yml", "")
    code, _, err = tenant("pull", "--format", "json")
    assert (code, json.loads(err)["errors"][0]["code"]) == (3, "no-folder")
