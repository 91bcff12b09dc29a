"""A tenant read by what changed since it was read before, where that is known to show every change.

What was read is kept in `.reconciler/cache/`: who has no such file, or an old one, reads all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.api.client import Client
from reconciler.kinds import all_kinds
from reconciler.kinds.dated import Dated
from reconciler.kinds.protocol import Kind, Policy
from reconciler.live.changed import Changed
from reconciler.live.changed import known as row_of
from reconciler.live.earlier import Earlier, Row, is_same
from reconciler.live.fetch import fetch
from reconciler.live.kept import Damaged, Head, Keeping, Line, packed, unpacked
from reconciler.live.redact import called_secret
from reconciler.live.stand_ins import Found, StandIns
from reconciler.model.digest import sha256
from reconciler.model.errors import GraphQLError, InvalidInput, ReconcilerError
from reconciler.model.operation import Operation
from reconciler.model.secret import Secret
from reconciler.model.state import Desired, Live
from reconciler.verbs.offline import known_of
from reconciler.verbs.private import put_private
from reconciler.verbs.sandbox import read_rules
from reconciler.verbs.session import Session, state_folder

FOLDER = "cache"
DAMAGED = "what was kept of the last read cannot be read, or is damaged"
IN_FULL = "The tenant is read in full: {why}."
MOVES, EVERYTHING = "updated_at_moves", "everything"
LONGEST = timedelta(days=1)
_SALT = 16
_READER = Operation("authenticatedUser", "query Reader { authenticatedUser { id role { id } } }")


class _InFull(Exception):
    """Why all is read."""


async def refreshed(
    client: Client,
    session: Session,
    desired: Desired,
    policy: Policy,
    kinds: Iterable[Kind],
    needed: Collection[str],
    concurrency: int,
) -> Live:
    """The snapshot of a tenant, as `fetch` gives it, by what changed; in full where anything speaks against
    that, which is said. Raises what `fetch` does.
    """
    kinds, before = list(kinds), client.stats.reads
    try:
        _check_allowed(session, policy)
        file = await _file(client, session)
    except _InFull as why:
        session.say(IN_FULL.format(why=why))
        return await fetch(client, kinds, needed=needed, concurrency=concurrency)
    known = _Known(file, session, desired, None if session.no_secrets else policy.secret_key)
    reading = Changed(client, known.keeping, known.lists, _saying(session), concurrency)
    live = await fetch(client, kinds, needed=needed, concurrency=concurrency, listing=reading.read)
    took = client.stats.reads - before
    whole = known.head.requests if known.head else took - _more(client, len(reading.now))
    known.keep(reading.now, whole)
    return replace(live, spared=whole - took, vague=reading.vague)


def _saying(session: Session) -> Callable[[str], None]:
    return lambda what: session.say(f"{what[:1].upper()}{what[1:]}.")


def _more(client: Client, lists: int) -> int:
    """How many requests more a read takes that is to be built on than one that is not: for who reads, and for
    what changed last.
    """
    return 1 + (min(lists, 1) if client.at_once > 1 else lists)


def _check_allowed(session: Session, policy: Policy) -> None:
    """Raises _InFull where a change may leave no trace, or what is read decides what is deleted."""
    if policy.prune:
        raise _InFull("what is deleted is decided on all of it")
    moves = session.environment.updated_at_moves or _found_out(session)
    if not moves:
        raise _InFull(
            "nobody knows whether updatedAt moves with every change there; "
            "find out with: reconciler probe -o FILE, and name that file as the environment's rules"
        )
    if moves != EVERYTHING:
        raise _InFull("labels, configuration and deploys do not move updatedAt there")


def _found_out(session: Session) -> str:
    """What the file of the environment's rules says of it; empty where it says nothing."""
    path = session.environment.rules
    try:
        return dict(read_rules(path)).get(MOVES, "") if path else ""
    except InvalidInput as error:
        raise _InFull(error.message) from error


class _File(Struct, frozen=True):
    """The file of a tenant's reads, and what must be as it was for it to be of use."""

    path: Path
    key: str


async def _file(client: Client, session: Session) -> _File:
    """Which file it is. Raises _InFull where the tenant does not tell who reads."""
    identity = await client.identity()
    try:
        reader = await client.execute(_READER)
    except GraphQLError as error:
        raise _InFull(error.message) from error
    who = [identity.tenant, identity.email, session.project.name, session.environment.name]
    dated = [kind for kind in all_kinds().values() if isinstance(kind, Dated)]
    asked = [op.document for kind in dated for op in (kind.newest(), kind.since("", 1, 0), kind.ids(1, 0))]
    key = sha256([*who, session.environment.url, reader, version("reconciler"), asked])
    return _File(session.state / FOLDER / f"{sha256(who)[:16]}.reads", key)


