"""Fields that a tenant's schema lacks: they are neither null nor empty, and cannot be compared or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec import UNSET, Struct

from reconciler.kinds.protocol import Request, address_of, ignored
from reconciler.model.plan import Refusal
from reconciler.model.state import LiveObject, Resource

Place = tuple[str, ...]
_NONE: frozenset[Place] = frozenset()


class Doubtful(Struct, frozen=True):
    """Fields of ours, two at least, that a tenant may not know. `shown` gives their values in an answer."""

    names: tuple[str, ...]
    shown: Callable[[Struct], tuple[Any, ...]]

    @classmethod
    def of(cls, names: Mapping[str, str]) -> Doubtful:
        """Those of a map, each with its name in the answer's type."""
        return cls(tuple(names), attrgetter(*names.values()))

    def unset(self, shown: Struct) -> frozenset[Place]:
        """Which of them an answer does not show."""
        return self.unset_of(self.shown(shown))

    def unset_of(self, values: Sequence[Any]) -> frozenset[Place]:
        """The same where their values are known."""
        if UNSET not in values:
            return _NONE
        return frozenset((name,) for name, value in zip(self.names, values, strict=True) if value is UNSET)


def lacks(node: Mapping[str, object], place: Place) -> bool:
    """Whether an answer shows nothing at a place, not even that it is null."""
    found: object = node
    for part in place:
        if not isinstance(found, Mapping):
            return False
        if part not in found:
            return True
        found = found[part]
    return False


def is_absent(live: LiveObject | None, *place: str) -> bool:
    """Whether the tenant does not know the field of an object."""
    return live is not None and place in live.facts.absent


def absent_fields(request: Request) -> Iterator[Refusal]:
    """A refusal for each field that the manifest says something of and the tenant does not know."""
    resource = request.resource
    for place in sorted(request.live.facts.absent) if request.live else ():
        if _mentions(resource, place) and not ignored(resource, ".".join(place)):
            hint = "remove it from the manifest, or name it in metadata.ignore, until the tenant has it"
            yield _refusal(resource, place, hint)


def absent_anew(resource: Resource, absent: Iterable[Place]) -> Iterator[Refusal]:
    """The same for an object that is still to be made, by what others of its kind do not show. All that its
    manifest says would be sent, also what is ignored later on.
    """
    for place in sorted(absent):
        if _mentions(resource, place):
            yield _refusal(resource, place, "remove it from the manifest until the tenant has it")


def _refusal(resource: Resource, place: Place, hint: str) -> Refusal:
    message = f'"{".".join(place)}" is not known to this tenant: its API has no such field'
    return Refusal("absent-field", message, address_of(resource), hint)


def _mentions(resource: Resource, place: Place) -> bool:
    found: object = resource.fields
    for part in place:
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True
