"""plan, apply, drift and saved plans, as people and scripts use them."""

from __future__ import annotations

import json
import os
import stat

import pytest

from reconciler.kinds import all_kinds
from tests.cli.projects import DEFINITION, Folder


def test_the_first_apply_on_an_empty_tenant(project: Folder):
    project.shop()
    plan = project.json("plan")
    verbs = [a["id"] for a in plan["actions"]]
    assert verbs.index("Customer/acme#create") < verbs.index("Instance/acme/orders#create")
    create = next(a for a in plan["actions"] if a["id"] == "Instance/acme/orders#create")
    assert set(create["dependsOn"]) == {"Customer/acme#create", "Integration/orders#publish"}
    code, _out, err = project("apply", "--yes")
    assert code == 0, err
    assert project("plan", "--detailed-exitcode")[0] == 0
    writes = project.writes()
    assert project("apply", "--yes")[0] == 0
    assert project.writes() == writes


def test_exit_codes_of_plan(project: Folder):
    project.shop()
    assert project("plan")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 2


def test_apply_without_a_terminal_refuses_and_changes_nothing(project: Folder):
    project.shop()
    code, _, err = project("apply")
    assert code == 3
    assert "no terminal" in err
    assert "--yes" in err
    assert project.writes() == 0


def test_drift_names_the_field_and_its_cause(project: Folder):
    project.shop()
    project("apply", "--yes")
    project.behind("updateCustomer", {"id": project.id_of("customers"), "description": "Someone was here"})
    (found,) = project.json("drift")["drift"]
    assert {name: found[name] for name in ("address", "path", "applied", "live", "cause")} == {
        "address": "Customer/acme",
        "path": "description",
        "applied": "First",
        "live": "Someone was here",
        "cause": "drift",
    }
    assert project("drift")[0] == 0
    assert project("drift", "--detailed-exitcode")[0] == 2
    project("apply", "--yes")
    assert project.json("drift")["drift"] == []


def test_causes_of_changes(project: Folder):
    project.shop()
    project("apply", "--yes")
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    assert _causes(project) == {"description": "pending"}
    project.behind("updateCustomer", {"id": project.id_of("customers"), "description": "Theirs"})
    assert _causes(project) == {"description": "both"}


def _causes(project: Folder) -> dict[str, str]:
    actions = project.json("plan")["actions"]
    return {change["path"]: change["cause"] for action in actions for change in action["changes"]}


