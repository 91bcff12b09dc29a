"""What people wrote where git leaves it to them, kept in the metadata from before an import resets it.
That is into ignored fields, and into those that neither manifest nor definition mentions.

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
    """The fields among `paths` that git leaves to people, as they left them."""
    live = request.live
    if live is None:
        return {}
    before, kept = notes_of(live).before or live.fields, facts_of(live).kept
    imported = _imported(request.resource)
    found = {path: before[path] for path in paths if path in before and _is_theirs(request.resource, path)}
    for path in found.keys() & kept.keys():
        if found[path] == imported.get(path) or _joins(request, path):
            found[path] = beside(request, path, kept[path], found[path])
    return found


def beside(request: Request, path: str, value: object, after: object) -> object:
    """What people are to have of a field again that is `after` by now: labels of which git says nothing come
    back beside those that are there.
    """
    return people([*_labels(value), *_labels(after)]) if _joins(request, path) else value


def to_keep(request: Request, paths: Sequence[str]) -> str | None:
    """The metadata to write before an import, where that may reset something that is not noted yet."""
    live, resource = request.live, request.resource
    values = {
        path: value
        for path, value in _at_stake(request, paths).items()
        if not named(path, resource.sensitive)
    }
    if live is None or not values or values == facts_of(live).kept:
        return None
    known = record.recalled(facts_of(live).metadata)
    return record.remembering(facts_of(live).metadata, {**known, KEPT: values})


def going_along(request: Request, paths: Sequence[str]) -> dict[str, object] | None:
    """The input of the update that puts back, in the request that imports, what no note may hold."""
    live, resource = request.live, request.resource
    values = {
        path: value for path, value in _at_stake(request, paths).items() if named(path, resource.sensitive)
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


def _at_stake(request: Request, paths: Sequence[str]) -> dict[str, object]:
    """What people have there and may not have after an import."""
    imported = _imported(request.resource)
    return {
        path: value
        for path, value in of_people(request, paths).items()
        if beside(request, path, value, imported.get(path)) != imported.get(path)
    }


def _is_theirs(resource: Resource, path: str) -> bool:
    """Whether git leaves a field to people: it ignores it, or has not a word of it."""
    wanted = asked_of(resource)
    said = path in resource.fields or (wanted is not None and path in wanted.own_fields)
    return ignored(resource, path) or not said


def _joins(request: Request, path: str) -> bool:
    return path == "labels" and not ignored(request.resource, path)


def _labels(value: object) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else []
