"""What people write into ignored fields outlives an import, also where the run ends right after it."""

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
IGNORED = ("name", "description", "category", "labels")
THEIRS = {"name": "Theirs", "description": "by hand", "category": "People", "labels": ["vip"]}
UPDATE = (
    "mutation ($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { errors { messages } } }"
)


def wanted(text: str, *sensitive: str) -> Desired:
    data = {**said(text), "description": "from git", "category": "Git"}
    sync = resource(
        SYNC, {"name": "Sync", "definition": definition(data)}, ignore=IGNORED, sensitive=sensitive
    )
    return Desired(PROJECT, "sandbox", {SYNC: sync})


def draft(sandbox: Sandbox) -> LiveObject:
    (found,) = harness.snapshot(sandbox).objects["Integration"]
    return found


def write(sandbox: Sandbox, **values: Any) -> None:
    """A person's change; the labels that are ours stay."""
    live = draft(sandbox)
    if "labels" in values:
        values["labels"] = [*values["labels"], *(one for one in live.labels if one.startswith("reconciler"))]
    _, answer, _ = sandbox.execute(UPDATE, {"input": {"id": live.id, **values}})
    assert not answer["data"]["updateIntegration"]["errors"], answer


def fields(sandbox: Sandbox) -> dict[str, Any]:
    return {name: draft(sandbox).fields[name] for name in IGNORED}


@pytest.fixture(params=["true", "false"])
def sandbox(request: pytest.FixtureRequest) -> Any:
    with Sandbox(rules={"import_clears_labels": request.param}) as made:
        harness.converge(made, wanted("first"), POLICY)
        write(made, **THEIRS)
        yield made


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 3])
def test_the_next_run_puts_it_back(sandbox: Sandbox, kill_at: int, after: bool):
    desired = wanted("second")
    assert harness.ended(sandbox, desired, POLICY, kill_at, after)
    harness.converge(sandbox, desired, POLICY)
    assert fields(sandbox) == THEIRS
    assert facts_of(draft(sandbox)).kept == {}
    assert "kept" not in json.loads(str(facts_of(draft(sandbox)).metadata))["reconciler"]
    assert harness.plan_for(sandbox, desired).actions == ()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 3])
@pytest.mark.parametrize("sensitive", [IGNORED, ("description",)])
def test_what_is_sensitive_is_written_in_the_request_that_resets_it(
    sandbox: Sandbox, sensitive: tuple[str, ...], kill_at: int, after: bool
):
    """No note may hold it."""
    desired = wanted("second", *sensitive)
    harness.ended(sandbox, desired, POLICY, kill_at, after)
    assert "by hand" not in str(facts_of(draft(sandbox)).metadata)
    harness.converge(sandbox, desired, POLICY)
    assert fields(sandbox) == THEIRS
    assert harness.plan_for(sandbox, desired).actions == ()


def test_so_does_one_that_imports_once_more(sandbox: Sandbox):
    assert harness.ended(sandbox, wanted("second"), POLICY, 2, True)
    harness.converge(sandbox, wanted("third"), Policy(guard_minimum=1000, overwrite_drafts=True))
    assert fields(sandbox) == THEIRS


def test_what_is_written_meanwhile_stays(sandbox: Sandbox):
    assert harness.ended(sandbox, wanted("second"), POLICY, 2, True)
    write(sandbox, name="Again", labels=["gold"])
    harness.converge(sandbox, wanted("second"), POLICY)
    assert fields(sandbox) == {**THEIRS, "name": "Again", "labels": ["gold"]}


def test_nothing_is_noted_where_nothing_is_at_stake():
    with Sandbox() as sandbox:
        harness.converge(sandbox, wanted("first"), POLICY)
        desired = wanted("second")
        write(sandbox, name=desired.resources[SYNC].fields["definition"].own_fields["name"])
        before = sandbox.writes()
        write(sandbox, description="from git", category="Git")
        harness.converge(sandbox, desired, POLICY)
        assert sandbox.writes() == before + 3  # the person's, the import, the update


def test_the_estimate_counts_the_note(sandbox: Sandbox):
    desired, before = wanted("second"), sandbox.writes()
    planned = sum(action.writes for action in harness.plan_for(sandbox, desired).actions)
    harness.converge(sandbox, desired, POLICY)
    assert sandbox.writes() == before + planned
