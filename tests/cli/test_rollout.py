"""InstanceSets in waves, and the tests of instances, through the command line."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from tests.cli.projects import DEFINITION, Folder

TEST = {"flow": "Receive order", "payload": {"id": 1}, "expect": {"status": 200, "body": {"id": 1}}}


def definition(marker: str = "", description: str = "") -> str:
    data = yaml.safe_load(DEFINITION)
    data["description"] = description
    data["flows"][0]["description"] = marker
    data["flows"][0]["isSynchronous"] = True
    return yaml.safe_dump(data, sort_keys=False)


def customers(project: Folder, number: int, legacy: int) -> None:
    documents = [
        {
            "apiVersion": "reconciler/v1",
            "kind": "Customer",
            "metadata": {"name": f"c{n:03}", "labels": {"wave": "canary" if n < number // 4 else "rest"}},
            "spec": {
                "name": f"Customer {n:03}",
                "externalId": f"ext-{n:03}",
                "labels": ["legacy"] if n < legacy else [],
            },
        }
        for n in range(number)
    ]
    project.write("manifests/customers.yaml", yaml.safe_dump_all(documents))


def rollout(project: Folder, release: str, most: int, **template: Any) -> None:
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release=release
    )
    project.manifest(
        "InstanceSet",
        "orders",
        customers={"labels": {}},
        strategy={
            "waves": [{"labels": {"wave": "canary"}}, {"percent": 50}, {"percent": 100}],
            "maxFailures": most,
        },
        template={
            "integration": "orders",
            "release": "latest",
            "name": "Orders for ${customer.name}",
            "config": {"Channel": "#x"},
            **template,
        },
    )


def versions(project: Folder) -> Counter[int]:
    """How many instances are deployed at which version."""
    query = "{ instances(isSystem: false, first: 100, offset: %d) { nodes { deployedVersion } } }"
    pages = [project.ask(query % offset)["instances"]["nodes"] for offset in range(0, 300, 100)]
    return Counter(int(node["deployedVersion"]) for nodes in pages for node in nodes)


def test_a_version_that_fails_for_3_of_200_stops_within_the_first_wave(project: Folder):
    number = 200
    customers(project, number, legacy=3)
    project.write("definitions/orders.yml", definition())
    rollout(project, "1.0.0", most=1)
    assert project("apply", "--yes", "--allow-updates")[0] == 0
    assert versions(project) == {1: number}

    project.write("definitions/orders.yml", definition("sandbox:deploy-fails@legacy", "New"))
    rollout(project, "2.0.0", most=1)
    code, out, _ = project("apply", "--yes", "--allow-updates", "--parallelism", "1")
    assert code == 1
    assert "stopped in wave 1 of 3: 2 failed, at most 1 may" in out, out[-3000:]
    assert versions(project) == {1: number}, "the second failure came before anyone else was touched"
    moved = project.json("get", "instances", "--needs-deploy")
    assert len(moved) == 2, "nobody else was touched"

    project.write("definitions/orders.yml", definition("", "Mended"))
    rollout(project, "2.0.1", most=1)
    assert project("apply", "--yes", "--allow-updates")[0] == 0
    assert set(versions(project)) == {3}
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_waves_follow_one_another_and_a_rerun_goes_on_where_it_stopped(project: Folder):
    customers(project, 12, legacy=0)
    project.write("definitions/orders.yml", definition())
    rollout(project, "1.0.0", most=0)
    document = project.json("apply", "--yes")
    order = [
        a["address"]
        for a in sorted(document["actions"], key=lambda a: a["startedAt"])
        if "Instance/" in a["address"]
    ]
    waves = [{f"Instance/c{n:03}/orders" for n in range(a, b)} for a, b in ((0, 3), (3, 6), (6, 12))]
    ranks = [next(i for i, wave in enumerate(waves) if address in wave) for address in order]
    assert ranks == sorted(ranks)

    # One of the second wave fails: the first is done, and the third is never begun.
    project.write("definitions/orders.yml", definition("sandbox:deploy-fails@ext-004", "New"))
    rollout(project, "2.0.0", most=0)
    document = project.json("apply", "--yes", "--allow-updates", "--parallelism", "1")
    done = {a["address"] for a in document["actions"] if a["status"] == "done"}
    assert waves[0] <= done
    assert not waves[2] & done
    stopped = {a["because"] for a in document["actions"] if a["address"] in waves[2]}
    assert stopped == {
        "the rollout of InstanceSet/orders, stopped in wave 2 of 3: 1 failed, at most 0 may",
    }

    # What is done has no action any more, and the wave that stopped goes first.
    document = project.json("apply", "--yes", "--allow-updates", "--parallelism", "1")
    again = {a["address"] for a in document["actions"] if a["address"].startswith("Instance/")}
    assert not again & waves[0]
    assert not waves[2] & {a["address"] for a in document["actions"] if a["status"] == "done"}

    project.write("definitions/orders.yml", definition("", "Mended"))
    rollout(project, "2.0.1", most=0)
    assert project("apply", "--yes", "--allow-updates")[0] == 0
    assert versions(project) == {3: 12}


def touched(document: dict[str, Any]) -> set[str]:
    """The instances that a run has begun with."""
    begun = [one for one in document["actions"] if one["status"] != "skipped"]
    return {one["address"].split("/")[1] for one in begun if one["address"].startswith("Instance/")}


def test_failures_so_far_count_on_in_a_rerun(project: Folder):
    customers(project, 8, legacy=0)
    project.write("definitions/orders.yml", definition("sandbox:deploy-fails@ext-005"))
    rollout(project, "1.0.0", most=0)
    # A deploy fails; who was under way besides is done with.
    first = touched(project.json("apply", "--yes", "--parallelism", "2"))
    assert "c005" in first
    left = 8 - len(first) + 1
    line = f"begins in wave 3, with {left} of 4 left; 1 begun before and not finished, tried first"
    _, out, _ = project("plan", "-v")
    assert line in " ".join(out.split())
    assert "InstanceSet/orders, wave 1: 2 instances (2 done)" in out
    assert f"InstanceSet/orders, wave 3: 4 instances ({4 - left} done, {left} left)" in out
    assert "first Instance/c005/orders" in out
    assert "Waves: 3" in project("plan", "--format", "markdown")[1]
    assert "tried first: Instance/c005/orders" in project("plan", "--format", "html")[1]

    # Whoever has not been touched waits until it works.
    assert touched(project.json("apply", "--yes", "--parallelism", "8")) == {"c005"}


def test_a_test_that_failed_counts_on_although_its_instance_was_put_back(project: Folder):
    customers(project, 8, legacy=0)
    project.write("definitions/orders.yml", definition())
    rollout(project, "1.0.0", most=0, tests=[TEST])
    assert project("apply", "--yes")[0] == 0
    project.write("definitions/orders.yml", definition("sandbox:fail", "New"))
    rollout(project, "2.0.0", most=0, tests=[TEST])
    assert touched(project.json("apply", "--yes", "--allow-updates", "--parallelism", "1")) == {"c000"}
    document = project.json("apply", "--yes", "--allow-updates", "--parallelism", "8")
    assert touched(document) == {"c000"}, "a run of more at once breaks no more of them"
    (shown,) = document["rollouts"]
    assert shown["standing"][0] == {"done": 0, "left": 1, "failed": 1, "refused": 0}


def test_waves_are_shown_in_the_plan(project: Folder):
    customers(project, 12, legacy=0)
    rollout(project, "1.0.0", most=2)
    code, out, _ = project("plan")
    assert code == 0
    assert "InstanceSet/orders: 3 waves of 3, 3, 6 instances; stops when more than 2 fail" in out
    (shown,) = project.json("plan")["rollouts"]
    assert shown["name"] == "orders"
    assert [len(wave) for wave in shown["waves"]] == [3, 3, 6]
    assert "3 waves of 3, 3, 6 instances" in project("plan", "--format", "markdown")[1]


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("sandbox:status=500", "status 500 instead of 200"),
        ('sandbox:body={"ok":true}', "body.id is missing"),
        ("sandbox:fail", "failed"),
    ],
)
def test_a_failed_test_fails_its_action_and_is_run_again(project: Folder, marker: str, said: str):
    project.write("definitions/orders.yml", definition(marker))
    project.shop(tests=[TEST])
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert 'test of flow "Receive order" failed' in out
    assert said in out
    plan = project.json("plan")
    assert [a["verb"] for a in plan["actions"]] == ["test", "update"], "deployed, but still to pass"
    assert project("apply", "--yes")[0] == 1

    project.write("definitions/orders.yml", definition("", "Mended"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="1.0.1"
    )
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_tests_run_after_a_deploy_alone(project: Folder):
    project.write("definitions/orders.yml", definition())
    project.shop(tests=[TEST, {**TEST, "payload": {"id": 2}, "expect": {"schema": {"required": ["id"]}}}])
    plan = project.json("plan")
    ids = [a["id"] for a in plan["actions"] if a["verb"] == "test"]
    assert ids == ["Instance/acme/orders#test:Receive order", "Instance/acme/orders#test:Receive order:2"]
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0
    before = project.json("plan")["checksum"]
    project.shop(tests=[{**TEST, "payload": {"id": 9}}], config={"Channel": "#other"})
    one = project.json("plan")["checksum"]
    project.shop(tests=[TEST], config={"Channel": "#other"})
    assert len({before, one, project.json("plan")["checksum"]}) == 3
    project.shop(tests=[TEST], description="Only told otherwise")
    assert "test" not in {a["verb"] for a in project.json("plan")["actions"]}
    project.shop(tests=[TEST], config={"Channel": "#other"})
    assert "test" in {a["verb"] for a in project.json("plan")["actions"]}


def test_a_failed_test_puts_the_instance_back_where_it_is_to(project: Folder):
    project.write("definitions/orders.yml", definition())
    project.shop(tests=[{**TEST, "onFailure": "rollback"}])
    assert project("apply", "--yes")[0] == 0
    assert versions(project) == {1: 1}

    project.write("definitions/orders.yml", definition("sandbox:status=503", "Broken"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert "the instance was put back on its earlier version" in out
    assert versions(project) == {1: 1}
    pending = [c for a in project.json("plan")["actions"] for c in a["changes"] if c["path"] == "release"]
    assert [(c["before"], c["after"], c["cause"]) for c in pending] == [("1.0.0", "2.0.0", "pending")]


def test_a_failed_test_stops_a_rollout_as_a_failed_deploy_does(project: Folder):
    customers(project, 12, legacy=0)
    project.write("definitions/orders.yml", definition("sandbox:status@ext-001=500"))
    rollout(project, "1.0.0", most=0, tests=[TEST])
    document = project.json("apply", "--yes", "--parallelism", "1")
    assert document["summary"]["failed"] == 1
    begun = {a["address"] for a in document["actions"] if a["status"] != "skipped"}
    assert {f"Instance/c{n:03}/orders" for n in range(2, 12)}.isdisjoint(begun)


def test_a_test_that_failed_is_a_failed_case_of_junit(project: Folder):
    project.write("definitions/orders.yml", definition("sandbox:status=500"))
    project.shop(tests=[TEST])
    code, out, _ = project("apply", "--yes", "--format", "junit")
    assert code == 1
    assert 'name="test:Receive order"' in out
    assert "status 500 instead of 200" in out
