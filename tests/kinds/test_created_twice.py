"""Two runs make the same object at once, where it has no place for a mark: both keep the older one, and
whoever made the later takes it back, unless that could take something away from somebody.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from rich.console import Console

from reconciler.apply.journal import FileJournal, read_journal
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import TakenBack
from reconciler.model.address import Address
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Verb
from reconciler.model.state import Desired, LiveObject, Resource
from reconciler.report.document import outcome_document
from reconciler.report.text import render_outcome
from reconciler.sandbox import Sandbox, transport
from tests.harness import Killed, Wire, plan_for, prepared, snapshot
from tests.worlds import desired

GROUP, MONITOR = Address("AlertGroup", "night"), Address("AlertMonitor", "failed")
NIGHT = Resource(GROUP, {"name": "Night"})
FAILED = Resource(
    MONITOR,
    {"name": "Failed", "triggers": [Address("AlertTrigger", "Execution Failed")], "groups": [GROUP]},
)
DONE, STALE = (Verb.CREATE, Status.DONE), (Verb.CREATE, Status.STALE)
TAKEN_BACK, LEFT = (Verb.DELETE, Status.DONE), (Verb.DELETE, Status.STALE)


def applied(sandbox: Sandbox, wanted: Desired, wire: httpx.AsyncBaseTransport, **other: Any) -> Outcome:
    return anyio.run(prepared(sandbox, wanted, wire, **other))


def ends(outcome: Outcome) -> list[tuple[Verb, Status]]:
    return [(result.action.verb, result.status) for result in outcome.results]


def groups(sandbox: Sandbox) -> tuple[LiveObject, ...]:
    """The groups, the oldest first."""
    return snapshot(sandbox, desired([NIGHT])).objects["AlertGroup"]


def says_both(outcome: Outcome, sandbox: Sandbox) -> None:
    """The action names both, and the plan that follows, too, with a way out."""
    ids = [one.id for one in groups(sandbox)]
    assert len(ids) == 2
    created = next(result for result in outcome.results if result.action.verb is Verb.CREATE)
    assert all(one in created.error for one in ids)
    (refusal,) = plan_for(sandbox, desired([NIGHT])).refusals
    assert refusal.code == "ambiguous"
    assert all(one in refusal.message for one in ids)
    assert f"--use {GROUP}=" in refusal.hint


def ask(sandbox: Sandbox, query: str, **given: Any) -> None:
    _, answer, _ = sandbox.execute(query, given)
    assert not answer.get("errors"), answer
    assert not any((payload or {}).get("errors") for payload in answer["data"].values()), answer


class At(httpx.AsyncBaseTransport):
    """Others act just before the first call of a name, or just after it; its answer may be lost besides."""

    def __init__(
        self, sandbox: Sandbox, name: str, act: Callable[[], None], *, after: bool = False, lost: bool = False
    ) -> None:
        self._inner, self._name, self._act = transport(sandbox), f" {name}(", act
        self._after, self._lost, self.met = after, lost, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.met or self._name not in json.loads(request.content)["query"]:
            return await self._inner.handle_async_request(request)
        self.met = True
        if not self._after:
            self._act()
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if self._after:
            self._act()
        return httpx.Response(502) if self._lost else response


def create(sandbox: Sandbox, name: str = "Night") -> None:
    """What another run sends for the same manifest."""
    query = (
        "mutation ($name: String!) "
        "{ createAlertGroup(input: {name: $name}) { alertGroup { id } errors { messages } } }"
    )
    ask(sandbox, query, name=name)


# Two runs


class Turns:
    """Whose request is carried out next, of two runs at once; when the order is used up, or one of them is
    over, they go on as they come.
    """

    def __init__(self, order: str) -> None:
        self._order, self._next = list(order), anyio.Event()

    @contextmanager
    def over(self, run: str) -> Iterator[None]:
        """While a run lasts."""
        try:
            yield
        finally:
            self._order = [one for one in self._order if one != run]
            self._wake()

    async def wait(self, run: str) -> None:
        while self._order and self._order[0] != run:
            await self._next.wait()

    def take(self) -> None:
        self._order = self._order[1:]
        self._wake()

    def _wake(self) -> None:
        self._next.set()
        self._next = anyio.Event()


class InTurn(httpx.AsyncBaseTransport):
    """The requests of one of the runs."""

    def __init__(self, sandbox: Sandbox, turns: Turns, run: str) -> None:
        self._inner, self._turns, self._run = transport(sandbox), turns, run

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._turns.wait(self._run)
        response = await self._inner.handle_async_request(request)
        await response.aread()
        self._turns.take()
        return response


def at_once(sandbox: Sandbox, wanted: Desired, order: str) -> list[Outcome]:
    """Two runs of one commit, both planned before either begins."""
    turns, outcomes = Turns(order), list[Outcome]()
    works = {run: prepared(sandbox, wanted, InTurn(sandbox, turns, run)) for run in "AB"}

    async def both() -> None:
        async def one(run: str) -> None:
            with turns.over(run):
                outcomes.append(await works[run]())

        async with anyio.create_task_group() as group:
            for run in works:
                group.start_soon(one, run)

    anyio.run(both)
    return outcomes


def orders() -> list[str]:
    """All in which the looks, the creations and the looks after them can follow each other."""
    return ["".join("A" if n in those else "B" for n in range(6)) for those in combinations(range(6), 3)]


def test_in_whatever_order_two_runs_come_one_is_left_and_it_is_the_older():
    taken_back = 0
    for order in orders():
        with Sandbox() as sandbox:
            outcomes = at_once(sandbox, desired([NIGHT]), order)
            made = [r for o in outcomes for r in o.results if r.action.verb is Verb.DELETE]
            assert {r.status for o in outcomes for r in o.results} == {Status.DONE}, order
            assert [o.exit_code for o in outcomes] == [0, 0], order
            (left,) = groups(sandbox)
            assert left.id not in {r.action.target for r in made}, order
            assert {r.object_id for o in outcomes for r in o.results} - {r.object_id for r in made} == {
                left.id
            }
            left_to_do = plan_for(sandbox, desired([NIGHT]))
            assert (left_to_do.actions, left_to_do.refusals) == ((), ()), order
            assert len(made) <= 1, order
            taken_back += len(made)
    assert taken_back > 5


@pytest.mark.parametrize("seed", range(12))
def test_what_refers_to_it_refers_to_the_one_that_is_left(seed: int):
    draw = random.Random(seed)
    with Sandbox() as sandbox:
        wanted = desired([NIGHT, FAILED])
        at_once(sandbox, wanted, "".join(draw.choices("AB", k=24)))
        found = snapshot(sandbox, wanted).objects
        (group,), (monitor,) = found["AlertGroup"], found["AlertMonitor"]
        assert set(monitor.fields["groups"]) == {group.id}
        left = plan_for(sandbox, wanted)
        assert (left.actions, left.refusals) == ((), ())


def test_the_run_that_made_the_older_just_ends():
    with Sandbox() as sandbox:
        wire = At(sandbox, "createAlertGroup", lambda: create(sandbox), after=True)
        outcome = applied(sandbox, desired([NIGHT]), wire)
        assert ends(outcome) == [DONE]
        assert outcome.results[0].object_id == groups(sandbox)[0].id


def test_the_run_that_made_the_later_takes_it_back_and_goes_on_with_the_older():
    with Sandbox() as sandbox:
        wire = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, desired([NIGHT]), wire)
        assert ends(outcome) == [DONE, TAKEN_BACK]
        (left,) = groups(sandbox)
        made, removed = outcome.results
        assert made.object_id == left.id
        assert removed.object_id == removed.action.target != left.id


def test_of_another_commit_it_is_taken_back_too_and_the_next_plan_mends_the_older():
    with Sandbox() as sandbox:
        _, answer, _ = sandbox.execute("{ users { nodes { email } } }")
        person = Address("User", answer["data"]["users"]["nodes"][0]["email"])
        wanted = desired([Resource(GROUP, {"name": "Night", "users": [person]})])
        wire = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, wanted, wire)
        assert ends(outcome) == [STALE, TAKEN_BACK]
        assert len(groups(sandbox)) == 1
        left = plan_for(sandbox, wanted)
        assert ([a.verb for a in left.actions], left.refusals) == ([Verb.UPDATE], ())


# Where it is left


EDITS = {
    "the later is called otherwise": 'updateAlertGroup(input: {id: $later, name: "Nights"})',
    "the later is changed": "updateAlertGroup(input: {id: $later, users: [$user]})",
    "the older is called otherwise": 'updateAlertGroup(input: {id: $older, name: "Nights"})',
    "something refers to it": (
        'createAlertMonitor(input: {name: "Mine", triggers: [$trigger], groups: [$later]})'
    ),
}


def somebody(sandbox: Sandbox, edit: str) -> None:
    made = "alertGroups(sortBy: [{field: CREATED_AT, direction: ASC}])"
    lists = " ".join(f"{name} {{ nodes {{ id }} }}" for name in ("users", "alertTriggers", made))
    _, answer, _ = sandbox.execute(f"{{ {lists} }}")
    ids = {name: [node["id"] for node in found["nodes"]] for name, found in answer["data"].items()}
    older, later = ids["alertGroups"]
    given = {"older": older, "later": later, "user": ids["users"][0], "trigger": ids["alertTriggers"][0]}
    used = {name: value for name, value in given.items() if f"${name}" in edit}
    declared = ", ".join(f"${name}: ID!" for name in used)
    ask(sandbox, f"mutation ({declared}) {{ {edit} {{ errors {{ messages }} }} }}", **used)


class MadeLater(httpx.AsyncBaseTransport):
    """Another run was quicker, and somebody acts between our look at the list and the deletion."""

    def __init__(self, sandbox: Sandbox, act: Callable[[], None]) -> None:
        inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        self._wire = At(sandbox, "alertMonitors", act)
        self._wire._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._wire.handle_async_request(request)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_what_a_person_changed_meanwhile_is_left(edit: str):
    with Sandbox() as sandbox:
        wire = MadeLater(sandbox, lambda: somebody(sandbox, edit))
        outcome = applied(sandbox, desired([NIGHT]), wire)
        assert ends(outcome) == [STALE, LEFT]
        assert outcome.exit_code == 5
        assert len(groups(sandbox)) == 2
        if "Nights" not in edit:
            says_both(outcome, sandbox)


def test_nothing_is_made_that_would_refer_to_one_of_two():
    with Sandbox() as sandbox:
        wire = MadeLater(sandbox, lambda: somebody(sandbox, EDITS["the later is changed"]))
        outcome = applied(sandbox, desired([NIGHT, FAILED]), wire)
        assert ends(outcome) == [STALE, (Verb.CREATE, Status.SKIPPED), LEFT]
        assert outcome.results[1].because == f"{GROUP}#create"
        assert snapshot(sandbox, desired([NIGHT, FAILED])).objects["AlertMonitor"] == ()


def test_what_a_person_deleted_meanwhile_is_not_deleted_again():
    with Sandbox() as sandbox:
        delete = "deleteAlertGroup(input: {id: $later})"
        wire = MadeLater(sandbox, lambda: somebody(sandbox, delete))
        assert ends(applied(sandbox, desired([NIGHT]), wire)) == [DONE, TAKEN_BACK]
        assert len(groups(sandbox)) == 1


@pytest.mark.parametrize("first", [True, False])
def test_what_this_run_knows_by_no_answer_is_left(first: bool):
    with Sandbox() as sandbox:
        wire = At(sandbox, "createAlertGroup", lambda: create(sandbox), after=not first, lost=True)
        outcome = applied(sandbox, desired([NIGHT]), wire)
        assert ends(outcome) == [STALE]
        says_both(outcome, sandbox)


class WithoutMoments(httpx.AsyncBaseTransport):
    """The tenant does not tell when things were made, or tells what is no moment."""

    def __init__(self, inner: httpx.AsyncBaseTransport, told: str | None) -> None:
        self._inner, self._told = inner, told

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        answer = json.loads(await response.aread(), object_hook=self._without)
        return httpx.Response(response.status_code, json=answer)

    def _without(self, node: dict[str, Any]) -> dict[str, Any]:
        return {**node, "createdAt": self._told} if "createdAt" in node else node


@pytest.mark.parametrize("told", [None, "lately"])
def test_where_the_tenant_does_not_tell_which_is_the_later_both_are_left(told: str | None):
    with Sandbox() as sandbox:
        inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, desired([NIGHT]), WithoutMoments(inner, told))
        assert ends(outcome) == [STALE]
        says_both(outcome, sandbox)


def test_of_one_moment_the_id_decides():
    for _ in range(8):
        with Sandbox() as sandbox:
            inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
            outcome = applied(sandbox, desired([NIGHT]), WithoutMoments(inner, "2026-01-01T00:00:00Z"))
            if ends(outcome) == [DONE]:
                kept, other = outcome.results[0].object_id, max(one.id for one in groups(sandbox))
                assert kept < other
            else:
                (left,) = groups(sandbox)
                assert ends(outcome) == [DONE, TAKEN_BACK]
                assert left.id < outcome.results[1].object_id


def test_what_refers_to_it_cannot_be_read_so_that_both_are_left():
    with Sandbox() as sandbox:
        inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, desired([NIGHT]), Refusing(inner, "alertMonitors"))
        assert ends(outcome) == [STALE, LEFT]
        says_both(outcome, sandbox)


class Refusing(httpx.AsyncBaseTransport):
    """The token may not do one thing."""

    def __init__(self, inner: httpx.AsyncBaseTransport, name: str) -> None:
        self._inner, self._name = inner, f" {name}("

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._name not in json.loads(request.content)["query"]:
            return await self._inner.handle_async_request(request)
        return httpx.Response(200, json={"data": None, "errors": [{"message": "Permission denied."}]})


def test_a_deletion_that_the_server_refuses_leaves_both():
    with Sandbox() as sandbox:
        inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, desired([NIGHT]), Refusing(inner, "deleteAlertGroup"))
        assert ends(outcome) == [STALE, (Verb.DELETE, Status.FAILED)]
        says_both(outcome, sandbox)


def test_a_deletion_whose_answer_is_lost_is_looked_for():
    with Sandbox() as sandbox:
        wire = At(sandbox, "deleteAlertGroup", lambda: None, lost=True)
        wire._inner = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        assert ends(applied(sandbox, desired([NIGHT]), wire)) == [DONE, TAKEN_BACK]
        assert len(groups(sandbox)) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2])
def test_a_run_that_is_killed_in_between_leaves_what_the_plan_tells(kill_at: int, after: bool):
    with Sandbox() as sandbox:
        wire = Wire(At(sandbox, "createAlertGroup", lambda: create(sandbox)), kill_at, after)
        with pytest.raises(BaseExceptionGroup) as ended:
            applied(sandbox, desired([NIGHT]), wire)
        assert ended.group_contains(Killed)
        left = plan_for(sandbox, desired([NIGHT]))
        if (number := len(groups(sandbox))) == 2:
            assert [one.code for one in left.refusals] == ["ambiguous"]
        else:
            assert (left.actions == (), left.refusals) == (number == 1, ())
        assert number == {(1, False): 0, (1, True): 2, (2, False): 2, (2, True): 1}[kill_at, after]


# What is told


def test_people_and_the_journal_see_what_was_taken_back(tmp_path: Path):
    with Sandbox() as sandbox:
        journal = FileJournal(tmp_path, lambda: datetime.now(UTC))
        wire = At(sandbox, "createAlertGroup", lambda: create(sandbox))
        outcome = applied(sandbox, desired([NIGHT]), wire, journal=journal)
    document = outcome_document(outcome, created_at="2026-01-01T00:00:00Z")
    removed = document["actions"][1]
    assert (removed["verb"], removed["status"], removed["unplanned"]) == ("delete", "done", True)
    assert removed["reason"].startswith("another run made one of its name at the same time")
    assert "unplanned" not in document["actions"][0]
    assert (document["summary"]["actions"], document["summary"]["done"]) == (2, 2)
    text = StringIO()
    render_outcome(Console(file=text, width=100), document)
    assert f"delete {GROUP}" in text.getvalue()
    assert removed["reason"] in text.getvalue()
    told = [e for e in read_journal(journal.path).entries if e.get("action") == f"{GROUP}#delete"]
    assert [e["event"] for e in told] == ["send", "answer", "end"]
    assert told[0]["target"] == told[2]["object"] == removed["target"]


def test_what_is_created_alone_is_done():
    with Sandbox() as sandbox:
        outcome = applied(sandbox, desired([NIGHT]), transport(sandbox))
        assert (ends(outcome), plan_for(sandbox, desired([NIGHT])).actions) == ([DONE], ())


def test_only_what_bears_no_mark_and_is_no_person_is_taken_back():
    kinds = [kind for kind in all_kinds().values() if isinstance(kind, TakenBack)]
    assert [kind.name for kind in kinds] == ["AlertGroup", "AlertMonitor"]
    assert not any(kind.marked for kind in kinds)
