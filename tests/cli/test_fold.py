"""pull --fold: instances that are alike but for what follows from their customers become one set."""

from __future__ import annotations

import json
import shutil
import subprocess
from json import dumps
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from reconciler.model.state import Resource
from reconciler.verbs.session import load_desired, open_session
from tests.cli.projects import Folder

SECRET = "k-0123456789abcdef"
KEY = {"secret": {"env": "KEY"}}
ALL = ("--fold", "--plain-config")
CHANNEL = {"Channel": "#orders"}


class Tenant:
    """A tenant in which everything was made by hand, and a project that knows nothing of it."""

    def __init__(self, project: Folder) -> None:
        self.project = project
        project.manifest(
            "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.0"
        )

    def customer(self, key: str, /, **spec: Any) -> None:
        self.project.manifest("Customer", key, **{"name": key.title(), "externalId": f"{key}-42", **spec})

    def instance(self, customer: str, leaf: str = "orders", /, **spec: Any) -> None:
        spec = {
            "customer": customer,
            "integration": "orders",
            "name": f"Orders for {customer.title()}",
            **spec,
        }
        document = {"apiVersion": "reconciler/v1", "kind": "Instance", "metadata": {"name": leaf}}
        self.project.write(f"manifests/i-{customer}-{leaf}.yaml", dumps({**document, "spec": spec}))

    def hand_over(self) -> Folder:
        """Makes it all, and forgets that we did."""
        code, out, err = self.project("apply", "--yes", "--allow-updates")
        assert code == 0, out + err
        assert self.project("forget", "--all", "--yes")[0] == 0
        for folder in ("manifests", "definitions"):
            shutil.rmtree(self.project.root / folder)
            (self.project.root / folder).mkdir()
        return self.project


