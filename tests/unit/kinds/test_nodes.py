"""An answer that does not fit is an error that names the object and the place."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.live.tenant import Tenant
from reconciler.model.address import Address
from reconciler.model.errors import Misfit, NotUnderstood
from reconciler.model.operation import Operation
from tests.unit.samples import copy, desired, instance, node, plan, request, resource, world

GROUP = {"id": "R3JvdXA", "name": "On call", "users": {"nodes": [{"id": "a", "email": "ada@example.com"}]}}

DRAFT = {"id": "draft", "name": "Sync"}
LEAST = {
    "id": "i1",
    "name": "Copy",
    "enabled": True,
    "needsDeploy": False,
    "customer": {"id": "c"},
    "integration": None,
}
NULLABLE = (
    *("description", "category", "labels", "metadata", "definition", "label", "versionSequence"),
    *("hasUnpublishedChanges", "hasOutdatedComponents", "versionSequenceId", "components"),
    *("deployedVersion", "lastDeployedAt", "systemSuspended", "configVariables", "flowConfigs"),
)


@pytest.mark.parametrize(
    ("kind", "shown", "told"),
    [
        ("AlertGroup", {**GROUP, "name": 7}, 'AlertGroup "R3JvdXA" is not as the API describes it at name'),
        ("AlertGroup", {**GROUP, "users": {"nodes": [{"email": "a"}]}}, "at users.nodes[0]: object"),
        ("AlertGroup", {**GROUP, "users": []}, "at users: expected"),
        ("AlertGroup", {"name": "On call"}, "AlertGroup is not as the API describes it: object missing"),
        ("AlertMonitor", {"id": "a", "flowConfig": {"flow": "Receive"}}, "at flowConfig.flow: expected"),
        (
            "Connection",
            {"id": "a", "inputs": {"nodes": [{"value": "x"}]}},
            "at inputs.nodes[0]: object missing",
        ),
        ("Component", {"id": "a", "public": True}, 'Component "a" is not as'),
        ("AlertTrigger", {"id": "a"}, 'AlertTrigger "a" is not as'),
        ("Customer", {"id": "a", "name": "A", "labels": "vip"}, "at labels: expected"),
        (
            "Instance",
            {**node(), "customer": None},
            'Instance "i1" is not as the API describes it at customer',
        ),
        ("Instance", {**node(), "flowConfigs": {"nodes": [None]}}, "at flowConfigs.nodes[0]: expected"),
        ("Instance", {**node(), "configVariables": {"nodes": [None]}}, "at configVariables.nodes[0]: exp"),
        (
            "Instance",
            node(config={"S": {"dataType": "CONNECTION", "inputs": []}}),
            "nodes[0].inputs: expected",
        ),
        ("Integration", {**DRAFT, "name": None}, 'Integration "draft" is not as'),
        (
            "Integration",
            {**DRAFT, "versionSequence": {"nodes": [{"id": "v"}]}},
            "versionSequence.nodes[0]: ",
        ),
        ("Bundle", {"id": "a", "key": 7}, 'Bundle "a" is not as the API describes it at key'),
    ],
)
def test_it_names_the_object_and_the_place(kind: str, shown: dict[str, Any], told: str) -> None:
    with pytest.raises(Misfit) as found:
        all_kinds()[kind].parse(shown)
    assert told in found.value.message
    assert found.value.hint


def test_of_an_instance_or_a_draft_absent_and_null_are_nothing_that_is_set() -> None:
    for kind, least in (("Instance", LEAST), ("Integration", DRAFT), ("Bundle", {"id": "a", "key": "a"})):
        null = dict.fromkeys(NULLABLE, None) | least
        assert all_kinds()[kind].parse(null).fields == all_kinds()[kind].parse(least).fields


@pytest.mark.parametrize(
    ("kind", "shown", "spec", "named"),
    [
        (
            "Customer",
            {"id": "a", "name": "A", "labels": None},
            {"name": "A", "description": ""},
            ["description"],
        ),
        ("Customer", {"id": "a", "name": "A", "description": None}, {"name": "A", "description": ""}, []),
        ("Integration", DRAFT, {"name": "Sync", "category": "x", "labels": []}, ["category", "labels"]),
        ("Integration", DRAFT, {"name": "Sync"}, []),
    ],
)
def test_what_a_tenant_does_not_know_is_refused_where_a_manifest_names_it(
    kind: str, shown: dict[str, Any], spec: dict[str, Any], named: list[str]
) -> None:
    wanted, live = resource(Address(kind, "a"), spec), all_kinds()[kind].parse(shown)
    found = all_kinds()[kind].steps(request(wanted, live), adopt=False)
    refused = [one for one in found.refusals if one.code == "absent-field"]
    assert [one.message.split('"')[1] for one in refused] == named
    assert {change.path for change in found.changes} - {"mark"} == set()
    ignoring = structs.replace(wanted, ignore=tuple(named))
    assert not all_kinds()[kind].steps(request(ignoring, live), adopt=False).refusals


def test_settings_of_flows_that_a_tenant_does_not_know_are_not_compared() -> None:
    live = instance(flows={"Receive": {"testPayload": "x"}})
    wanted = copy({"flows": {"Receive": {"usesLre": True, "testPayload": "x"}}})
    found = all_kinds()["Instance"].steps(request(wanted, live), adopt=False)
    assert [one.message.split('"')[1] for one in found.refusals] == ["flows.Receive.usesLre"]
    assert not [change for change in found.changes if change.path.startswith("flows")]


@pytest.mark.parametrize("kind", ["AlertGroup", "AlertMonitor", "Connection", "Customer", "User"])
def test_what_is_absent_or_null_is_no_error(kind: str) -> None:
    rows = {row.place[0]: None for row in all_kinds()[kind].fields}
    assert all_kinds()[kind].parse({"id": "a"}).fields == all_kinds()[kind].parse({"id": "a", **rows}).fields


class Answering:
    """A client that answers every query alike."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    async def execute(self, _: Operation) -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        return self._answer


@pytest.mark.parametrize("rows", [None, [], {}, {"totalCount": 3}, {"totalCount": 3, "nodes": "odd"}])
def test_a_draft_whose_older_versions_are_not_told_as_described_is_not_understood(rows: Any) -> None:
    newest = [{"id": f"v{n}", "versionNumber": n, "versionIsAvailable": True} for n in (3, 2)]
    draft = {**DRAFT, "versionSequence": {"totalCount": 3, "nodes": newest}}
    client: Any = Answering({} if rows is None else {"versionSequence": rows})
    with pytest.raises(NotUnderstood, match="not as the API describes it"):
        anyio.run(Tenant(client).whole, all_kinds()["Integration"], draft)


def test_what_a_tenant_does_not_know_is_refused_at_a_creation_too() -> None:
    other = all_kinds()["Customer"].parse({"id": "a", "name": "Old", "labels": None})
    new, plain = (Address("Customer", leaf) for leaf in ("new", "plain"))
    wanted = desired(
        structs.replace(resource(new, {"name": "New", "description": "x"}), ignore=("description",)),
        resource(plain, {"name": "Plain"}),
    )
    made = plan(wanted, world(other))
    assert [(one.code, one.address) for one in made.refusals] == [("absent-field", str(new))]
    assert [action.address for action in made.actions] == [plain]
    assert "metadata.ignore" not in made.refusals[0].hint  # what is made is sent whole
