"""What guards say of a plan for which a part of the tenant was read: what they say where all of it was."""

from __future__ import annotations

import json
import re
from unittest.mock import patch

import httpx
import pytest

from reconciler.kinds import all_kinds
from reconciler.live import owned
from reconciler.sandbox import Sandbox, transport
from reconciler.verbs import plan as verb
from tests.cli.projects import PROJECT, Folder

SELECT = ("--select", "Customer/c0", "--select", "Customer/c1")


@pytest.fixture
def crowd(project: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Two changed customers among eight that are owned, of which two are in no manifest; others of a person,
    or of another project, that may look alike; and no list that fits into a page.
    """
    for number in range(8):
        project.manifest("Customer", f"c{number}", name=f"Customer {number}")
    assert project("apply", "--yes")[0] == 0
    for number in (6, 7):
        (project.root / f"manifests/customer-c{number}.yaml").unlink()
    for name, labels in {
        "Stranger": [],
        "Another's": ["reconciler:shop-2/customer/c0"],
        "Copied": ["reconciler:shop/instance/c0"],
        "Alike": ["not-reconciler:shop/customer/c0"],
    }.items():
        project.behind("createCustomer", {"name": name, "labels": labels})
    for number in (0, 1):
        project.manifest("Customer", f"c{number}", name=f"Customer {number}", description="New")
    for kind in ("Customer", "Instance"):
        monkeypatch.setattr(type(all_kinds()[kind]), "page_size", 1)
    return project


def guarded(project: Folder, share: str) -> None:
    policy = {"guards": {"update": share, "minimum": 0}}
    more = f", policy: {json.dumps(policy)}, environments: {{sandbox: {{batch: 1}}}}}}"
    project.write("reconciler.yaml", PROJECT.replace("]}", f"]{more}"))


def planned(project: Folder) -> tuple[tuple[list[str], int], int]:
    """What guards say of how many actions; and how many requests the plan took."""
    with project.sandbox() as tenant:
        before = tenant.requests()
    made = project.json("plan", *SELECT)
    with project.sandbox() as tenant:
        requests = tenant.requests() - before
    return ([one["message"].partition(";")[0] for one in made["refusals"]], len(made["actions"])), requests


def both(project: Folder) -> tuple[tuple[list[str], int], int, int]:
    """What both ways of reading lead to, and what each costs: of the whole tenant, and of a part."""
    with patch.object(verb, "may_be_part", lambda *_: False):
        whole, much = planned(project)
    part, little = planned(project)
    assert part == whole
    return part, much, little


def refused(count: int) -> list[str]:
    return [f"the plan would change 2 of {count} owned resources"]


@pytest.mark.parametrize(
    ("share", "said"), [("50%", []), ("25%", []), ("24%", refused(8)), ("0%", refused(8))]
)
def test_a_guard_weighs_against_all_that_is_owned(crowd: Folder, share: str, said: list[str]):
    guarded(crowd, share)
    found, whole, part = both(crowd)
    assert found == (said, 2)
    assert part <= whole


def test_no_more_is_looked_for_than_it_takes(crowd: Folder):
    costs = {}
    for share in ("100%", "50%", "25%"):
        guarded(crowd, share)
        costs[share] = both(crowd)[2]
    assert costs["100%"] < costs["50%"] < costs["25%"]


def test_where_labels_are_not_found_by_their_beginning_all_is_read(
    crowd: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(owned, "PREFIX", "nobody:")
    guarded(crowd, "24%")
    found, whole, part = both(crowd)
    assert found == (refused(8), 2)
    assert part > whole


def test_where_more_may_be_owned_than_can_be_asked_for_all_is_read(
    crowd: Folder, monkeypatch: pytest.MonkeyPatch
):
    for name in ("orders", "returns"):
        crowd.manifest("Integration", name, name=name, definition="../definitions/orders.yml")
    assert crowd("apply", "--yes", "--select", "Integration/*")[0] == 0
    monkeypatch.setattr(type(all_kinds()["Integration"]), "page_size", 1)
    guarded(crowd, "20%")
    assert both(crowd)[0] == ([], 2)
    guarded(crowd, "19%")
    assert both(crowd)[0] == (refused(10), 2)


class Odd(httpx.AsyncBaseTransport):
    """A tenant that shows a number as the name of one of its customers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = transport(sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        text = (await response.aread()).decode()
        return httpx.Response(response.status_code, text=re.sub('"Customer 5"', "5", text))


def test_what_cannot_be_understood_counts_no_more_than_where_all_is_read(
    crowd: Folder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("reconciler.sandbox.transport", Odd)
    guarded(crowd, "25%")
    assert both(crowd)[0] == (refused(7), 2)


class Tired(httpx.AsyncBaseTransport):
    """A tenant that is asked for what labels hold, and shows a page of it and no other."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = transport(sandbox)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content) if request.content else {}
        if "labels_Icontains" in asked.get("query", "") and asked["variables"].get("after"):
            return httpx.Response(200, json={"errors": [{"message": "not now"}]})
        return await self._inner.handle_async_request(request)


def test_where_counting_fails_all_is_read(crowd: Folder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("reconciler.sandbox.transport", Tired)
    guarded(crowd, "24%")
    assert both(crowd)[0] == (refused(8), 2)


def test_a_saved_plan_is_weighed_as_it_was(crowd: Folder):
    guarded(crowd, "25%")
    file = str(crowd.root / "plan.json")
    assert crowd("plan", *SELECT, "-o", file)[0] == 0
    code, out, err = crowd("apply", file, "--yes")
    assert (code, crowd("plan", *SELECT, "--detailed-exitcode")[0]) == (0, 0), out + err
