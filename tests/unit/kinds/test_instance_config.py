from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from reconciler.kinds import all_kinds
from reconciler.kinds.instance.config import (
    changed_keys,
    config_changes,
    variable_inputs,
)
from reconciler.kinds.instance.config_forms import form
from reconciler.kinds.instance.config_values import is_connection, on_wire, same_value, text
from reconciler.kinds.instance.flow_forms import flows_form
from reconciler.kinds.instance.flows import flow_changes
from reconciler.kinds.instance.secrets import secrets_digest, secrets_rotated
from reconciler.kinds.protocol import Policy
from reconciler.model.plan import Verb
from reconciler.model.secret import Hidden, Secret, Unproven
from reconciler.model.state import LiveObject
from tests.unit.samples import KEY, copy, inputs, instance, node, record, request, steps

KIND = all_kinds()["Instance"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("#all", "#all"),
        (True, "true"),
        (False, "false"),
        (42, "42"),
        (0.5, "0.5"),
        (None, ""),
        (["a", "ü"], '["a","ü"]'),
        ({"a": 1}, '{"a":1}'),
        (Secret("s"), "s"),
        ({"a": [Secret("s")]}, '{"a":["s"]}'),
    ],
)
def test_every_value_travels_as_text(value: Any, sent: str):
    assert text(value) == sent


@pytest.mark.parametrize("value", [Secret("s"), {"a": [Secret("s")]}, [Secret("s")]])
def test_what_holds_a_secret_is_wrapped_whole(value: Any):
    assert isinstance(on_wire(value), Secret)
    assert "s" not in repr(on_wire(value)).removeprefix("(secret)")


@pytest.mark.parametrize(
    ("wanted", "live", "same"),
    [
        ("#all", "#all", True),
        ("#all", "#All", False),
        ("", "", True),
        (None, "", True),
        (None, "x", False),
        ("x", None, False),
        (True, "true", True),
        (True, "True", True),
        (True, "1", False),
        (42, "42", True),
        (42, "42.0", True),
        (42, "043", False),
        (42, "many", False),
        (2**53 + 1, str(2**53), False),
        (10**400, "1", False),
        (1.5, "nan", False),
        (0, "sNaN", False),
        (["a", "b"], '["a", "b"]', True),
        (["a", "b"], '["b", "a"]', False),
        ({"a": 1, "b": 2}, '{"b":2,"a":1}', True),
        ({"a": 1}, "not JSON", False),
        (Secret("s"), "s", True),
        (Secret("s"), "t", False),
    ],
)
def test_a_live_text_means_the_wanted_value(wanted: Any, live: str | None, same: bool):
    assert same_value(wanted, live) is same


def test_variables_are_read_by_their_type():
    live = instance(
        config={
            "Channel": "#all",
            "Empty": None,
            "Slack": inputs(key="shown", secret=True, unset=False),
            "Nightly": {
                "dataType": "SCHEDULE",
                "value": "0 0 * * *",
                "scheduleType": "CUSTOM",
                "timeZone": None,
            },
        }
    )
    assert live.fields["config"] == {
        "Channel": Unproven("#all", "live"),
        "Empty": "",
        "Slack": {"inputs": {"key": Secret("shown", "live"), "secret": Hidden(True), "unset": Hidden(False)}},
        "Nightly": {"value": "0 0 * * *", "scheduleType": "custom", "timeZone": ""},
    }


def test_a_connection_of_null_inputs_has_none():
    live = instance(config={"Slack": {"dataType": "CONNECTION", "inputs": None}})
    assert live.fields["config"] == {"Slack": {"inputs": {}}}


