"""pull of a second environment: what is equal stays shared, and nothing changes for the first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.projects import PROJECT, Folder
from tests.sandbox.served import ServedSandbox

TWO = """\
apiVersion: reconciler/v1
kind: Project
metadata: {{name: shop}}
spec:
  manifests: [manifests/]  # all of them
  environments:
    sandbox: {{}}
    other: {{url: "{0}", auth: {{refreshToken: {{env: TOKEN}}}}, rate: 1000}}
"""
HERE = ("-e", "other")


@pytest.fixture
def other(project: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Two tenants alike, the first of them pulled; nothing in either bears a mark."""
    project.shop(config={"Channel": "#orders"})
    project.manifest("Customer", "birch", name="Birch", externalId="birch-1", labels=["small"])
    assert project("apply", "--yes")[0] == 0
    assert project("forget", "--all", "--yes")[0] == 0
    for folder in ("manifests", "definitions"):
        shutil.rmtree(project.root / folder)
        (project.root / folder).mkdir()
    assert project("pull", "--plain-config")[0] == 0
    shutil.copy(project.root / ".reconciler/sandbox.db", tmp_path / "other.db")
    with ServedSandbox(str(tmp_path / "other.db")) as served:
        monkeypatch.setenv("TOKEN", served.refresh_token)
        project.write("reconciler.yaml", TWO.format(served.url))
        yield project


def files(project: Folder) -> dict[str, str]:
    found = [*(project.root / "manifests").rglob("*.yml"), *(project.root / "definitions").rglob("*.yml")]
    found.append(project.root / "reconciler.yaml")
    return {path.relative_to(project.root).as_posix(): path.read_text() for path in sorted(found)}


def plan(project: Folder, *words: str) -> tuple[int, Any, Any]:
    code, _, _ = project(*words, "plan", "--detailed-exitcode")
    made = project.json(*words, "plan")
    return code, made["actions"], made["refusals"]


def there(project: Folder, mutation: str, values: dict[str, Any]) -> None:
    """Someone's mutation in the other tenant."""
    type_name = mutation[0].upper() + mutation[1:] + "Input"
    query = f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ errors {{ messages }} }} }}"
    code, out, err = project(*HERE, "api", query, "-F", f"input={json.dumps(values)}")
    assert code == 0, out + err


def nodes(project: Folder) -> dict[str, dict[str, Any]]:
    query = (
        "{ integrations { nodes { id name definition } } customers(isSystem: false) { nodes { id name } } "
        "instances(isSystem: false) { nodes { id name } } }"
    )
    _, out, _ = project(*HERE, "api", query)
    found = json.loads(out)
    return {one["name"]: one for kind in found.get("data", found).values() for one in kind["nodes"]}


def test_what_is_equal_stays_shared(other: Folder):
    before = files(other)
    told = other.json(*HERE, "pull", "--plain-config")
    assert (told["files"], told["kept"]) == ([], [])
    assert files(other) == before
    assert plan(other, *HERE) == (0, [], [])
    # What drifts there later is not told to the first either, and what git changes stays.
    assert other(*HERE, "adopt", "--all", "--yes")[0] == 0
    there(other, "updateCustomer", {"id": nodes(other)["Acme"]["id"], "description": "Theirs"})
    birch = other.root / "manifests/customers/birch.yml"
    birch.write_text(birch.read_text().replace("name: Birch", "name: Birch Inc"))
    first = other.json("plan")["desired"]
    told = other.json(*HERE, "pull", "--drift")
    assert (told["files"], told["kept"]) == (["manifests/customers/acme.yml", "reconciler.yaml"], [])
    assert other.json("plan")["desired"] == first
    assert [one["address"] for one in plan(other, *HERE)[1]] == ["Customer/birch"]


def test_what_differs_becomes_a_variable_or_a_manifest_of_its_own(other: Folder):
    first = other.json("plan")["desired"]
    ids = nodes(other)
    there(other, "updateCustomer", {"id": ids["Acme"]["id"], "description": 'Of "other": it'})
    there(other, "updateCustomer", {"id": ids["Birch"]["id"], "labels": ["big"]})
    there(other, "createCustomer", {"name": "Cedar", "externalId": "cedar-1"})
    channel = [{"key": "Channel", "value": "#other"}]
    there(
        other,
        "updateInstanceConfigVariables",
        {"id": ids["Orders for Acme"]["id"], "configVariables": channel},
    )
    there(other, "deployInstance", {"id": ids["Orders for Acme"]["id"]})
    told = other.json(*HERE, "pull", "--plain-config")
    assert [one for one in told["kept"] if one["conflict"]] == []
    found = files(other)
    project = yaml.safe_load(found["reconciler.yaml"])["spec"]["environments"]
    assert project["sandbox"]["variables"] == {"description": "First", "channel": "#orders"}
    assert project["other"]["variables"] == {"description": 'Of "other": it', "channel": "#other"}
    assert "# all of them" in found["reconciler.yaml"]
    assert 'description: "${var.description}"' in found["manifests/customers/acme.yml"]
    birch = yaml.safe_load(found["manifests/customers/birch.other.yml"])
    assert birch["metadata"] == {"name": "birch", "environments": ["other"]}
    assert birch["spec"]["labels"] == ["big"]
    assert yaml.safe_load(found["manifests/customers/birch.yml"])["metadata"]["environments"] == ["sandbox"]
    assert yaml.safe_load(found["manifests/customers/cedar.yml"])["metadata"]["environments"] == ["other"]
    assert plan(other, *HERE) == (0, [], [])
    assert plan(other) == (0, [], [])
    assert other.json("plan")["desired"] == first
    assert other.json(*HERE, "pull", "--plain-config")["files"] == []
    assert other.json("pull", "--plain-config")["files"] == []