def test_drift_of_a_definition_names_flow_and_step(project: Folder):
    project.shop()
    spec = {
        "name": "Orders",
        "definition": "../definitions/orders.yml",
        "release": "1.0.0",
        "draft": "follow",
    }
    project.manifest("Integration", "orders", **spec)
    project("apply", "--yes")
    edited = DEFINITION.replace("https://example.com/orders", "https://example.com/other")
    project.behind(
        "importIntegration", {"integrationId": project.id_of("integrations"), "definition": edited}
    )
    paths = {d["path"]: d["cause"] for d in project.json("drift")["drift"]}
    assert paths["definition.flows[Receive order].steps[Fetch details].inputs.url.value"] == "drift"
    code, out, _ = project("apply", "--yes")
    assert code == 5
    assert "--overwrite-drafts" in out
    assert project("apply", "--yes", "--overwrite-drafts")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_a_new_release_moves_instances_that_follow_latest(project: Folder):
    project.shop()
    project("apply", "--yes")
    project.write("definitions/orders.yml", DEFINITION.replace("example.com/orders", "example.com/v2"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.1.0"
    )
    ids = [a["id"].partition("#")[2] for a in project.json("plan")["actions"]]
    assert ids == ["import", "update", "publish", "update", "deploy"]
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_a_saved_plan_is_applied_exactly(project: Folder):
    project.shop()
    path = project.root / "saved.json"
    assert project("plan", "-o", str(path))[0] == 0
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    code, _, err = project("apply", str(path))
    assert code == 0, err
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_a_saved_plan_is_stale_when_what_it_rests_on_changed(project: Folder):
    _saved_update(project)
    project.behind("updateCustomer", {"id": project.id_of("customers"), "description": "Meanwhile"})
    writes = project.writes()
    code, _, err = project("apply", str(project.root / "saved.json"))
    assert code == 5
    assert "Customer/acme#update" in err
    assert project.writes() == writes


def test_a_saved_plan_still_applies_when_something_unrelated_changed(project: Folder):
    _saved_update(project)
    project.behind("updateInstance", {"id": project.id_of("instances"), "description": "Unrelated"})
    project.behind("createCustomer", {"name": "Somebody Else"})
    code, _, err = project("apply", str(project.root / "saved.json"))
    assert code == 0, err
    left = [a["address"] for a in project.json("plan")["actions"]]
    assert left == ["Instance/acme/orders"] or left == [], "only what was saved was done"


def test_a_saved_plan_is_stale_when_the_manifests_changed(project: Folder):
    _saved_update(project)
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Third")
    code, _, err = project("apply", str(project.root / "saved.json"))
    assert code == 5
    assert "manifests changed" in err


def _saved_update(project: Folder) -> None:
    project.shop(description="Notices")
    project("apply", "--yes")
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    assert project("plan", "-o", str(project.root / "saved.json"))[0] == 0


def test_checksum_binds_apply_to_the_plan_that_was_reviewed(project: Folder):
    project.shop()
    checksum = project.json("plan")["checksum"]
    assert project("apply", "--yes", "--checksum", "sha256:0000")[0] == 5
    assert project("apply", "--yes", "--checksum", checksum)[0] == 0


def test_a_smuggled_mutation_cannot_leave_plan_mode(project: Folder, monkeypatch: pytest.MonkeyPatch):
    project.shop()
    kind = all_kinds()["Customer"]
    document = (
        'mutation { createCustomer(input: {name: "Smuggled"}) { customer { id } errors { field messages } } }'
    )
    monkeypatch.setitem(kind._documents, "customers", document)  # type: ignore[attr-defined]
    code, _, err = project("plan")
    assert code == 1
    assert "a mutation is not sent" in err
    assert project.writes() == 0


@pytest.mark.parametrize("verb", ["plan", "drift", "validate"])
def test_bad_input_ends_with_3_and_all_errors_at_once(project: Folder, verb: str):
    project.shop(customer="nobody", colour="red")
    project.manifest("Customer", "acme", nane="Acme")
    code, _out, err = project(verb)
    assert code == 3
    assert "colour" in err
    assert "nane" in err
    assert "-->" in err
    assert not (project.root / ".reconciler").exists()


def test_errors_as_json_stand_on_stderr(project: Folder):
    project.shop(customer="nobody")
    code, out, err = project("plan", "--format", "json")
    found = json.loads(err)["errors"][0]
    assert code == 3
    assert out == ""
    assert {"code", "message", "file", "line", "column", "address", "hint"} <= set(found)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["plan", "--colour"], 3, "--colour"),
        (["plam"], 3, "plam"),
        (["plan", "-e", "moon"], 3, "moon"),
        (["--project", "nowhere.yaml", "plan"], 3, "nowhere.yaml"),
        (["apply", "nowhere.json"], 3, "nowhere.json"),
    ],
)
def test_wrong_words_on_the_command_line(project: Folder, arguments: list[str], code: int, said: str):
    found, _, err = project(*arguments)
    assert (found, said in err) == (code, True)
    assert "Traceback" not in err


def test_only_what_is_selected_and_what_it_needs(project: Folder):
    project.shop()
    project.manifest("Customer", "birch", name="Birch")
    addresses = {a["address"] for a in project.json("plan", "--select", "Instance/acme/*")["actions"]}
    assert addresses == {"Integration/orders", "Customer/acme", "Instance/acme/orders"}


def test_orphans_are_deleted_only_with_prune(project: Folder):
    project.shop()
    project.manifest("Customer", "birch", name="Birch")
    project("apply", "--yes")
    (project.root / "manifests/customer-birch.yaml").unlink()
    plan = project.json("plan")
    assert (plan["actions"], plan["orphans"]) == ([], ["Customer/birch"])
    assert [a["verb"] for a in project.json("plan", "--prune")["actions"]] == ["delete"]
    assert project("apply", "--yes", "--prune")[0] == 0
    assert project.json("plan", "--prune")["actions"] == []


def test_an_unmarked_object_of_the_same_name_is_not_taken_over_nor_doubled(project: Folder):
    project.shop()
    project.behind(
        "importIntegration", {"definition": DEFINITION.replace("name: Order notices", "name: Orders")}
    )
    code, out, _ = project("apply", "--yes")
    assert code == 5
    assert "reconciler adopt Integration/orders" in out
    code, _, err = project("adopt", "Integration/orders", project.id_of("integrations"), "--yes")
    assert code == 0, err
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0
    project.id_of("integrations")


def test_the_journal_tells_what_was_done(project: Folder):
    project.shop()
    project("apply", "--yes")
    code, out, _ = project("history")
    assert code == 0
    assert "finished" in out or "done" in out
