"""What goes wrong around tests and waves: runs cut off, roll-backs that fail, canaries never begun."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from reconciler.sandbox.faults import Fault
from tests.cli.projects import Folder
from tests.cli.test_rollout import TEST, customers, definition, rollout, versions
from tests.harness import no_sleep

ROLLBACK = {**TEST, "onFailure": "rollback"}


def release(project: Folder, name: str, marker: str = "") -> None:
    project.write("definitions/orders.yml", definition(marker, name))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release=name
    )


def asynchronous(marker: str) -> str:
    return definition(marker, "Slow").replace("isSynchronous: true", "isSynchronous: false")


def faults(project: Folder, *given: Fault) -> None:
    sandbox = project.sandbox()
    sandbox.set_faults(list(given))
    sandbox.close()


def first_release(project: Folder, **instance: Any) -> None:
    project.shop(tests=[ROLLBACK], **instance)
    release(project, "1.0.0")
    assert project("apply", "--yes")[0] == 0


def test_a_rollback_goes_back_to_what_ran_though_an_earlier_run_ended_before_its_deploy(project: Folder):
    first_release(project)
    release(project, "2.0.0", "sandbox:status=503")
    faults(project, Fault("graphql_errors", operation="deployInstance", times=1))
    assert project("apply", "--yes")[0] == 1
    faults(project)
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert "the instance was put back on its earlier version" in out
    assert versions(project) == {1: 1}
    assert project.json("plan")["actions"], "git asks for the other release all the same"


@pytest.mark.parametrize("operation", ["updateInstance", "deployInstance"])
def test_a_rollback_that_fails_tells_of_both_failures(project: Folder, operation: str):
    first_release(project)
    release(project, "2.0.0", "sandbox:status=503")
    faults(project, Fault("graphql_errors", operation=operation, nth=2))
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert 'test of flow "Receive order" failed: status 503' in out
    assert "putting the instance back failed" in out
    faults(project)
    release(project, "2.0.1")
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_what_somebody_paused_is_tested_once_it_is_switched_on_again(project: Folder):
    spec = {"customer": "acme", "integration": "orders", "name": "Orders for Acme"}
    project.shop()
    project.manifest("Instance", "orders", **spec, tests=[TEST])
    release(project, "1.0.0")
    assert project("apply", "--yes")[0] == 0
    switch = {"id": project.id_of("instances"), "preserveDeployState": True}
    project.behind("updateInstance", {**switch, "enabled": False})
    release(project, "2.0.0")
    assert project("apply", "--yes")[0] == 0, "nothing can be run while it is paused"
    assert project("plan", "--detailed-exitcode")[0] == 0
    project.behind("updateInstance", {**switch, "enabled": True})
    assert [a["verb"] for a in project.json("plan")["actions"]] == ["test", "update"]
    assert project("apply", "--yes")[0] == 0
    assert project("plan", "--detailed-exitcode")[0] == 0


def test_a_flow_that_fails_after_it_was_acknowledged_has_failed(
    project: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(anyio, "sleep", no_sleep)
    project.write("definitions/orders.yml", asynchronous("sandbox:polls=3 sandbox:fail"))
    project.shop(tests=[{"flow": "Receive order", "expect": {"status": 200}}])
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert "the execution failed" in out


def test_a_flow_that_does_not_end_is_a_failed_test_like_any_other(
    project: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(anyio, "sleep", no_sleep)
    first_release(project)
    project.write("definitions/orders.yml", asynchronous("sandbox:polls=100000"))
    project.manifest(
        "Integration", "orders", name="Orders", definition="../definitions/orders.yml", release="2.0.0"
    )
    code, out, _ = project("apply", "--yes")
    assert code == 1
    assert "has not ended after 300 s" in out, out[-1500:]
    assert "the instance was put back on its earlier version" in out
    assert versions(project) == {1: 1}


def test_what_could_not_be_begun_counts_as_failed_and_stops_the_waves(project: Folder):
    customers(project, 12, legacy=0)
    project.write("definitions/orders.yml", definition())
    rollout(project, "1.0.0", most=0)
    # Four travel together, and go in halves where that is refused: the third time one alone is.
    faults(project, Fault("graphql_errors", operation="createCustomer", times=3))
    document = project.json("apply", "--yes", "--parallelism", "1")
    done = {a["address"] for a in document["actions"] if a["status"] == "done"}
    assert not {f"Instance/c{n:03}/orders" for n in range(3, 12)} & done, "the canaries told nothing"
    faults(project)
    assert project("apply", "--yes")[0] == 0
    assert versions(project) == {1: 12}


def test_a_plan_of_other_waves_is_another_plan(project: Folder):
    customers(project, 4, legacy=0)
    rollout(project, "1.0.0", most=0)
    before = project.json("plan")["checksum"]
    rollout(project, "1.0.0", most=4)
    assert project.json("plan")["checksum"] != before
    assert project("apply", "--yes", "--checksum", before)[0] == 5
