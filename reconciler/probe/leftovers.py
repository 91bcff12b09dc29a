"""Finds scratch objects by their names, and deletes them: a run's own, or those of runs that are dead."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from reconciler.api import Client
from reconciler.api.pages import read_all
from reconciler.model import documents
from reconciler.model.errors import ApiError, NotFound, ReconcilerError
from reconciler.model.operation import Operation
from reconciler.probe.scratch import LABEL, NAME_START, run_of

_KINDS = ("instance", "integration", "customer")  # in the order of deletion
_DEAD = timedelta(hours=1)  # no probe lasts as long
_TRIES = 3


class Leftover(Struct, frozen=True):
    """One scratch object in the tenant. `marked` says that it bears its run's labels."""

    kind: str
    id: str
    name: str
    run: str
    created_at: str
    marked: bool


class Runs(Struct, frozen=True):
    """The runs that this machine knows of: those that ended without cleaning up, and those that still run."""

    dead: frozenset[str] = frozenset()
    alive: frozenset[str] = frozenset()

    def has_left(self, found: Leftover, now: datetime) -> bool:
        """Whether nobody works with the object any more."""
        if found.run in self.alive:
            return False
        return found.run in self.dead or (found.marked and _is_old(found.created_at, now))


async def scratch_objects(client: Client) -> list[Leftover]:
    """All scratch objects, whoever made them. An object of another name is none, whatever it bears."""
    found: list[Leftover] = []
    for kind in _KINDS:
        rows = await read_all(client, _page(kind))
        found += [one for row in rows if (one := _leftover(kind, row))]
    return found


async def remove(client: Client, chosen: Callable[[Leftover], bool]) -> list[Leftover]:
    """Deletes the scratch objects that are chosen, until none of them is listed; those that were there.

    Raises ReconcilerError where some stay, and names them.
    """
    removed: dict[str, Leftover] = {}
    problem = ""
    for _ in range(_TRIES):
        try:
            found = [one for one in await scratch_objects(client) if chosen(one)]
        except ApiError as error:
            problem = error.message
            continue
        if not found:
            return list(removed.values())
        removed |= {one.id: one for one in found}
        problem = await _delete(client, found) or problem
    left = [one for one in await scratch_objects(client) if chosen(one)]
    if left:
        names = "; ".join(f'{one.kind} "{one.name}"' for one in left)
        raise ReconcilerError(
            f"scratch objects are left in the tenant: {names}" + (f" ({problem})" if problem else ""),
            hint="remove them with: reconciler probe --clean, or by hand",
        )
    return list(removed.values())


async def _delete(client: Client, found: Iterable[Leftover]) -> str:
    """Deletes each; the last refusal, if any."""
    problem = ""
    for one in found:
        name = f"delete{one.kind.capitalize()}"
        document = documents.load(one.kind, "reconciler.probe")[name]
        try:
            await client.execute(Operation(name, document, {"input": {"id": one.id}}, result=one.kind))
        except NotFound:  # it went with what it belonged to
            continue
        except ApiError as error:
            problem = error.message
    return problem


def _page(kind: str) -> Callable[[int, int], Operation]:
    name = f"{kind}s"
    document = documents.load(kind, "reconciler.probe")[name]
    return lambda first, offset: Operation(
        name, document, {"first": first, "offset": offset, "name": NAME_START.strip()}
    )


def _leftover(kind: str, row: dict[str, Any]) -> Leftover | None:
    run = run_of(row["name"])
    if run is None:
        return None
    marked = {LABEL, run} <= set(row["labels"] or ())
    return Leftover(kind, row["id"], row["name"], run, row["createdAt"], marked)


def _is_old(created_at: str, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(created_at) > _DEAD
    except (ValueError, TypeError):  # a moment in another form tells nothing
        return False
