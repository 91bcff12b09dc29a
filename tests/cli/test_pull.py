"""pull: what a tenant has becomes manifests, and what people change in it afterwards becomes lines of git."""

from __future__ import annotations

import json
import shutil
import subprocess
from difflib import unified_diff
from typing import Any

import pytest
import yaml

from tests.cli.projects import DEFINITION, Folder

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


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_stay(tenant: Folder, mark: bytes):
    tenant("pull")
    path = tenant.root / "manifests/customers/acme.yml"
    path.write_bytes(mark + path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    assert tenant.json("pull")["files"] == []
    tenant.behind("updateCustomer", {"id": _nodes(tenant)["customer"]["id"], "description": "Theirs"})
    assert tenant.json("pull")["files"] == ["manifests/customers/acme.yml"]
    assert path.read_bytes() == before.replace(b"description: First", b"description: Theirs")


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(tenant: Folder):
    tenant.write("manifests/webhooks", "")
    (tenant.root / "manifests/webhooks").rename(tenant.root / "manifests/integrations")
    before = sorted(tenant.root.rglob("[!.]*"))
    code, _, err = tenant("pull", "--format", "json")
    assert code == 1
    assert "manifests/integrations" in json.loads(err)["errors"][0]["message"]
    assert sorted(tenant.root.rglob("[!.]*")) == before


@pytest.fixture
def owned(tenant: Folder) -> Folder:
    """The same, pulled and adopted, in a repository of git."""
    tenant("pull", "--plain-config")
    assert tenant("adopt", "--all", "--yes")[0] == 0
    _git(tenant, "init", "-q")
    _commit(tenant)
    return tenant


def _git(project: Folder, *words: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *who, *words], cwd=project.root, check=True, capture_output=True)


def _commit(project: Folder) -> None:
    _git(project, "add", "-A")
    _git(project, "commit", "-q", "-m", "as it is")


def _edit(project: Folder, name: str, before: str, after: str) -> None:
    path = project.root / name
    text = path.read_text()
    assert before in text, text
    path.write_text(text.replace(before, after))


CUSTOMER = "manifests/customers/acme.yml"


def _describe(project: Folder, text: str) -> None:
    project.behind("updateCustomer", {"id": _nodes(project)["customer"]["id"], "description": text})


