"""Which live objects may be those of resources to which a run does nothing: nobody said that they may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds import all_kinds
from reconciler.kinds.answers import KEYS
from reconciler.kinds.capabilities import live_scope_of, scope_of
from reconciler.kinds.table.marks import mark, marks_of
from reconciler.model.address import Address, Ref
from reconciler.model.state import Live, LiveObject, Resource
from reconciler.plan.match import Matched

Index = Mapping[tuple[str, str], list[LiveObject]]
"""The objects of one kind by each text that tells them apart, with what the text is."""


def possible(resources: Iterable[Resource], live: Live, matched: Matched) -> dict[str, Address]:
    """The ids of the objects that any of the resources may be, by its mark, an earlier name of it, or what it
    is called: those of a resource that has its own object for sure are no question.
    """
    found: dict[str, Address] = {}
    indexes: dict[str, Index] = {}
    for resource in resources:
        address = resource.address
        if address in matched.objects and address not in matched.unclear:
            continue
        if resource.kind not in indexes:
            indexes[resource.kind] = _index(live.objects.get(resource.kind, ()))
        kind = all_kinds()[resource.kind]
        scope = scope_of(kind, resource, matched.resolve)
        for key in _of_resource(matched.desired.project, resource):
            for obj in indexes[resource.kind].get(key, ()):
                if isinstance(scope, Ref) or live_scope_of(kind, obj) == scope:
                    found.setdefault(obj.id, address)
    return found


def _index(objects: Iterable[LiveObject]) -> Index:
    index: dict[tuple[str, str], list[LiveObject]] = {}
    for obj in objects:
        for key in _of_object(obj):
            index.setdefault(key, []).append(obj)
    return index


def _of_object(obj: LiveObject) -> Iterator[tuple[str, str]]:
    for label in marks_of(obj):
        yield "mark", label
    yield from _called(obj.fields)


def _of_resource(project: str, resource: Resource) -> Iterator[tuple[str, str]]:
    for name in (resource.address.leaf, *resource.was):
        yield "mark", mark(project, Address(resource.kind, name))
    yield from _called(resource.fields)


def _called(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        value = fields.get(key)
        if isinstance(value, str) and value:
            yield key, value.casefold()
