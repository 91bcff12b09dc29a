"""drift tells the whole truth: what was changed, what is gone, what nobody manages; and nothing more."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.cli.projects import Folder

ORDERS = "Instance/acme/orders"


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop as it was applied."""
    project.shop()
    assert project("apply", "--yes")[0] == 0
    return project


def missing(project: Folder) -> dict[str, tuple[str | None, str | None]]:
    return {one["address"]: (one["why"], one["told"]) for one in project.json("drift")["missing"]}


def code(project: Folder, *more: str) -> int:
    return project("drift", "--detailed-exitcode", *more)[0]


def forget_the_journal(project: Folder) -> None:
    shutil.rmtree(project.root / ".reconciler" / "journal")


def test_what_was_deleted_in_the_tenant_is_missing(shop: Folder):
    shop.behind("deleteInstance", {"id": shop.id_of("instances")})
    found, out, _ = shop("drift", "--detailed-exitcode")
    assert found == 2
    assert f"{ORDERS}: missing, deleted" in out
    assert out.splitlines()[-1] == "Drift: 1 resource missing."
    document = shop.json("drift")
    assert (document["drift"], document["summary"]["missing"]) == ([], 1)
    why, told = missing(shop)[ORDERS]
    assert why == "deleted"
    assert told
    assert 'Sandbox Owner deleted the instance "Orders for Acme".' in told


@pytest.mark.parametrize(
    ("journal", "log", "why"),
    [(True, "on", "deleted"), (True, "off", "deleted"), (False, "on", "deleted"), (False, "off", None)],
)
def test_deleted_is_said_where_journal_or_log_tells(
    project: Folder, journal: bool, log: str, why: str | None
):
    project("sandbox", "rule", f"activity_log={log}")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.behind("deleteInstance", {"id": project.id_of("instances")})
    if not journal:
        forget_the_journal(project)
    assert missing(project)[ORDERS][0] == why
    assert code(project) == 2


@pytest.mark.parametrize(("log", "why"), [("on", "never applied"), ("off", None)])
def test_never_applied_is_said_where_the_log_tells(project: Folder, log: str, why: str | None):
    project("sandbox", "rule", f"activity_log={log}")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "new", name="New")
    assert missing(project)["Customer/new"][0] == why
    assert code(project) == 2


def test_a_log_that_begins_later_than_the_tenant_tells_of_nothing_that_never_was(project: Folder):
    project("sandbox", "rule", "activity_log=off")
    project.manifest("Customer", "acme", name="Acme")
    assert project("apply", "--yes")[0] == 0
    with project.sandbox() as sandbox, sandbox.store.writing():
        for one in sandbox.store.all("SELECT id FROM customer"):
            sandbox.store.update("customer", one["id"], {"created_at": "2020-01-01T00:00:00.000000+00:00"})
    project("sandbox", "rule", "activity_log=on")
    project.manifest("Customer", "acme", name="Acme", description="x")
    assert project("apply", "--yes")[0] == 0
    project.manifest("Customer", "new", name="New")
    assert missing(project) == {"Customer/new": (None, None)}


def test_a_sentence_about_another_object_tells_nothing(shop: Folder):
    """Another kind's, one whose name only begins so, and one of two that are called alike."""
    shop.manifest("Customer", "birch", name="Birch", externalId="b-1")
    assert shop("apply", "--yes")[0] == 0
    forget_the_journal(shop)
    other = shop.behind("createCustomer", {"name": "Orders"})["id"]
    shop.behind("deleteCustomer", {"id": other})
    shop.behind("deleteCustomer", {"id": shop.behind("createCustomer", {"name": "New Acres"})["id"]})
    shop.manifest("InstanceProfile", "orders", name="Orders")
    shop.manifest("Customer", "new", name="New")
    assert missing(shop) == {"InstanceProfile/orders": (None, None), "Customer/new": (None, None)}


def test_an_object_that_lost_its_mark_is_missing_and_named(shop: Folder):
    found = shop.id_of("instances")
    shop.behind("updateInstance", {"id": found, "name": "Renamed", "labels": []})
    assert code(shop) == 2
    why, told = missing(shop)[ORDERS]
    assert (why, found in (told or "")) == (None, True)


def test_what_goes_with_a_customer_is_missing_too(shop: Folder):
    shop.behind("deleteCustomer", {"id": shop.id_of("customers")})
    assert {address: why for address, (why, _) in missing(shop).items()} == {
        "Customer/acme": "deleted",
        ORDERS: "deleted",
    }


def test_the_journal_of_another_tenant_tells_nothing(shop: Folder):
    (shop.root / ".reconciler" / "sandbox.db").unlink()
    assert {why for why, _ in missing(shop).values()} == {None}


