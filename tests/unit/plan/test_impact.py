from __future__ import annotations

import copy as copies
from collections.abc import Callable
from typing import Any

import pytest

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
    resource,
    version,
    world,
)

VARIABLES = DATA["requiredConfigVars"]


def told(
    edit: Callable[[list[dict[str, Any]]], Any], config: dict[str, Any], live: dict[str, Any]
) -> list[str]:
    """The warnings of a plan that publishes 2.0.0 with other config variables."""
    data = copies.deepcopy(DATA)
    edit(data["requiredConfigVars"])
    wanted = desired(
        resource(SYNC, {"definition": definition(data), "release": "2.0.0"}),
        resource(ACME),
        copy({"release": "2.0.0", "config": config}),
    )
    found = plan(
        wanted,
        world(integration(versions=(version("1.0.0"),)), customer(), instance(version_id="v1", config=live)),
    )
    assert not found.refusals
    return [w.message for w in found.warnings if w.code == "impact"]


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
