"""A draft that someone changes while a plan for it is carried out, and a journal that fails meanwhile."""

from __future__ import annotations

import copy as copies
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from reconciler.apply.journal import FileJournal, read_journal
from reconciler.kinds.protocol import Policy
from reconciler.model.address import Address
from reconciler.model.errors import JournalFailed
from reconciler.model.outcome import Outcome
from reconciler.model.state import Desired, Resource
from reconciler.plan.build import make_plan
from reconciler.sandbox import Sandbox
from tests import harness
from tests.unit.samples import ACME, DATA, PROJECT, SYNC, definition, resource

BIRCH, CEDAR = Address("Customer", "birch"), Address("Customer", "cedar")
OVERWRITE = Policy(guard_minimum=1000, overwrite_drafts=True)
IMPORT = (
    "mutation ($input: ImportIntegrationInput!) "
    "{ importIntegration(input: $input) { integration { id } errors { messages } } }"
)


def said(description: str) -> dict[str, Any]:
    data = copies.deepcopy(DATA)
    data["flows"][0]["description"] = description
    return data


def wanted(description: str, *more: Resource) -> Desired:
    resources = [resource(SYNC, {"definition": definition(said(description))}), *more]
    return Desired(PROJECT, "sandbox", {r.address: r for r in resources})


def put(sandbox: Sandbox, description: str) -> None:
    """A person's change."""
    _, answer, _ = sandbox.execute("{ integrations { nodes { id } } }", {})
    (integration,) = answer["data"]["integrations"]["nodes"]
    values = {"integrationId": integration["id"], "definition": definition(said(description)).text}
    _, answer, _ = sandbox.execute(IMPORT, {"input": values})
    assert not answer["data"]["importIntegration"]["errors"]


def draft(sandbox: Sandbox) -> str:
    (integration,) = harness.snapshot(sandbox).objects["Integration"]
    return str(integration.fields["definition"].tree["flows"][0]["description"])


def carry_out(sandbox: Sandbox, desired: Desired, **options: Any) -> Outcome:
    live = harness.snapshot(sandbox)
    plan = make_plan(desired, live, OVERWRITE)
    assert not plan.refusals
    return harness.apply_plan(sandbox, desired, plan, live, OVERWRITE, parallelism=1, **options)


