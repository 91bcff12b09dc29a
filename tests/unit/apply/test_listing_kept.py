"""How an integration is offered in the marketplace goes on with a release, wherever the run that publishes it
ends.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.kinds.integration.facts import facts_of
from reconciler.kinds.protocol import Policy
from reconciler.model.state import Desired, LiveObject
from reconciler.sandbox import Sandbox
from tests import harness
from tests.unit.apply.test_draft_races import said
from tests.unit.samples import PROJECT, SYNC, definition, resource

POLICY = Policy(guard_minimum=1000)
LISTING = {"marketplaceConfiguration": "AVAILABLE_AND_DEPLOYABLE", "overview": "Posts orders."}
HIDDEN = {"marketplaceConfiguration": "NOT_AVAILABLE_IN_MARKETPLACE", "overview": ""}


def wanted(release: str, text: str = "", **fields: Any) -> Desired:
    data = said(text or release)
    sync = resource(SYNC, {"name": "Sync", "definition": definition(data), "release": release, **fields})
    return Desired(PROJECT, "sandbox", {SYNC: sync})


def draft(sandbox: Sandbox) -> LiveObject:
    (found,) = harness.snapshot(sandbox).objects["Integration"]
    return found


def offer(sandbox: Sandbox, **listing: Any) -> None:
    """A person says how the newest version is offered."""
    ask = (
        "mutation ($input: UpdateIntegrationMarketplaceConfigurationInput!) {"
        " updateIntegrationMarketplaceConfiguration(input: $input) { errors { messages } } }"
    )
    _, answer, _ = sandbox.execute(ask, {"input": {"id": draft(sandbox).versions[0].id, **listing}})
    assert not answer["data"]["updateIntegrationMarketplaceConfiguration"]["errors"], answer


def offered(sandbox: Sandbox) -> list[dict[str, Any]]:
    """How each version is offered, the newest first."""
    ask = "query ($id: ID!) { integration(id: $id) { marketplaceConfiguration overview } }"
    rows = [sandbox.execute(ask, {"id": v.id})[1]["data"]["integration"] for v in draft(sandbox).versions]
    return [{**row, "overview": row["overview"] or ""} for row in rows]


@pytest.fixture(params=["true", "false"])
def sandbox(request: pytest.FixtureRequest) -> Any:
    with Sandbox(rules={"attributes_keep_own_keys": request.param}) as made:
        harness.converge(made, wanted("1.0.0"), POLICY)
        offer(made, **LISTING)
        yield made


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_wherever_the_run_ends_the_next_one_lists_the_release(sandbox: Sandbox, again: bool, after: bool):
    """Of a changed definition, and of the same one under another name."""
    ends = 0
    for number in range(1, 12):
        release = f"1.{number}.0"
        desired = wanted(release, "the same" if again else "")
        if not harness.ended(sandbox, desired, POLICY, number, after):
            break
        ends += 1
        harness.converge(sandbox, desired, POLICY)
        assert offered(sandbox)[0] == LISTING, (number, after)
        assert harness.plan_for(sandbox, desired).actions == ()
    assert ends >= 3
    harness.converge(sandbox, wanted(release, "the same" if again else "", description="Other"), POLICY)
    assert "listing" not in json.loads(str(facts_of(draft(sandbox)).metadata))["reconciler"]


@pytest.mark.parametrize("theirs", [HIDDEN, {**LISTING, "overview": "By hand."}])
def test_what_a_person_makes_of_it_stays(sandbox: Sandbox, theirs: dict[str, Any]):
    desired = wanted("1.1.0")
    harness.converge(sandbox, desired, POLICY)
    offer(sandbox, **theirs)
    assert harness.plan_for(sandbox, desired).actions == ()
    assert offered(sandbox) == [theirs, LISTING]


def test_also_what_they_make_of_it_after_the_run_ended(sandbox: Sandbox):
    desired = wanted("1.1.0")
    assert harness.ended(sandbox, desired, POLICY, 3, True)  # after the import and the update, the publish
    assert len(draft(sandbox).versions) == 2
    theirs = {**LISTING, "overview": "By hand."}
    offer(sandbox, **theirs)
    harness.converge(sandbox, desired, POLICY)
    assert offered(sandbox) == [theirs, LISTING]


def test_the_estimate_counts_the_notes(sandbox: Sandbox):
    desired, before = wanted("1.1.0"), sandbox.writes()
    planned = sum(action.writes for action in harness.plan_for(sandbox, desired).actions)
    harness.converge(sandbox, desired, POLICY)
    assert sandbox.writes() == before + planned


def test_nothing_is_noted_where_nothing_is_offered(sandbox: Sandbox):
    offer(sandbox, **HIDDEN)
    desired, before = wanted("1.1.0"), sandbox.writes()
    assert harness.ended(sandbox, desired, POLICY, 3, True)
    assert "listing" not in json.loads(str(facts_of(draft(sandbox)).metadata))["reconciler"]
    assert sandbox.writes() == before + 3