@pytest.mark.parametrize(
    ("wanted", "live", "paths"),
    [
        ({"Channel": "#all"}, {"Channel": "#all"}, []),
        ({"Channel": "#new"}, {"Channel": "#all"}, ["config.Channel"]),
        ({}, {"Channel": "#all"}, []),
        ({"Channel": None}, {"Channel": "#all"}, ["config.Channel"]),
        ({"Channel": "#new"}, {}, ["config.Channel"]),
        ({"S": {"inputs": {"a": "1"}}}, {"S": inputs(a="1", b="2")}, []),
        ({"S": {"inputs": {"a": "1", "b": "3"}}}, {"S": inputs(a="1", b="2")}, ["config.S.inputs.b"]),
        ({"S": {"inputs": {"a": Secret("1")}}}, {"S": inputs(a=True)}, []),
        ({"S": {"inputs": {"a": Secret("1")}}}, {"S": inputs(a=False)}, ["config.S.inputs.a"]),
        ({"S": {"inputs": {"a": Secret("1")}}}, {}, ["config.S.inputs.a"]),
    ],
)
def test_only_what_differs_is_a_change(wanted: dict[str, Any], live: dict[str, Any], paths: list[str]):
    found = request(copy({"config": wanted}), instance(config=live))
    assert [change.path for change in config_changes(found)] == paths
    assert bool(changed_keys(found)) is bool(paths)


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        ("0 0 * * *", []),
        ("1 0 * * *", ["config.N.value"]),
        ({"value": "0 0 * * *", "scheduleType": "CUSTOM"}, []),
        ({"scheduleType": "day"}, ["config.N.scheduleType"]),
        ({"value": "0 0 * * *", "timeZone": "UTC"}, ["config.N.timeZone"]),
    ],
)
def test_a_schedule_is_compared_part_by_part(wanted: Any, paths: list[str]):
    schedule = {"dataType": "SCHEDULE", "value": "0 0 * * *", "scheduleType": "CUSTOM", "timeZone": ""}
    found = request(copy({"config": {"N": wanted}}), instance(config={"N": schedule}))
    assert [change.path for change in config_changes(found)] == paths


def test_a_secret_for_a_plain_variable_does_not_show_what_it_replaces():
    found = request(copy({"config": {"Token": Secret("new")}}), instance(config={"Token": "old"}))
    (change,) = config_changes(found)
    assert "old" not in repr(change)
    assert "new" not in repr(change)


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"inputs": {"a": 1}}, True), ({"inputs": [1]}, False), ({"inputs": {}, "x": 1}, False), ("x", False)],
)
def test_a_connection_is_a_map_with_a_map_of_inputs_alone(value: Any, expected: bool):
    assert is_connection(value) is expected


def test_inputs_that_the_manifest_does_not_mention_go_along():
    wanted = copy({"config": {"S": {"inputs": {"b": Secret("new")}}}})
    live = instance(config={"S": inputs(a="kept", b="old", c=True)})
    (row,) = variable_inputs(request(wanted, live), ["S"])
    assert [(r["name"], r["value"]) for r in json.loads(row["values"].reveal())] == [
        ("a", "kept"),
        ("b", "new"),
    ]


def test_an_ignored_input_is_sent_as_it_is_live():
    wanted = copy({"config": {"S": {"inputs": {"a": "git", "b": "git"}}}}, ignore=("config.S.inputs.a",))
    (row,) = variable_inputs(request(wanted, instance(config={"S": inputs(a="live", b="old")})), ["S"])
    assert [r["value"] for r in json.loads(row["values"].reveal())] == ["live", "git"]


def test_an_ignored_variable_is_not_compared():
    wanted = copy({"config": {"A": "1", "B": "1"}}, ignore=("config.A",))
    assert changed_keys(request(wanted, instance(config={"A": "2", "B": "2"}))) == ["B"]


# Secrets that cannot be read back


def _hidden(wanted: str, applied: str | None) -> tuple[Any, LiveObject]:
    """A connection with a write-only input, whose record knows `applied` as its secret."""

    def manifest(value: str) -> Any:
        return copy({"config": {"S": {"inputs": {"password": Secret(value)}}}})

    labels: tuple[str, ...] = ()
    if applied is not None:
        before = manifest(applied)
        known = {
            "secrets": secrets_digest(request(before, None, KEY)),
            "config": before.fields["config"],
        }
        labels = (record(release="1.0.0", **known),)
    return manifest(wanted), instance(config={"S": inputs(password=True)}, labels=labels)


@pytest.mark.parametrize(
    ("applied", "policy", "rotated"),
    [
        ("old", KEY, True),
        ("new", KEY, False),
        (None, KEY, False),
        ("old", Policy(), False),
        ("new", Policy(send_secrets=True), True),
    ],
)
def test_a_hidden_secret_is_rotated_when_the_record_says_so(
    applied: str | None, policy: Policy, rotated: bool
):
    wanted, live = _hidden("new", applied)
    found = request(wanted, live, policy)
    assert secrets_rotated(found) is rotated
    assert [c.path for c in config_changes(found)] == (["config.S.inputs.password"] if rotated else [])