@pytest.fixture
def tenant(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    monkeypatch.setenv("KEY", SECRET)
    return Tenant(project)


def files(project: Folder) -> dict[str, str]:
    found = [*(project.root / "manifests").rglob("*.yml"), *(project.root / "definitions").rglob("*.yml")]
    return {path.relative_to(project.root).as_posix(): path.read_text() for path in sorted(found)}


def is_empty(project: Folder) -> bool:
    code, _, _ = project("plan", "--detailed-exitcode")
    plan = project.json("plan")
    return (code, plan["actions"], plan["refusals"]) == (0, [], [])


def expanded(root: Path) -> dict[tuple[str, object], Resource]:
    """The instances that the manifests declare, by customer and display name."""
    session = open_session(root / "reconciler.yaml", None, {}, root)
    desired, _ = load_desired(session)
    return {
        (str(one.fields["customer"]), one.fields["name"]): one
        for one in desired.resources.values()
        if one.kind == "Instance"
    }


def shop(channel: str) -> dict[str, Any]:
    return {"Channel": channel, "Shop": {"inputs": {"apiKey": KEY}}}


FOLDED = """\
# yaml-language-server: $schema=../../.schemas/instanceset.json
apiVersion: reconciler/v1
kind: InstanceSet
metadata: {name: orders}
spec:
  customers:
    all: true
  template:
    integration: orders
    release: 1.0.0
    name: "Orders for ${customer.name}"
    description: Order notices
    config:
      Channel: "#${customer.key}-orders"
  overrides:
    # acme:
    #   config:
    #     Shop:
    #       inputs:
    #         apiKey: {secret: {env: ACME_ORDERS_SHOP_API_KEY}}
    # beta:
    #   config:
    #     Shop:
    #       inputs:
    #         apiKey: {secret: {env: BETA_ORDERS_SHOP_API_KEY}}
    gamma:
      enabled: false
      config:
        Channel: "#ops"
        # Shop:
        #   inputs:
        #     apiKey: {secret: {env: GAMMA_ORDERS_SHOP_API_KEY}}
"""


def test_what_is_alike_is_one_set_and_what_differs_overrides(tenant: Tenant):
    for name in ("acme", "beta", "gamma"):
        tenant.customer(name)
        tenant.instance(name, config=shop(f"#{name}-orders"), description="Order notices")
    tenant.instance("gamma", config=shop("#ops"), description="Order notices", enabled=False)
    project = tenant.hand_over()
    told = project.json("pull", *ALL)
    assert told["folded"] == [{"address": "InstanceSet/orders", "instances": 3, "overridden": 1}]
    assert "unfolded" not in told
    assert files(project)["manifests/instances/orders.yml"] == FOLDED
    assert is_empty(project)
    assert project.json("pull", *ALL)["files"] == []
    assert project.json("pull")["files"] == []


def test_a_comment_can_be_filled_in(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name, config=shop("#orders"))
    project = tenant.hand_over()
    assert project("pull", *ALL)[0] == 0
    path = "manifests/instances/orders.yml"
    head, comments = files(project)[path].split("  # overrides:\n")
    given = "  overrides:\n" + comments.replace("  # ", "  ")
    (project.root / path).write_text(head + given)
    for variable in ("ACME", "BETA"):
        monkeypatch.setenv(f"{variable}_ORDERS_SHOP_API_KEY", variable)
    assert project("validate")[0] == 0
    inputs = [one.fields["config"]["Shop"]["inputs"]["apiKey"] for one in expanded(project.root).values()]
    assert [one.source for one in inputs] == ["env ACME_ORDERS_SHOP_API_KEY", "env BETA_ORDERS_SHOP_API_KEY"]


def test_an_edit_in_the_tenant_becomes_an_override_and_comes_back(tenant: Tenant):
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name)
    project = tenant.hand_over()
    assert project("pull", *ALL)[0] == 0
    nodes = project.ask("{ instances(isSystem: false) { nodes { id name } } }")["instances"]["nodes"]
    beta = next(one["id"] for one in nodes if one["name"] == "Orders for Beta")
    project.behind("updateInstance", {"id": beta, "description": "Theirs"})
    before = files(project)["manifests/instances/orders.yml"]
    assert project("pull", "--fold")[0] == 0
    after = files(project)["manifests/instances/orders.yml"]
    override = "  overrides:\n    beta:\n      description: Theirs\n"
    assert after == before.replace("  # overrides:\n", override)
    assert is_empty(project)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"description": ""}, "it says nothing of description, as InstanceSet/orders does"),
        (
            {"name": "Other", "description": "Else", "config": {"Channel": "#z"}, "enabled": False},
            "it differs from InstanceSet/orders in 4 of 6 values",
        ),
    ],
)
def test_what_is_not_alike_stays_alone_and_is_named(tenant: Tenant, spec: dict[str, Any], reason: str):
    for name in ("acme", "beta", "gamma"):
        tenant.customer(name)
        tenant.instance(name, description="Order notices", **({} if name == "gamma" else {"config": CHANNEL}))
    tenant.instance("gamma", **{"description": "Order notices", "config": CHANNEL, **spec})
    project = tenant.hand_over()
    told = project.json("pull", *ALL)
    assert told["folded"] == [{"address": "InstanceSet/orders", "instances": 2, "overridden": 0}]
    assert [one["reason"] for one in told["unfolded"]] == [reason]
    assert "    names: [acme, beta]\n" in files(project)["manifests/instances/orders.yml"]
    assert is_empty(project)


def test_two_instances_of_a_customer_are_two_sets(tenant: Tenant):
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name)
        tenant.instance(name, "test", name=f"Test of {name.title()}")
    project = tenant.hand_over()
    told = project.json("pull", *ALL)
    assert [(one["address"], one["instances"]) for one in told["folded"]] == [
        ("InstanceSet/orders", 2),
        ("InstanceSet/test-of", 2),
    ]
    assert is_empty(project)
    assert project.json("pull", *ALL)["files"] == []


def test_texts_that_look_like_holes_and_customers_of_one_name_are_folded_exactly(tenant: Tenant):
    for name, title in (("a", "$${var.x}"), ("b", "$"), ("c", "42")):
        tenant.customer(name, name=title, externalId=f"{title}-{name}")
        tenant.instance(
            name, name=f"Orders {title}", description=f"$${{x}} for ${title}", config={"Channel": title}
        )
    project = tenant.hand_over()
    assert project("pull", "--plain-config")[0] == 0
    alone = expanded(project.root)
    shutil.rmtree(project.root / "manifests")
    assert project("pull", *ALL)[0] == 0
    assert {key: one.fields for key, one in expanded(project.root).items()} == {
        key: one.fields for key, one in alone.items()
    }
    assert is_empty(project)


