"""What no two objects of a tenant can both be called, as far as manifests tell: plans refuse what asks for it
twice, and `validate` says so offline, by this one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct

from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import KeepsUnique
from reconciler.kinds.protocol import Kind
from reconciler.model.address import Ref, Resolve
from reconciler.model.state import Resource


class Wish(Struct, frozen=True):
    """What a manifest asks for and only one object can have: a field, or several (`name and customer`), the
    text as it is written there (empty: none to be shown), and what it is for a tenant (to be looked up by).
    """

    field: str
    written: str
    form: object


def wishes(resource: Resource) -> Iterator[Wish]:
    """The values that the server keeps unique, for sure. Whether it keeps blanks around them is not known, so
    these tell nothing apart.
    """
    for name in _kept(resource.kind):
        value = resource.fields.get(name)
        if isinstance(value, str) and value:
            yield Wish(name, value, value.strip())


@cache
def _kept(kind_name: str) -> tuple[str, ...]:
    """The fields of a kind whose values all servers keep unique."""
    kind = all_kinds()[kind_name]
    return tuple(kind.unique) if isinstance(kind, KeepsUnique) and kind.surely_unique else ()


def wishing(resources: Iterable[Resource]) -> list[Resource]:
    """Those of kinds of which some value is unique, or an identity."""
    kinds = all_kinds()
    able = {name for name, kind in kinds.items() if _kept(name) or not kind.marked}
    return [one for one in resources if one.kind in able]


def identities(kind: Kind, resource: Resource, resolve: Resolve) -> Iterator[Wish]:
    """What alone tells an object from others where there is no place for a mark: its strongest key."""
    for key, value in kind.natural_key(resource, resolve)[:1] if not kind.marked else ():
        written = resource.fields.get(key)
        yield Wish(key, written if isinstance(written, str) else "", value)


def twice(
    resources: Iterable[Resource], resolve: Callable[[Ref], object] = lambda ref: ref
) -> Iterator[tuple[Wish, Sequence[Resource]]]:
    """What several resources of a kind ask for at once, with all of these, in their order."""
    asking: dict[tuple[str, str, object], dict[str, tuple[Wish, Resource]]] = {}
    kinds: Mapping[str, Kind] = all_kinds()
    for resource in resources:
        for wish in (*wishes(resource), *identities(kinds[resource.kind], resource, resolve)):
            key = (resource.kind, wish.field, wish.form)
            asking.setdefault(key, {})[str(resource.address)] = (wish, resource)
    for found in asking.values():
        if len(found) > 1:
            first, _ = next(iter(found.values()))
            yield first, [resource for _, resource in found.values()]
