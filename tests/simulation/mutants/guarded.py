"""Faults in what guards runs against each other, and tells of them: the lease and the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.api.wire import encode
from reconciler.apply import step
from reconciler.apply.journal import FileJournal
from reconciler.apply.lease import Holding
from reconciler.model.errors import JournalFailed, NoLease
from reconciler.verbs import history
from tests.simulation.mutants.mutant import Strike, mutant, swapped


@mutant(
    "the lease is thought to be renewed, and is not",
    theme="slow",
)
def not_renewed(strikes: Strike) -> Iterator[None]:
    renew = Holding._renew

    async def imagined(self: Any, now: Any) -> None:
        if strikes():
            self._lease = replace(self._lease, until=now + timedelta(seconds=self._claim.seconds))
        else:
            await renew(self, now)

    with swapped(Holding, "_renew", imagined):
        yield


@mutant(
    "another run's lease is taken away",
)
def taken(strikes: Strike) -> Iterator[None]:
    clear = Holding._clear

    async def greedy(self: Any, lease: Any) -> None:
        now = self._ports.now()
        mine = not lease.expired(now) and strikes()
        await clear(self, replace(lease, until=now - timedelta(days=1)) if mine else lease)

    with swapped(Holding, "_clear", greedy):
        yield


@mutant("a run goes on although another one holds the lease")
def shared(strikes: Strike) -> Iterator[None]:
    acquire = Holding.acquire

    async def bold(self: Any) -> None:
        try:
            await acquire(self)
        except NoLease:
            if not strikes():
                raise

    with swapped(Holding, "acquire", bold):
        yield


@mutant(
    "the lease is not given back",
)
def not_released(strikes: Strike) -> Iterator[None]:
    release = Holding.release

    async def kept(self: Any) -> None:
        if not (self._tried and strikes()):
            await release(self)

    with swapped(Holding, "release", kept):
        yield


@mutant(
    "a run goes on when its lease is lost",
    theme="slow",
)
def unbothered(strikes: Strike) -> Iterator[None]:
    keep = Holding.keep

    async def heedless(self: Any, lost: Any) -> None:
        await keep(self, lambda error: None if strikes() else lost(error))

    with swapped(Holding, "keep", heedless):
        yield


@mutant(
    "the journal says that a call was answered before it is sent",
)
def early_journal(strikes: Strike) -> Iterator[None]:
    journalled = step._journalled

    async def eager(kind: Any, op: Any, action: Any, run: Any) -> Any:
        if not strikes():
            return await journalled(kind, op, action, run)
        run.journal.before(action, op)
        run.journal.after(action, op, "")
        return await run.tenant.send(kind, op)

    with swapped(step, "_journalled", eager):
        yield


@mutant(
    "a journal that cannot be written is done without",
)
def no_journal(strikes: Strike) -> Iterator[None]:
    write = FileJournal._write

    def careless(self: Any, event: str, **entry: Any) -> None:
        try:
            write(self, event, **entry)
        except JournalFailed:
            if not strikes():
                raise

    with swapped(FileJournal, "_write", careless):
        yield


@mutant("the journal holds what was sent, secrets revealed", by="secret")
def telling_journal(strikes: Strike) -> Iterator[None]:
    note = FileJournal.before

    def before(self: Any, action: Any, op: Any) -> None:
        note(self, action, op)
        if strikes():
            self._write("sent", action=action.id, sent=encode("", op.variables).decode())

    with swapped(FileJournal, "before", before):
        yield


@mutant("a journal that was cut off is not understood", within=300)
def strict_journal(strikes: Strike) -> Iterator[None]:
    read = history.read_journal

    def strict(path: Any) -> Any:
        if not path.read_bytes().endswith(b"\n") and strikes():
            raise ValueError("a line without its end")
        return read(path)

    with swapped(history, "read_journal", strict):
        yield
