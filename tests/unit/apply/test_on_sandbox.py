"""What only the whole of plan, apply and a tenant can show, one rule at a time."""

from __future__ import annotations

import copy as copies
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.kinds.protocol import Policy
from reconciler.model.plan import Cause
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.sandbox import Sandbox
from tests.harness import Killed, apply_plan, converge, plan_for, snapshot
from tests.unit.samples import ACME, COPY, DATA, PROJECT, SYNC, copy, definition, resource

PLAIN = {**DATA, "requiredConfigVars": DATA["requiredConfigVars"][:1]}
POLICY = Policy(guard_minimum=1000, secret_key=Secret("the key"))


def wanted(*more: Resource, data: dict[str, Any] = PLAIN, release: str = "1.0.0") -> Desired:
    first = resource(SYNC, {"definition": definition(data), "release": release})
    resources = [first, resource(ACME), *more]
    return Desired(PROJECT, "sandbox", {r.address: r for r in resources})


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = Sandbox(rules=getattr(request, "param", {}))
    yield made
    made.close()


def hidden() -> dict[str, Any]:
    """A definition with a connection whose one input is write-only."""
    data = copies.deepcopy(PLAIN)
    component = {"key": "http", "isPublic": True, "version": "LATEST"}
    connection = {
        "key": "Api",
        "dataType": "connection",
        "connection": {"key": "bearer", "component": component},
    }
    data["requiredConfigVars"].append({**connection, "inputs": {"token": {"type": "value", "value": ""}}})
    return data


def configured(secret: str) -> Resource:
    return copy({"config": {"Api": {"inputs": {"token": Secret(secret)}}}})


def held(sandbox: Sandbox) -> str:
    """What the tenant really holds of the secret, whatever it reads back."""
    row = sandbox.store.select("instance", ["NOT is_system"], [])[0]
    return str(row["config"])


def the(sandbox: Sandbox, kind: str) -> LiveObject:
    return snapshot(sandbox).objects[kind][0]


def test_a_rotated_secret_that_cannot_be_read_back_is_sent_once(sandbox: Sandbox):
    converge(sandbox, wanted(configured("first"), data=hidden()), POLICY)
    assert "first" in held(sandbox)
    rotated = wanted(configured("second"), data=hidden())
    outcome = converge(sandbox, rotated, POLICY)
    assert [r.action.id.partition("#")[2] for r in outcome.results] == [
        "update",
        "configure",
        "record",
        "deploy",
    ]
    assert "second" in held(sandbox)
    assert plan_for(sandbox, rotated, POLICY).actions == ()


@pytest.mark.parametrize("kill_at", [1, 2, 3])
@pytest.mark.parametrize("after", [True, False])
def test_a_rotation_that_was_cut_off_is_gone_on_with(sandbox: Sandbox, kill_at: int, after: bool):
    converge(sandbox, wanted(configured("first"), data=hidden()), POLICY)
    rotated = wanted(configured("second"), data=hidden())
    live = snapshot(sandbox)
    with pytest.raises(Killed):
        apply_plan(
            sandbox,
            rotated,
            plan_for(sandbox, rotated, POLICY),
            live,
            POLICY,
            kill_at=kill_at,
            after=after,
            parallelism=1,
        )
    converge(sandbox, rotated, POLICY)
    assert "second" in held(sandbox)
    assert plan_for(sandbox, rotated, POLICY).actions == ()


@pytest.mark.parametrize("sandbox", [{"secrets_read_back": "hidden"}], indirect=True)
def test_hidden_api_keys_are_rotated_too(sandbox: Sandbox):
    for key in ("first", "second"):
        one = wanted(copy({"flows": {"Main": {"apiKeys": [Secret(key)]}}}))
        converge(sandbox, one, POLICY)
        assert key in str(sandbox.store.select("instance", ["NOT is_system"], [])[0]["flow_configs"])
        assert plan_for(sandbox, one, POLICY).actions == ()


