from __future__ import annotations

import copy as copies
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from tests.unit.samples import (
    ACME,
    DATA,
    SYNC,
    copy,
    customer,
    definition,
    desired,
    inputs,
    instance,
    integration,
    plan,
    read_back,
    resource,
    version,
    world,
)

VARIABLES = DATA["requiredConfigVars"]


def told(
    edit: Callable[[list[dict[str, Any]]], Any],
    config: dict[str, Any],
    live: dict[str, Any],
    *,
    live_configuration: Any = None,
    unpublished: bool = False,
    runs: str = "v1",
    **more: Any,
) -> list[str]:
    """What a plan that publishes 2.0.0 with other config variables says of its impact: it warns, and refuses
    moves to another configuration.
    """
    data = {**copies.deepcopy(DATA), **more}
    edit(data["requiredConfigVars"])
    before = read_back({**DATA, **({"configuration": live_configuration} if live_configuration else {})})
    draft = integration(data=before, versions=(version("1.0.0"),), unpublished=unpublished)
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}),
        resource(ACME),
        copy({"release": "2.0.0", "config": config}),
    )
    found = plan(
        wanted,
        world(draft, customer(), instance(version_id=runs, config=live)),
        Policy(overwrite_drafts=True),
    )
    assert {(r.code, r.address) for r in found.refusals} <= {("configure-anew", "Instance/acme/copy")}
    return [*(w.message for w in found.warnings if w.code == "impact"), *(r.message for r in found.refusals)]


NEW = {"key": "Region", "dataType": "string"}
SHOWN = "1 instance (Instance/acme/copy)"


@pytest.mark.parametrize(
    ("edit", "config", "live", "message"),
    [
        (lambda v: None, {}, {"Channel": "all"}, None),
        (
            lambda v: v.append(NEW),
            {},
            {},
            'config variable "Region" is required, has no default and is not set',
        ),
        (lambda v: v.append(NEW), {"Region": "eu"}, {}, None),
        (lambda v: v.append(NEW), {"Region": Secret("eu")}, {}, None),
        (
            lambda v: v.append(NEW),
            {"Region": ""},
            {},
            'config variable "Region" is required, has no default and is not set',
        ),
        (lambda v: v.append({**NEW, "defaultValue": "eu"}), {}, {}, None),
        (lambda v: v.append({**NEW, "useScopedConfigVar": "x"}), {}, {}, None),
        (
            lambda v: v.pop(0),
            {},
            {"Channel": "all"},
            'config variable "Channel" is dropped, and with it the value in use',
        ),
        (lambda v: v.pop(0), {}, {"Channel": ""}, None),
        (
            lambda v: v[0].update(pickList=["a", "b"]),
            {},
            {"Channel": "all"},
            'config variable "Channel" no longer offers the value in use',
        ),
        (lambda v: v[0].update(pickList=["a", "b"]), {"Channel": "a"}, {"Channel": "all"}, None),
        (
            lambda v: v[1]["connection"]["component"].update(key="teams"),
            {},
            {"Slack": inputs(clientSecret=True)},
            'connection "Slack" changes from component "slack" to "teams"',
        ),
        (
            lambda v: v[1]["inputs"].update(clientSecret={"type": "value", "value": ""}),
            {},
            {"Slack": inputs(clientSecret=False)},
            'config variable "Slack" is required, has no default and is not set',
        ),
        (
            lambda v: v[1]["inputs"].update(clientSecret={"type": "value", "value": ""}),
            {},
            {"Slack": inputs(clientSecret=True)},
            None,
        ),
    ],
)
def test_what_does_not_fit_is_told_before_it_is_published(
    edit: Callable[[list[dict[str, Any]]], Any],
    config: dict[str, Any],
    live: dict[str, Any],
    message: str | None,
):
    assert told(edit, config, live) == ([f"{message}: {SHOWN}"] if message else [])


def test_a_renamed_variable_keeps_its_value():
    def edit(variables: list[dict[str, Any]]) -> None:
        variables[0]["key"] = "Room"
        del variables[0]["defaultValue"]

    assert (
        told(edit, {}, {"Channel": "all"})
        == [
            f'config variable "Room" is required, has no default and is not set: {SHOWN}',
            f'config variable "Channel" is dropped, and with it the value in use: {SHOWN}',
        ][::-1]
    )
    renames = {"requiredConfigVars": [{"oldName": "Channel", "newName": "Room"}]}
    assert told(edit, {}, {"Channel": "all"}, renameAttributes=renames) == []


