"""Whoever changed what: a change in git is no drift, and a person's edit is nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from reconciler.kinds import all_kinds
from reconciler.model.plan import Cause, Plan
from reconciler.sandbox import Sandbox
from tests.harness import converge, paired, plan_for, snapshot
from tests.histories import COPY, SYNC, Edit, History, edits, histories, keys_of

SETTINGS = settings(
    max_examples=int(os.environ.get("EXAMPLES", "30")),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ROOM = 20
"""Keys of which a label has room to say how each was written."""


@contextmanager
def applied(history: History) -> Iterator[Sandbox]:
    """A tenant to which all but the last state of git was applied."""
    with Sandbox(rules=history.rules) as sandbox:
        for wanted in history.applied:
            try:
                converge(sandbox, wanted, history.policy)
            except AssertionError as error:
                # What git drops and nobody can read back is refused, so there is no such history.
                assume("write-only-input" not in str(error))
                raise
        yield sandbox


def blamed(plan: Plan) -> list[tuple[str, str, str]]:
    """What a plan lays on the tenant: in its list, and at its changes."""
    named = [(str(d.address), d.path, d.cause) for d in plan.drift]
    named += [(str(a.address), c.path, c.cause) for a in plan.actions for c in a.changes]
    return sorted({one for one in named if one[2] in (Cause.DRIFT, Cause.BOTH)})


@SETTINGS
@given(histories())
def test_a_change_in_git_alone_is_no_drift(history: History):
    with applied(history) as sandbox:
        assert blamed(plan_for(sandbox, history.later, history.policy)) == []


@SETTINGS
@given(histories())
def test_a_change_in_git_of_what_no_field_shows_is_gits(history: History):
    """The protection, whether a release can be chosen, and whether an instance runs."""
    with applied(history) as sandbox:
        was, plan = history.applied[-1].resources, plan_for(sandbox, history.later, history.policy)
        known = {"protect", "available", *(["enabled"] if "enabled" in was[COPY].fields else [])}
        found = [
            (str(a.address), c.path, c.cause) for a in plan.actions for c in a.changes if c.path in known
        ]
        assert [one for one in found if one[2] is not Cause.PENDING] == []


@SETTINGS
@given(histories(), st.data())
def test_a_persons_edit_alone_is_drift(history: History, data: st.DataObject):
    """It is always listed, never as git's, and named wherever a record covers the field."""
    with applied(history) as sandbox:
        wanted = history.applied[-1]
        before = paired(sandbox, wanted, snapshot(sandbox, wanted)).objects
        edit = data.draw(st.sampled_from(edits(wanted, before)))
        do(sandbox, edit, before[edit.address].id)
        plan = plan_for(sandbox, wanted, history.policy)
        causes = {(d.address, d.path): d.cause for d in plan.drift}
        why = causes.get((edit.address, edit.path))
        expected: set[Cause | None] = {Cause.DRIFT}
        expected |= set() if is_recorded(history, edit) else {Cause.UNKNOWN}
        expected |= {None} if is_hidden(history, edit) else set()
        assert why in expected, (edit, plan.drift)
        assert all(c.cause is not Cause.PENDING for a in plan.actions for c in a.changes)


@SETTINGS
@given(histories(), st.data())
def test_plan_and_drift_say_the_same_of_the_same_field(history: History, data: st.DataObject):
    with applied(history) as sandbox:
        wanted = history.applied[-1]
        before = paired(sandbox, wanted, snapshot(sandbox, wanted)).objects
        for edit in data.draw(st.lists(st.sampled_from(edits(wanted, before)), max_size=4)):
            do(sandbox, edit, before[edit.address].id)
        plan = plan_for(sandbox, history.later, history.policy)
        listed = {(d.address, d.path): d.cause for d in plan.drift}
        planned = {(a.address, c.path): c.cause for a in plan.actions for c in a.changes}
        assert {key: why for key, why in listed.items() if key in planned and planned[key] is not why} == {}
        open_ = {key for key, why in planned.items() if why is not Cause.PENDING}
        assert open_ <= listed.keys(), "what is not git's own is listed"


def is_recorded(history: History, edit: Edit) -> bool:
    """Whether what was applied is surely written down: git named the field at once, the label has room for
    it, and of a secret there is a digest.
    """
    first = history.applied[0].resources[edit.address]
    if edit.path in ("protect", "available"):
        return True
    name, _, key = edit.path.partition(".")
    mentioned = name in first.fields and (name != "config" or key.partition(".")[0] in first.fields[name])
    has_room = name != "config" or len(keys_of(history.applied[0].resources[SYNC])) <= ROOM
    return (
        mentioned
        and has_room
        and all_kinds()[edit.address.kind].marked
        and (not edit.secret or history.policy.secret_key is not None)
    )


def is_hidden(history: History, edit: Edit) -> bool:
    """Whether nobody can see what the person typed in."""
    return ".inputs." in edit.path and history.rules.get("secrets_read_back") == "hidden"


def do(sandbox: Sandbox, edit: Edit, target: str) -> None:
    """Carries it out."""
    kind = f"{edit.mutation[0].upper()}{edit.mutation[1:]}Input!"
    asked = f"{edit.mutation}(input: $input) {{ errors {{ field messages }} }}"
    values = {"id": target, **edit.values}
    _, answer, _ = sandbox.execute(f"mutation ($input: {kind}) {{ {asked} }}", {"input": values})
    assert not answer.get("errors"), answer
    assert not answer["data"][edit.mutation]["errors"], answer
