"""What is told at a glance of an instance is what its steps say."""

from __future__ import annotations

import os
from collections import defaultdict
from random import Random
from typing import Any

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Likens
from reconciler.kinds.instance.alike import likeness
from reconciler.kinds.protocol import Policy, Request, Steps
from reconciler.kinds.table.marks import PROTECT
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from tests.unit.samples import COPY, PROJECT, copy, mark, node, record, request, resource

KIND = all_kinds()["Instance"]
CONFIG = {"Channel": "all", "Folder": "/in"}
GIVEN = {"name": "Copy", "config": CONFIG}
HEADERS = {"Main": {"testHeaders": '{"a": "b"}'}}

WANTED: list[dict[str, Any]] = [
    {"name": "Another"},
    {"description": "Copies"},
    {"description": None},
    {"description": ""},
    {"enabled": True},
    {"enabled": False},
    {"labels": ["gold"]},
    {"labels": []},
    {"config": {"Channel": "none", "Folder": "/in"}},
    {"config": {"Channel": "all"}},
    {"config": {**CONFIG, "Batch": "1"}},
    {"config": {**CONFIG, "Folder": Secret("/in")}},
    {"config": {**CONFIG, "Folder": 1}},
    {"config": {**CONFIG, "Folder": ""}},
    {"release": "2.0.0"},
    {"version": 7},
    {"integration": Address("Integration", "another")},
    {"flows": HEADERS},
    {"tests": [{"flow": "Main"}]},
]
IGNORED = ("name", "release", "enabled", "config.Folder")
ASKED = [{"protect": True}, {"was": ("older",)}, *({"ignore": (path,)} for path in IGNORED)]
SHOWN: list[dict[str, Any]] = [
    {"name": "Another"},
    {"description": "Copies"},
    {"enabled": False},
    {"needsDeploy": True},
    {"deployedVersion": 2},
    {"lastDeployedAt": None},
    {"systemSuspended": True},
    {"systemSuspended": True, "enabled": False},
    {"labels": ()},
    {"labels": (mark(PROJECT, COPY), "gold")},
    {"labels": (mark(PROJECT, COPY), PROTECT)},
    {"config": {"Channel": "none", "Folder": "/in"}},
    {"config": {"Channel": "all"}},
    {"config": {**CONFIG, "Batch": "1"}},
    {"config": {**CONFIG, "Folder": {"dataType": "BOOLEAN", "value": "true"}}},
    {"config": {**CONFIG, "Folder": {"dataType": "STRING", "collectionType": "valuelist", "value": "/in"}}},
    {"version_id": "sync:release:2.0.0"},
    {"integration": {"id": "sync:release:1.0.0", "versionNumber": 1, "versionSequenceId": "another"}},
    {"flows": HEADERS},
]
UNTOLD = ("description", "systemSuspended", "deployedVersion")
"""What a tenant may not know."""


def pair(rng: Random) -> Request:
    """A manifest and its instance, which differ in little or nothing."""
    fields, asked, shown = dict(GIVEN), dict[str, Any](), dict[str, Any]({"config": CONFIG})
    for into, known, most in ((fields, WANTED, 2), (asked, ASKED, 1), (shown, SHOWN, 2)):
        for one in rng.sample(known, rng.randint(0, most)):
            into.update(one)
    if rng.random() < 0.5:  # a text of its own, on both sides
        fields["name"] = shown["name"] = f"Copy {rng.randint(0, 99)}"
    applied = record(CONFIG, name=fields["name"], enabled=rng.random() < 0.5)
    labels = shown.pop("labels", (mark(PROJECT, COPY),))
    answer = node(**shown, labels=(applied,) if rng.random() < 0.5 else ())
    answer["labels"] = [*labels, *answer["labels"][1:]]
    for name in rng.sample(UNTOLD, rng.randint(0, 1)):
        answer.pop(name, None)
    return request(copy(fields, **asked), KIND.parse(answer), Policy())


def test_of_two_that_are_alike_nothing_is_to_be_done_to_both_or_to_neither():
    rng, found = Random(0), defaultdict[Any, set[bool]](set)
    for one in (pair(rng) for _ in range(int(os.environ.get("EXAMPLES", "5000")))):
        found[likeness(one)].add(KIND.steps(one, adopt=False) == Steps())
    assert [key for key, idle in found.items() if key is not None and len(idle) > 1] == []
    assert found.pop(None) == {True, False}
    assert {True, False} == set().union(*found.values())


def test_most_that_equal_their_manifests_are_told_at_a_glance():
    answers = [node(config={**CONFIG, "Folder": f"/in/{n}"}, name=f"Copy {n}") for n in range(3)]
    wanted = [copy({"name": f"Copy {n}", "config": {"Folder": f"/in/{n}"}}) for n in range(3)]
    several = [request(one, KIND.parse(answer)) for one, answer in zip(wanted, answers, strict=True)]
    assert len({likeness(one) for one in several} - {None}) == 1
    assert [KIND.steps(one, adopt=False) for one in several] == [Steps()] * 3


CUSTOMER = all_kinds()["Customer"]
FIELDS: list[dict[str, Any]] = [
    {"name": "Acme"},
    {"name": "Acme "},
    {"externalId": "acme"},
    {"externalId": "other"},
    {"description": "Since 2019"},
    {"description": ""},
    {"description": None},
    {"labels": []},
    {"labels": ["gold"]},
    {"labels": ["Gold"]},
    {"labels": ["gold", "silver"]},
]
OURS = (mark(PROJECT, Address("Customer", "acme")), PROTECT)


def either(rng: Random) -> Request:
    """A manifest and its customer, which differ in little or nothing."""
    given, found = ({}, {"id": "c1"})
    for one in rng.sample(FIELDS, rng.randint(0, 4)):
        given.update(one)
    found.update(given)
    for one in rng.sample(FIELDS, rng.randint(0, 1)):
        found.update(one)
    found["labels"] = [*(found.get("labels") or ()), *rng.sample(OURS, rng.randint(0, 2))]
    for name in rng.sample(sorted(found.keys() - {"id"}), rng.randint(0, 1)):
        found.pop(name)
    asked = rng.choice([{}, {"protect": True}, {"ignore": ("name",)}])
    wanted = resource(Address("Customer", "acme"), given, **asked)
    return request(wanted, CUSTOMER.parse(found), Policy())


def test_customers_that_are_alike_are_just_as_their_manifests_say():
    rng, found = Random(0), defaultdict[Any, set[bool]](set)
    assert isinstance(CUSTOMER, Likens)
    for one in (either(rng) for _ in range(int(os.environ.get("EXAMPLES", "5000")))):
        found[CUSTOMER.likeness(one)].add(CUSTOMER.steps(one, adopt=False) == Steps())
    told = found.pop(None)
    assert (told, list(found.values())) == ({True, False}, [{True}])