class _Known:
    """What is known from earlier reads, as far as it is of use; `head` is None where nothing is."""

    def __init__(self, file: _File, session: Session, desired: Desired, secret: Secret | None) -> None:
        self._file, self._session = file, session
        self.head: Head | None = None
        self.lists: Mapping[str, Earlier] = {}
        places = called_secret(desired)
        self._secret = sha256([[kind, *sorted(paths)] for kind, paths in sorted(places.items())])
        try:
            self.head, lines = self._read()
            stand_ins = StandIns(self.head.salt, secret)
            if self.head.check != stand_ins.check:
                raise _InFull("what was read last was kept with another secretKey, or without one")
            if self.head.secret != self._secret:
                raise _InFull("git has secrets in other places than when it was read last")
        except _InFull as why:
            session.say(IN_FULL.format(why=why))
            self.head, lines = None, iter(())
            stand_ins = StandIns(session.machine.entropy(_SALT).hex(), secret)
        found = Found(stand_ins, cache(lambda: known_of(desired)))
        self.keeping = Keeping(session.project.name, stand_ins, found, places)
        if self.head:
            try:
                self.lists = self._lists(self.head, lines)
            except Damaged:
                session.say(IN_FULL.format(why=DAMAGED))
                self.head = None

    def _lists(self, head: Head, lines: Iterator[Line]) -> Mapping[str, Earlier]:
        """The lists as they were. Raises Damaged."""
        kinds = {kind.name: kind for kind in all_kinds().values() if isinstance(kind, Dated)}
        rows: dict[str, list[Row]] = {kind: [] for kind in head.since}
        for line in lines:
            if line.kind not in rows or line.kind not in kinds:
                raise Damaged
            rows[line.kind].append(row_of(self.keeping, kinds[line.kind], line))
        return {kind: Earlier(head.since[kind], some) for kind, some in rows.items()}

    def keep(self, lists: Mapping[str, Earlier], requests: int) -> None:
        """Keeps how the lists are by now, for the next read; what is not among them is read in full then."""
        if self.head and lists.keys() == self.lists.keys():
            pairs = [(self.lists[kind], one) for kind, one in lists.items()]
            if all(then.since == now.since and is_same(then.rows, now.rows) for then, now in pairs):
                return
        at = self.head.whole_at if self.head else self._session.machine.now().isoformat()
        stand_ins = self.keeping.stand_ins
        since = {kind: one.since for kind, one in lists.items()}
        made = (stand_ins.salt, stand_ins.check, self._secret)
        head = Head(self._file.key, at, requests, *made, since)
        try:
            data = packed(head, self._lines(lists))
            folder = state_folder(self._session) / FOLDER
            folder.mkdir(mode=0o700, exist_ok=True)
            put_private(self._file.path, data, self._session.machine.disk, code=FOLDER, not_stdout="")
        except (OSError, ReconcilerError, _InFull) as error:
            said = error.message if isinstance(error, ReconcilerError) else str(error)
            self._session.say(f"What was read is not kept for the next time: {said}.")

    def _lines(self, lists: Mapping[str, Earlier]) -> Iterator[bytes]:
        """What is kept of each object: as it stands in the file, unless it changed."""
        there: dict[tuple[str, str], bytes] = {}
        if self.head:
            head, lines = self._read()
            there = {(line.kind, line.id): line.text for line in lines if head == self.head}
        for kind, one in lists.items():
            for row in one.rows:
                text = row.kept or there.get((kind, row.id))
                if text is None:
                    raise _InFull("another run kept what it read meanwhile")
                yield text

    def _read(self) -> tuple[Head, Iterator[Line]]:
        """What the file holds. Raises _InFull where that is of no use."""
        try:
            head, lines = unpacked(self._file.path.read_bytes())
        except FileNotFoundError:
            raise _InFull("no earlier read of it is known") from None
        except (OSError, Damaged) as error:
            raise _InFull(DAMAGED) from error
        if head.key != self._file.key:
            raise _InFull("it was read before by somebody else, or by another version")
        try:
            age = self._session.machine.now() - datetime.fromisoformat(head.whole_at)
        except (TypeError, ValueError) as error:
            raise _InFull(DAMAGED) from error
        if not timedelta() <= age <= LONGEST:
            raise _InFull("it was not so read within the last day")
        return head, lines
