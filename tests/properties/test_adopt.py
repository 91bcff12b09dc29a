"""For every generated world, under every combination of rules: a tenant is adopted whole, and let go of."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
from hypothesis import given

from reconciler.model.outcome import Outcome, Status
from reconciler.plan.select import Selection
from reconciler.verbs.adopt import Takeover, plan_to_adopt_all
from reconciler.verbs.apply import apply
from reconciler.verbs.forget import plan_to_forget_all
from reconciler.verbs.plan import Planned
from reconciler.verbs.pull import write
from reconciler.verbs.session import Session
from tests.properties.test_pull import SLOW, forget_all, nothing_to_do, pulled, tenant
from tests.rows import Place, rows_of
from tests.worlds import World, worlds

_OURS = ("labels", "metadata", "headers", "description")
"""The columns in which marks and records stand; those of the core kinds are not in descriptions."""
_UNPUBLISHED = "unpublished"
"""Whether a draft was touched since it was published: a tenant may say so of any update."""
_CORE = ("integration", "customer", "instance")


@SLOW
@given(worlds())
def test_a_tenant_is_adopted_and_forgotten_and_nothing_else_of_it_changes(world: World):
    with tenant(world) as (session, sandbox):
        forget_all(sandbox, world)
        write(pulled(session))
        database = session.state / "sandbox.db"
        before, writes = rows_of(database), sandbox.writes()
        found = takeover(session)
        assert found.adoption.doubts == []
        assert set(ended(session, found.planned)) <= {Status.DONE}
        assert sandbox.writes() - writes == len(found.planned.plan.actions)
        after = rows_of(database)
        changed = {place for place in {*before, *after} if before.get(place) != after.get(place)}
        assert {column for _, _, column in changed} <= {*_OURS, _UNPUBLISHED}
        assert not [place for place in changed if place[0] in _CORE and place[2] == "description"]
        assert nothing_to_do(session)
        assert takeover(session).planned.plan.actions == ()
        assert set(ended(session, anyio.run(plan_to_forget_all, session))) <= {Status.DONE}
        assert without(rows_of(database)) == without(before)


def without(rows: dict[Place, Any]) -> dict[Place, Any]:
    return {place: value for place, value in rows.items() if place[2] != _UNPUBLISHED}


def takeover(session: Session) -> Takeover:
    return anyio.run(plan_to_adopt_all, session, Selection())


def ended(session: Session, planned: Planned) -> list[Status]:
    work = partial(apply, session, planned, listener=lambda _: None, say=lambda _: None)
    outcome: Outcome = anyio.run(work)
    return [one.status for one in outcome.results]
