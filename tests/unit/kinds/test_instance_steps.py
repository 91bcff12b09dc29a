from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.model.plan import Verb
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject, Resource
from tests.unit.samples import copy, inputs, instance, node, record, request, steps

KIND = all_kinds()["Instance"]
KEYS = {"flows": {"Main": {"apiKeys": [Secret("k")]}}}
SHOWN = {"Main": {"apiKeys": ["k"]}}
PAUSED = {"enabled": False}
OWED = {"labels": (record(deploy=["a deploy is owed", "2026-01-01T00:00:00Z"]),)}
OWED_FIRST = {"labels": (record(deploy=["a deploy is owed", None]),)}
"""What the record says where our own run left an instance so."""


@pytest.mark.parametrize(
    ("wanted", "live", "expected"),
    [
        (copy(), None, ["create", "deploy"]),
        (copy({"enabled": True}), None, ["create", "deploy", "enable"]),
        (copy({"enabled": False}), None, ["create", "deploy", "disable"]),
        (copy(KEYS), None, ["create", "configure-flows", "deploy"]),
        (copy(), instance(), []),
        (copy({"description": "New"}), instance(), ["update"]),
        (copy(), instance(version_id="old"), ["update", "deploy"]),
        (copy(ignore=("release",)), instance(version_id="old"), []),
        (copy(), instance(**OWED, needsDeploy=True), ["deploy"]),
        (copy(), instance(**OWED_FIRST, lastDeployedAt=None), ["deploy"]),
        (copy(), instance(**OWED, deployedVersion=-1), ["deploy"]),
        (copy({"enabled": True}), instance(**PAUSED), ["update", "enable"]),
        (copy({"enabled": False}), instance(), ["update", "disable"]),
        (copy({"enabled": True}), instance(systemSuspended=True, **PAUSED), []),
        (copy({"enabled": False}, ignore=("enabled",)), instance(), []),
        # What someone paused is not started by a deploy.
        (copy(), instance(**PAUSED), []),
        (copy(), instance(**OWED, needsDeploy=True, **PAUSED), ["deploy", "disable"]),
        (
            copy({"enabled": True}, ignore=("enabled",)),
            instance(**OWED, needsDeploy=True, **PAUSED),
            ["deploy", "disable"],
        ),
        (copy(), instance(**OWED_FIRST, lastDeployedAt=None, **PAUSED), ["deploy"]),
        (copy({"enabled": False}), instance(**OWED, needsDeploy=True, **PAUSED), ["deploy", "disable"]),
        (copy({"config": {"A": "1"}}), instance(config={"A": "1"}), []),
        (
            copy({"config": {"A": "2"}}),
            instance(config={"A": "1"}),
            ["update", "configure", "record", "deploy"],
        ),
        (
            copy({"config": {"A": "1"}}),
            instance(config={"A": "2"}, labels=(record(config={"A": "1"}),)),
            ["update", "configure", "deploy"],
        ),
        (
            copy({"config": {"A": "1"}}),
            instance(config={"A": "1"}, version_id="old", needsDeploy=True),
            ["update", "configure", "deploy"],
        ),
        (copy(), instance(version_id="old", needsDeploy=True), ["update", "configure", "deploy"]),
        # What a person has not deployed is theirs; it cannot run before it is deployed for the first time.
        (copy(), instance(needsDeploy=True), []),
        (copy(), instance(lastDeployedAt=None), []),
        (copy(), instance(deployedVersion=-1), []),
        (copy(), instance(labels=OWED_FIRST["labels"], needsDeploy=True), []),
        (copy({"enabled": True}), instance(lastDeployedAt=None, **PAUSED), ["update", "deploy", "enable"]),
        (copy(KEYS), instance(flows=SHOWN), []),
        (copy(KEYS), instance(flows={"Main": {"apiKeys": []}}), ["update", "configure-flows", "deploy"]),
        (copy(KEYS), instance(flows=SHOWN, version_id="old"), ["update", "configure-flows", "deploy"]),
    ],
)
def test_the_steps_are_the_fewest_that_mend_it(
    wanted: Resource, live: LiveObject | None, expected: list[str]
):
    assert steps(wanted, live) == expected


def test_without_a_record_none_is_written():
    live = instance(config={"A": "1"})
    assert steps(copy({"config": {"A": "2"}}), live, policy=Policy(record=False)) == ["configure", "deploy"]


@pytest.mark.parametrize(
    ("fields", "live", "reason"),
    [
        ({}, {"version_id": "old"}, "its release changes"),
        ({"config": {"A": "2"}}, {"config": {"A": "1"}}, "its configuration changes"),
        (KEYS, {"flows": {"Main": {"apiKeys": []}}}, "the settings of its flows change"),
        ({}, {"lastDeployedAt": None, "needsDeploy": True, **OWED_FIRST}, "was never deployed"),
        ({}, {"needsDeploy": True, **OWED}, "has changes that are not deployed"),
        ({}, {"deployedVersion": 0, **OWED}, "another version is deployed than is assigned"),
    ],
)
def test_a_deploy_says_why(fields: dict[str, Any], live: dict[str, Any], reason: str):
    found = KIND.steps(request(copy(fields), instance(**live)), adopt=False)
    assert [step.reason for step in found.steps if step.verb is Verb.DEPLOY] == [reason]