def test_what_the_first_has_alone_is_not_made_in_the_second(other: Folder):
    ids = nodes(other)
    there(other, "deleteInstance", {"id": ids["Orders for Acme"]["id"]})
    there(other, "deleteCustomer", {"id": ids["Birch"]["id"]})
    assert other(*HERE, "pull", "--plain-config")[0] == 0
    found = files(other)
    for name in ("customers/birch.yml", "instances/acme/orders-for-acme.yml"):
        assert yaml.safe_load(found[f"manifests/{name}"])["metadata"]["environments"] == ["sandbox"]
    assert plan(other, *HERE) == (0, [], [])
    assert plan(other) == (0, [], [])
    other.write(
        "manifests/customers/dill.yml", found["manifests/customers/birch.yml"].replace("birch", "dill")
    )
    new = other.root / "manifests/customers/dill.yml"
    new.write_text(new.read_text().replace(", environments: [sandbox]", "").replace("Birch", "Dill"))
    other(*HERE, "pull", "--plain-config")
    assert "environments" not in new.read_text()
    assert [one["address"] for one in plan(other, *HERE)[1]] == ["Customer/dill"]


def test_definitions_that_differ_are_two_releases(other: Folder):
    first = other.json("plan")["desired"]
    node = nodes(other)["Orders"]
    text = node["definition"].replace("Fetch details", "Fetch all")
    there(other, "importIntegration", {"integrationId": node["id"], "definition": text})
    there(other, "publishIntegration", {"id": node["id"], "comment": "2.0.0: all"})
    code, out, err = other(*HERE, "pull", "--plain-config", "--format", "json")
    assert code == 0, out + err
    found = files(other)
    assert "Fetch all" in found["definitions/orders.other.yml"]
    assert "Fetch all" not in found["definitions/orders.yml"]
    made = yaml.safe_load(found["manifests/integrations/orders.other.yml"])
    assert made["metadata"]["environments"] == ["other"]
    assert (made["spec"]["definition"], made["spec"]["release"]) == (
        "../../definitions/orders.other.yml",
        "2.0.0",
    )
    assert plan(other, *HERE) == (0, [], [])
    assert other.json("plan")["desired"] == first
    assert other.json(*HERE, "pull", "--plain-config")["files"] == []


SET = "manifests/instanceset-orders-for-acme.yaml"


def a_set(project: Folder, **more: Any) -> None:
    """The first environment's instance as one of a set."""
    shutil.rmtree(project.root / "manifests/instances")
    template = {
        "integration": "orders",
        "release": "1.0.0",
        "name": "Orders for ${customer.name}",
        "config": {"Channel": "#orders"},
    }
    customers = {"names": ["acme", *more.get("overrides", ())]}
    project.manifest("InstanceSet", "orders-for-acme", customers=customers, template=template, **more)
    assert plan(project)[1:] == ([], [])


def test_what_an_instance_of_a_shared_set_has_otherwise_is_an_override_with_a_variable(other: Folder):
    a_set(other)
    assert other(*HERE, "pull", "--plain-config", "--adopt", "--yes")[0] == 0
    first, before = other.json("plan")["desired"], files(other)
    instance = nodes(other)["Orders for Acme"]["id"]
    channel = [{"key": "Channel", "value": "#other"}]
    there(other, "updateInstanceConfigVariables", {"id": instance, "configVariables": channel})
    there(other, "updateInstance", {"id": instance, "name": "Orders of Acme"})
    there(other, "deployInstance", {"id": instance})
    told = other.json(*HERE, "pull", "--plain-config")
    shared = "it stands in a set that other environments share"
    kept = [(one["address"], one["path"], one["conflict"]) for one in told["kept"] if shared in one["reason"]]
    assert kept == [("Instance/acme/orders-for-acme", "name", False)]
    override = {"acme": {"config": {"Channel": "${var.channel}"}}}
    assert yaml.safe_load((other.root / SET).read_text())["spec"]["overrides"] == override
    project = yaml.safe_load(files(other)["reconciler.yaml"])["spec"]["environments"]
    assert (project["sandbox"]["variables"], project["other"]["variables"]) == (
        {"channel": "#orders"},
        {"channel": "#other"},
    )
    assert other.json("plan")["desired"] == first
    assert {name for name, text in files(other).items() if before.get(name) != text} <= {"reconciler.yaml"}
    assert other.json(*HERE, "pull", "--plain-config")["files"] == []


