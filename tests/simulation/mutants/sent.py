"""Faults in what goes out and comes back: requests, lists, tokens, secrets, the lease, the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import msgspec

from reconciler.api import answers, pages, transport
from reconciler.api.auth import Tokens
from reconciler.api.client import Client
from reconciler.api.limits import Limiter, Slot
from reconciler.api.retries import Patience
from reconciler.api.wire import encode
from reconciler.apply import step
from reconciler.apply.journal import FileJournal
from reconciler.apply.lease import Holding
from reconciler.kinds.instance import calls
from reconciler.model.errors import ApiError, JournalFailed, NoLease, ReconcilerError
from reconciler.model.secret import Secret
from tests.simulation.mutants.mutant import (
    Struck,
    contended,
    cut_off,
    leased,
    mutant,
    swapped,
    troubled,
)


@mutant("whatever fails is sent again, also what cannot be repeated", where=troubled)
def all_repeatable(struck: Struck) -> Iterator[None]:
    persist = transport.persist

    async def stubborn(attempt: Any, *given: Any, repeatable: bool, **named: Any) -> Any:
        tries = 0

        async def counted() -> Any:
            nonlocal tries
            tries += 1
            if tries > 1 and not repeatable:
                struck()
            return await attempt()

        return await persist(counted, *given, repeatable=True, **named)

    with swapped(transport, "persist", stubborn):
        yield


@mutant("of a list only the first page is read")
def first_page(struck: Struck) -> Iterator[None]:
    affordable = pages._affordable

    async def once(client: Any, make: Any, first: int, _: int) -> Any:
        head, _ = await affordable(client, lambda size: make(size, 0), first)
        if head.more or (head.total or 0) > len(head.rows):
            struck()
        return head.rows

    with swapped(pages, "_read_once", once):
        yield


@mutant("that a list shifted while it was read is overlooked", where=troubled)
def shifted(struck: Struck) -> Iterator[None]:
    whole = pages._whole

    def loose(parts: Any) -> Any:
        if whole(parts) is None:
            struck()
        return [row for part in parts for row in part.rows]

    with swapped(pages, "_whole", loose):
        yield


@mutant("each query is sent three times")
def dear(struck: Struck) -> Iterator[None]:
    execute = Client.execute

    async def thrice(self: Any, op: Any) -> Any:
        if not op.is_mutation:
            struck()
            await execute(self, op)
            await execute(self, op)
        return await execute(self, op)

    with swapped(Client, "execute", thrice):
        yield


@mutant("a place in the queue is not given back by a request that failed", where=troubled)
def leaking(struck: Struck) -> Iterator[None]:
    @asynccontextmanager
    async def slot(self: Any, waiting: Any = None) -> AsyncIterator[Slot]:
        await self._enter()
        try:
            await self._pace(waiting)
            yield Slot(self, self._epoch)
        except BaseException:
            struck()
            raise
        self._leave()

    with swapped(Limiter, "slot", slot):
        yield


@mutant("a tenant that asks for a pause gets none", where=troubled)
def hurried(struck: Struck) -> Iterator[None]:
    delay = Patience.delay

    def none(self: Any, attempt: int, wait: float | None) -> float:
        if wait:
            struck()
            return 0.0
        return delay(self, attempt, wait)

    with swapped(Patience, "delay", none), swapped(Slot, "throttled", lambda *_: None):
        yield


@mutant(
    "a token is used until the end, and not renewed then", where=lambda script: script.token_seconds < 1000
)
def no_renewal(struck: Struck) -> Iterator[None]:
    async def never(self: Any, rejected: str | None) -> bool:
        struck()
        return False

    with (
        swapped(Tokens, "renew", never),
        swapped(Tokens, "_stale", lambda self: self._grant.access is None),
    ):
        yield


@mutant("an error repeats the request, its secrets among it", where=troubled)
def telling_error(struck: Struck) -> Iterator[None]:
    send = transport.Transport.send

    async def telling(self: Any, op: Any, **named: Any) -> Any:
        try:
            return await send(self, op, **named)
        except ReconcilerError as error:
            if any(answers_secrets(op.variables)):
                struck()
            error.message += f": {msgspec.json.decode(encode('', op.variables))}"
            raise

    with swapped(transport.Transport, "send", telling):
        yield


def answers_secrets(value: Any) -> Iterator[Secret]:
    """The secrets in a request."""
    if isinstance(value, Secret):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        yield from answers_secrets(part)


@mutant("what a server says is shown as it is, with the secrets that it repeats")
def not_cleaned(struck: Struck) -> Iterator[None]:
    clean = answers.clean

    def raw(message: str, variables: Any) -> str:
        if clean(message, variables) != message:
            struck()
        return message

    with swapped(answers, "clean", raw):
        yield


@mutant("a secret is written out where it is shown", within=30)
def open_secret(struck: Struck) -> Iterator[None]:
    def bare(self: Any) -> str:
        struck()
        return str(self._value)

    with swapped(Secret, "__repr__", bare):
        yield


@mutant("the record says that a secret was sent before it was", where=cut_off, within=300)
def early_record(struck: Struck) -> Iterator[None]:
    waits = calls.hidden_waits

    def never(request: Any) -> bool:
        if waits(request):
            struck()
        return False

    with swapped(calls, "hidden_waits", never):
        yield


@mutant("the lease is not renewed", where=leased)
def not_kept(struck: Struck) -> Iterator[None]:
    async def keep(*_: Any) -> None:
        struck()

    with swapped(Holding, "keep", keep):
        yield


@mutant("another run's lease is taken away", where=contended)
def taken(struck: Struck) -> Iterator[None]:
    clear = Holding._clear

    async def greedy(self: Any, lease: Any) -> None:
        if not lease.expired(self._ports.now()):
            struck()
        await clear(self, replace(lease, until=self._ports.now()))

    with swapped(Holding, "_clear", greedy):
        yield


@mutant("two runs each think that the lease is theirs", where=contended)
def shared(struck: Struck) -> Iterator[None]:
    async def acquired(self: Any) -> None:
        struck()

    with swapped(Holding, "acquire", acquired):
        yield


@mutant("the lease is not given back", where=leased)
def not_released(struck: Struck) -> Iterator[None]:
    async def release(_: Any) -> None:
        struck()

    with swapped(Holding, "release", release):
        yield


@mutant("a run goes on when its lease is lost", where=leased)
def unbothered(struck: Struck) -> Iterator[None]:
    keep = Holding.keep

    def ignored(_: NoLease) -> None:
        struck()

    async def heedless(self: Any, _: Any) -> None:
        await keep(self, ignored)

    with swapped(Holding, "keep", heedless):
        yield


@mutant("the journal says that a call was answered before it is sent", where=cut_off)
def early_journal(struck: Struck) -> Iterator[None]:
    async def eager(kind: Any, op: Any, action: Any, run: Any) -> Any:
        run.journal.before(action, op)
        run.journal.after(action, op, "")
        struck()
        return await run.tenant.send(kind, op)

    with swapped(step, "_journalled", eager):
        yield


@mutant("a journal that cannot be written is done without", where=cut_off)
def no_journal(struck: Struck) -> Iterator[None]:
    write = FileJournal._write

    def careless(self: Any, event: str, **entry: Any) -> None:
        try:
            write(self, event, **entry)
        except JournalFailed:
            struck()

    with swapped(FileJournal, "_write", careless):
        yield


@mutant("the journal holds what was sent, secrets revealed")
def telling_journal(struck: Struck) -> Iterator[None]:
    def before(self: Any, action: Any, op: Any) -> None:
        with suppress(ApiError):
            sent = encode("", op.variables).decode()
            struck()
            self._write("send", action=action.id, operation=op.name, target=action.target, sent=sent)

    with swapped(FileJournal, "before", before):
        yield
