"""An answer of a list's type is one of which plans can ask all they ask: nothing about it is odd."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import all_kinds
from reconciler.kinds.answers import resting, understood
from reconciler.kinds.capabilities import Shown, live_scope_of
from reconciler.kinds.instance.node import InstanceNode
from reconciler.kinds.table.kind import TabledKind
from reconciler.model.errors import NotUnderstood
from tests.unit.samples import node

KIND = all_kinds()["Instance"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
TOLD = st.none() | TEXTS
ODD = st.none() | TEXTS | st.integers() | st.booleans() | st.lists(TEXTS, max_size=2)
OURS = ["reconciler:p/customer/acme", "reconciler-applied:2:aa", "reconciler-protect"]
TYPES = st.sampled_from(["STRING", "NUMBER", "CONNECTION", "SCHEDULE", "PICKLIST", "NEW"])


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


REQUIRED = st.fixed_dictionaries(
    {"key": TEXTS, "dataType": TYPES},
    optional={"collectionType": TOLD, "codeLanguage": TOLD, "default": TOLD},
)
VARIABLE = st.fixed_dictionaries(
    {"requiredConfigVariable": REQUIRED},
    optional={
        "value": TOLD,
        "scheduleType": TOLD,
        "timeZone": TOLD,
        "customerConfigVariable": st.none() | st.fixed_dictionaries({"id": TEXTS}),
        "inputs": st.none() | some({"nodes": st.none() | st.lists(st.none(), max_size=2)}),
    },
)
FLOW = st.fixed_dictionaries(
    {"flow": st.fixed_dictionaries({"id": TEXTS, "name": TEXTS})},
    optional={
        "id": TOLD,
        "apiKeys": st.none() | st.lists(TOLD, max_size=2),
        "testHeaders": TOLD,
        "usesLre": st.none() | st.booleans(),
    },
)
INSTANCE = some(
    {
        "id": TEXTS,
        "name": TEXTS,
        "description": TOLD,
        "labels": st.none() | st.lists(TEXTS, max_size=3),
        "enabled": st.booleans(),
        "needsDeploy": st.booleans(),
        "deployedVersion": st.none() | st.integers(0, 9),
        "lastDeployedAt": TOLD,
        "systemSuspended": st.none() | st.booleans(),
        "allowUpdate": ODD,
        "customer": st.fixed_dictionaries({"id": TEXTS}),
        "integration": st.none()
        | st.fixed_dictionaries(
            {"id": TEXTS, "versionNumber": st.integers(0, 9)}, optional={"versionSequenceId": TOLD}
        ),
        "configVariables": st.none() | some({"nodes": st.none() | st.lists(VARIABLE, max_size=2)}),
        "flowConfigs": st.none() | some({"nodes": st.none() | st.lists(FLOW, max_size=2)}),
    }
)

MAY = st.none() | st.booleans()
CUSTOMER = some(
    {
        "id": TEXTS,
        "name": TOLD,
        "externalId": TOLD,
        "description": TOLD,
        "labels": st.none() | st.lists(TEXTS | st.sampled_from(OURS), max_size=3),
        "createdAt": TOLD | st.just("2026-11-30T18:55:46.189759+00:00"),
        "allowUpdate": MAY,
        "allowRemove": MAY,
    }
)


@given(INSTANCE, st.sets(st.sampled_from(["description", "labels", "systemSuspended", "flowConfigs"])))
def test_what_fits_its_type_can_be_asked_all_that_plans_ask(told: dict[str, Any], unknown: set[str]) -> None:
    answer = {name: value for name, value in {**node(), **told}.items() if name not in unknown}
    typed = msgspec.json.decode(json.dumps(answer).encode(), type=InstanceNode)
    assert isinstance(KIND, Shown)
    live = KIND.shown(typed)
    resting(KIND, live)
    hash(live_scope_of(KIND, live))
    if live.id:
        assert understood(KIND, typed) == understood(KIND, answer) == live
        return
    for one in (typed, answer):
        with pytest.raises(NotUnderstood) as caught:
            understood(KIND, one)
        assert caught.value.unreadable.reason == "it has no id"


@given(CUSTOMER, st.booleans())
def test_a_customer_is_the_same_whether_its_list_was_decoded_into_its_type_or_not(
    told: dict[str, Any], full: bool
) -> None:
    kind = all_kinds()["Customer"]
    assert isinstance(kind, TabledKind)
    answer = {"id": "c1", **({"name": "Acme", "externalId": "acme"} if full else {}), **told}
    typed = msgspec.json.decode(json.dumps(answer).encode(), type=kind.node)
    if not answer["id"]:
        for one in (typed, answer):
            with pytest.raises(NotUnderstood, match="it has no id"):
                understood(kind, one)
        return
    live = understood(kind, typed)
    assert live == understood(kind, answer)
    assert resting(kind, live) == TabledKind.basis(kind, live, None)