def test_four_fifths_of_what_was_made_alike_are_folded_in_a_large_tenant(tenant: Tenant):
    """Some have texts of their own, some are off, some have two, and the names of customers are odd."""
    random = Random(7)
    words = ("Acme", "Ärger & Söhne", "O'Neil", "42", "true", "Orders", "a: b", "#1", "x" * 70, "日本")
    made = 0
    for number in range(24):
        name, title = f"c{number:02}", f"{random.choice(words)} {number}"
        tenant.customer(name, name=title, externalId=f"ext-{number}")
        for integration in ("orders", "mails"):
            config: dict[str, Any] = {"Channel": random.choice([f"#{name}", f"#{title}", "#all"])}
            if random.random() < 0.7:
                config["Shop"] = {"inputs": {"apiKey": KEY}}
            rest: dict[str, Any] = {"description": f"For {title} (ext-{number})"}
            if random.random() < 0.1:
                rest["enabled"] = False
            if random.random() < 0.1:
                rest["description"] = f"By hand {random.random()}"
            tenant.instance(
                name,
                integration,
                integration=integration,
                name=f"{integration} - {title}",
                config=config,
                **rest,
            )
            made += 1
    tenant.project.manifest(
        "Integration", "mails", name="Mails", definition="../definitions/orders.yml", release="2.0.0"
    )
    project = tenant.hand_over()
    writes = project.writes()
    assert project("pull", "--plain-config")[0] == 0
    alone, texts = expanded(project.root), files(project)
    for folder in ("manifests", "definitions"):
        shutil.rmtree(project.root / folder)
    told = project.json("pull", *ALL)
    assert sum(one["instances"] for one in told["folded"]) >= 0.8 * made
    together, folded = expanded(project.root), files(project)
    assert {key: one.fields for key, one in together.items()} == {k: one.fields for k, one in alone.items()}
    assert len(folded) < len(texts) - 36
    assert SECRET not in "".join(folded.values())
    secrets = {name for name in folded if "secret: {env:" in folded[name]}
    assert "manifests/instances/orders.yml" in secrets
    assert is_empty(project)
    for again in (("pull",), ("pull", *ALL)):
        assert project.json(*again)["files"] == []
    assert project.writes() == writes


def test_a_customer_that_a_set_names_keeps_its_manifest(tenant: Tenant):
    for name in ("acme", "beta", "gamma"):
        tenant.customer(name)
        if name != "gamma":
            tenant.instance(name)
    project = tenant.hand_over()
    assert project("pull", *ALL)[0] == 0
    nodes = project.ask("{ instances(isSystem: false) { nodes { id customer { id name } } } }")["instances"]
    beta = next(one for one in nodes["nodes"] if one["customer"]["name"] == "Beta")
    project.behind("deleteInstance", {"id": beta["id"]})
    project.behind("deleteCustomer", {"id": beta["customer"]["id"]})
    assert project.json("pull", "--prune")["removed"] == []
    assert project("validate")[0] == 0


def test_a_set_for_every_customer_is_named_where_one_is_new(tenant: Tenant):
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name)
    project = tenant.hand_over()
    assert project("pull", *ALL)[0] == 0
    project.behind("createCustomer", {"name": "Gamma"})
    (kept,) = project.json("pull")["kept"]
    assert kept == {
        "address": "InstanceSet/orders",
        "path": "customers",
        "reason": "it is for every customer, and so for gamma now: see reconciler plan",
        "conflict": False,
    }


SET = "manifests/instances/orders.yml"


@pytest.fixture
def alike(tenant: Tenant) -> Folder:
    """Two instances that were pulled as one set, in git. Nothing bears a mark."""
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name, config=CHANNEL, description="Notices")
    project = tenant.hand_over()
    project.write(".gitignore", ".reconciler/\n")
    code, out, err = project("pull", *ALL)
    assert code == 0, out + err
    _git(project, "init", "-q")
    _commit(project)
    return project


def _git(project: Folder, *words: str) -> None:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=project.root, check=True, capture_output=True)


def _commit(project: Folder) -> None:
    _git(project, "add", "-A")
    _git(project, "commit", "-q", "-m", "as it is")


def _edit(project: Folder, before: str, after: str) -> None:
    text = (project.root / SET).read_text()
    assert before in text, text
    (project.root / SET).write_text(text.replace(before, after))


