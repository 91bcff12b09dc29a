"""`snapshot`: what plans read of a tenant, in a file without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.kinds.component import KnownInputs, described, inputs_of, reference
from reconciler.kinds.instance.facts import facts_of
from reconciler.kinds.integration.needs import connections, newest
from reconciler.kinds.whole import AskedWhole
from reconciler.model.errors import ApiError, GraphQLError, Misfit
from reconciler.model.moment import stamp
from reconciler.model.operation import Operation
from reconciler.model.state import Desired, LiveObject
from reconciler.verbs.drift import drift
from reconciler.verbs.private import put_private
from reconciler.verbs.session import Options, Session, connect, load_desired, secret

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.recording import Heard, Recording
    from reconciler.live.snapshot import Snapshot
    from reconciler.live.stand_ins import StandIns

_SALT = 16
_LOG = 1000
"""Entries of the tenant's log that are worth reading all."""


class Taken(Struct, frozen=True):
    """A snapshot, with how many requests it took."""

    snapshot: Snapshot
    requests: int


async def snapshot(session: Session, *, parallelism: int = 8) -> Taken:
    """Reads all that plans could ask for, of all kinds, and takes out what is or may be a secret. No secret
    is read but the key. Raises InvalidInput, NotAuthenticated, Unreachable or ApiError.
    """
    from reconciler.live.recording import Recording
    from reconciler.live.stand_ins import StandIns

    key = session.environment.secret_key
    stand_ins = StandIns(session.machine.entropy(_SALT).hex(), secret(session, key) if key else None)
    return await recorded(session, Recording(), stand_ins, parallelism)


async def recorded(
    session: Session, recording: Recording, stand_ins: StandIns, parallelism: int = 8
) -> Taken:
    """A snapshot with these stand-ins, of all that a recording has afterwards."""
    from reconciler.live.snapshot import Snapshot

    taken_at = stamp(session.machine.now())
    reading = replace(session, no_secrets=True, heard=recording.take)
    desired, _ = load_desired(reading)
    found = await drift(
        replace(reading, given=desired), Options(prune=True, parallelism=parallelism), unmanaged=True
    )
    async with connect(reading, read_only=True, parallelism=parallelism) as client:
        tenant = (await client.identity()).tenant
        await _read_the_rest(client, desired, parallelism)
        await _read_log(client)
        requests = client.stats.reads
    answers, withheld = _redacted(recording.answers(), session.project.name, stand_ins, desired)
    return Taken(
        Snapshot(
            session.project.name,
            session.environment.name,
            tenant,
            session.environment.url,
            taken_at,
            stand_ins.salt,
            stand_ins.check,
            withheld,
            answers,
        ),
        requests + found.planned.live.requests,
    )


async def _read_the_rest(client: Client, desired: Desired, parallelism: int) -> None:
    """What plans with other manifests could ask for: all lists, the definitions that instances run or that
    were published last, and what the components in use are like.
    """
    from reconciler.live.fetch import DESCRIBED_AT_ONCE, fetch, together
    from reconciler.live.needs import AT_ONCE

    live = await fetch(client, all_kinds().values(), needed=(), concurrency=parallelism)
    objects = [one for some in live.objects.values() for one in some]
    used = {running for one in objects if one.kind == "Instance" and (running := facts_of(one).version_id)}
    for one in objects:
        kind = all_kinds()[one.kind]
        for op in kind.questions(one, used) if isinstance(kind, AskedWhole) else ():
            await _ask(client, op)
    resources = desired.resources.values()
    fields = [*(one.fields for one in objects), *(one.fields for one in resources)]
    named = {key for one in fields for key in _components(one)}
    known = {str(one.fields["key"]) for one in live.objects.get("Component", ())}
    for some in together(named, DESCRIBED_AT_ONCE):
        await _ask(client, described(some))
    for some in together(named | known, AT_ONCE):
        await _ask(client, newest(some))
    shared = {str(one["stableKey"]) for one in fields if one.get("stableKey")}
    for some in together(shared | {key for one in fields for key in _shared(one)}, AT_ONCE):
        await _ask(client, connections(some))


async def _read_log(client: Client) -> None:
    """The tenant's log, unless it is a long one: then plans tell of it what this one would."""
    from reconciler.api import read_all
    from reconciler.live.activities import read_log, whole_log

    await read_log(client, ())
    try:
        head = await client.execute(whole_log(1, 0))
        if isinstance(head, Mapping) and (head.get("totalCount") or 0) <= _LOG:
            await read_all(client, whole_log)
    except ApiError:
        return  # no plan shows what a tenant does not tell


async def _ask(client: Client, op: Operation) -> None:
    try:
        await client.execute(op)
    except (GraphQLError, Misfit):
        return  # the refusal is what plans will meet, too


def _components(fields: Mapping[str, Any]) -> Iterable[str]:
    found = fields.get("definition")
    return found.component_versions if isinstance(found, Definition) else ()


def _shared(fields: Mapping[str, Any]) -> Iterable[str]:
    found = fields.get("definition")
    return found.shared_connections if isinstance(found, Definition) else ()


def _redacted(
    answers: Iterable[Heard], project: str, stand_ins: StandIns, desired: Desired
) -> tuple[tuple[Heard, ...], int]:
    """The answers without what is or may be a secret, and how many texts that are."""
    from reconciler.live.redact import Redaction, called_secret
    from reconciler.live.stand_ins import Counted

    kept = list(answers)
    known = {one.fields["reference"]: one for one in _described(kept)}

    def inputs(component: str, is_public: bool, action: str) -> Mapping[str, str] | None:
        found = known.get(reference(component, is_public))
        return found.notes.by_action.get(action) if found and isinstance(found.notes, KnownInputs) else None

    counted = Counted(stand_ins)
    redaction = Redaction(project, counted, inputs, called_secret(desired))
    return tuple(map(redaction.of, kept)), counted.made


def _described(answers: Iterable[Heard]) -> Iterator[LiveObject]:
    query = described(()).document
    for one in answers:
        if one.query == query:
            page = (one.body.get("data") or {}).get(one.name) or {}
            yield from (inputs_of(node) for node in page.get("nodes") or () if node)


def save(session: Session, path: Path, taken: Snapshot) -> None:
    """Writes a snapshot that its owner alone can read: at once or not at all. Raises InvalidInput."""
    hint = "name another file: a snapshot is no text"
    put_private(path, taken.packed(), session.machine.disk, code="snapshot-file", not_stdout=hint)