def test_what_is_documented_of_a_renamed_variable_is_told():
    data = copies.deepcopy(DATA)
    data["requiredConfigVars"][0]["key"] = "Room"
    data["renameAttributes"] = {"requiredConfigVars": [{"oldName": "Channel", "newName": "Room"}]}
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}),
        resource(ACME),
        copy({"release": "2.0.0"}),
    )
    draft = integration(data=read_back(DATA), versions=(version("1.0.0"),))
    live = world(draft, customer(), instance(version_id="v1", config={"Channel": "#ops"}))
    found = plan(wanted, live, Policy(overwrite_drafts=True))
    (note,) = [one for one in found.notes if one.code == "variable-renamed"]
    assert 'config variable "Channel" is renamed to "Room"' in note.message
    assert "documented to keep the value in use" in note.message
    assert note.message.endswith(SHOWN)
    assert "import_renames" in note.hint


RELEASE = "Integration/sync, release 2.0.0: "
REGION = {"type": "object", "properties": {"region": {}, "size": {}}, "required": ["region"]}
BOTH = {**REGION, "required": ["region", "size"]}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"schema": REGION, "eTag": "a"}, {"schema": REGION, "eTag": "a"}, None),
        (
            {"schema": REGION, "eTag": "a"},
            {"schema": BOTH, "eTag": "b"},
            'the configuration moves from version "a" to version "b", and is to be given anew '
            '(newly required: "size")',
        ),
        (
            {"schema": BOTH, "eTag": "a"},
            {"schema": REGION, "eTag": "b"},
            'the configuration moves from version "a" to version "b", and is to be given anew',
        ),
        (
            None,
            {"instance": {"schema": REGION, "version": 2}},
            'the configuration moves from config pages to version "2", and is to be given anew '
            '(newly required: "region")',
        ),
        (
            {"schema": REGION, "eTag": "a"},
            {"schema": BOTH, "eTag": "a"},
            'the configuration asks for more under the same version "a" (newly required: "size")',
        ),
        ({"schema": REGION, "eTag": "a"}, None, None),
    ],
)
def test_a_configuration_that_is_to_be_given_anew_is_told(before: Any, after: Any, message: str | None):
    found = told(lambda v: None, {}, {"Channel": "all"}, live_configuration=before, configuration=after)
    refused = RELEASE if message and "anew" in message else ""
    assert found == ([f"{refused}{message}: {SHOWN}"] if message else [])


def test_what_cannot_be_told_of_a_configuration_is_refused():
    after = {"schema": REGION, "eTag": "a"}
    why = "what the version in use asks for cannot be told"
    message = f"{RELEASE}the configuration may have to be given anew: {why}"
    same = {"live_configuration": after, "configuration": after}
    for unclear in ({"unpublished": True}, {"runs": "v0"}):
        assert told(lambda v: None, {}, {"Channel": "all"}, **same, **unclear) == [f"{message}: {SHOWN}"]


def test_a_new_instance_is_configured_by_the_app():
    data = {**copies.deepcopy(DATA), "configuration": {"schema": REGION, "eTag": "a"}}
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}),
        resource(ACME),
        copy({"release": "2.0.0"}),
    )
    (warning,) = plan(wanted, world(integration(), customer())).warnings
    said = 'the configuration is given by your app, before the deploy (required: "region")'
    assert warning.message == f"{said}: {SHOWN}"


def test_the_instances_that_are_hit_are_counted():
    data = copies.deepcopy(DATA)
    data["requiredConfigVars"].append(NEW)
    copies_ = [
        resource(Address("Instance", f"acme/i{n}"), {**copy().fields, "release": "2.0.0", "name": f"I{n}"})
        for n in range(5)
    ]
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}), resource(ACME), *copies_
    )
    (warning,) = plan(wanted, world(integration(), customer())).warnings
    assert warning.message.endswith(
        "5 instances (Instance/acme/i0, Instance/acme/i1, Instance/acme/i2 and 2 more)"
    )


def test_instances_that_keep_their_release_are_not_hit():
    data = copies.deepcopy(DATA)
    data["requiredConfigVars"].append(NEW)
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}), resource(ACME), copy()
    )
    live = world(integration(versions=(version("1.0.0"),)), customer(), instance(version_id="v1"))
    assert plan(wanted, live).warnings == ()
