"""deploy, enable and disable where objects, marks and manifests are not as simple as they could be."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.projects import Folder

ORDERS = "Instance/acme/orders"


@pytest.fixture
def shop(project: Folder) -> Folder:
    project.shop()
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    return project


def enabled(shop: Folder) -> dict[str, bool]:
    found = shop.ask("{ instances(isSystem: false) { nodes { id enabled } } }")["instances"]["nodes"]
    return {node["id"]: node["enabled"] for node in found}


def edit(shop: Folder, file: str, **metadata: object) -> None:
    path = shop.root / f"manifests/{file}.yaml"
    document = yaml.safe_load(path.read_text())
    document["metadata"] |= metadata
    path.write_text(yaml.safe_dump(document))


def test_of_two_objects_with_one_mark_the_id_names_one(shop: Folder) -> None:
    query = "{ instances(isSystem: false) { nodes { id labels customer { id } integration { id } } } }"
    first = shop.ask(query)["instances"]["nodes"][0]
    values = {
        "name": "Another",
        "customer": first["customer"]["id"],
        "integration": first["integration"]["id"],
    }
    second = shop.behind("createInstance", {**values, "labels": first["labels"]})["id"]
    shop.behind("deployInstance", {"id": second})
    code, _, err = shop("disable", ORDERS, "--yes")
    assert code == 5
    assert first["id"] in err
    assert second in err
    code, _, _ = shop("disable", f"{ORDERS}@{second}", "--yes")
    assert code == 0
    assert enabled(shop) == {first["id"]: True, second: False}


def test_a_renamed_manifest_still_means_its_instance(shop: Folder) -> None:
    edit(shop, "instance-orders", name="notices", was=["orders"])
    edit(shop, "customer-acme", name="acme-inc", was=["acme"])
    path = shop.root / "manifests/instance-orders.yaml"
    path.write_text(path.read_text().replace("customer: acme", "customer: acme-inc"))
    code, out, err = shop("disable", "Instance/acme-inc/notices", "--yes")
    assert code == 0, out + err
    assert list(enabled(shop).values()) == [False]


def test_an_instance_of_a_customer_that_is_not_ours_is_named_by_the_customers_id(shop: Folder) -> None:
    assert shop("forget", "Customer/acme", "--yes")[0] == 0
    assert shop("disable", ORDERS, "--yes")[0] == 3
    customer = shop.id_of("customers")
    code, out, err = shop("disable", f"Instance/{customer}/orders", "--yes")
    assert code == 0, out + err
    assert list(enabled(shop).values()) == [False]


def test_what_git_ignores_it_does_not_turn_round(shop: Folder) -> None:
    edit(shop, "instance-orders", ignore=["enabled"])
    _, _, err = shop("disable", ORDERS, "--yes")
    assert "next apply" not in err
    shop.shop(enabled=False)
    assert "the next apply will disable it again" in shop("enable", ORDERS, "--yes", "--no-progress")[1]


def test_a_deploy_that_the_platform_refuses_ends_with_1(shop: Folder) -> None:
    config = {"key": "Channel", "value": "sandbox:deploy-fails"}
    instance = shop.id_of("instances")
    shop.behind("updateInstanceConfigVariables", {"id": instance, "configVariables": [config]})
    document = shop.json("deploy", ORDERS, "--yes")
    assert [action["status"] for action in document["actions"]] == ["failed"]
    assert shop("deploy", ORDERS, "--yes")[0] == 1


def test_a_few_addresses_take_a_few_requests(shop: Folder) -> None:
    from reconciler.sandbox.seed import seed

    with shop.sandbox() as sandbox:
        seed(sandbox, integrations=1, customers=1, instances=1500)
    code, out, _ = shop("disable", ORDERS)
    assert code == 3
    requests = out.partition("about ")[2].split()[0]
    assert int(requests) <= 8, json.dumps(out)