def _behind(project: Folder, customer: str, **values: Any) -> None:
    nodes = project.ask("{ instances(isSystem: false) { nodes { id customer { name } } } }")["instances"]
    found = next(one["id"] for one in nodes["nodes"] if one["customer"]["name"] == customer)
    project.behind("updateInstance", {"id": found, **values})


def _set(project: Folder) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((project.root / SET).read_text())["spec"]
    return found


def _conflicts(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("address", "path", "applied", "live", "git")
    return [tuple(one[name] for name in names) for one in told["kept"] if one["conflict"]]


def _adopt(project: Folder) -> None:
    code, out, err = project("adopt", "--all", "--yes")
    assert code == 0, out + err


def test_a_template_that_git_changed_and_an_instance_that_people_changed_are_a_conflict(alike: Folder):
    _adopt(alike)
    _edit(alike, "description: Notices", "description: Ours")
    _behind(alike, "Beta", description="Theirs", enabled=False)
    text = (alike.root / SET).read_text()
    code, out, _ = alike("pull", "--format", "json")
    beta = "Instance/beta/orders"
    assert (code, _conflicts(json.loads(out))) == (1, [(beta, "description", "Notices", "Theirs", "Ours")])
    assert _set(alike)["overrides"] == {"beta": {"enabled": False}}
    (alike.root / SET).write_text(text)
    assert alike.json("pull", "--ours")["kept"] == []
    assert _set(alike)["overrides"] == {"beta": {"enabled": False}}
    (alike.root / SET).write_text(text)
    assert alike.json("pull", "--theirs")["kept"] == []
    assert _set(alike)["overrides"] == {"beta": {"description": "Theirs", "enabled": False}}
    assert _set(alike)["template"]["description"] == "Ours"
    assert [one["address"] for one in alike.json("plan")["actions"]] == ["Instance/acme/orders"]


def test_only_drift_of_an_instance_of_a_set_is_written_where_that_is_asked_for(alike: Folder):
    _adopt(alike)
    _edit(alike, "description: Notices", "description: Ours")
    _behind(alike, "Beta", enabled=False)  # of which git says nothing
    _behind(alike, "Acme", configVariables=[{"key": "Channel", "value": "#acme"}])
    told = alike.json("pull", "--drift", "--plain-config")
    assert (told["files"], told["kept"]) == ([SET], [])
    assert _set(alike)["overrides"] == {"acme": {"config": {"Channel": "#acme"}}}
    assert alike.json("drift")["drift"] == []
    assert _set(alike)["template"]["description"] == "Ours"
    assert alike("pull", "--drift", "--fold")[0] == 3


@pytest.mark.parametrize("known", [True, False])
def test_without_a_record_the_last_pull_or_git_tells_of_a_set(alike: Folder, known: bool):
    if not known:
        shutil.rmtree(alike.root / ".reconciler/pulled")
    _behind(alike, "Beta", enabled=False)
    _edit(alike, "description: Notices", "description: Ours")
    told = alike.json("pull")
    found = [
        (f"Instance/{name}/orders", "description", "(not known)", "Notices", "Ours")
        for name in ("acme", "beta")
    ]
    assert _conflicts(told) == ([] if known else found)
    assert _set(alike)["overrides"] == {"beta": {"enabled": False}}
    assert _set(alike)["template"]["description"] == "Ours"


def test_an_override_that_git_took_out_stays_out(alike: Folder):
    _behind(alike, "Beta", enabled=False)
    assert alike.json("pull")["files"] == [SET]
    assert alike.json("pull")["files"] == []
    _commit(alike)
    text = (alike.root / SET).read_text()
    _edit(alike, "  overrides:\n    beta:\n      enabled: false\n", "")
    assert text != (alike.root / SET).read_text()
    assert alike.json("pull")["files"] == []
    assert "overrides" not in _set(alike)


def test_what_is_folded_is_adopted_in_the_same_run(tenant: Tenant):
    for name in ("acme", "beta"):
        tenant.customer(name)
        tenant.instance(name, config=CHANNEL)
    project = tenant.hand_over()
    told = project.json("pull", *ALL, "--adopt", "--yes")
    assert {one["address"] for one in told["adoption"]["actions"]} == {
        *(f"Customer/{name}" for name in ("acme", "beta")),
        *(f"Instance/{name}/orders" for name in ("acme", "beta")),
        "Integration/orders",
    }
    assert is_empty(project)
