"""Once nothing new is to be begun, what was not sent yet is not sent any more, and what was is finished."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import pytest

from reconciler.api import Client, Credentials
from reconciler.apply.journal import GatheredJournal, read_journal
from reconciler.apply.run import Walk
from reconciler.model.errors import NoLease
from reconciler.model.outcome import Event, Outcome, Started, Status
from reconciler.model.secret import Secret
from reconciler.plan.build import make_plan
from reconciler.plan.match import match
from reconciler.sandbox import BASE_URL, Sandbox, transport
from tests.harness import POLICY, known_to, run_of, snapshot, walk_of
from tests.unit.apply.test_together import customers

SOON = 5
"""Seconds within which a run ends that waits for nothing any more; on a busy machine, too."""
LATE = {"Retry-After": "100"}
Stop = Callable[[Walk], None]
STOPS: dict[str, Stop] = {
    "interrupted": lambda walk: walk.stop(),
    "lease": lambda walk: walk.abandon(NoLease("lost")),
}


class Wire(httpx.AsyncBaseTransport):
    """Has the run stopped while the answer to the first request of a sort is on its way; where that is a 429
    `instead`, a while after it. `after` counts what arrives from then on.
    """

    def __init__(self, sandbox: Sandbox, sort: str, instead: httpx.Response | None) -> None:
        self.inner, self.sort, self.instead = transport(sandbox), sort, instead
        self.stop: Callable[[], None] = lambda: None
        self.after, self.met, self.stopped = {"query": 0, "mutation": 0}, False, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sort = str(json.loads(request.content)["query"]).split(maxsplit=1)[0]
        self.after[sort] += self.stopped
        if self.met or sort != self.sort:
            return await self.inner.handle_async_request(request)
        self.met = True
        if self.instead is not None and self.instead.status_code == 429:
            asyncio.get_running_loop().call_later(0.1, self._stop)
            return self.instead
        response = await self.inner.handle_async_request(request)
        await response.aread()
        await anyio.sleep(0.05)  # the others have come as far as they get
        self._stop()
        await anyio.sleep(0.05)
        return self.instead or response

    def _stop(self) -> None:
        self.stopped = True
        self.stop()


class Stopped:
    """A run of creations that is stopped in its midst."""

    def __init__(
        self,
        stop: Stop,
        *,
        batch: int,
        count: int = 12,
        parallelism: int = 1,
        rate: float | None = None,
        sort: str = "mutation",
        instead: httpx.Response | None = None,
        folder: Path | None = None,
    ) -> None:
        self.sandbox, self.desired = Sandbox(), customers(count=count)
        self.wire, self.started = Wire(self.sandbox, sort, instead), 0
        live = snapshot(self.sandbox, self.desired)
        plan, known = make_plan(self.desired, live, POLICY), known_to(match(self.desired, live))

        def listen(event: Event) -> None:
            self.started += isinstance(event, Started)

        async def work() -> Outcome:
            credentials = Credentials(BASE_URL, access_token=Secret(self.sandbox.token))
            async with Client(
                BASE_URL, credentials, transport=self.wire, rate=rate, batch=batch, parallelism=parallelism
            ) as client:
                kept = {"journal": GatheredJournal(folder, lambda: datetime.now(UTC))} if folder else {}
                run = run_of(client, self.desired, known, listener=listen, sleep=anyio.sleep, **kept)
                walk = walk_of(plan, run, parallelism, together=batch)
                self.wire.stop = lambda: stop(walk)
                with anyio.fail_after(SOON):
                    return await walk.outcome()

        self.outcome = anyio.run(work)

    def ended(self, status: Status) -> list[str]:
        return [str(r.action.address) for r in self.outcome.results if r.status is status]

    @property
    def made(self) -> int:
        query = "{ customers(isSystem: false) { totalCount } }"
        count: int = self.sandbox.execute(query)[1]["data"]["customers"]["totalCount"]
        return count


@pytest.mark.parametrize("because", STOPS)
@pytest.mark.parametrize("batch", [1, 4])
def test_no_further_batch_is_begun(because: str, batch: int) -> None:
    run = Stopped(STOPS[because], batch=batch)
    assert run.wire.after["mutation"] == 0
    assert run.started > batch or batch == 1, "others were begun, and waited for their request"
    assert len(run.ended(Status.DONE)) == run.made == batch
    skipped = [r for r in run.outcome.results if r.status is Status.SKIPPED]
    assert len(skipped) == 12 - batch
    told = {(r.because, r.doubtful, r.error, r.started_at, r.seconds) for r in skipped}
    assert told == {(because, False, "", "", 0.0)}
    assert run.outcome.interrupted is (because == "interrupted")


def test_what_waits_for_the_rate_is_not_sent_any_more() -> None:
    run = Stopped(STOPS["interrupted"], batch=2, parallelism=4, rate=8.0)
    assert run.wire.after["mutation"] == 0
    assert len(run.ended(Status.DONE)) == run.made == 2


@pytest.mark.parametrize("batch", [1, 4])
def test_what_the_tenant_refused_for_now_is_given_up(batch: int) -> None:
    run = Stopped(STOPS["interrupted"], batch=batch, instead=httpx.Response(429, headers=LATE))
    assert run.wire.after == {"query": 0, "mutation": 0}
    assert len(run.ended(Status.SKIPPED)) == 12
    assert run.made == 0


@pytest.mark.parametrize("batch", [1, 4])
def test_nobody_looks_for_what_is_not_sent_any_more(batch: int) -> None:
    late = httpx.Response(429, headers=LATE)
    run = Stopped(STOPS["interrupted"], batch=batch, parallelism=2, sort="query", instead=late)
    assert run.wire.after == {"query": 0, "mutation": 0}
    assert len(run.ended(Status.SKIPPED)) == 12


@pytest.mark.parametrize("batch", [1, 4])
def test_what_is_in_doubt_is_looked_after(batch: int) -> None:
    run = Stopped(STOPS["interrupted"], batch=batch, instead=httpx.Response(500, text="trouble"))
    assert run.wire.after["mutation"] == 0
    assert run.wire.after["query"] > 0
    assert len(run.ended(Status.DONE)) == run.made == batch
    assert len(run.ended(Status.SKIPPED)) == 12 - batch


def test_the_journal_tells_that_it_was_not_sent(tmp_path: Path) -> None:
    run = Stopped(STOPS["interrupted"], batch=4, folder=tmp_path)
    entries = read_journal(next(tmp_path.glob("*.jsonl"))).entries
    open_ = {e["action"] for e in entries if e["event"] == "send"}
    told = {e["action"]: e.get("error", "") for e in entries if e["event"] == "answer"}
    done = {f"{address}#create" for address in run.ended(Status.DONE)}
    assert open_ == set(told)
    assert told == {name: "" if name in done else "Withdrawn" for name in open_}
    ends = [(e["status"], e["because"]) for e in entries if e["event"] == "end" and e["action"] not in done]
    assert ends == [("skipped", "interrupted")] * 8
