"""What plans ask of an integration beside its list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from reconciler.definition.withheld import Inputs
from reconciler.kinds.integration.draft import to_be_read
from reconciler.kinds.integration.facts import IntegrationNotes, facts_of, notes_of
from reconciler.kinds.integration.latest import is_to_be_asked
from reconciler.kinds.integration.listing import listing_to_read
from reconciler.kinds.protocol import Request
from reconciler.model.operation import Operation
from reconciler.model.state import LiveObject

_LATELY = 2
"""The newest versions that manifests may be about although nothing runs them: one before the newest."""


def next_question(request: Request, documents: Mapping[str, str]) -> Operation | None:
    """What is to be asked next; None where nothing is left to be known."""
    if version := to_be_read(request):
        return _about("published", version.id, documents)
    if request.live and is_to_be_asked(request):
        return _about("outdated", request.live.id, documents)
    if version := listing_to_read(request):
        return _about("listing", version.id, documents)
    return None


def asked_lately(
    live: LiveObject, used: Collection[str], documents: Mapping[str, str]
) -> Sequence[Operation]:
    """What the newest versions and those that are `used` were made from and how they are offered, and which
    components have moved on.
    """
    versions = [one.id for index, one in enumerate(live.versions) if index < _LATELY or one.id in used]
    about = [(name, version) for version in versions for name in ("published", "listing")]
    about += [("outdated", live.id)] if facts_of(live).has_outdated_components else []
    return [_about(name, one, documents) for name, one in about]


def covered_notes(live: LiveObject, inputs: Inputs) -> IntegrationNotes:
    """What was answered, without what may be a secret in the definitions of versions."""
    notes = notes_of(live)
    return replace(notes, read={one: found and found.covered(inputs) for one, found in notes.read.items()})


def _about(name: str, object_id: str, documents: Mapping[str, str]) -> Operation:
    return Operation("integration", documents[name], {"id": object_id})
