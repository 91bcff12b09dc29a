"""Which customers must be asked for so that each resource's own is known for sure, and whoever stands in its
way: a mark is asked for first, a name and an external id only where the mark does not settle it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from reconciler.kinds.customer import CustomerKind
from reconciler.kinds.table.marks import mark, marks_in, marks_of, project_of
from reconciler.model.address import Address
from reconciler.model.state import Desired, LiveObject, Resource

MARK, NAME, EXTERNAL_ID = "mark", "name", "externalId"
Asked = tuple[str, str]
"""By what is asked, and for which text."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Customers:
    """The search, round by round: what is `open` is asked, and `take` takes the answers, until nothing is."""

    def __init__(self, desired: Desired, wanted: Iterable[Address]) -> None:
        self.wanted = set(wanted)
        """The resources of which enough is known in the end."""
        self._project, self._resources = desired.project, desired.resources
        self._asked: set[Asked] = set()
        self._found: dict[str, LiveObject] = {}
        self._seen: set[str] = set()
        """The marks that objects bear, and no resource does."""
        self._by: dict[Asked, list[Address]] = {}
        for address, resource in desired.resources.items():
            if address.kind == CustomerKind.name:
                for key in (*self._marks(resource), *_keys(resource.fields)):
                    self._by.setdefault(key, []).append(address)

    @property
    def found(self) -> list[LiveObject]:
        """The objects, in order of creation."""
        return sorted(self._found.values(), key=lambda one: (one.facts.made or _LONG_AGO, one.id))

    def open(self) -> list[Asked]:
        """What is to be asked next; nothing where all is known."""
        asked = sorted(set(self._next()) - self._asked)
        self._asked |= set(asked)
        return asked

    def take(self, by: str, text: str, objects: Iterable[LiveObject]) -> None:
        """Takes what was found. A server may find more than what was asked for: parts of labels, of names."""
        for live in objects:
            if (by, _folded(by, text)) in self._of(live):
                self._found[live.id] = live
                self._bring_in(live)

    def _next(self) -> Iterator[Asked]:
        yield from ((MARK, text) for text in self._seen)
        for address in self.wanted:
            resource = self._resources[address]
            marks = list(self._marks(resource))
            yield from marks
            if self._asked.issuperset(marks) and not self._is_settled(resource, marks):
                yield from ((by, text) for by, _ in _keys(resource.fields) for text in _forms(by, resource))

    def _is_settled(self, resource: Resource, marks: Collection[Asked]) -> bool:
        """Whether one object is the resource's by its mark, and is called as it is to be."""
        for _, text in marks:
            bearing = [one for one in self._found.values() if text in marks_of(one)]
            if bearing:
                called = {by: one for by, one in resource.fields.items() if by in (NAME, EXTERNAL_ID)}
                return len(bearing) == 1 and all(
                    bearing[0].fields.get(by) == one for by, one in called.items()
                )
        return False

    def _bring_in(self, live: LiveObject) -> None:
        """Whoever may have to do with an object that was found: those whose marks it bears, and where it
        bears none, those that are called like it.
        """
        marks = marks_in(live.labels, CustomerKind.name)
        for text in marks:
            owners = self._by.get((MARK, text), ())
            self.wanted.update(owners)
            if not owners and project_of(text) == self._project.lower():
                self._seen.add(text)
        for key in _keys(live.fields) if not marks else ():
            self.wanted.update(self._by.get(key, ()))

    def _marks(self, resource: Resource) -> Iterator[Asked]:
        for name in (resource.address.leaf, *resource.was):
            yield MARK, mark(self._project, Address(resource.kind, name))

    def _of(self, live: LiveObject) -> set[Asked]:
        return {*((MARK, text) for text in marks_of(live)), *_keys(live.fields)}


def _keys(fields: Mapping[str, object]) -> Iterator[Asked]:
    for by in (NAME, EXTERNAL_ID):
        value = fields.get(by)
        if isinstance(value, str) and value.strip():
            yield by, _folded(by, value)


def _folded(by: str, text: str) -> str:
    """A text as it is compared: marks as they are, what people write without regard to case and blanks."""
    return text if by == MARK else text.strip().casefold()


def _forms(by: str, resource: Resource) -> set[str]:
    """How a text is asked for: names in any case at once, external ids in the cases that people write."""
    text = str(resource.fields[by]).strip()
    return {text, text.lower(), text.upper()} if by == EXTERNAL_ID else {text}