def test_the_record_of_a_rotated_secret_is_written_after_the_secret():
    wanted, live = _hidden("new", "old")
    assert steps(wanted, live, policy=KEY) == ["update", "configure", "record", "deploy"]
    for step, before in ("update", ()), ("record", ("update", "configure")):
        about = structs.replace(request(wanted, live, KEY), sent=before)
        done = KIND.operation(step, Verb.UPDATE, about).variables["input"]["labels"]
        after = KIND.parse({**node(config={"S": inputs(password=True)}), "labels": done})
        assert bool(config_changes(request(wanted, after, KEY))) is (step == "update")


def test_after_the_record_a_rotation_is_not_planned_again():
    wanted, live = _hidden("new", "new")
    assert steps(wanted, live, policy=KEY) == []


def test_a_rotated_secret_that_reads_back_needs_no_second_record():
    wanted = copy({"config": {"S": {"inputs": {"password": Secret("new")}}}})
    live = instance(config={"S": inputs(password="old")}, labels=(record(secrets="0123456789abcdef"),))
    assert steps(wanted, live, policy=KEY) == ["update", "configure", "deploy"]


def test_no_secret_enters_the_unkeyed_record():
    forms = [(form({"inputs": {"a": Secret(value)}}), form([Secret(value)])) for value in "ab"]
    assert forms[0] == forms[1]


# Flows


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ({"apiKeys": ["k"]}, [Secret("k", "live")]),
        ({"apiKeys": []}, []),
        ({"apiKeys": None}, Hidden()),
        ({"apiKeys": ["k", None]}, Hidden()),
        ({}, Hidden()),
    ],
)
def test_api_keys_that_are_not_told_count_as_hidden(row: dict[str, Any], keys: Any):
    assert instance(flows={"Main": row}).fields["flows"]["Main"]["apiKeys"] == keys


@pytest.mark.parametrize(
    ("setting", "live", "differs"),
    [
        ({"apiKeys": [Secret("k")]}, {"apiKeys": ["k"]}, False),
        ({"apiKeys": [Secret("k")]}, {"apiKeys": ["l"]}, True),
        ({"apiKeys": [Secret("k")]}, {"apiKeys": []}, True),
        ({"apiKeys": []}, {"apiKeys": []}, False),
        ({"usesLre": False}, {"usesLre": False}, False),
        ({"usesLre": True}, {"usesLre": False}, True),
        ({"testPayload": {"a": 1}}, {"testPayload": '{"a": 1}'}, False),
        ({"testHeaders": {"A": "1"}}, {"testHeaders": '{"A": "2"}'}, True),
        ({"testContentType": "text/plain"}, {"testContentType": None}, True),
        ({"testContentType": ""}, {"testContentType": None}, False),
    ],
)
def test_flow_settings_are_compared(setting: dict[str, Any], live: dict[str, Any], differs: bool):
    wanted = copy({"flows": {"Main": setting}})
    assert bool(flow_changes(request(wanted, instance(flows={"Main": live})))) is differs


@pytest.mark.parametrize(("record_says", "differs"), [(True, False), (False, True)])
def test_hidden_api_keys_are_sent_until_the_record_says_that_they_were(record_says: bool, differs: bool):
    settings = {"Main": {"apiKeys": [Secret("k")]}}
    labels = (record(flows=flows_form(settings)),) if record_says else ()
    live = instance(flows={"Main": {"apiKeys": None}}, labels=labels)
    assert bool(flow_changes(request(copy({"flows": settings}), live))) is differs


def test_flow_settings_are_sent_in_the_types_of_the_schema():
    wanted = copy(
        {"flows": {"Main": {"apiKeys": [Secret("k")], "usesLre": True, "testHeaders": {"A": "1"}}}},
    )
    sent = KIND.operation("configure-flows", Verb.CONFIGURE, request(wanted, instance(flows={"Main": {}})))
    (row,) = sent.variables["input"]["flowConfigs"]
    assert row == {
        "flowId": "id of Main",
        "apiKeys": [Secret("k")],
        "usesLre": True,
        "testHeaders": '{"A":"1"}',
    }


def test_an_ignored_flow_setting_is_not_sent():
    wanted = copy(
        {"flows": {"Main": {"usesLre": True, "testPayload": "x"}}}, ignore=("flows.Main.testPayload",)
    )
    sent = KIND.operation("configure-flows", Verb.CONFIGURE, request(wanted, instance(flows={"Main": {}})))
    assert sent.variables["input"]["flowConfigs"] == [{"flowId": "id of Main", "usesLre": True}]