def test_a_customer_of_one_environment_alone_is_overridden_in_a_shared_set(other: Folder):
    there(other, "createCustomer", {"name": "Cedar", "externalId": "cedar-1"})
    assert other(*HERE, "pull", "--plain-config")[0] == 0
    a_set(other, overrides={"cedar": {"description": "Cedar's"}})
    assert other(*HERE, "apply", "--yes", "--select", "Instance/*")[0] == 0
    first = other.json("plan")["desired"]
    cedar = nodes(other)["Orders for Cedar"]["id"]
    there(other, "updateInstance", {"id": cedar, "description": "Theirs"})
    told = other.json(*HERE, "pull", "--plain-config")
    assert (told["files"], told["kept"]) == ([SET], [])
    overrides = yaml.safe_load((other.root / SET).read_text())["spec"]["overrides"]
    assert overrides == {"cedar": {"description": "Theirs"}}
    assert other.json("plan")["desired"] == first


TWO_MEMBERS = {"birch": {"description": "Birch's"}, "acme": {"description": "Acme's"}}


@pytest.mark.parametrize("overrides", [{}, {"birch": TWO_MEMBERS["birch"]}, TWO_MEMBERS])
@pytest.mark.parametrize("chosen", [{"all": True}, {"names": ["acme", "birch"]}])
def test_a_set_some_of_whose_instances_are_in_one_environment_alone_is_two(
    other: Folder, chosen: dict[str, Any], overrides: dict[str, Any]
):
    a_set_of_two(other, chosen, overrides)
    first, before = other.json("plan")["desired"], yaml.safe_load((other.root / SET).read_text())
    if "acme" in overrides:
        described = {"description": "Acme's", "preserveDeployState": True}
        there(other, "updateInstance", {"id": nodes(other)["Orders for Acme"]["id"], **described})
    told = other.json(*HERE, "pull", "--plain-config")
    beside = SET.replace(".yaml", ".other.yaml")
    assert (sorted(told["files"]), told["kept"]) == ([beside, SET], [])
    own, shared = (yaml.safe_load((other.root / one).read_text()) for one in (beside, SET))
    assert own["metadata"]["environments"] == ["other"]
    assert shared["metadata"]["environments"] == ["sandbox"]
    assert own["spec"]["customers"] == {"names": ["acme"]}
    assert own["spec"].get("overrides", {}) == {one: overrides[one] for one in overrides if one == "acme"}
    assert shared["spec"] == before["spec"]
    assert plan(other, *HERE) == (0, [], [])
    assert other.json("plan")["desired"] == first
    assert other.json(*HERE, "pull", "--plain-config")["files"] == []


def test_what_people_deleted_of_a_set_leaves_it_where_that_is_asked_for(other: Folder):
    a_set_of_two(other, {"all": True}, TWO_MEMBERS)
    other.write("reconciler.yaml", PROJECT)
    other.mutate("deleteInstance", {"id": ids(other)["Orders for Birch"]})
    told = other.json("pull", "--plain-config")
    assert (told["files"], [one["reason"] for one in told["kept"]]) == (
        [],
        ["it is not in the tenant: --prune takes its customer out of InstanceSet/orders-for-acme"],
    )
    assert other.json("pull", "--plain-config", "--prune")["files"] == [SET]
    spec = yaml.safe_load((other.root / SET).read_text())["spec"]
    assert (spec["customers"], list(spec["overrides"])) == ({"names": ["acme"]}, ["acme"])
    assert plan(other) == (0, [], [])


def ids(project: Folder) -> dict[str, str]:
    """The ids of the first environment's instances, by their names."""
    query = "{ instances(isSystem: false) { nodes { id name } } }"
    return {one["name"]: one["id"] for one in project.ask(query)["instances"]["nodes"]}


def a_set_of_two(project: Folder, chosen: dict[str, Any], overrides: dict[str, Any]) -> None:
    """The first environment has an instance for both customers, the other for one of them."""
    shutil.rmtree(project.root / "manifests/instances")
    template = {
        "integration": "orders",
        "release": "1.0.0",
        "name": "Orders for ${customer.name}",
        "config": {"Channel": "#orders"},
    }
    spec = {"customers": chosen, "template": template, **({"overrides": overrides} if overrides else {})}
    text = yaml.safe_dump(
        {
            "apiVersion": "reconciler/v1",
            "kind": "InstanceSet",
            "metadata": {"name": "orders-for-acme"},
            "spec": spec,
        },
        sort_keys=False,
    )
    project.write(SET, text)
    if "acme" in overrides:
        described = {"description": "Acme's", "preserveDeployState": True}
        project.mutate("updateInstance", {"id": ids(project)["Orders for Acme"], **described})
    assert project("apply", "--yes", "--allow-updates")[0] == 0
    assert plan(project) == (0, [], [])
