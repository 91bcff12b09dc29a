"""A tenant that was there before: names for what runs, and a baseline for what is adopted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.apply import lease_calls as profile
from reconciler.model.lease import Lease
from tests.cli.projects import DEFINITION, Folder

ORDERS = "Instance/acme/orders"
OTHER = DEFINITION.replace("https://example.com/orders", "https://theirs.example/by-hand")


def by_hand(project: Folder, *comments: str, definition: str = DEFINITION) -> dict[str, str]:
    """What a person made in the web app: an integration with a version for each comment, a customer, and a
    paused instance of the newest version. Their ids, by address.
    """
    draft = project.behind("createIntegration", {"name": "Orders", "definition": definition})["id"]
    project.behind("updateIntegration", {"id": draft, "name": "Orders", "description": "Posts orders"})
    versions = [publish(project, draft, comment) for comment in comments or ("",)]
    customer = project.behind(
        "createCustomer", {"name": "Acme", "externalId": "acme-1", "description": "First"}
    )
    values = {
        "name": "Orders for Acme",
        "customer": customer["id"],
        "integration": versions[-1],
        "configVariables": [{"key": "Channel", "value": "#orders"}],
    }
    instance = project.behind("createInstance", values)["id"]
    project.behind("deployInstance", {"id": instance})
    project.behind("updateInstance", {"id": instance, "enabled": False, "preserveDeployState": True})
    return {"Integration/orders": draft, "Customer/acme": customer["id"], ORDERS: instance}


def publish(project: Folder, draft: str, comment: str = "") -> str:
    return str(project.behind("publishIntegration", {"id": draft, "comment": comment})["id"])


def shop(project: Folder, release: str = "1.0.0", **instance: Any) -> None:
    project.shop(**{"enabled": False, "release": release, **instance})
    spec = {"name": "Orders", "definition": "../definitions/orders.yml", "release": release}
    project.manifest("Integration", "orders", **spec)


def adopt(project: Folder, ids: dict[str, str]) -> None:
    for address, object_id in ids.items():
        code, out, err = project("adopt", address, object_id, "--yes")
        assert code == 0, out + err


def plan(project: Folder) -> dict[str, Any]:
    return project.json("plan")


def actions(project: Folder) -> list[str]:
    return [action["id"] for action in plan(project)["actions"]]


def instance(project: Folder) -> dict[str, Any]:
    fields = "enabled lastDeployedAt needsDeploy deployedVersion integration { id }"
    (node,) = project.ask(f"{{ instances(isSystem: false) {{ nodes {{ {fields} }} }} }}")["instances"][
        "nodes"
    ]
    return dict(node)


def versions(project: Folder) -> list[dict[str, Any]]:
    """The published versions as `get versions` shows them."""
    found: list[dict[str, Any]] = json.loads(
        project("get", "versions", "--integration", "Orders", "--format", "json")[1]
    )
    return found


# Names


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(
    "rule", ["deploy_enables=true", "attributes_keep_own_keys=false", "draft_in_sequence=false"]
)
def test_naming_what_runs_is_no_deployment(project: Folder, ahead: bool, rule: str):
    project("sandbox", "rule", rule)
    ids = by_hand(project)
    if ahead:
        project.behind(
            "importIntegration",
            {
                "integrationId": ids["Integration/orders"],
                "definition": OTHER.replace("Order notices", "Orders"),
            },
        )
    shop(project)
    adopt(project, ids)
    before = instance(project)
    assert [one for one in actions(project) if ORDERS in one] == []
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert (instance(project), actions(project), len(versions(project))) == (before, [], 1)
    assert "1.0.0" in str(versions(project))


def test_a_release_that_is_given_a_name_is_written_down(project: Folder):
    ids = by_hand(project)
    project.shop(enabled=False)
    spec = {"name": "Orders", "definition": "../definitions/orders.yml"}
    project.manifest("Integration", "orders", **spec)
    project.shop(enabled=False, release="1.0.0")
    project.manifest("Integration", "orders", **spec)
    (project.root / "manifests/instance-orders.yaml").unlink()
    adopt(project, {address: ids[address] for address in ("Integration/orders", "Customer/acme")})
    shop(project)
    adopt(project, {ORDERS: ids[ORDERS]})
    before = instance(project)
    (action,) = plan(project)["actions"]
    assert (action["id"], [c["path"] for c in action["changes"]]) == (
        "Integration/orders#update",
        ["release"],
    )
    assert project("apply", "--yes")[0] == 0
    assert (instance(project), actions(project)) == (before, [])
    (version,) = versions(project)
    assert "1.0.0" in version.values()


@pytest.mark.parametrize(
    ("release", "comments", "number"),
    [
        ("1.4.0", ("1.4.0", "other"), 1),
        ("1.4.0", ("1.4.0: retries on 429", "1.4.0-rc1", "1.4.0.1"), 1),
        ("2", ("one", "two", "three"), 2),
        ("2", ("2 is said here", "two", "three"), 1),
    ],
)
def test_a_name_may_be_a_comment_or_a_number(
    project: Folder, release: str, comments: tuple[str, ...], number: int
):
    ids = by_hand(project, *comments)
    shop(project, release)
    adopt(project, ids)
    found = plan(project)
    moved = [
        change for action in found["actions"] if action["address"] == ORDERS for change in action["changes"]
    ]
    assert [change["after"] for change in moved if change["path"] == "release"] == [release]
    assert not any(action["verb"] == "publish" for action in found["actions"])
    assert project("apply", "--yes")[0] == 0
    assert (instance(project)["deployedVersion"], actions(project)) == (number, [])
    assert len(versions(project)) == len(comments)


def test_two_comments_that_begin_so_are_ambiguous(project: Folder):
    ids = by_hand(project, "1.4.0 first try", "1.4.0 again", "other")
    shop(project, "1.4.0")
    adopt(project, ids)
    code, out, _ = project("plan", "--format", "json")
    assert code == 5
    found = json.loads(out)["refusals"]
    assert {one["code"] for one in found} == {"ambiguous"}
    assert "1, 2" in found[0]["message"] or "2, 1" in found[0]["message"]


def test_a_name_that_we_gave_is_no_number(project: Folder):
    """A project that counts its releases is not told that release 2 was there before."""
    by_hand(project)
    project.manifest(
        "Integration", "other", name="Other", definition="../definitions/orders.yml", release="2"
    )
    for release in ("2", "1"):
        project.manifest(
            "Integration", "other", name="Other", definition="../definitions/orders.yml", release=release
        )
        assert project("apply", "--yes")[0] == 0
    rows = json.loads(project("get", "versions", "--integration", "Other", "--format", "json")[1])
    assert len(rows) == 2


# Baselines


def test_adopting_leaves_a_baseline(project: Folder):
    ids = by_hand(project)
    shop(project)
    adopt(project, ids)
    assert actions(project) == []
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Second")
    shop_again = {"config": {"Channel": "#new"}}
    project.manifest(
        "Instance",
        "orders",
        customer="acme",
        integration="orders",
        name="Orders for Acme",
        enabled=False,
        **shop_again,
    )
    assert project("drift", "--detailed-exitcode")[0] == 0
    causes = {
        c["path"]: c["cause"] for a in plan(project)["actions"] for c in a["changes"] if a["verb"] != "deploy"
    }
    assert causes == {"description": "pending", "config.Channel": "pending"}
    project.behind("updateCustomer", {"id": ids["Customer/acme"], "name": "Acme Inc"})
    drift = {d["path"]: d["cause"] for d in project.json("drift")["drift"]}
    assert drift == {"name": "drift"}


def test_what_differs_when_it_is_adopted_is_to_be_applied_and_is_no_drift(project: Folder):
    ids = by_hand(project)
    shop(project, config={"Channel": "#git"})
    project.manifest("Customer", "acme", name="Acme", externalId="acme-1", description="Git's")
    adopt(project, ids)
    customer = project.ask("{ customers(isSystem: false) { nodes { description } } }")["customers"]["nodes"][
        0
    ]
    assert customer == {"description": "First"}
    causes = {c["path"]: c["cause"] for a in plan(project)["actions"] for c in a["changes"]}
    assert causes["description"] == "pending"
    assert [d["cause"] for d in project.json("drift")["drift"] if d["path"] == "description"] == []
    assert project("apply", "--yes")[0] == 0
    assert actions(project) == []


def test_a_persons_draft_does_not_become_ours_by_adopting_it(project: Folder):
    ids = by_hand(project)
    project.behind("importIntegration", {"integrationId": ids["Integration/orders"], "definition": OTHER})
    shop(project, "2.0.0")
    project.write("definitions/orders.yml", DEFINITION.replace("/orders", "/git"))
    adopt(project, {"Integration/orders": ids["Integration/orders"]})
    code, out, _ = project("apply", "--yes", "--select", "Integration/orders")
    assert (code, "--overwrite-drafts" in out) == (5, True)


def test_a_baseline_is_never_written_by_itself_and_what_has_none_is_counted(project: Folder):
    ids = by_hand(project)
    shop(project)
    kinds = {"Integration/orders": "Integration", "Customer/acme": "Customer", ORDERS: "Instance"}
    for address, kind in kinds.items():
        mark = f"reconciler:shop/{kind.lower()}/{address.rpartition('/')[2]}"
        more = {"preserveDeployState": True} if kind == "Instance" else {}
        if kind == "Integration":
            more = {
                "metadata": json.dumps(
                    {"reconciler": {"mark": mark, "releases": {"1.0.0": versions(project)[0]["id"]}}}
                )
            }
        project.behind(f"update{kind}", {"id": ids[address], "labels": [mark], **more})
    code, out, _ = project("plan")
    (line,) = [line for line in out.splitlines() if "without a baseline" in line]
    assert (code, line.startswith("note: 3 without a baseline: reconciler adopt ")) == (0, True)
    assert plan(project)["actions"] == []
    writes = project.writes()
    assert project("apply", "--yes")[0] == 0
    assert project.writes() == writes
    adopt(project, {"Customer/acme": ids["Customer/acme"]})
    (note,) = plan(project)["notes"]
    assert note["message"].startswith("2 without a baseline")
    adopt(project, ids)
    assert (plan(project)["notes"], actions(project)) == ([], [])


# adopt goes through the engine


def test_adopt_asks_first(project: Folder):
    ids = by_hand(project)
    shop(project)
    writes = project.writes()
    code, _, err = project("adopt", "Customer/acme", ids["Customer/acme"])
    assert (code, "no terminal" in err, "--yes" in err) == (3, True, True)
    assert project.writes() == writes


def test_adopt_respects_the_lease(project: Folder):
    text = (project.root / "reconciler.yaml").read_text()
    project.write("reconciler.yaml", text.replace("spec: {", "spec: {policy: {lease: true}, "))
    ids = by_hand(project)
    shop(project)
    now = datetime.now(UTC)
    op = profile.create("shop", Lease("bob@there", "2 actions", now, now + timedelta(seconds=600), "theirs"))
    sandbox = project.sandbox()
    _, answer, _ = sandbox.execute(op.document, dict(op.variables))
    sandbox.close()
    assert not answer["data"]["createInstanceProfile"]["errors"]
    writes = project.writes()
    code, _, err = project("adopt", "Customer/acme", ids["Customer/acme"], "--yes")
    assert (code, "lease" in err) == (5, True), err
    assert project.writes() == writes
    code, _, err = project("adopt", "Customer/acme", ids["Customer/acme"], "--yes", "--take-lease")
    assert code == 0, err


@pytest.mark.parametrize("fault", ["reset_after", "error_502_after"])
@pytest.mark.parametrize("address", ["Customer/acme", ORDERS, "Integration/orders"])
def test_adopt_looks_after_a_doubtful_answer(project: Folder, fault: str, address: str):
    ids = by_hand(project)
    shop(project)
    adopt(project, {a: i for a, i in ids.items() if a != address})
    operation = "update" + address.partition("/")[0]
    assert project("sandbox", "fault", fault, "--operation", operation, "--times", "1")[0] == 0
    writes = project.writes()
    code, _, err = project("adopt", address, ids[address], "--yes")
    assert (code, project.writes() > writes) == (0, True), err
    assert actions(project) == []


def test_adopt_is_an_outcome_like_any_other(project: Folder):
    ids = by_hand(project)
    shop(project)
    outcome = project.json("adopt", "Customer/acme", ids["Customer/acme"], "--yes")
    (action,) = outcome["actions"]
    assert (action["id"], action["verb"], action["status"]) == ("Customer/acme#adopt", "adopt", "done")
    assert project.json("history")["runs"][0]["actions"] == 1
    again = project.json("adopt", "Customer/acme", ids["Customer/acme"], "--yes")
    assert again["actions"] == []