def ends(outcome: Outcome) -> dict[str, str]:
    return {r.action.id.partition("#")[2]: r.status.value for r in outcome.results}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        harness.converge(made, wanted("first"))
        yield made


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileJournal:
    made = FileJournal(tmp_path, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(harness, "Silent", lambda: made)
    return made


class Listening(httpx.AsyncBaseTransport):
    """Notes what is asked for, and the journal's last entry at that moment."""

    def __init__(self, inner: httpx.AsyncBaseTransport, journal: FileJournal) -> None:
        self.inner, self.journal, self.heard = inner, journal, []  # type: ignore[var-annotated]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        entries = read_journal(self.journal.path).entries
        self.heard.append((query.split("(")[0], [entry["event"] for entry in entries[-2:]]))
        return await self.inner.handle_async_request(request)


def test_a_draft_that_changes_after_the_plan_is_left_alone(sandbox: Sandbox, journal: FileJournal):
    put(sandbox, "theirs")
    outcome = carry_out(sandbox, wanted("ours"), meddle=lambda: put(sandbox, "theirs, later"))
    assert ends(outcome) == {"import": "stale", "update": "skipped"}
    assert draft(sandbox) == "theirs, later"
    assert not journal.path.with_suffix(".drafts").exists()


def test_the_look_comes_just_before_the_import_and_the_draft_is_safe_between(
    sandbox: Sandbox, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
):
    put(sandbox, "theirs")
    inner = harness.transport(sandbox)
    listening = Listening(inner, journal)
    plan_reads = harness.snapshot(sandbox)
    desired = wanted("ours")
    plan = make_plan(desired, plan_reads, OVERWRITE)
    monkeypatch.setattr(harness, "transport", lambda _: listening)
    outcome = harness.apply_plan(sandbox, desired, plan, plan_reads, OVERWRITE, parallelism=1)
    assert set(ends(outcome).values()) == {"done"}
    names = [name for name, _ in listening.heard]
    place = names.index("mutation importIntegration")
    assert names[place - 1] == "query integration"
    assert listening.heard[place][1] == ["keep", "send"]
    assert "theirs" in Path(outcome.results[0].kept).read_text()


def test_a_run_cut_off_before_its_record_loses_nothing(
    sandbox: Sandbox, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
):
    """Without the record our own import looks like a person's: it is refused, and kept once it is forced."""
    with pytest.raises(harness.Killed):
        carry_out(sandbox, wanted("second"), kill_at=1, after=True)
    later = FileJournal(journal.path.parent / "later", lambda: datetime(2026, 1, 2, tzinfo=UTC))
    monkeypatch.setattr(harness, "Silent", lambda: later)
    third = wanted("third")
    codes = [r.code for r in harness.plan_for(sandbox, third).refusals]
    assert codes == ["unpublished-draft"]
    outcome = carry_out(sandbox, third)
    assert "second" in Path(outcome.results[0].kept).read_text()
    assert draft(sandbox) == "third"


@pytest.mark.parametrize("method", ["before", "after", "ended"])
def test_a_journal_that_fails_stops_what_was_not_begun(
    sandbox: Sandbox, journal: FileJournal, method: str, monkeypatch: pytest.MonkeyPatch
):
    """What was sent already counts as done; nothing is sent that cannot be noted first."""
    real, calls = getattr(journal, method), []

    def failing(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            raise JournalFailed("the journal cannot be written")
        real(*arguments)

    monkeypatch.setattr(journal, method, failing)
    customers = [resource(address, {"name": address.name}) for address in (ACME, BIRCH, CEDAR)]
    outcome = carry_out(sandbox, wanted("first", *customers))
    expected = {
        "before": ["done", "failed", "skipped"],
        "after": ["done", "done", "done"],
        "ended": ["done", "done", "skipped"],
    }[method]
    assert sorted(r.status.value for r in outcome.results) == expected
    made = [one for one in harness.snapshot(sandbox).objects["Customer"] if one.labels]
    assert len(made) == expected.count("done")
    assert isinstance(outcome.fatal, JournalFailed) is (method != "after")


class Overtaking(httpx.AsyncBaseTransport):
    """Another run imports, records and publishes its own commit once this one has written its record."""

    def __init__(self, inner: httpx.AsyncBaseTransport, other: Callable[[], object]) -> None:
        self.inner, self.other, self.wrote = inner, other, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        query = json.loads(request.content)["query"]
        if self.wrote and query.startswith("query integration("):
            self.wrote = False
            await anyio.to_thread.run_sync(self.other)
        self.wrote = self.wrote or query.startswith("mutation updateIntegration(")
        return await self.inner.handle_async_request(request)


def released(description: str, release: str) -> Desired:
    fields = {"definition": definition(said(description)), "release": release}
    return Desired(PROJECT, "sandbox", {SYNC: resource(SYNC, fields)})


def test_what_another_run_imported_and_recorded_is_not_published_as_ours(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    """The draft and its record agree with each other by then, and neither is ours."""
    desired = released("ours", "1.0.0")
    live = harness.snapshot(sandbox)
    plan = make_plan(desired, live, OVERWRITE)
    overtaking = Overtaking(
        harness.transport(sandbox), lambda: harness.converge(sandbox, released("theirs", "2.0.0"))
    )
    with monkeypatch.context() as patched:
        inner = harness.transport
        patched.setattr(harness, "transport", lambda one: overtaking if not overtaking.wrote else inner(one))
        outcome = harness.apply_plan(sandbox, desired, plan, live, OVERWRITE, parallelism=1)
    assert ends(outcome)["publish"] == "stale"
    (integration,) = harness.snapshot(sandbox).objects["Integration"]
    assert [version.release for version in integration.versions] == ["2.0.0"]