def test_what_is_excluded_or_not_selected_is_not_missed(shop: Folder):
    shop.behind("deleteInstance", {"id": shop.id_of("instances")})
    assert code(shop, "--exclude", ORDERS) == 0
    assert code(shop, "--select", "Customer/acme") == 0
    assert code(shop, "--select", ORDERS) == 2


@pytest.mark.parametrize("form", ["text", "markdown", "junit", "github"])
def test_every_format_tells_what_is_missing(shop: Folder, form: str):
    shop.behind("deleteInstance", {"id": shop.id_of("instances")})
    _, out, _ = shop("drift", "--format", form)
    assert ORDERS in out
    assert "deleted" in out
    assert "No drift" not in out


# What does not count


def test_a_field_of_which_nobody_can_tell_is_listed_and_does_not_count(shop: Folder):
    """Git first named just what was there; a person changed it since."""
    found = shop.ask("{ customers(isSystem: false) { nodes { id labels } } }")["customers"]["nodes"][0]
    shop.behind("updateCustomer", {"id": found["id"], "labels": [*found["labels"], "vip"]})
    shop.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="First", labels=["vip"])
    assert shop("apply", "--yes")[0] == 0
    shop.behind("updateCustomer", {"id": found["id"], "labels": [*found["labels"], "other"]})
    found_code, out, _ = shop("drift", "--detailed-exitcode")
    assert (found_code, "labels" in out) == (0, True)
    (one,) = shop.json("drift")["drift"]
    assert (one["path"], one["cause"], one["certain"]) == ("labels", "unknown", False)


def test_what_waits_for_a_persons_deploy_is_listed_and_does_not_count(shop: Folder):
    values = '[{"name": "apiKey", "type": "value", "value": "theirs"}]'
    unmentioned = {"id": shop.id_of("instances"), "configVariables": [{"key": "Shop", "values": values}]}
    shop.behind("updateInstanceConfigVariables", unmentioned)
    found, out, _ = shop("drift", "--detailed-exitcode")
    assert (found, f"{ORDERS}: waits for a person's deploy" in out) == (0, True)
    assert [one["code"] for one in shop.json("drift")["notes"]] == ["waits-for-deploy"]


def test_what_is_only_to_be_taken_over_is_counted(project: Folder):
    project.behind("createCustomer", {"name": "Acme", "externalId": "acme-1", "description": "Old"})
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="First")
    document = project.json("drift")
    assert (document["drift"], document["missing"]) == ([], [])
    assert [one["code"] for one in document["notes"]] == ["not-adopted"]
    assert code(project) == 0


# What nobody manages


@pytest.fixture
def strangers(shop: Folder) -> dict[str, str]:
    """Some of them, by the address that a manifest could have; another project's is not among them."""
    customer = shop.behind("createCustomer", {"name": "Globex & Söhne"})["id"]
    version = shop.ask(
        "{ integrations { nodes { versionSequence(first: 1, versionIsAvailable: true) { nodes { id } } } } }"
    )["integrations"]["nodes"][0]["versionSequence"]["nodes"][0]["id"]
    mine = shop.ask("{ customers(isSystem: false) { nodes { id name } } }")["customers"]["nodes"]
    acme = next(one["id"] for one in mine if one["name"] == "Acme")
    made = {
        "Instance/globex-s-hne/by-hand": {"customer": customer, "name": "By hand"},
        "Instance/acme/second": {"customer": acme, "name": "Second"},
    }
    found = {
        address: shop.behind("createInstance", {**values, "integration": version})["id"]
        for address, values in made.items()
    }
    shop.behind("createCustomer", {"name": "Theirs", "labels": ["reconciler:other/customer/theirs"]})
    return {"Customer/globex-s-hne": customer, **found}


def test_what_nobody_manages_is_counted_always_and_listed_on_demand(shop: Folder, strangers: dict[str, str]):
    document = shop.json("drift")
    assert (document["summary"]["unmanaged"], "unmanaged" in document) == (3, False)
    assert "Nobody manages 3 objects" in shop("drift")[1]
    assert code(shop) == 0
    with shop.sandbox() as sandbox:
        create = 'mutation { createInstanceProfile(input: {name: "Theirs"}) { errors { messages } } }'
        assert sandbox.execute(create)[1]["data"]["createInstanceProfile"]["errors"] == []
    found = {one["address"]: one["id"] for one in shop.json("drift", "--unmanaged")["unmanaged"]}
    assert {address: found[address] for address in strangers} == strangers
    assert "InstanceProfile/theirs" in found, "all kinds are read"
    assert set(found) == {*strangers, "InstanceProfile/theirs"}, "what every tenant has is nobody's concern"
    _, out, _ = shop("drift", "--unmanaged")
    assert all(address in out and identifier in out for address, identifier in strangers.items())


