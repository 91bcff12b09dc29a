"""Of several reasons to end, the exit code tells the one that says most."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.model.errors import JournalFailed, NoLease, NotAuthenticated, ReconcilerError, Unreachable
from reconciler.model.outcome import Outcome, Result, Status
from reconciler.model.plan import Action, Plan, Refusal, Verb

ACTION = Action("Customer/acme#create", Address("Customer", "acme"), Verb.CREATE, "does not exist")
REFUSED = Refusal("ambiguous", "two of them", "Customer/birch")
GONE, LOST = Unreachable("no answer"), NoLease("another run took it")


@pytest.mark.parametrize(
    ("interrupted", "fatal", "statuses", "refusals", "code"),
    [
        (False, None, [], [], 0),
        (False, None, [Status.DONE, Status.SKIPPED], [], 0),
        (False, None, [Status.DONE], [REFUSED], 5),
        (False, None, [], [REFUSED], 5),
        (False, None, [Status.STALE], [], 5),
        (False, None, [Status.STALE, Status.FAILED], [REFUSED], 1),
        (False, LOST, [Status.DONE], [], 5),
        (False, LOST, [Status.FAILED], [], 1),
        (False, JournalFailed("no room"), [Status.STALE], [REFUSED], 1),
        (False, GONE, [Status.FAILED, Status.STALE], [REFUSED], 4),
        (False, NotAuthenticated("expired"), [Status.FAILED], [], 4),
        (True, GONE, [Status.FAILED, Status.STALE], [REFUSED], 130),
        (True, None, [], [REFUSED], 130),
    ],
)
def test_the_gravest_reason_is_told(
    interrupted: bool,
    fatal: ReconcilerError | None,
    statuses: list[Status],
    refusals: list[Refusal],
    code: int,
):
    plan = Plan("p", "test", "", "", actions=(ACTION,) * len(statuses), refusals=tuple(refusals))
    results = tuple(Result(ACTION, status) for status in statuses)
    assert Outcome(plan, results, interrupted=interrupted, fatal=fatal).exit_code == code
