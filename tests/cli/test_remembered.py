"""What no field of the tenant's shows of itself: who changed the protection, the availability, what runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.cli.projects import Folder

ORDERS = "Instance/acme/orders"
LISTS = {"Integration": "integrations", "Customer": "customers", "Instance": "instances"}
SPECS: dict[str, dict[str, Any]] = {
    "Integration": {"name": "Orders", "definition": "../definitions/orders.yml", "release": "1.0.0"},
    "Customer": {"name": "Acme", "externalId": "acme-1", "description": "First"},
    "Instance": {"customer": "acme", "integration": "orders", "name": "Orders for Acme", "enabled": True},
}
NAMES = {"Integration": "orders", "Customer": "acme", "Instance": "orders"}


def git(project: Folder, kind: str, protect: bool = False, **spec: Any) -> None:
    """What git says of a resource."""
    config = {"config": {"Channel": "#orders"}} if kind == "Instance" else {}
    text = {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": NAMES[kind], **({"protect": True} if protect else {})},
        "spec": {key: value for key, value in {**SPECS[kind], **config, **spec}.items() if value is not None},
    }
    project.write(f"manifests/{kind.lower()}-{NAMES[kind]}.yaml", yaml.safe_dump(text, sort_keys=False))


def applied(project: Folder) -> None:
    code, out, err = project("apply", "--yes")
    assert code == 0, out + err
    assert project.json("plan")["actions"] == []


def causes(project: Folder) -> dict[str, str]:
    """Why each field differs; what git alone changed is no drift, and all else is."""
    plan = project.json("plan")
    found = {one["path"]: one["cause"] for action in plan["actions"] for one in action["changes"]}
    listed = {one["path"] for one in project.json("drift")["drift"]}
    assert listed == {path for path, cause in found.items() if cause != "pending"}
    return found


def live(project: Folder, kind: str) -> dict[str, Any]:
    hidden = "" if kind == "Integration" else "(isSystem: false)"
    more = "metadata" if kind == "Integration" else ""
    (found,) = project.ask(f"{{ {LISTS[kind]}{hidden} {{ nodes {{ id labels {more} }} }} }}")[LISTS[kind]][
        "nodes"
    ]
    return dict(found)


def protect(project: Folder, kind: str, *, on: bool) -> None:
    """A person protects an object, or lifts it, where that is kept."""
    found = live(project, kind)
    values: dict[str, Any] = {"id": found["id"]}
    if kind == "Integration":
        known = json.loads(found["metadata"])
        values["metadata"] = json.dumps({**known, "reconciler": {**known["reconciler"], "protect": on}})
    else:
        labels = [one for one in found["labels"] if one != "reconciler-protect"]
        values["labels"] = [*labels, *(["reconciler-protect"] if on else [])]
    kept = {"preserveDeployState": True} if kind == "Instance" else {}
    project.behind(f"update{kind}", {**values, **kept})


def forgetful(project: Folder, kind: str) -> None:
    """The record as it was before it held any of this."""
    found = live(project, kind)
    known = json.loads(found["metadata"])
    del known["reconciler"]["applied"]["protect"]
    project.behind(f"update{kind}", {"id": found["id"], "metadata": json.dumps(known)})


def versions(project: Folder) -> list[dict[str, Any]]:
    rows = project.ask(
        "{ integrations { nodes { id versionSequence(sortBy: [{field: VERSION_NUMBER, direction: DESC}])"
        " { nodes { id versionIsAvailable } } } } }"
    )["integrations"]["nodes"][0]
    return [one for one in rows["versionSequence"]["nodes"] if one["id"] != rows["id"]]


def offer(project: Folder, *, on: bool) -> None:
    """A person withdraws the newest version, or lets it be chosen."""
    project.behind(
        "updateIntegrationVersionAvailability", {"id": versions(project)[0]["id"], "available": on}
    )


def rule(project: Folder, *rules: str) -> None:
    for one in rules:
        assert project("sandbox", "rule", one)[0] == 0


# The protection


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("kind", LISTS)
def test_who_changed_the_protection_is_known(project: Folder, kind: str, before: bool):
    for each in LISTS:
        git(project, each, protect=before if each == kind else False)
    applied(project)
    git(project, kind, protect=not before)
    assert causes(project) == {"protect": "pending"}
    git(project, kind, protect=before)
    protect(project, kind, on=not before)
    assert causes(project) == {"protect": "drift"}
    applied(project)
    assert causes(project) == {}


def test_a_record_that_says_nothing_of_it_tells_nothing(project: Folder):
    for each in LISTS:
        git(project, each)
    applied(project)
    forgetful(project, "Integration")
    writes = project.writes()
    assert project("apply", "--yes")[0] == 0
    assert project.writes() == writes, "such a record is no difference"
    git(project, "Integration", protect=True)
    assert causes(project) == {"protect": "unknown"}


# The availability of a release


@pytest.mark.parametrize("keeps", ["true", "false"])
@pytest.mark.parametrize("said", [None, True, False])
def test_a_change_of_availability_in_git_is_gits(project: Folder, said: bool | None, keeps: str):
    rule(project, f"attributes_keep_own_keys={keeps}")
    for each in LISTS:
        git(project, each)
    git(project, "Integration", available=said)
    assert project("apply", "--yes", "--exclude", "Instance/*")[0] == 0
    git(project, "Integration", available=said is False)
    assert causes_of(project, "Integration/orders") == {"available": "pending"}
    assert project("apply", "--yes", "--exclude", "Instance/*")[0] == 0
    git(project, "Integration", available=said is not False)
    assert causes_of(project, "Integration/orders") == {"available": "pending"}


@pytest.mark.parametrize("keeps", ["true", "false"])
@pytest.mark.parametrize("said", [True, False])
def test_a_persons_change_of_availability_is_theirs(project: Folder, said: bool, keeps: str):
    rule(project, f"attributes_keep_own_keys={keeps}")
    for each in LISTS:
        git(project, each)
    git(project, "Integration", available=said)
    assert project("apply", "--yes", "--exclude", "Instance/*")[0] == 0
    offer(project, on=not said)
    assert causes_of(project, "Integration/orders") == {"available": "drift"}
    assert project("apply", "--yes", "--exclude", "Instance/*")[0] == 0
    offer(project, on=not said)
    assert causes_of(project, "Integration/orders") == {"available": "drift"}, "also a second time"


def causes_of(project: Folder, address: str) -> dict[str, str]:
    plan = project.json("plan", "--select", address)
    return {
        one["path"]: one["cause"]
        for action in plan["actions"]
        if action["address"] == address
        for one in action["changes"]
    }


# Whether an instance runs


def test_an_instance_that_git_newly_pauses_is_gits(project: Folder):
    """Its record says how it was when git did not speak of that."""
    for each in LISTS:
        git(project, each)
    git(project, "Instance", enabled=None)
    applied(project)
    git(project, "Instance", enabled=None, description="Other")
    applied(project)
    git(project, "Instance", enabled=False, description="Other")
    assert causes(project) == {"enabled": "pending"}


def test_of_one_that_was_only_created_nobody_can_tell(project: Folder):
    """Its record was written before the deploy that enabled it."""
    for each in LISTS:
        git(project, each)
    git(project, "Instance", enabled=None)
    applied(project)
    git(project, "Instance", enabled=False)
    assert causes(project) == {"enabled": "unknown"}


def test_what_a_person_paused_before_git_spoke_of_it_is_as_it_was_written_last(project: Folder):
    for each in LISTS:
        git(project, each)
    git(project, "Instance", enabled=None)
    applied(project)
    found = live(project, "Instance")["id"]
    project.behind("updateInstance", {"id": found, "enabled": False, "preserveDeployState": True})
    git(project, "Instance", enabled=None, description="Other")
    applied(project)
    git(project, "Instance", enabled=True, description="Other")
    assert causes(project) == {"enabled": "pending"}
