"""What people wrote into ignored fields, kept in the draft's metadata from before an import resets them.

The update after the import puts it back, and takes the note away. Where the run ends in between, the next one
goes by the note, unless somebody has written something else meanwhile. What is sensitive no note may hold: it
is written again in the very request that imports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.facts import asked_of, facts_of, notes_of
from reconciler.kinds.protocol import Request, ignored, named
from reconciler.kinds.table.labels import people
from reconciler.model.state import Resource

KEPT = "kept"


def of_people(request: Request, paths: Sequence[str]) -> dict[str, object]:
    """The ignored fields among `paths`, as people left them."""
    live = request.live
    if live is None:
        return {}
    found, kept = notes_of(live).before or live.fields, facts_of(live).kept
    imported = _imported(request.resource)
    return {
        path: kept[path] if path in kept and found[path] == imported.get(path) else found[path]
        for path in paths
        if path in found and ignored(request.resource, path)
    }


def to_keep(request: Request, paths: Sequence[str]) -> str | None:
    """The metadata to write before an import, where that may reset something that is not noted yet."""
    live, resource = request.live, request.resource
    imported = _imported(resource)
    values = {
        path: value
        for path, value in of_people(request, paths).items()
        if value != imported.get(path) and not named(path, resource.sensitive)
    }
    if live is None or not values or values == facts_of(live).kept:
        return None
    known = record.recalled(facts_of(live).metadata)
    return record.remembering(facts_of(live).metadata, {**known, KEPT: values})


def going_along(request: Request, paths: Sequence[str]) -> dict[str, object] | None:
    """The input of the update that puts back, in the request that imports, what no note may hold."""
    live, resource = request.live, request.resource
    imported = _imported(resource)
    values = {
        path: value
        for path, value in of_people(request, paths).items()
        if value != imported.get(path) and named(path, resource.sensitive)
    }
    if live is None or not values:
        return None
    labels = {"labels": sorted(live.labels)} if "labels" in values else {}
    return {"id": live.id, **values, **labels}


def parse_kept(memory: Mapping[str, object]) -> dict[str, object]:
    """The note: texts, and labels."""
    part = memory.get(KEPT)
    found: dict[str, object] = {**record.text_map(part)}
    labels = part.get("labels") if isinstance(part, Mapping) else None
    if isinstance(labels, list) and all(isinstance(one, str) for one in labels):
        found["labels"] = people(labels)
    return found


def _imported(resource: Resource) -> dict[str, object]:
    """What an import may make of the fields."""
    wanted = asked_of(resource)
    if wanted is None:
        return {}
    return {"description": "", "category": "", **wanted.own_fields, "labels": people(wanted.own_labels or ())}
