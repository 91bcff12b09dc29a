"""`drift`: live against what was last applied, and what is not there at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import all_kinds
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import ApiError, NotFound
from reconciler.model.few import few
from reconciler.model.plan import Fate, Missing, Plan, Verb
from reconciler.verbs.history import history
from reconciler.verbs.plan import Planned, unruled
from reconciler.verbs.session import Options, Session, connect

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.activities import Log

_READ = 20
"""Missing resources whose earlier objects are looked for by their ids."""


class Drifted(Struct, frozen=True):
    """A plan, of which the drift is told, with what is known of the resources that are missing."""

    planned: Planned
    missing: tuple[Missing, ...]


class _Last(Struct, frozen=True):
    """What the journal says of an address last: what was done or tried, when, and to which object."""

    verb: str
    status: str
    at: str
    object_id: str


async def drift(session: Session, options: Options, *, unmanaged: bool = False) -> Drifted:
    """Plans, and finds out what became of resources that are missing. With `unmanaged` the kinds that no
    manifest declares are read, too. Raises as `unruled` does.
    """
    planned = await unruled(session, options, every_kind=unmanaged)
    if any(address.kind in planned.live.partial for address in planned.plan.missing):
        # Whether nothing else is called like what is missing, only the whole tenant tells.
        planned = await unruled(session, options, whole=True)
    made = planned.plan
    notes = [*made.notes, *_waiting(made), *_to_be_adopted(made), *_in_doubt(made)]
    planned = replace(planned, plan=replace(made, notes=tuple(notes)))
    return Drifted(planned, await _missing(session, options, planned))


def _to_be_adopted(made: Plan) -> Iterable[Diagnostic]:
    """A note that counts what matches a manifest and bears no mark: nothing was ever applied to it."""
    found = [str(action.address) for action in made.actions if action.verb is Verb.ADOPT]
    if found:
        message = f"{len(found)} without a mark, of which nobody can tell what was applied: {few(found, 1)}"
        yield Diagnostic(
            "not-adopted", message, hint="see what differs with: reconciler plan", severity="note"
        )


def _waiting(made: Plan) -> Iterable[Diagnostic]:
    """A note for each resource that is refused since what a person saved waits for their deploy."""
    for one in made.refusals:
        if one.code == "undeployed-changes":
            yield Diagnostic("waits-for-deploy", one.message, address=one.address, severity="note")


def _in_doubt(made: Plan) -> Iterable[Diagnostic]:
    """A note for each resource of which it is not known which object it is: nothing else is said of it."""
    for one in made.refusals:
        if one.code == "ambiguous":
            yield Diagnostic(one.code, one.message, address=one.address, hint=one.hint, severity="note")


async def _missing(session: Session, options: Options, planned: Planned) -> tuple[Missing, ...]:
    from reconciler.live.activities import read_log

    absent = planned.plan.missing
    if not absent:
        return ()
    last = _journalled(session, planned.live.tenant, absent)
    refused = {one.address: one.message for one in planned.plan.refusals}
    async with connect(session, read_only=True, parallelism=options.parallelism) as client:
        read = [a for a in absent if a in last and last[a].object_id][:_READ]
        there = {address: await _is_there(client, address, last[address].object_id) for address in read}
        names = _names(planned, absent)
        log = await read_log(client, [name for a, name in names.items() if not there.get(a)])
    return tuple(
        _told(address, names.get(address, ""), last.get(address), there.get(address), log)
        or Missing(address, told=refused.get(str(address), ""))
        for address in absent
    )


def _told(address: Address, name: str, last: _Last | None, is_there: bool | None, log: Log) -> Missing | None:
    """What is known of a missing resource, from the journal with what its object's id leads to, and from the
    tenant's log; None where neither tells.
    """
    from reconciler.live.activities import about, tells_deletion

    if last and is_there:
        message = (
            f"{last.object_id}, which it was in the run of {last.at}, is there and does not bear its mark"
        )
        return Missing(address, told=message)
    said = log.entries.get(name, ())
    newest = next((one for one in said if about(one, address.kind, name)), None)
    if newest and tells_deletion(newest):
        return Missing(address, Fate.DELETED, str(newest))
    if last and is_there is False:
        by_us = last.verb == Verb.DELETE
        message = f"the run of {last.at} deleted it" if by_us else f"it was there in the run of {last.at}"
        return Missing(address, Fate.DELETED, message)
    if log.since and name in log.entries and not said and not (last and last.status == "done"):
        return Missing(
            address, Fate.NEVER, f"the tenant's log, which begins at {log.since}, does not name it"
        )
    if last and last.status != "done":
        return Missing(address, told=f"to {last.verb} it was {last.status} in the run of {last.at}")
    return None


def _names(planned: Planned, absent: Iterable[Address]) -> dict[Address, str]:
    """What the missing resources are called, where no other object or resource of the kind is called so."""
    resources, objects = planned.desired.resources, planned.live.objects
    bearing = Counter((one.kind, one.fields.get("name")) for one in resources.values())
    bearing.update((live.kind, live.fields.get("name")) for some in objects.values() for live in some)
    named = ((address, resources[address].fields.get("name")) for address in absent)
    return {
        address: name
        for address, name in named
        if isinstance(name, str) and name and bearing[address.kind, name] == 1
    }


async def _is_there(client: Client, address: Address, object_id: str) -> bool | None:
    """Whether the object of an id is still there; None where the tenant does not say."""
    from reconciler.live.tenant import Tenant

    kind = all_kinds()[address.kind]
    try:
        live = await Tenant(client).read(kind, kind.get(object_id))
    except NotFound:
        return False
    except ApiError:
        return None
    return live is not None and live.id == object_id


def _journalled(session: Session, tenant: str, wanted: Iterable[Address]) -> dict[Address, _Last]:
    """What this machine's journal says last of these addresses, in this tenant."""
    open_ = set(map(str, wanted))
    found: dict[Address, _Last] = {}
    for run in history(session, session.environment.name):
        if not open_ or run.begun.get("tenant") != tenant:
            continue
        for entry in reversed(run.entries):
            name = str(entry.get("action", "")).partition("#")[0]
            if entry.get("event") == "end" and name in open_ and _counts(entry):
                open_.remove(name)
                found[Address.parse(name)] = _last(entry)
    return found


def _counts(entry: Mapping[str, Any]) -> bool:
    """Whether an action that ended tells of its object: what was only skipped does not."""
    return entry.get("status") == "done" or entry.get("verb") == Verb.CREATE


def _last(entry: Mapping[str, Any]) -> _Last:
    verb, status, at, object_id = (str(entry.get(name, "")) for name in ("verb", "status", "at", "object"))
    return _Last(verb, status, f"{at[:19]}Z" if at else "", object_id)
