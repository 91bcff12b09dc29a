"""Whose an object is: adopt, forget, earlier names, marks that people move, protection, two projects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder

LABELS = {kind: f"reconciler:shop/{kind}/" for kind in ("integration", "customer", "instance")}
LISTS = {"integration": "integrations", "customer": "customers", "instance": "instances"}
ADDRESSES = {
    "integration": "Integration/orders",
    "customer": "Customer/acme",
    "instance": "Instance/acme/orders",
}


def document(project: Folder, kind: str, name: str, metadata: dict[str, Any], /, **spec: Any) -> Path:
    """Writes a manifest with more metadata than its name."""
    text = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    return project.write(f"manifests/{kind.lower()}-{name}.yaml", yaml.safe_dump(text, sort_keys=False))


def applied(project: Folder, *arguments: str) -> None:
    """Applies, and finds nothing left to do."""
    code, out, err = project("apply", "--yes", *arguments)
    assert code == 0, out + err
    code, out, err = project("plan", "--detailed-exitcode", *arguments)
    assert code == 0, out + err


def ids(project: Folder, *arguments: str) -> list[str]:
    return [action["id"] for action in project.json("plan", *arguments)["actions"]]


def errors(project: Folder, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
    """The exit code, and the codes and addresses of the errors and refusals, each on one stream alone."""
    code, out, err = project(*arguments, "--format", "json")
    start = err.find("{")
    found = json.loads(err[start:])["errors"] if start >= 0 else []
    found += json.loads(out).get("refusals", []) if out else []
    return code, [(e["code"], e["address"]) for e in found]


def objects(project: Folder, kind: str, fields: str = "") -> list[dict[str, Any]]:
    hidden = "" if kind == "integration" else "(isSystem: false)"
    more = "metadata" if kind == "integration" else ""
    query = f"{{ {LISTS[kind]}{hidden} {{ nodes {{ id name labels {more} {fields} }} }} }}"
    found: list[dict[str, Any]] = project.ask(query)[LISTS[kind]]["nodes"]
    return found


def one(project: Folder, kind: str, fields: str = "") -> dict[str, Any]:
    (found,) = objects(project, kind, fields)
    return found


def label(project: Folder, kind: str, object_id: str, labels: list[str], **values: Any) -> None:
    """A person's change of an object's labels."""
    kept = {"preserveDeployState": True} if kind == "instance" else {}
    project.behind(f"update{kind.capitalize()}", {"id": object_id, "labels": labels, **kept, **values})


def edited(project: Folder, kind: str, **spec: Any) -> None:
    """A change in git."""
    path = project.root / f"manifests/{kind}-{ADDRESSES[kind].rpartition('/')[2]}.yaml"
    text = yaml.safe_load(path.read_text())
    text["spec"] |= spec
    path.write_text(yaml.safe_dump(text, sort_keys=False))


def ours(labels: list[str]) -> list[str]:
    return [text for text in labels if text.startswith("reconciler")]


# forget


@pytest.fixture
def shop(project: Folder) -> Folder:
    """A shop that is applied, with labels of people on everything."""
    project.shop()
    applied(project)
    for kind in LISTS:
        found = one(project, kind)
        metadata = (
            {"metadata": json.dumps({**json.loads(found["metadata"]), "theirs": 1})}
            if kind == "integration"
            else {}
        )
        label(
            project, kind, found["id"], [*found["labels"], "vip", "reconciler:other/workflow/x"], **metadata
        )
    assert ids(project) == []
    return project


@pytest.mark.parametrize("kind", LISTS)
def test_forget_takes_off_what_is_ours_and_leaves_the_rest(shop: Folder, kind: str):
    fields = {"integration": "definition description", "customer": "description externalId"}
    more = fields.get(kind, "description enabled needsDeploy deployedVersion lastDeployedAt")
    before, writes = one(shop, kind, more), shop.writes()
    code, out, err = shop("forget", ADDRESSES[kind], "--yes")
    assert code == 0, err
    assert "1 to forget" in out
    assert shop.writes() == writes + 1
    after = one(shop, kind, more)
    assert sorted(after.pop("labels")) == ["reconciler:other/workflow/x", "vip"]
    assert json.loads(after.pop("metadata", None) or "{}") == ({"theirs": 1} if kind == "integration" else {})
    assert after == {name: before[name] for name in after}


@pytest.mark.parametrize(
    ("kind", "then"),
    [("customer", "adopts it again"), ("integration", "refused"), ("instance", "refused")],
)
def test_forget_warns_where_the_manifest_is_still_there(shop: Folder, kind: str, then: str):
    code, out, err = shop("forget", ADDRESSES[kind], "--yes", "--format", "json")
    assert code == 0, err
    (warning,) = json.loads(out)["warnings"]
    assert (warning["code"], warning["address"]) == ("still-named", ADDRESSES[kind])
    assert then in warning["message"]
    assert warning["file"].endswith(".yaml")
    assert ids(shop) == []  # it is as its manifest says
    edited(shop, kind, description="Otherwise")
    if kind == "customer":
        assert ids(shop) == ["Customer/acme#adopt"]
    else:
        assert errors(shop, "plan") == (5, [("exists-unowned", ADDRESSES[kind])])
        shop("adopt", ADDRESSES[kind], one(shop, kind)["id"], "--yes")
    applied(shop)
    assert len(objects(shop, kind)) == 1


def test_forget_is_an_outcome_and_in_the_journal(shop: Folder):
    found = shop.json("forget", "Customer/acme", "Instance/acme/orders", "--yes")
    assert {a["id"]: (a["verb"], a["status"]) for a in found["actions"]} == {
        "Customer/acme#forget": ("forget", "done"),
        "Instance/acme/orders#forget": ("forget", "done"),
    }
    run = shop.json("history", "latest")
    sent = {e["action"]: e["operation"] for e in run["entries"] if e["event"] == "send"}
    assert sent == {
        "Customer/acme#forget": "updateCustomer",
        "Instance/acme/orders#forget": "updateInstance",
    }


def test_forget_asks_first(shop: Folder):
    writes = shop.writes()
    code, _, err = shop("forget", "Customer/acme")
    assert (code, "no terminal" in err, "--yes" in err) == (3, True, True)
    assert shop.writes() == writes


@pytest.mark.parametrize(
    ("wrong", "code", "error"),
    [
        ("Customer/acne", 3, "unknown-address"),
        ("Cutsomer/acme", 3, "unknown-address"),
        ("acme", 3, "address"),
        ("Customer/late", 3, "not-owned"),
        ("Customer/theirs", 5, "owned-otherwise"),
    ],
)
def test_one_wrong_address_stops_all(shop: Folder, wrong: str, code: int, error: str):
    shop.manifest("Customer", "late", name="Late")
    shop.manifest("Customer", "theirs", name="Theirs")
    shop.behind("createCustomer", {"name": "Theirs", "labels": ["reconciler:other/customer/theirs"]})
    writes = shop.writes()
    found, told = errors(shop, "forget", "Customer/acme", wrong, "--yes")
    assert (found, [c for c, _ in told], shop.writes()) == (code, [error], writes)
    _, _, text = shop("forget", wrong, "--yes")
    assert (wrong != "Customer/acne") or 'did you mean "Customer/acme"' in text


def test_forget_what_no_manifest_names_any_more(shop: Folder):
    for path in (shop.root / "manifests").iterdir():
        path.unlink()
    shop.manifest("Customer", "birch", name="Birch")
    assert shop.json("plan")["orphans"] == ["Customer/acme", "Instance/acme/orders", "Integration/orders"]
    # The instance's customer is known by its mark alone; after this not even by that.
    assert shop("forget", "Customer/acme", "Integration/orders", "--yes")[0] == 0
    (left,) = shop.json("plan")["orphans"]
    assert left == f"Instance/{one(shop, 'customer')['id']}/orders"
    assert shop("forget", left, "--yes")[0] == 0
    assert shop.json("plan")["orphans"] == []
    assert ours(one(shop, "instance")["labels"]) == ["reconciler:other/workflow/x"]


# adopt


@pytest.mark.parametrize("kind", LISTS)
def test_adopt_writes_the_mark_and_is_in_the_journal(shop: Folder, kind: str):
    shop("forget", ADDRESSES[kind], "--yes")
    before = one(shop, kind, "description")
    code, _, err = shop("adopt", ADDRESSES[kind], before["id"], "--yes")
    assert code == 0, err
    after = one(shop, kind, "description")
    assert {*before["labels"]} < {*after["labels"]}
    assert LABELS[kind] + ADDRESSES[kind].rpartition("/")[2] in after["labels"]
    assert (after["name"], after["description"]) == (before["name"], before["description"])
    entries = shop.json("history", "latest")["entries"]
    assert [e["event"] for e in entries] == ["begin", "send", "answer", "end", "finish"]
    writes = shop.writes()
    assert shop("adopt", ADDRESSES[kind], before["id"], "--yes")[0] == 0
    assert shop.writes() == writes
    applied(shop)


def test_adopt_knows_what_may_have_been_meant(shop: Folder):
    code, _, err = shop("adopt", "Customer/acne", "some-id")
    assert (code, 'did you mean "Customer/acme"' in err) == (3, True)


# Earlier names


def test_renamed_manifests_keep_what_they_had(project: Folder):
    project.shop()
    applied(project)
    before = {kind: one(project, kind)["id"] for kind in LISTS}
    for path in (project.root / "manifests").iterdir():
        path.unlink()
    definition = {"definition": "../definitions/orders.yml", "release": "1.0.0"}
    document(project, "Integration", "sync", {"was": ["orders"]}, name="Orders", **definition)
    document(project, "Customer", "acme-inc", {"was": ["older", "acme"]}, name="Acme", externalId="acme-1")
    spec = {"integration": "sync", "name": "Orders for Acme", "config": {"Channel": "#orders"}}
    document(project, "Instance", "sync", {"was": ["orders"]}, customer="acme-inc", **spec)
    plan = project.json("plan", "--prune")
    assert (plan["summary"]["create"], plan["summary"]["delete"], plan["orphans"]) == (0, 0, [])
    applied(project)
    assert {kind: one(project, kind)["id"] for kind in LISTS} == before
    assert "reconciler:shop/customer/acme-inc" in one(project, "customer")["labels"]
    assert "reconciler:shop/customer/acme" not in one(project, "customer")["labels"]
    # Once more, on top of the first: the chain of names may stay in git for ever.
    (project.root / "manifests/customer-acme-inc.yaml").unlink()
    document(project, "Customer", "acme-ag", {"was": ["acme", "acme-inc"]}, name="Acme", externalId="acme-1")
    document(project, "Instance", "sync", {"was": ["orders"]}, customer="acme-ag", **spec)
    applied(project)
    assert {kind: one(project, kind)["id"] for kind in LISTS} == before


def test_two_manifests_cannot_share_an_earlier_name(project: Folder):
    project.manifest("Customer", "acme", name="Acme")
    document(project, "Customer", "acme-inc", {"was": ["acme"]}, name="Acme Inc")
    assert errors(project, "plan") == (3, [("bad-was", "Customer/acme-inc")])


# What people do to marks and names


def test_a_renamed_object_is_drift_and_not_made_again(shop: Folder):
    for kind in LISTS:
        shop.behind(f"update{kind.capitalize()}", {"id": one(shop, kind)["id"], "name": "Renamed"})
    drift = {(d["address"], d["path"]): d["cause"] for d in shop.json("drift")["drift"]}
    assert drift == {(address, "name"): "drift" for address in ADDRESSES.values()}
    assert shop.json("plan")["summary"]["create"] == 0
    applied(shop)
    assert {one(shop, kind)["name"] for kind in LISTS} == {"Acme", "Orders", "Orders for Acme"}


def test_a_customer_without_its_mark_that_differs_is_adopted_again_for_a_visible_reason(shop: Folder):
    label(shop, "customer", one(shop, "customer")["id"], ["vip"])
    assert ids(shop) == []
    edited(shop, "customer", description="Otherwise")
    (action,) = shop.json("plan")["actions"]
    assert (action["verb"], action["reason"]) == ("adopt", "exists without an owner")
    changed = {c["path"]: c["after"] for c in action["changes"]}
    assert changed == {"mark": "reconciler:shop/customer/acme", "description": "Otherwise"}
    applied(shop)
    one(shop, "customer")


def test_an_integration_that_lost_its_label_is_known_by_its_metadata(shop: Folder):
    found = one(shop, "integration")
    label(shop, "integration", found["id"], ["vip"])
    assert ids(shop) == ["Integration/orders#update"]
    applied(shop)
    assert "reconciler:shop/integration/orders" in one(shop, "integration")["labels"]
    label(shop, "integration", found["id"], ["vip"], metadata="{}")
    assert ids(shop) == []
    edited(shop, "integration", description="Otherwise")
    assert errors(shop, "apply", "--yes") == (5, [("exists-unowned", "Integration/orders")])
    one(shop, "integration")


def test_an_instance_without_its_mark_is_refused_and_not_doubled(shop: Folder):
    label(shop, "instance", one(shop, "instance")["id"], ["vip"])
    assert ids(shop) == []
    edited(shop, "instance", description="Otherwise")
    assert errors(shop, "apply", "--yes") == (5, [("exists-unowned", "Instance/acme/orders")])
    one(shop, "instance")


def test_a_copied_mark_stops_the_plan_until_one_is_let_go(shop: Folder):
    first = one(shop, "customer")["id"]
    mark = "reconciler:shop/customer/acme"
    copy = shop.behind("createCustomer", {"name": "Copy", "labels": [mark, "theirs"]})["id"]
    writes = shop.writes()
    code, out, _ = shop("apply", "--yes")
    assert (code, first in out, copy in out) == (5, True, True)
    assert errors(shop, "forget", "Customer/acme", "--yes") == (5, [("ambiguous", "Customer/acme")])
    assert shop.writes() == writes
    code, _, err = shop("forget", f"Customer/acme@{copy}", "--yes")
    assert code == 0, err
    assert {c["name"]: c["labels"] for c in objects(shop, "customer")}["Copy"] == ["theirs"]
    assert ids(shop) == []


def test_the_mark_of_an_integration_on_an_instance_owns_nothing(shop: Folder):
    found = one(shop, "instance", "customer { id } integration { id }")
    made = shop.behind(
        "createInstance",
        {
            "name": "By hand",
            "customer": found["customer"]["id"],
            "integration": found["integration"]["id"],
            "labels": ["reconciler:shop/integration/orders", "orders"],
        },
    )
    plan = shop.json("plan")
    assert (plan["actions"], plan["orphans"]) == ([], [])
    assert errors(shop, "forget", f"Instance/acme/orders@{made['id']}", "--yes")[0] == 3


@pytest.mark.parametrize("name", ["shop", "s" * 31, "s" * 36, "s" * 40])
def test_marks_that_are_cut_serve_as_well(project: Folder, name: str):
    text = (project.root / "reconciler.yaml").read_text().replace("{name: shop}", f"{{name: {name}}}")
    project.write("reconciler.yaml", text)
    long = "a" * 56
    project.manifest("Customer", f"{long}-one", name="One")
    project.manifest("Customer", f"{long}-two", name="Two")
    applied(project)
    marks = {c["name"]: ours(c["labels"])[0] for c in objects(project, "customer")}
    assert len(set(marks.values())) == 2
    assert {len(mark) for mark in marks.values()} == {64}
    (project.root / f"manifests/customer-{long}-two.yaml").unlink()
    (orphan,) = project.json("plan")["orphans"]
    assert marks["Two"].endswith(orphan.removeprefix("Customer/"))
    code, _, err = project("forget", orphan, "--yes")
    assert code == 0, err
    assert project.json("plan")["orphans"] == []


# Protection, and plans that delete


def test_protection_outlives_the_manifest(shop: Folder):
    specs = {
        "Integration": (
            "orders",
            {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.0.0"},
        ),
        "Customer": ("acme", {"name": "Acme", "externalId": "acme-1", "description": "First"}),
        "Instance": (
            "orders",
            {
                "customer": "acme",
                "integration": "orders",
                "name": "Orders for Acme",
                "config": {"Channel": "#orders"},
            },
        ),
    }
    for kind, (name, spec) in specs.items():
        document(shop, kind, name, {"protect": True}, **spec)
    assert sorted(ids(shop)) == sorted(f"{address}#update" for address in ADDRESSES.values())
    applied(shop)
    assert one(shop, "instance", "needsDeploy")["needsDeploy"] is False
    for path in (shop.root / "manifests").iterdir():
        path.unlink()
    shop.manifest("Customer", "birch", name="Birch")
    code, told = errors(shop, "plan", "--prune", "--allow-deletes")
    assert (code, sorted(told)) == (5, sorted(("protected", address) for address in ADDRESSES.values()))
    for kind, (name, spec) in specs.items():
        document(shop, kind, name, {"protect": False}, **spec)
    applied(shop)
    for path in (shop.root / "manifests").iterdir():
        if "birch" not in path.name:
            path.unlink()
    code, _, err = shop("apply", "--yes", "--prune")
    assert code == 0, err
    assert [c["name"] for c in objects(shop, "customer")] == ["Birch"]


def test_what_is_created_protected_is_so_at_once(project: Folder):
    document(project, "Customer", "acme", {"protect": True}, name="Acme", labels=["gold"])
    applied(project)
    assert "reconciler-protect" in one(project, "customer")["labels"]
    label(project, "customer", one(project, "customer")["id"], ["gold", "reconciler:shop/customer/acme"])
    assert ids(project) == ["Customer/acme#update"]
    assert project("forget", "Customer/acme", "--yes")[0] == 0
    assert one(project, "customer")["labels"] == ["gold"]


def test_a_protecting_label_cannot_be_written_by_hand(project: Folder):
    project.manifest("Customer", "acme", name="Acme", labels=["reconciler-protect"])
    assert errors(project, "validate") == (3, [("reserved-label", "Customer/acme")])


def test_a_tenant_is_emptied_only_name_by_name(shop: Folder):
    for path in (shop.root / "manifests").iterdir():
        path.unlink()
    shop.write("manifests/none.yaml", "")
    writes = shop.writes()
    flags = ["--yes", "--prune", "--allow-deletes", "--allow-updates"]
    assert errors(shop, "apply", *flags) == (5, [("empties-tenant", "")])
    assert errors(shop, "apply", *flags, "--select", "*/*") == (5, [("empties-tenant", "")])
    assert shop.writes() == writes
    code, _, err = shop("apply", *flags, *(f"--select={address}" for address in ADDRESSES.values()))
    assert code == 0, err
    assert [objects(shop, kind) for kind in LISTS] == [[], [], []]


def test_what_goes_along_is_told_in_every_format(shop: Folder):
    found = one(shop, "instance", "customer { id } integration { id }")
    references = {"customer": found["customer"]["id"], "integration": found["integration"]["id"]}
    made = shop.behind("createInstance", {"name": "By hand", **references})["id"]
    for kind in ("customer", "instance"):
        for path in (shop.root / "manifests").glob(f"{kind}-*.yaml"):
            path.unlink()
    told = f'instance "By hand" ({made}) is deleted with Customer/acme'
    assert shop.json("plan", "--prune")["consequences"] == [told]
    for shown in ("text", "markdown"):
        _, out, _ = shop("plan", "--prune", "--format", shown)
        assert told in out
        assert "Deleted along with it" in out


def test_what_a_stranger_made_goes_along_only_where_that_is_asked_for(shop: Folder):
    found = one(shop, "instance", "customer { id } integration { id }")
    references = {"customer": found["customer"]["id"], "integration": found["integration"]["id"]}
    made = shop.behind("createInstance", {"name": "By hand", **references})["id"]
    for kind in ("customer", "instance"):
        for path in (shop.root / "manifests").glob(f"{kind}-*.yaml"):
            path.unlink()
    writes = shop.writes()
    for verb in (["apply", "--yes"], ["plan"]):
        assert errors(shop, *verb, "--prune") == (5, [("strangers", "Customer/acme")])
    _, out, err = shop("plan", "--prune", "--no-progress")
    told = f'deleting Customer/acme would delete instance "By hand" ({made}), which bears no mark'
    assert (out.count(told), err) == (1, "")
    assert "--delete-strangers" in out
    assert shop.writes() == writes
    applied(shop, "--prune", "--exclude", "Customer/acme")
    assert len(objects(shop, "instance")) == len(objects(shop, "customer")) == 1
    saved = str(shop.root / "saved.json")
    assert shop("plan", "--prune", "--delete-strangers", "-o", saved)[0] == 0
    assert shop("apply", saved)[0] == 0
    assert objects(shop, "instance") == objects(shop, "customer") == []


# Two projects in one tenant


@pytest.fixture
def other(shop: Folder) -> tuple[str, ...]:
    """The arguments of a second project, whose tenant is the same."""
    text = (shop.root / "reconciler.yaml").read_text()
    text = text.replace("{name: shop}", "{name: shop-two}").replace("manifests/", "second/")
    shop.write("other.yaml", text)
    manifest = {"apiVersion": "reconciler/v1", "kind": "Customer", "metadata": {"name": "birch"}}
    shop.write("second/birch.yaml", yaml.safe_dump({**manifest, "spec": {"name": "Birch"}}))
    return ("--project", str(shop.root / "other.yaml"))


def test_each_project_sees_only_its_own(shop: Folder, other: tuple[str, ...]):
    assert ids(shop, *other) == ["Customer/birch#create"]
    assert shop.json("plan", "--prune", *other)["orphans"] == []
    applied(shop, "--prune", *other)
    assert ids(shop, "--prune") == []
    before = {kind: objects(shop, kind) for kind in LISTS}
    applied(shop, "--prune")
    applied(shop, "--prune", *other)
    assert {kind: objects(shop, kind) for kind in LISTS} == before
    assert errors(shop, "forget", "Customer/birch", "--yes") == (3, [("unknown-address", "Customer/birch")])


def test_two_projects_cannot_have_one_customer(shop: Folder, other: tuple[str, ...]):
    manifest = {"apiVersion": "reconciler/v1", "kind": "Customer", "metadata": {"name": "mine"}}
    shop.write(
        "second/birch.yaml", yaml.safe_dump({**manifest, "spec": {"name": "X", "externalId": "acme-1"}})
    )
    before = one(shop, "customer")
    assert errors(shop, "apply", "--yes", *other) == (5, [("owned-otherwise", "Customer/mine")])
    assert errors(shop, "forget", "Customer/mine", "--yes", *other) == (
        5,
        [("owned-otherwise", "Customer/mine")],
    )
    code, _, err = shop("adopt", "Customer/mine", before["id"], "--yes", *other)
    assert (code, "reconciler:shop/customer/acme" in err) == (5, True)
    assert one(shop, "customer") == before


def test_an_import_that_clears_labels_gives_an_integration_to_nobody_else(
    shop: Folder, other: tuple[str, ...]
):
    """Between the import and the update after it, only the metadata tells whose it is."""
    spec = {"name": "Orders", "definition": "../definitions/orders.yml"}
    manifest = {"apiVersion": "reconciler/v1", "kind": "Integration", "metadata": {"name": "mine"}}
    shop.write("second/birch.yaml", yaml.safe_dump({**manifest, "spec": spec}))
    before = one(shop, "integration")
    left = [text for text in before["labels"] if not text.startswith(LABELS["integration"])]
    label(shop, "integration", before["id"], left)
    code, _, err = shop("adopt", "Integration/mine", before["id"], "--yes", *other)
    assert (code, "reconciler:shop/integration/orders" in err) == (5, True), err
    assert sorted(one(shop, "integration")["labels"]) == sorted(left)
    applied(shop)
    assert sorted(one(shop, "integration")["labels"]) == sorted(before["labels"])