@pytest.mark.parametrize(
    ("given", "ends"),
    [(["--unmanaged"], 0), (["--unmanaged=list"], 0), (["--unmanaged=fail"], 2), (["--unmanaged=no"], 3)],
)
def test_what_nobody_manages_counts_only_where_that_is_asked_for(
    shop: Folder, strangers: dict[str, str], given: list[str], ends: int
):
    assert strangers
    assert shop("drift", "--detailed-exitcode", *given)[0] == ends


# Who works on a draft


def edit(project: Folder, text: str) -> None:
    values: dict[str, Any] = {"integrationId": project.id_of("integrations"), "definition": text}
    project.behind("importIntegration", values)


@pytest.mark.parametrize(("log", "told"), [("on", True), ("off", False)])
@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_who_works_on_a_draft_is_told_where_the_log_tells(project: Folder, verb: str, log: str, told: bool):
    project("sandbox", "rule", f"activity_log={log}")
    project.shop()
    assert project("apply", "--yes")[0] == 0
    text = (project.root / "definitions/orders.yml").read_text("utf-8").replace("Order notices", "Orders")
    edit(project, text.replace("/orders", "/by-hand"))
    (note,) = project.json(verb)["notes"]
    assert note["code"] == "draft-ahead"
    assert ('Sandbox Owner imported the integration "Orders". (20' in note["message"]) is told


# A cause is named only if it is known

VARIABLES = {"Channel": "#orders", "Mode": "fast", "Shop": {"inputs": {"apiKey": {"secret": {"env": "KEY"}}}}}


@pytest.fixture
def configured(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A shop whose instance has three variables, of which git speaks."""
    monkeypatch.setenv("KEY", "key-0123456789")
    variable = "  - {key: Mode, dataType: string, defaultValue: slow, orgOnly: false}\n"
    text = (project.root / "definitions/orders.yml").read_text("utf-8")
    project.write("definitions/orders.yml", text.replace("  - key: Shop\n", f"{variable}  - key: Shop\n"))
    project.shop(config=VARIABLES)
    assert project("apply", "--yes")[0] == 0
    return project


@pytest.mark.parametrize(
    "config",
    [
        {"Channel": "#new", "Shop": VARIABLES["Shop"]},
        {"Channel": "#new", "Mode": "fast", "Shop": {"inputs": {}}},
        {"Channel": "#new"},
        {"Channel": {"secret": {"env": "KEY"}}, "Mode": "fast", "Shop": VARIABLES["Shop"]},
        {**VARIABLES, "Channel": "#new", "Mode": {"secret": {"env": "KEY"}}},
        {**VARIABLES, "Shop": {"inputs": {"apiKey": {"secret": {"env": "KEY"}}, "other": "x"}}},
        {**VARIABLES, "Shop": {"inputs": {"apiKey": "plain-now"}}, "Channel": "#new"},
    ],
    ids=["dropped", "input-dropped", "both-dropped", "veiled", "veiled-beside", "input-added", "unveiled"],
)
def test_what_git_alone_changed_is_not_laid_on_the_tenant(configured: Folder, config: dict[str, Any]):
    configured.shop(config=config)
    found = configured.json("drift")
    assert {one["cause"] for one in found["drift"]} <= {"unknown"}
    assert code(configured) == 0
    causes = {c["path"]: c["cause"] for a in configured.json("plan")["actions"] for c in a["changes"]}
    assert set(causes.values()) <= {"pending", "unknown"}
    assert causes.get("config.Channel", "pending") == "pending"


def test_what_git_added_as_it_stood_and_a_person_changed_then_is_listed(configured: Folder):
    """Nobody wrote down that it was git's: that the tenant changed it is not known, and not hidden."""
    configured.shop(config={"Channel": "#orders"})
    assert configured("apply", "--yes")[0] == 0
    configured.shop(config={"Channel": "#new", "Mode": "fast"})
    assert {one["cause"] for one in configured.json("drift")["drift"]} == set()
    assert configured("apply", "--yes")[0] == 0
    values = {"id": configured.id_of("instances"), "configVariables": [{"key": "Mode", "value": "by hand"}]}
    configured.behind("updateInstanceConfigVariables", values)
    assert [one["path"] for one in configured.json("drift")["drift"]] == ["config.Mode"]


def test_a_variable_that_git_renames_is_not_laid_on_the_tenant(configured: Folder):
    text = (configured.root / "definitions/orders.yml").read_text("utf-8")
    configured.write("definitions/orders.yml", text.replace("Mode", "Speed"))
    config = {"Channel": "#orders", "Speed": "fast", "Shop": VARIABLES["Shop"]}
    configured.shop(config=config)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": "2.0.0"}
    configured.manifest("Integration", "orders", **spec)
    instance = {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "release": "2.0.0"}
    configured.manifest("Instance", "orders", **instance, enabled=True, config=config)
    assert {one["cause"] for one in configured.json("drift")["drift"]} <= {"unknown"}
    causes = {c["cause"] for a in configured.json("plan")["actions"] for c in a["changes"]}
    assert causes <= {"pending", "unknown"}