@pytest.mark.parametrize("sandbox", [{}, {"needs_deploy_on": "anything"}], indirect=True)
def test_every_setting_of_a_flow_converges(sandbox: Sandbox):
    settings = {
        "usesLre": True,
        "testPayload": {"a": 1},
        "testHeaders": {"A": "1"},
        "testContentType": "text/plain",
    }
    for flows in ({"Main": settings}, {"Main": {**settings, "usesLre": False, "testContentType": ""}}):
        one = wanted(copy({"flows": flows}))
        converge(sandbox, one, POLICY)
        assert plan_for(sandbox, one, POLICY).actions == ()


def test_the_record_follows_a_change_of_config(sandbox: Sandbox):
    for value in ("#a", "#b", "#c"):
        one = wanted(copy({"config": {"Channel": value}}))
        if value != "#a":
            causes = {c.cause for a in plan_for(sandbox, one, POLICY).actions for c in a.changes}
            assert causes == {Cause.PENDING}
        converge(sandbox, one, POLICY)


def test_clearing_a_field_of_a_customer_converges(sandbox: Sandbox):
    converge(sandbox, wanted(), POLICY)
    for description in ("Something", None):
        fields = dict(wanted().resources)
        fields[ACME] = resource(ACME, {"description": description})
        one = Desired(PROJECT, "sandbox", fields)
        converge(sandbox, one, POLICY)
        assert plan_for(sandbox, one, POLICY).actions == ()


def _person(sandbox: Sandbox, mutation: str, kind: str, **values: Any) -> None:
    text = (
        f"mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) "
        f"{{ {mutation}(input: $input) {{ {kind.lower()} {{ id }} errors {{ messages }} }} }}"
    )
    _, answer, _ = sandbox.execute(text, {"input": {"id": the(sandbox, kind).id, **values}})
    assert not answer["data"][mutation]["errors"], answer


@pytest.mark.parametrize("sandbox", [{"import_clears_labels": "true"}, {}], indirect=True)
def test_labels_of_people_survive_an_import(sandbox: Sandbox):
    converge(sandbox, wanted(), POLICY)
    labels = [*the(sandbox, "Integration").labels, "vip"]
    _person(sandbox, "updateIntegration", "Integration", labels=labels)
    data = copies.deepcopy(PLAIN)
    data["flows"][0]["description"] = "New"
    converge(sandbox, wanted(data=data, release="1.1.0"), POLICY)
    assert "vip" in the(sandbox, "Integration").labels


@pytest.mark.parametrize(
    "sandbox", [{"deploy_enables": rule} for rule in ("true", "only_first")], indirect=True
)
def test_what_someone_paused_stays_paused(sandbox: Sandbox):
    converge(sandbox, wanted(copy({"config": {"Channel": "#a"}})), POLICY)
    assert the(sandbox, "Instance").fields["enabled"]
    _person(sandbox, "updateInstance", "Instance", enabled=False)
    one = wanted(copy({"config": {"Channel": "#b"}}))
    converge(sandbox, one, POLICY)
    assert not the(sandbox, "Instance").fields["enabled"]
    assert plan_for(sandbox, one, POLICY).actions == ()


@pytest.mark.parametrize("available", [True, False])
def test_a_version_that_a_person_published_is_named_and_made_available_in_one_plan(
    sandbox: Sandbox, available: bool
):
    drafted = {SYNC: resource(SYNC, {"definition": definition(PLAIN)})}
    converge(sandbox, Desired(PROJECT, "sandbox", drafted), POLICY)
    _person(sandbox, "publishIntegration", "Integration")
    named = {
        SYNC: resource(SYNC, {"definition": definition(PLAIN), "release": "1.0.0", "available": available})
    }
    one = Desired(PROJECT, "sandbox", named)
    converge(sandbox, one, POLICY)
    assert plan_for(sandbox, one, POLICY).actions == ()
    (version,) = the(sandbox, "Integration").versions
    assert version.available is available


def test_only_one_instance_is_there_after_all(sandbox: Sandbox):
    converge(sandbox, wanted(copy()), POLICY)
    assert [o.fields["name"] for o in snapshot(sandbox).objects["Instance"]] == [COPY.leaf.title()]