def _conflicts(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("path", "applied", "live", "git")
    return [tuple(one[name] for name in names) for one in told["kept"] if one["conflict"]]


def test_a_conflict_names_what_was_applied(owned: Folder):
    _edit(owned, CUSTOMER, "description: First", "description: Ours")
    _commit(owned)
    _describe(owned, "Theirs")
    code, out, err = owned("pull")
    assert code == 1
    assert 'applied: "First", live: "Theirs", git: "Ours"' in out + err
    assert _conflicts(owned.json("pull")) == [("description", "First", "Theirs", "Ours")]
    assert "description: Ours" in files(owned)[CUSTOMER]


@pytest.mark.parametrize(("option", "text"), [("--theirs", "Theirs"), ("--ours", "Ours")])
def test_somebody_says_who_wins(owned: Folder, option: str, text: str):
    _edit(owned, CUSTOMER, "description: First", "description: Ours")
    _describe(owned, "Theirs")
    code, out, err = owned("pull", option, "--format", "json")
    assert code == 0, out + err
    assert json.loads(out)["kept"] == []
    assert f"description: {text}" in files(owned)[CUSTOMER]


def test_only_one_of_them_wins(owned: Folder):
    assert owned("pull", "--ours", "--theirs")[0] == 3


def test_without_its_history_nobody_knows_what_was_applied(owned: Folder):
    shutil.rmtree(owned.root / ".git")
    shutil.rmtree(owned.root / ".reconciler/pulled")
    _edit(owned, CUSTOMER, "description: First", "description: Ours")
    _describe(owned, "Theirs")
    code, out, err = owned("pull")
    assert code == 1
    assert 'applied: not known, live: "Theirs", git: "Ours"' in out + err


def test_what_may_be_a_secret_is_not_shown_in_a_conflict(owned: Folder):
    instance = "manifests/instances/acme/orders-for-acme.yml"
    _edit(owned, instance, 'Channel: "#orders"', "Channel: {secret: {env: KEY}}")
    values = [{"key": "Channel", "value": "s3cret-of-theirs"}]
    owned.behind("updateInstance", {"id": _nodes(owned)["instance"]["id"], "configVariables": values})
    _, out, err = owned("pull")
    assert "s3cret-of-theirs" not in out + err + "".join(files(owned).values())
    assert "secret: {env: KEY}" in files(owned)[instance]


@pytest.mark.parametrize("known", [True, False])
def test_what_bears_no_record_is_told_by_the_last_pull_or_by_git(tenant: Folder, known: bool):
    tenant("pull")
    _git(tenant, "init", "-q")
    _commit(tenant)
    if not known:
        shutil.rmtree(tenant.root / ".reconciler/pulled")
    _describe(tenant, "Theirs")
    _edit(tenant, CUSTOMER, "name: Acme", "name: Acme Inc")
    told = tenant.json("pull")
    found = [("name", "Acme" if known else "(not known)", "Acme", "Acme Inc")]
    assert _conflicts(told) == ([] if known else found)
    assert "description: Theirs" in files(tenant)[CUSTOMER]
    assert "name: Acme Inc" in files(tenant)[CUSTOMER]


def test_a_new_file_of_which_nothing_is_known_is_not_overwritten(tenant: Folder):
    tenant.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Ours")
    told = tenant.json("pull")
    assert _conflicts(told) == [("description", "(not known)", "First", "Ours")]


def test_a_field_that_git_took_out_stays_out(owned: Folder):
    _edit(owned, CUSTOMER, "  description: First\n", "")
    assert owned.json("pull")["files"] == []
    _describe(owned, "Theirs")
    assert owned.json("pull")["files"] == []
    assert empty(owned)


def test_definitions_are_merged_down_to_the_input_of_a_step(owned: Folder):
    definition = "definitions/orders.yml"
    _edit(owned, definition, "description: Posts orders", "description: Posts orders # as agreed")
    _edit(owned, definition, "https://example.com/orders", "https://example.com/ours")
    before = files(owned)
    node = _nodes(owned)["integration"]
    text = node["definition"].replace("Posts orders", "Posts all orders").replace("general", "random")
    owned.behind("importIntegration", {"integrationId": node["id"], "definition": text})
    owned.behind("publishIntegration", {"id": node["id"], "comment": "2.0.0: all"})
    code, out, err = owned("pull", "--format", "json")
    assert code == 0, out + err
    assert changes(before, files(owned)) == [
        "-description: Posts orders # as agreed",
        "+description: Posts all orders # as agreed",
        "-    defaultValue: general",
        "+    defaultValue: random",
        "-  release: 1.0.0",
        "+  release: 2.0.0",
    ]


def test_one_input_that_both_changed_is_a_conflict_and_the_rest_is_merged(owned: Folder):
    definition = "definitions/orders.yml"
    _edit(owned, definition, "https://example.com/orders", "https://example.com/ours")
    before = files(owned)
    node = _nodes(owned)["integration"]
    text = node["definition"].replace("https://example.com/orders", "https://example.com/theirs")
    owned.behind("importIntegration", {"integrationId": node["id"], "definition": text})
    owned.behind("publishIntegration", {"id": node["id"], "comment": "2.0.0: all"})
    code, out, _ = owned("pull", "--format", "json")
    assert code == 1
    place = "definition.flows[Receive order].steps[Fetch details].inputs.url.value"
    assert _conflicts(json.loads(out)) == [
        (place, "https://example.com/orders", "https://example.com/theirs", "https://example.com/ours")
    ]
    assert changes(before, files(owned)) == ["-  release: 1.0.0", "+  release: 2.0.0"]
    assert owned.json("pull", "--theirs")["kept"] == []


@pytest.mark.parametrize("side", ["nobody", "git", "the tenant"])
def test_what_the_manifest_says_is_not_merged_in_the_definition_too(project: Folder, side: str):
    """The definition has a description of its own, which that of the manifest takes the place of."""
    project.shop()
    spec = {"name": "Orders", "description": "The manifest's", "definition": "../definitions/orders.yml"}
    project.manifest("Integration", "orders", **spec, release="1.0.0")
    assert project("apply", "--yes")[0] == 0
    if side == "git":
        _edit(project, "definitions/orders.yml", "description: Posts orders", "description: Git's own")
    draft = project.id_of("integrations")
    theirs = DEFINITION.replace("example.com/orders", "example.com/theirs")
    project.behind("importIntegration", {"integrationId": draft, "definition": theirs})
    described = "By hand" if side == "the tenant" else "The manifest's"
    project.behind("updateIntegration", {"id": draft, "description": described})
    project.behind("publishIntegration", {"id": draft, "comment": "2.0.0"})
    code, out, err = project("pull", "--format", "json")
    assert (code, json.loads(out)["kept"]) == (0, []), out + err
    assert "example.com/theirs" in (project.root / "definitions/orders.yml").read_text()
    manifest = yaml.safe_load((project.root / "manifests/integration-orders.yaml").read_text())
    assert manifest["spec"]["description"] == described


def test_what_git_names_of_the_platforms_own_is_the_same_in_the_tenant(project: Folder):
    """Roles and levels of logs have no manifests, and are looked up."""
    project.shop()
    project.manifest("User", "ann", email="ann@example.com", name="Ann", role="Admin")
    project.manifest("User", "ben", email="ben@example.com", name="Ben", role="Admin", customer="acme")
    levels = {"severityLevels": ["ERROR", "FATAL"], "payloadTemplate": "{}"}
    project.manifest("LogStream", "lake", name="Lake", url="https://logs.example.com/in", **levels)
    assert project("apply", "--yes")[0] == 0
    code, out, err = project("pull", "--format", "json")
    assert (code, json.loads(out)["kept"]) == (0, []), out + err
    assert json.loads(project("pull", "--drift", "--format", "json")[1])["kept"] == []


def test_both_published(owned: Folder):
    _edit(owned, "manifests/integrations/orders.yml", "release: 1.0.0", "release: 1.1.0")
    _edit(owned, "definitions/orders.yml", "https://example.com/orders", "https://example.com/ours")
    node = _nodes(owned)["integration"]
    text = node["definition"].replace("Fetch details", "Fetch all")
    owned.behind("importIntegration", {"integrationId": node["id"], "definition": text})
    owned.behind("publishIntegration", {"id": node["id"], "comment": "2.0.0: all"})
    code, out, _ = owned("pull", "--format", "json")
    assert code == 1
    assert ("release", "1.0.0", "2.0.0", "1.1.0") in _conflicts(json.loads(out))


def test_only_what_drifted_is_written_where_that_is_asked_for(owned: Folder):
    _edit(owned, CUSTOMER, "name: Acme", "name: Acme Inc")
    before = files(owned)
    node = _nodes(owned)["integration"]
    owned.behind("createCustomer", {"name": "New"})
    owned.behind("updateInstance", {"id": _nodes(owned)["instance"]["id"], "description": "Not git's"})
    customers = owned.ask('{ customers(name: "Acme") { nodes { id } } }')["customers"]["nodes"]
    owned.behind("updateCustomer", {"id": customers[0]["id"], "description": "Theirs"})
    text = node["definition"].replace("Fetch details", "Fetch all")
    owned.behind("importIntegration", {"integrationId": node["id"], "definition": text})
    owned.behind("publishIntegration", {"id": node["id"], "comment": "2.0.0: all"})
    writes = owned.writes()
    code, out, err = owned("pull", "--drift", "--format", "json")
    assert code == 0, out + err
    assert changes(before, files(owned)) == [
        "-        name: Fetch details",
        "+        name: Fetch all",
        "-  description: First",
        "+  description: Theirs",
        "-  release: 1.0.0",
        "+  release: 2.0.0",
    ]
    assert owned.json("drift")["drift"] == []
    assert [
        (one["address"], [c["path"] for c in one["changes"]]) for one in owned.json("plan")["actions"]
    ] == [("Customer/acme", ["name"])]
    assert owned.json("pull", "--drift")["files"] == []
    assert owned.writes() == writes


def test_drift_and_prune_do_not_go_together(owned: Folder):
    assert owned("pull", "--drift", "--prune")[0] == 3


def test_what_is_pulled_is_adopted_and_nothing_else_is_touched(tenant: Folder):
    tenant.behind("createCustomer", {"name": "Theirs", "labels": ["reconciler:other/customer/theirs"]})
    before, writes = _told(tenant), tenant.writes()
    told = tenant.json("pull", "--plain-config", "--adopt", "--yes")
    adopted = {one["address"]: one["status"] for one in told["adoption"]["actions"]}
    assert {one["verb"] for one in told["adoption"]["actions"]} == {"adopt"}
    assert adopted == dict.fromkeys(
        ["Integration/orders", "Customer/acme", "Instance/acme/orders-for-acme", "EventWebhook/audit"], "done"
    )
    assert tenant.writes() == writes + len(adopted)
    assert _told(tenant) == before
    assert empty(tenant)
    assert tenant.json("list")["summary"]["owned"] == len(adopted)
    again = tenant.json("pull", "--plain-config", "--adopt", "--yes")
    assert (again["files"], again["adoption"]["actions"]) == ([], [])
    assert tenant.writes() == writes + len(adopted)


def _told(project: Folder) -> Any:
    """All that adopting must leave alone."""
    return project.ask(
        "{ integrations { nodes { name description definition hasUnpublishedChanges } } "
        "customers(isSystem: false) { nodes { name externalId description } } "
        "instances(isSystem: false) { nodes { name enabled needsDeploy lastDeployedAt description } } }"
    )


def test_only_what_was_selected_is_adopted(tenant: Folder):
    told = tenant.json("pull", "--select", "Customer/*", "--adopt", "--yes")
    assert [one["address"] for one in told["adoption"]["actions"]] == ["Customer/acme"]


def test_what_differs_is_not_adopted(tenant: Folder):
    tenant.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Ours")
    code, out, _ = tenant("pull", "--adopt", "--yes", "--format", "json")
    assert code == 1
    assert "Customer/acme" not in {one["address"] for one in json.loads(out)["adoption"]["actions"]}


def test_without_a_terminal_adopting_is_not_begun(tenant: Folder):
    before = files(tenant)
    code, _, err = tenant("pull", "--adopt")
    assert (code, "give --yes" in err) == (3, True)
    assert files(tenant) == before
    assert tenant("pull", "--adopt", "--dry-run")[0] == 0
    assert files(tenant) == before


def test_adopting_tells_what_it_did(tenant: Folder):
    code, out, err = tenant("pull", "--plain-config", "--adopt", "--yes")
    assert code == 0, err
    assert "4 objects to adopt" in out + err
    assert "Apply: 4 done" in out + err


def test_the_project_file_says_where_files_stand(tenant: Folder):
    path = tenant.root / "reconciler.yaml"
    layout = '{Instance: "manifests/{customer}/{name}.yml", Customer: "manifests/{name}/customer.yaml", '
    layout += 'Definition: "made/{name}/integration.yml"}'
    path.write_text(
        path.read_text().replace(
            "{manifests: [manifests/]}", f"{{manifests: [manifests/], pull: {{layout: {layout}}}}}"
        )
    )
    assert set(tenant.json("pull", "--dry-run")["files"]) >= {
        "manifests/acme/orders-for-acme.yml",
        "manifests/acme/customer.yaml",
        "manifests/integrations/orders.yml",
        "made/orders/integration.yml",
    }
    assert tenant("pull")[0] == 0
    assert empty(tenant)
    assert tenant.json("pull")["files"] == []


MODE = "  - {key: Mode, dataType: picklist, pickList: [fast, slow], defaultValue: fast, orgOnly: false}\n"


@pytest.mark.parametrize("pulled", [False, True])
def test_a_value_that_the_definition_refuses_is_named_and_not_written(project: Folder, pulled: bool):
    text = (project.root / "definitions/orders.yml").read_text()
    page = "      - {type: configVar, value: Channel}\n"
    text = text.replace(page, f"{page}      - {{type: configVar, value: Mode}}\n")
    project.write(
        "definitions/orders.yml", text.replace("requiredConfigVars:\n", f"requiredConfigVars:\n{MODE}")
    )
    project.shop(config={"Channel": "#orders", "Mode": "slow", "Shop": {"inputs": {}}})
    assert project("apply", "--yes")[0] == 0
    values = [{"key": "Mode", "value": "sideways"}]
    if not pulled:
        for folder in ("manifests", "definitions"):
            shutil.rmtree(project.root / folder)
            (project.root / folder).mkdir()
    node = _nodes(project)["instance"]
    project.mutate("updateInstanceConfigVariables", {"id": node["id"], "configVariables": values})
    told = project.json("pull", "--plain-config")
    assert [(one["path"], "refuses" in one["reason"]) for one in told["kept"]] == [("config.Mode", True)]
    assert not any("sideways" in text for text in files(project).values())
    assert project("validate")[0] == 0


def test_a_connection_that_stands_as_a_comment_is_left_to_the_tenant_in_silence(tenant: Folder):
    path = tenant.root / "definitions/orders.yml"
    assert tenant("pull")[0] == 0
    text = path.read_text()
    path.write_text(text.replace('value: "${secret:SHOP_API_KEY}"', "value: ''"))
    assert "not set" not in "".join(tenant("validate")[1:])
    name = tenant.root / "manifests/instances/acme/orders-for-acme.yml"
    lines = name.read_text().splitlines(keepends=True)
    name.write_text("".join(line for line in lines if "#" not in line))
    assert "not set" in "".join(tenant("validate")[1:])
