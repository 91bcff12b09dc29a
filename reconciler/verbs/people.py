"""Who works on a draft that is ahead, and since when, where the tenant's log tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import LiveObject

if TYPE_CHECKING:
    from reconciler.api import Client
    from reconciler.live.activities import Activity, Log

AHEAD = "draft-ahead"


async def with_people(
    client: Client, notes: Sequence[Diagnostic], objects: Mapping[Address, LiveObject]
) -> tuple[Diagnostic, ...]:
    """The notes, those about drafts with what the log says last of each since it was published. One query,
    and none where no draft is ahead. Raises NotAuthenticated or Unreachable.
    """
    from reconciler.live.activities import read_log

    drafts = {note.address: objects[Address.parse(note.address)] for note in notes if note.code == AHEAD}
    if not drafts:
        return tuple(notes)
    log = await read_log(client, [str(live.fields["name"]) for live in drafts.values()])
    return tuple(
        replace(note, message=f"{note.message}; the tenant's log: {one}")
        if note.code == AHEAD and (one := _last(log, drafts[note.address]))
        else note
        for note in notes
    )


def _last(log: Log, draft: LiveObject) -> Activity | None:
    """The newest sentence about a draft since its newest publication: of an import, if there is one."""
    since = list(_since_published(log, str(draft.fields["name"])))
    imports = (one for one in since if "import" in one.sentence.lower())
    return next(imports, next(iter(since), None))


def _since_published(log: Log, name: str) -> Iterator[Activity]:
    from reconciler.live.activities import about, tells_publication

    entries = (one for one in log.entries.get(name, ()) if about(one, "Integration", name))
    yield from takewhile(lambda one: not tells_publication(one), entries)
