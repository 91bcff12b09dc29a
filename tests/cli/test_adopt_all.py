"""adopt --all and forget --all: a whole tenant taken over, and let go of again."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from reconciler.manifests.schemas import validator
from tests.cli.projects import DEFINITION, PROJECT, Folder
from tests.cli.test_takeover import ORDERS, OTHER, by_hand, instance, shop
from tests.rows import Place, rows_of

HEAD = {"apiVersion": "reconciler/v1"}


def adopt(project: Folder, *arguments: str) -> dict[str, Any]:
    """Adopts all, or what is given; the document."""
    code, out, err = project("adopt", *(arguments or ("--all",)), "--yes", "--format", "json")
    assert code == 0, out + err
    found: dict[str, Any] = json.loads(out)
    return found


def done(outcome: dict[str, Any]) -> list[str]:
    return [one["address"] for one in outcome["actions"] if one["status"] == "done"]


def rows(project: Folder) -> dict[Place, Any]:
    return rows_of(project.root / ".reconciler" / "sandbox.db")


def requests(project: Folder) -> int:
    with project.sandbox() as sandbox:
        return sandbox.requests()


def test_all_that_matches_is_adopted_and_nothing_else_of_it_changes(project: Folder):
    ids = by_hand(project)
    shop(project)
    before, writes = instance(project), project.writes()
    outcome = adopt(project)
    assert {one["address"]: (one["id"], one["by"], one["differs"]) for one in outcome["matches"]} == {
        "Integration/orders": (ids["Integration/orders"], "name", []),
        "Customer/acme": (ids["Customer/acme"], "externalId", []),
        ORDERS: (ids[ORDERS], "customer and name", []),
    }
    assert (sorted(done(outcome)), outcome["undecided"]) == (sorted(ids), [])
    assert project.writes() == writes + 3
    assert instance(project) == before
    found = project.json("plan")
    assert (found["actions"], found["refusals"], found["notes"]) == ([], [], [])


def test_a_second_run_has_nothing_to_do(project: Folder):
    by_hand(project)
    shop(project)
    adopt(project)
    writes = project.writes()
    again = adopt(project)
    assert (again["actions"], again["matches"], again["summary"]["unchanged"]) == ([], [], 3)
    code, out, err = project("adopt", "--all")
    assert (code, out) == (0, ""), err
    assert "0 objects to adopt, 3 adopted already" in err
    assert project.writes() == writes


def test_what_differs_is_adopted_too_and_left_to_the_next_plan(project: Folder):
    ids = by_hand(project)
    shop(project, config={"Channel": "#git"})
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Git's")
    project.write("definitions/orders.yml", DEFINITION.replace("/orders", "/git"))
    outcome = adopt(project)
    differs = {one["address"]: one["differs"] for one in outcome["matches"]}
    assert differs["Customer/acme"] == ["description"]
    assert differs[ORDERS] == ["release", "config.Channel"]
    assert differs["Integration/orders"][0].startswith("definition")
    nodes = project.ask("{ customers(isSystem: false) { nodes { description } } }")["customers"]["nodes"]
    assert nodes == [{"description": "First"}]
    found = project.json("plan")
    assert {one["verb"] for one in found["actions"]} >= {"update", "configure"}
    assert "adopt" not in {one["verb"] for one in found["actions"]}
    causes = {c["path"]: c["cause"] for a in found["actions"] for c in a["changes"]}
    assert (causes["description"], sorted(ids)) == ("pending", sorted(done(outcome)))


def test_only_what_is_selected_is_adopted(project: Folder):
    by_hand(project)
    shop(project)
    assert done(adopt(project, "--select", "Customer/*")) == ["Customer/acme"]
    assert done(adopt(project, "--all", "--exclude", "Instance/*")) == ["Integration/orders"]
    assert done(adopt(project)) == [ORDERS]
    code, _, err = project("adopt", "--select", "Customer/nobody", "--yes")
    assert (code, '"Customer/nobody" selects nothing' in err) == (3, True)


def test_what_may_be_several_is_left_out_with_its_candidates(project: Folder):
    ids = by_hand(project)
    twin = project.behind("createIntegration", {"name": "Orders", "definition": OTHER})["id"]
    shop(project)
    outcome = adopt(project)
    assert done(outcome) == ["Customer/acme"]
    assert list(validator("outcome").iter_errors(outcome)) == []
    integration, copy = outcome["undecided"]
    assert [one["id"] for one in integration["candidates"]] == [ids["Integration/orders"], twin]
    assert integration["address"] == "Integration/orders"
    assert (copy["address"], [one["id"] for one in copy["candidates"]]) == (ORDERS, [ids[ORDERS]])
    assert "Integration/orders" in copy["reason"]
    _, out, _ = project("adopt", "--all", "--dry-run")
    assert "left out: Integration/orders" in out
    assert twin in out
    assert project("adopt", "Integration/orders", ids["Integration/orders"], "--yes")[0] == 0
    assert done(adopt(project)) == [ORDERS]


def test_another_integrations_instance_of_that_name_is_not_taken(project: Folder):
    by_hand(project)
    shop(project)
    project.manifest("Integration", "orders", name="Invoices", definition="../definitions/orders.yml")
    outcome = adopt(project)
    assert done(outcome) == ["Customer/acme"]
    assert [one["address"] for one in outcome["undecided"]] == [ORDERS]
    project.behind("createIntegration", {"name": "Invoices", "definition": DEFINITION})
    outcome = adopt(project)
    assert done(outcome) == ["Integration/orders"]
    assert "runs another integration" in outcome["undecided"][0]["reason"]


def test_kinds_without_a_mark_are_listed(project: Folder):
    by_hand(project)
    shop(project)
    project.manifest("User", "ann", email="ann@example.com", name="Ann", role="Admin")
    assert project("apply", "--yes", "--select", "User/ann")[0] == 0
    outcome = adopt(project)
    user = next(one for one in outcome["matches"] if one["address"] == "User/ann")
    assert (user["by"], user["marked"]) == ("email", False)
    assert "User/ann" not in done(outcome)
    _, out, _ = project("adopt", "--all")
    assert "kinds that bear no mark" in out


def test_it_asks_shows_and_obeys(project: Folder):
    ids = by_hand(project)
    shop(project)
    writes = project.writes()
    code, out, err = project("adopt", "--all")
    assert (code, "no terminal" in err, ids[ORDERS] in out) == (3, True, True)
    code, out, err = project("adopt", "--all", "--dry-run")
    assert (code, ids["Customer/acme"] in out, "3 objects to adopt" in err) == (0, True, True)
    assert project.writes() == writes


@pytest.mark.parametrize(
    "arguments", [(), ("Customer/acme",), ("--all", "--select", "X"), ("Customer/acme", "ID", "--all")]
)
def test_it_is_told_what_to_adopt_in_one_way(project: Folder, arguments: tuple[str, ...]):
    shop(project)
    code, _, err = project("adopt", *arguments, "--yes")
    assert (code, "--all" in err) == (3, True)


def test_a_draft_that_is_ahead_stays_a_persons(project: Folder):
    ids = by_hand(project)
    ahead = OTHER.replace("Order notices", "Orders")
    project.behind("importIntegration", {"integrationId": ids["Integration/orders"], "definition": ahead})
    shop(project)
    adopt(project)
    found = project.json("plan")
    assert (found["actions"], found["refusals"]) == ([], [])


def test_the_token_may_not(project: Folder):
    by_hand(project)
    shop(project)
    with project.sandbox() as sandbox:
        sandbox.role = "guest"
    outcome = project.json("adopt", "--all", "--dry-run")
    denied = [one for one in outcome["undecided"] if "may not update" in one["reason"]]
    assert len(denied) + len(outcome["matches"]) == 3


def test_where_no_record_is_kept_the_mark_is_all(project: Folder):
    by_hand(project)
    shop(project)
    kept = "spec: {environments: {sandbox: {applied: none}}, manifests: [manifests/]}"
    project.write("reconciler.yaml", PROJECT.replace("spec: {manifests: [manifests/]}", kept))
    assert len(done(adopt(project))) == 3
    labels = project.ask("{ customers(isSystem: false) { nodes { labels } } }")["customers"]["nodes"]
    assert labels == [{"labels": ["reconciler:shop/customer/acme"]}]
    assert adopt(project)["actions"] == []


def test_what_is_protected_is_so_at_once(project: Folder):
    by_hand(project)
    shop(project)
    text = (project.root / "manifests/customer-acme.yaml").read_text()
    project.write(
        "manifests/customer-acme.yaml", text.replace("name: acme\n", "name: acme\n  protect: true\n")
    )
    adopt(project)
    found = project.json("plan")
    assert (found["actions"], found["refusals"]) == ([], [])


def test_without_manifests_there_is_nothing_to_adopt(project: Folder):
    by_hand(project)
    code, _, err = project("adopt", "--all", "--yes")
    assert (code, "0 objects to adopt" in err) == (0, True)


def test_what_a_lease_holds_is_not_adopted(project: Folder):
    text = (project.root / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("spec: {", "spec: {policy: {lease: true}, "))
    by_hand(project)
    shop(project)
    adopt(project)
    assert project.json("plan")["actions"] == []
    assert project.json("forget", "--all", "--yes")["summary"]["done"] == 3


@pytest.mark.parametrize("fault", ["reset_after", "error_502_after", "error_502"])
def test_a_doubtful_answer_is_looked_into(project: Folder, fault: str):
    by_hand(project)
    shop(project)
    for operation in ("updateCustomer", "updateInstance", "updateIntegration"):
        assert project("sandbox", "fault", fault, "--operation", operation, "--times", "1")[0] == 0
    assert len(done(adopt(project))) == 3
    assert project.json("plan")["actions"] == []


# Many


def many(project: Folder, number: int) -> None:
    """An integration, and customers who each have an instance of it, made by hand and written down."""
    draft = project.behind("createIntegration", {"name": "Orders", "definition": DEFINITION})["id"]
    version = project.behind("publishIntegration", {"id": draft, "comment": "1.0.0"})["id"]
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.0.0"}
    project.manifest("Integration", "orders", **spec)
    documents: list[dict[str, Any]] = []
    with project.sandbox() as sandbox:
        for at in range(number):
            name = f"c{at}"
            made = _made(sandbox, "createCustomer", "customer", {"name": name, "externalId": name})
            values = {"name": "Orders", "customer": made, "integration": version}
            _made(sandbox, "createInstance", "instance", values)
            documents += [
                {
                    **HEAD,
                    "kind": "Customer",
                    "metadata": {"name": name},
                    "spec": {"name": name, "externalId": name},
                },
                {
                    **HEAD,
                    "kind": "Instance",
                    "metadata": {"name": f"orders-{at}"},
                    "spec": {"customer": name, "integration": "orders", "release": "1.0.0", "name": "Orders"},
                },
            ]
    project.write("manifests/many.yaml", yaml.safe_dump_all(documents))


def _made(sandbox: Any, mutation: str, kind: str, values: dict[str, Any]) -> str:
    query = (
        f"mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) "
        f"{{ {mutation}(input: $input) {{ {kind} {{ id }} errors {{ messages }} }} }}"
    )
    _, answer, _ = sandbox.execute(query, {"input": values})
    return str(answer["data"][mutation][kind]["id"])


def test_many_take_one_mutation_each_and_few_requests(project: Folder):
    many(project, 130)
    before, writes = requests(project), project.writes()
    told = project.json("adopt", "--all", "--dry-run")
    reads = requests(project) - before
    assert len(told["matches"]) == 261
    before = requests(project)
    assert len(done(adopt(project))) == 261
    assert project.writes() == writes + 261
    # The plan's own reads once more, and the looks and the calls of many as one request each.
    assert requests(project) - before < reads + 30
    before = requests(project)
    assert adopt(project)["actions"] == []
    assert requests(project) - before <= reads
    assert project.json("plan")["actions"] == []


def test_what_is_deleted_meanwhile_is_stale_and_moves_nothing_else(
    project: Folder, monkeypatch: pytest.MonkeyPatch
):
    """A page then begins elsewhere: what is not found on it is looked at alone."""
    from reconciler.cli import ownership

    many(project, 102)
    carry_out = ownership.carry_out
    ids = project.ask('{ customers(name: "c0") { nodes { id } } }')["customers"]["nodes"]

    def meddled(*arguments: Any, **options: Any) -> Any:
        project.mutate("deleteCustomer", {"id": ids[0]["id"]})
        return carry_out(*arguments, **options)

    monkeypatch.setattr(ownership, "carry_out", meddled)
    code, out, _ = project("adopt", "--all", "--yes", "--format", "json")
    outcome = json.loads(out)
    stale = sorted(one["address"] for one in outcome["actions"] if one["status"] == "stale")
    assert (code, stale, len(done(outcome))) == (5, ["Customer/c0", "Instance/c0/orders-0"], 203)


def test_what_somebody_changes_meanwhile_is_stale(project: Folder, monkeypatch: pytest.MonkeyPatch):
    from reconciler.cli import ownership

    many(project, 3)
    carry_out = ownership.carry_out
    ids = project.ask('{ customers(name: "c1") { nodes { id } } }')["customers"]["nodes"]

    def meddled(*arguments: Any, **options: Any) -> Any:
        project.behind("updateCustomer", {"id": ids[0]["id"], "labels": ["theirs"]})
        return carry_out(*arguments, **options)

    monkeypatch.setattr(ownership, "carry_out", meddled)
    code, out, _ = project("adopt", "--all", "--yes", "--format", "json")
    outcome = json.loads(out)
    stale = [one["address"] for one in outcome["actions"] if one["status"] == "stale"]
    assert (code, stale, len(done(outcome))) == (5, ["Customer/c1"], 6)
    monkeypatch.undo()
    assert done(adopt(project)) == ["Customer/c1"]
    nodes = project.ask('{ customers(name: "c1") { nodes { labels } } }')["customers"]["nodes"]
    assert "theirs" in nodes[0]["labels"]


# The way back


@pytest.mark.parametrize("labels", [[], ["gold", "eu"]])
def test_forgetting_all_leaves_the_tenant_as_it_was(project: Folder, labels: list[str]):
    ids = by_hand(project)
    shop(project)
    project.manifest("AlertWebhook", "ops", name="Ops", url="https://example.com/hook")
    hook = {"name": "Ops", "url": "https://example.com/hook", "payloadTemplate": "{}"}
    project.mutate("createAlertWebhook", hook)
    for address, object_id in ids.items() if labels else ():
        kind = address.partition("/")[0]
        more = {"preserveDeployState": True} if kind == "Instance" else {}
        project.behind(f"update{kind}", {"id": object_id, "labels": labels, **more})
    before = rows(project)
    assert len(done(adopt(project, "--all"))) == 4
    assert rows(project) != before
    code, out, err = project("forget", "--all", "--yes")
    assert code == 0, out + err
    assert rows(project) == before


def test_what_people_changed_since_stays(project: Folder):
    ids = by_hand(project)
    shop(project)
    adopt(project)
    project.behind("updateCustomer", {"id": ids["Customer/acme"], "description": "Theirs"})
    project.behind("updateInstance", {"id": ids[ORDERS], "enabled": True, "preserveDeployState": True})
    (project.root / "manifests/customer-acme.yaml").unlink()
    (project.root / "manifests/instance-orders.yaml").unlink()
    outcome = json.loads(project("forget", "--all", "--yes", "--format", "json")[1])
    assert sorted(done(outcome)) == sorted(ids)
    asked = project.ask("{ customers(isSystem: false) { nodes { description labels } } }")
    assert asked["customers"]["nodes"] == [{"description": "Theirs", "labels": []}]
    assert instance(project)["enabled"] is True
    again = json.loads(project("forget", "--all", "--yes", "--format", "json")[1])
    assert again["actions"] == []


def test_an_integration_that_is_offered_in_the_marketplace_is_let_go_of(project: Folder):
    """Its listing goes by the same id."""
    by_hand(project)
    shop(project)
    project.manifest("MarketplaceListing", "orders", integration="orders", release="1.0.0")
    project("adopt", "--all", "--yes")
    assert project("apply", "--yes", "--allow-updates")[0] == 0
    outcome = json.loads(project("forget", "--all", "--yes", "--format", "json")[1])
    assert "Integration/orders" in done(outcome)
    assert json.loads(project("forget", "--all", "--yes", "--format", "json")[1])["actions"] == []


def test_forgetting_many_reads_by_page(project: Folder):
    many(project, 110)
    adopt(project)
    before, writes = requests(project), project.writes()
    code, _, err = project("forget", "--all", "--yes", "-q")
    assert (code, project.writes() - writes) == (0, 221), err
    assert requests(project) - before - 221 < 30
    assert len(done(adopt(project))) == 221


def test_all_is_not_named_beside_addresses(project: Folder):
    shop(project)
    for arguments in ((), ("Customer/acme", "--all")):
        code, _, err = project("forget", *arguments, "--yes")
        assert (code, "--all" in err) == (3, True)
    code, _, err = project("forget", "--all")
    assert (code, "Nothing bears" in err) == (0, True)
