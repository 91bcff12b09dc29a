"""Faults in what goes out and comes back: requests, lists, tokens, secrets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from reconciler.api import answers, pages, transport
from reconciler.api.auth import Tokens
from reconciler.api.client import Client
from reconciler.api.limits import Limiter, Slot
from reconciler.api.retries import AttemptError, Patience
from reconciler.api.wire import encode
from reconciler.kinds.instance import calls, config
from reconciler.kinds.table.compare import Comparison
from reconciler.model.errors import ReconcilerError
from reconciler.model.secret import Secret
from tests.simulation.mutants.mutant import Strike, mutant, swapped


@mutant("whatever fails is sent again, also what cannot be repeated")
def all_repeatable(strikes: Strike) -> Iterator[None]:
    persist = transport.persist

    async def stubborn(*given: Any, repeatable: bool, **named: Any) -> Any:
        try:
            return await persist(*given, repeatable=repeatable, **named)
        except AttemptError as failure:
            if repeatable or failure.final or not failure.sent or not strikes():
                raise
        return await persist(*given, repeatable=True, **named)

    with swapped(transport, "persist", stubborn):
        yield


@mutant("a place in the queue is not given back by a request that failed")
def leaking(strikes: Strike) -> Iterator[None]:
    @asynccontextmanager
    async def slot(self: Any, waiting: Any = None) -> AsyncIterator[Slot]:
        await self._enter()
        kept = False
        try:
            await self._pace(waiting)
            yield Slot(self, self._epoch)
        except Exception:
            kept = strikes()
            raise
        finally:
            if not kept:
                self._leave()

    with swapped(Limiter, "slot", slot):
        yield


@mutant("of a list only the first page is read")
def first_page(strikes: Strike) -> Iterator[None]:
    read_once = pages._read_once

    async def cut(client: Any, make: Any, first: int, concurrency: int, kept: Any) -> Any:
        offsets: list[int] = []

        def noted(size: int, offset: int) -> Any:
            offsets.append(offset)
            return make(size, offset)

        rows = await read_once(client, noted, first, concurrency, kept)
        later = [one for one in offsets if one]
        return rows[: min(later)] if rows and later and strikes() else rows

    with swapped(pages, "_read_once", cut):
        yield


@mutant(
    "that a list shifted while it was read is overlooked",
    theme="crowd",
)
def shifted(strikes: Strike) -> Iterator[None]:
    whole = pages._whole

    def loose(parts: Any) -> Any:
        rows = whole(parts)
        return [row for part in parts for row in part.rows] if rows is None and strikes() else rows

    with swapped(pages, "_whole", loose):
        yield


@mutant(
    "each query is sent three times",
)
def dear(strikes: Strike) -> Iterator[None]:
    execute = Client.execute

    async def thrice(self: Any, op: Any) -> Any:
        for _ in range(0 if op.is_mutation or not strikes() else 2):
            await execute(self, op)
        return await execute(self, op)

    with swapped(Client, "execute", thrice):
        yield


@mutant(
    "a tenant that asks for a pause gets none",
)
def hurried(strikes: Strike) -> Iterator[None]:
    delay, throttled = Patience.delay, Slot.throttled

    def none(self: Any, attempt: int, wait: float | None) -> float:
        return 0.0 if wait and strikes() else delay(self, attempt, wait)

    def unmoved(self: Any, wait: float | None) -> None:
        if not strikes():
            throttled(self, wait)

    with swapped(Patience, "delay", none), swapped(Slot, "throttled", unmoved):
        yield


@mutant(
    "a token is used until its end, and not renewed then",
    theme="slow",
)
def no_renewal(strikes: Strike) -> Iterator[None]:
    renew, stale = Tokens.renew, Tokens._stale

    async def never(self: Any, rejected: str | None) -> bool:
        return False if strikes() else await renew(self, rejected)

    def fresh(self: Any) -> bool:
        found = stale(self)
        return False if found and self._grant.access is not None and strikes() else found

    with swapped(Tokens, "renew", never), swapped(Tokens, "_stale", fresh):
        yield


@mutant("an error repeats what was sent, its secrets among it", by="secret")
def telling_error(strikes: Strike) -> Iterator[None]:
    execute = Client.execute

    async def telling(self: Any, op: Any) -> Any:
        try:
            return await execute(self, op)
        except ReconcilerError as error:
            if any(_secrets(op.variables)) and strikes():
                error.message += f": {encode('', op.variables).decode()}"
            raise

    with swapped(Client, "execute", telling):
        yield


def _secrets(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        yield from _secrets(part)


@mutant(
    "what a server says is shown as it is, with the secrets that it repeats",
    theme="echo",
    by="secret",
)
def not_cleaned(strikes: Strike) -> Iterator[None]:
    clean = answers.clean

    def raw(message: str, variables: Any) -> str:
        found = clean(message, variables)
        return message if found != message and strikes() else found

    with swapped(answers, "clean", raw):
        yield


@mutant("a secret is written out where it is shown", by="secret")
def open_secret(strikes: Strike) -> Iterator[None]:
    shown = Secret.__repr__

    def bare(self: Any) -> str:
        return str(self._value) if strikes() else shown(self)

    with swapped(Secret, "__repr__", bare):
        yield


@mutant("the record says that a secret was sent before it was")
def early_record(strikes: Strike) -> Iterator[None]:
    waits = calls.hidden_waits

    def never(request: Any) -> bool:
        return waits(request) and not strikes()

    with swapped(calls, "hidden_waits", never):
        yield


@mutant("what was taken over counts as sent with a call that does not send it", theme="taken")
def claimed(strikes: Strike) -> Iterator[None]:
    unknown = calls.are_unknown

    def known(request: Any) -> bool:
        return unknown(request) and not strikes()

    with swapped(calls, "are_unknown", known):
        yield


@mutant("a secret of which nobody knows whether it was sent does not go along with a deploy", theme="taken")
def left_behind(strikes: Strike) -> Iterator[None]:
    goes = config.go_along

    def never(request: Any) -> bool:
        return goes(request) and not strikes()

    with swapped(config, "go_along", never):
        yield


@mutant("a secret goes to another object than the one to which git gives it", by="bears a secret of")
def misplaced(strikes: Strike) -> Iterator[None]:
    rows_of = calls.variable_inputs
    seen: dict[str, object] = {}

    def mixed(request: Any, keys: Any) -> list[dict[str, object]]:
        rows = rows_of(request, keys)
        config, address = request.resource.fields.get("config", {}), str(request.resource.address)
        theirs = [secret for one, secret in seen.items() if one != address]
        seen[address] = config["Shop"]["inputs"]["apiKey"] if "Shop" in config else ""
        if theirs and theirs[-1] != seen[address] and "Channel" not in config and strikes():
            rows.append({"key": "Channel", "value": theirs[-1]})
        return rows

    with swapped(calls, "variable_inputs", mixed):
        yield


@mutant("that the inputs of a shared connection differ is not seen", theme="organization")
def same_inputs(strikes: Strike) -> Iterator[None]:
    parts = Comparison._parts

    def some(self: Any, row: Any) -> Iterator[Any]:
        for change in parts(self, row):
            if row.name != "inputs" or not strikes():
                yield change

    with swapped(Comparison, "_parts", some):
        yield


@mutant("a log stream keeps its headers when a secret in them rotates", theme="organization")
def same_headers(strikes: Strike) -> Iterator[None]:
    changes = Comparison.changes

    def some(self: Any) -> Iterator[Any]:
        for change in changes(self):
            kept = self.request.resource.kind == "LogStream" and change.path.startswith("headers")
            if not kept or not strikes():
                yield change

    with swapped(Comparison, "changes", some):
        yield