@pytest.mark.parametrize(("sequence", "refused"), [("sequence", False), ("another", True), (None, False)])
def test_an_instance_cannot_move_to_another_integration(sequence: str | None, refused: bool):
    place = {"id": "old", "versionNumber": 1, "versionSequenceId": sequence}
    found = KIND.steps(request(copy(), instance(integration=place)), adopt=False)
    assert [r.code for r in found.refusals] == (["another-integration"] if refused else [])


@pytest.mark.parametrize(
    ("ignore", "version_id", "moves"),
    [((), "old", True), (("release",), "old", False), ((), "sync:release:1.0.0", False)],
)
def test_an_update_moves_an_instance_only_where_its_release_differs(
    ignore: tuple[str, ...], version_id: str, moves: bool
):
    wanted = copy({"description": "New"}, ignore=ignore)
    sent = KIND.operation("update", Verb.UPDATE, request(wanted, instance(version_id=version_id)))
    assert ("integration" in sent.variables["input"]) is moves
    assert sent.variables["input"].get("preserveDeployState", False) is not moves


def test_an_ignored_field_is_written_only_at_creation():
    wanted = copy({"description": "Git's", "labels": ["git"]}, ignore=("description", "labels"))
    created = KIND.operation("create", Verb.CREATE, request(wanted)).variables["input"]
    updated = KIND.operation("update", Verb.UPDATE, request(wanted, instance(labels=("vip",)))).variables[
        "input"
    ]
    assert (created["description"], "git" in created["labels"]) == ("Git's", True)
    assert ("description" in updated, "git" in updated["labels"], "vip" in updated["labels"]) == (
        False,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("verb", "enabled", "done"),
    [
        (Verb.ENABLE, True, True),
        (Verb.ENABLE, False, False),
        (Verb.DISABLE, False, True),
        (Verb.DISABLE, True, False),
        (Verb.CREATE, True, True),
        (Verb.DEPLOY, True, False),
        (Verb.DELETE, True, False),
    ],
)
def test_a_step_is_satisfied_where_it_would_change_nothing(verb: Verb, enabled: bool, done: bool):
    assert KIND.satisfied(verb.value, verb, request(copy(), instance(enabled=enabled))) is done


@pytest.mark.parametrize(
    ("more", "waits"),
    [
        ({}, False),
        ({"needsDeploy": True}, True),
        ({"lastDeployedAt": None}, True),
        ({"deployedVersion": 0}, True),
    ],
)
def test_a_deploy_is_waited_for(more: dict[str, Any], waits: bool):
    assert bool(KIND.unready(Verb.DEPLOY, request(copy(), instance(**more)))) is waits
    assert KIND.unready(Verb.UPDATE, request(copy(), instance(**more))) == ""


def test_labels_of_people_and_of_other_projects_are_kept():
    live = instance(labels=("VIP", "reconciler:other/instance/x", "reconciler:p/integration/sync"))
    sent = KIND.operation("update", Verb.UPDATE, request(copy(), live, Policy(record=False)))
    assert sent.variables["input"]["labels"] == [
        "vip",
        "reconciler:other/instance/x",
        "reconciler:p/instance/copy",
    ]


def test_settings_of_flows_do_not_vouch_for_secrets_that_another_run_created_it_with():
    policy = Policy(secret_key=Secret("key"))
    given = {"name": "Copy", "flows": {"Main": {"testPayload": "{}"}}}
    theirs, mine = (
        copy({**given, "config": {"Shop": {"inputs": {"token": Secret(text)}}}})
        for text in ("theirs", "mine")
    )

    def seen(labels: Any) -> LiveObject:
        flows = {"Main": {"testPayload": "{}"}}
        answer = node(config={"Shop": inputs(token=True)}, flows=flows)
        return KIND.parse({**answer, "labels": labels})

    def sent(step: str, verb: Verb, wanted: Resource, live: LiveObject | None, *before: str) -> LiveObject:
        about = structs.replace(request(wanted, live, policy), sent=before)
        return seen(KIND.operation(step, verb, about).variables["input"]["labels"])

    made = sent("create", Verb.CREATE, theirs, None)
    assert steps(theirs, made, policy=policy) == []
    with_flows = sent("configure-flows", Verb.CONFIGURE, mine, made)
    assert "configure" in steps(mine, with_flows, policy=policy)
    # Nor does the record that follows a deploy.
    assert "configure" in steps(mine, sent("record", Verb.UPDATE, mine, with_flows), policy=policy)
    # Once they were sent, it does.
    told = sent("configure-flows", Verb.CONFIGURE, mine, made, "configure")
    assert "configure" not in steps(mine, told, policy=policy)
