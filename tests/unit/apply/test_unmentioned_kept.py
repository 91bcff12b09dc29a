"""What people write where git says nothing outlives an import, whose answer may be lost, and a run's end."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.kinds.integration.facts import facts_of
from reconciler.model.state import Desired
from reconciler.sandbox import Sandbox
from reconciler.sandbox.faults import Fault
from tests import harness
from tests.unit.apply.test_draft_races import said
from tests.unit.apply.test_ignored_kept import POLICY, draft, write
from tests.unit.samples import PROJECT, SYNC, definition, resource

THEIRS = {"description": "by hand", "category": "People", "labels": ["vip"]}


def wanted(text: str, **more: Any) -> Desired:
    """A manifest, and a definition, that say nothing of the three but what is given as well."""
    data = {key: value for key, value in said(text).items() if key != "description"} | more
    return Desired(
        PROJECT, "sandbox", {SYNC: resource(SYNC, {"name": "Sync", "definition": definition(data)})}
    )


def fields(sandbox: Sandbox) -> dict[str, Any]:
    return {name: draft(sandbox).fields[name] for name in THEIRS}


@pytest.fixture(params=["true", "false"])
def sandbox(request: pytest.FixtureRequest) -> Any:
    with Sandbox(rules={"import_clears_labels": request.param}) as made:
        harness.converge(made, wanted("first"), POLICY)
        write(made, **THEIRS)
        yield made


def test_an_import_leaves_it(sandbox: Sandbox):
    harness.converge(sandbox, wanted("second"), POLICY)
    assert fields(sandbox) == THEIRS
    assert facts_of(draft(sandbox)).kept == {}
    assert harness.plan_for(sandbox, wanted("second")).actions == ()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 3])
def test_the_run_after_one_that_ended_puts_it_back(sandbox: Sandbox, kill_at: int, after: bool):
    assert harness.ended(sandbox, wanted("second"), POLICY, kill_at, after)
    harness.converge(sandbox, wanted("second"), POLICY)
    assert fields(sandbox) == THEIRS
    assert facts_of(draft(sandbox)).kept == {}
    assert harness.plan_for(sandbox, wanted("second")).actions == ()


@pytest.mark.parametrize("theirs", [{"labels": ["vip"]}, {"description": "by hand"}])
def test_no_note_is_left_that_could_undo_what_people_do_later(sandbox: Sandbox, theirs: dict[str, Any]):
    write(sandbox, **{"description": "", "category": "", "labels": [], **theirs})
    assert harness.ended(sandbox, wanted("second"), POLICY, 2, True)
    harness.converge(sandbox, wanted("second"), POLICY)
    write(sandbox, description="", category="", labels=[])
    assert harness.plan_for(sandbox, wanted("second")).actions == ()


def test_it_comes_back_where_the_answer_is_lost(sandbox: Sandbox):
    sandbox.set_faults([Fault("reset_after", operation="importIntegration", nth=1)])
    harness.converge(sandbox, wanted("second"), POLICY)
    assert sandbox.injected()["reset_after"] == 1
    assert fields(sandbox) == THEIRS


def test_labels_that_came_meanwhile_stay_beside_those_that_come_back(sandbox: Sandbox):
    harness.ended(sandbox, wanted("second"), POLICY, 2, True)
    write(sandbox, labels=["gold"])
    harness.converge(sandbox, wanted("third"), replace(POLICY, overwrite_drafts=True))
    assert fields(sandbox) == {**THEIRS, "labels": ["gold", "vip"]}


def test_the_labels_of_a_definition_join_those_of_people(sandbox: Sandbox):
    desired = wanted("second", labels=["listed"])
    harness.converge(sandbox, desired, POLICY)
    assert fields(sandbox)["labels"] == ["listed", "vip"]
    assert harness.plan_for(sandbox, desired).actions == ()
    desired = wanted("third", labels=["listed"])
    planned = harness.plan_for(sandbox, desired).actions
    assert "labels" not in {change.path for action in planned for change in action.changes}
    harness.converge(sandbox, desired, POLICY)
    assert fields(sandbox)["labels"] == ["listed", "vip"]


def test_what_the_definition_says_is_what_git_says(sandbox: Sandbox):
    sync = resource(
        SYNC,
        {
            "name": "Sync",
            "description": "of git",
            "definition": definition(said("second") | {"category": "of git"}),
            "category": "of git",
        },
    )
    harness.converge(sandbox, Desired(PROJECT, "sandbox", {SYNC: sync}), POLICY)
    assert fields(sandbox) == {"description": "of git", "category": "of git", "labels": ["vip"]}
