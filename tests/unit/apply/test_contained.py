"""Whatever goes wrong in one action is that action's failure, and nothing that listens can stop a run."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from reconciler.model.outcome import Ended, Event, Outcome, Status
from tests.unit.apply.test_run import ACME, BIRCH, THREE, Fake, apply, statuses, walk
from tests.unit.samples import customer, desired, resource, world

SECRET = "s3cret-in-the-text"


class Odd(Exception):
    """What nobody foresaw."""


def outcome_of(tenant: Fake, **options: Any) -> Outcome:
    return anyio.run(walk(THREE, world(), tenant, **options).outcome)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "error", [KeyError(SECRET), Odd(SECRET), UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET), MemoryError()]
)
def test_an_error_that_nobody_foresaw_is_one_action_s_failure(when: str, error: Exception):
    outcome = outcome_of(Fake(faults={("createCustomer", "Birch"): [(when, error)]}))
    assert statuses(outcome) == {
        "Customer/acme#create": "done",
        "Customer/birch#create": "failed",
        "Customer/cedar#create": "done",
    }
    (failed,) = [r for r in outcome.results if r.status is Status.FAILED]
    assert type(error).__name__ in failed.error
    assert SECRET not in failed.error + failed.hint
    assert (failed.doubtful, outcome.interrupted, outcome.fatal) == (True, False, None)


def test_its_branch_stops_and_nothing_is_deleted():
    live = world(customer("Old", mark_of="old"))
    wanted = desired(resource(ACME), resource(BIRCH))
    tenant = Fake({"customer-Old": {"id": "customer-Old", "name": "Old", "labels": []}})
    tenant.faults = {("createCustomer", "Acme"): [("before", Odd())]}
    assert apply(wanted, live, tenant) == {
        "Customer/acme#create": "failed",
        "Customer/birch#create": "done",
        "Customer/old#delete": "skipped",
    }


def test_what_fails_before_anything_is_sent_leaves_no_doubt():
    class Blind(Fake):
        async def find(self, kind: Any, op: Any, known: Any = None) -> Any:
            raise KeyError(SECRET)

    results = outcome_of(Blind()).results
    assert [(r.status, r.doubtful) for r in results] == [(Status.FAILED, False)] * 3


@pytest.mark.parametrize("error", [OSError(28, "no space"), BrokenPipeError(), SystemExit(1), KeyError("x")])
def test_a_listener_that_fails_stops_nothing(error: BaseException):
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        raise error

    outcome = outcome_of(Fake(), listener=listen)
    assert set(statuses(outcome).values()) == {"done"}
    assert len([event for event in heard if isinstance(event, Ended)]) == 3


def test_a_journal_that_fails_after_a_call_stops_what_is_to_come():
    class Torn:
        def __getattr__(self, name: str) -> Any:
            def note(*_: Any) -> None:
                if name == "ended":
                    raise ValueError(SECRET)

            return note

    made = walk(THREE, world(), Fake())
    made._run.journal = Torn()
    outcome = anyio.run(made.outcome)
    assert list(statuses(outcome).values()) == ["done", "skipped", "skipped"]
    assert outcome.fatal is not None
    assert SECRET not in outcome.fatal.message
