"""deploy, enable and disable where objects, marks and manifests are not as simple as they could be."""

from __future__ import annotations

import json
from base64 import b64encode
from uuid import UUID

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


def unmarked(shop: Folder) -> str:
    """The id of the instance, which bears no mark any more."""
    assert shop("forget", ORDERS, "--yes")[0] == 0
    return shop.id_of("instances")


def test_an_id_names_an_instance_that_bears_no_mark(shop: Folder) -> None:
    identifier = unmarked(shop)
    code, out, _ = shop("disable", identifier)
    assert code == 3  # without a terminal nobody can be asked
    assert '"Orders for Acme"' in out
    assert enabled(shop) == {identifier: True}
    code, out, err = shop("disable", identifier, "--yes")
    assert code == 0, out + err
    assert enabled(shop) == {identifier: False}
    assert identifier in shop("history", "latest")[1]
    document = shop.json("deploy", identifier, "--yes")
    assert [(action["verb"], action["status"]) for action in document["actions"]] == [
        ("deploy", "done"),
        ("disable", "done"),
    ]
    assert shop("enable", identifier, "--yes")[0] == 0
    assert enabled(shop) == {identifier: True}


def test_an_id_means_the_address_that_its_mark_names(shop: Folder) -> None:
    identifier = shop.id_of("instances")
    document = shop.json("disable", identifier, ORDERS, "--yes")
    assert [action["address"] for action in document["actions"]] == [ORDERS]


def test_ids_of_nothing_and_of_other_things_are_said_together(shop: Folder) -> None:
    customer = shop.id_of("customers")
    nothing = b64encode(f"Instance:{UUID(int=1)}".encode()).decode()
    code, _, err = shop("disable", customer, nothing, "orders", "--yes")
    assert code == 3
    assert "is the id of a Customer" in err
    assert f'no instance has the id "{nothing}"' in err
    assert '"orders" is not' in err
    assert shop("disable", "", "--yes")[0] == 3


def test_flows_are_run_by_id(shop: Folder) -> None:
    (flow,) = shop.ask(
        "{ instances(isSystem: false) { nodes { flowConfigs { nodes { id flow { id } } } } } }"
    )["instances"]["nodes"][0]["flowConfigs"]["nodes"]
    instance = unmarked(shop)
    integration = shop.id_of("integrations")
    for identifier in (instance, integration, flow["id"], flow["flow"]["id"]):
        document = shop.json("test", identifier)
        assert (document["address"], document["summary"]["passed"]) == (identifier, 1)
        assert document["tests"][0]["execution"]
    assert shop("test", flow["id"], "--flow", "Nothing")[0] == 3
    assert shop("test", shop.id_of("customers"))[0] == 3
    for kind in ("Instance", "InstanceFlowConfig", "Integration"):
        nothing = b64encode(f"{kind}:{UUID(int=1)}".encode()).decode()
        code, _, err = shop("test", nothing)
        assert code == 3
        assert nothing in err
    assert shop("test", "")[0] == 3
