"""What the manifests that are there say otherwise than the tenant: changed where it stands, line by line.

What git changed and the tenant did not stays as git has it; where both changed, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.definition import Definition
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import Tells
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.integration.told import named_release
from reconciler.kinds.protocol import Policy
from reconciler.kinds.telling import Telling, Untellable
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.nested import leaves
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import LiveObject, Resource
from reconciler.plan.match import Matched
from reconciler.pull.rewrite import NotRewritable, with_value, written_there
from reconciler.pull.text import unfilled

_SPEC = "spec"
_SET_ALONG = ("release", "version", "comment", "definition", "definitionSecrets", "available")
"""Fields that are written with a release, or not at all: what is not mentioned is meant so."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A difference that is not written, and why."""

    address: Address
    path: str
    why: str
    conflict: bool = False


@dataclass(slots=True)
class Known:
    """The texts of the files that change, and what is left as git has it."""

    texts: dict[str, str] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    published: dict[Address, LiveObject] = field(default_factory=dict)
    """The integrations of which people published a newer version."""


def changed(
    matched: Matched,
    policy: Policy,
    telling: Telling,
    read: Callable[[str], str],
    chosen: Callable[[Resource], bool],
) -> Known:
    """What the manifests of `chosen` resources should say instead. `read` gives the text of a file."""
    work = _Work(matched, policy, telling, read)
    for address, live in matched.objects.items():
        resource, kind = matched.desired.resources[address], all_kinds()[address.kind]
        if isinstance(kind, Tells) and resource.part_of is None and chosen(resource):
            try:
                work.one(resource, live, kind.told(live, telling))
            except Untellable as error:
                work.found.kept.append(Kept(address, "", str(error)))
    return work.found


@dataclass(slots=True)
class _Work:
    """The edits under way. Manifests of one name in one file are changed one after the other."""

    matched: Matched
    policy: Policy
    telling: Telling
    read: Callable[[str], str]
    found: Known = field(default_factory=Known)

    def one(self, resource: Resource, live: LiveObject, told: Mapping[str, object]) -> None:
        """All that one object says otherwise than its manifest."""
        for path, value in self._wanted(resource, live, told):
            self._put(resource, path, value)

    def _wanted(
        self, resource: Resource, live: LiveObject, told: Mapping[str, object]
    ) -> Iterator[tuple[tuple[str, ...], object]]:
        if resource.kind == "Integration" and (release := self._newer(resource, live)):
            self.found.published[resource.address] = live
            yield (_SPEC, "release"), release
            if "comment" in told and "comment" in resource.fields:
                yield (_SPEC, "comment"), told["comment"]
        seen: set[tuple[str, ...]] = set()
        changes = self._changes(resource)
        if any(_is_drafted(change, resource) for change in changes):
            self.found.published[resource.address] = live
        for change in changes:
            place = _place(change.path, resource, told)
            if place is None or place in seen:
                continue
            seen.add(place)
            if _is_sealed(place, resource):
                continue
            if change.cause is Cause.PENDING:
                continue
            if change.cause is Cause.BOTH:
                why = "changed in git and in the tenant"
                self.found.kept.append(Kept(resource.address, change.path, why, conflict=True))
                continue
            yield place, _value(place, change, told)
        for path, value in _unmentioned(resource, told):
            if path not in seen:
                yield path, value

    def _changes(self, resource: Resource) -> list[Change]:
        request = self.matched.request(resource.address, self.policy)
        found = all_kinds()[resource.kind].steps(request, adopt=False)
        return [change for change in found.every_change if change.path != "mark"]

    def _newer(self, resource: Resource, live: LiveObject) -> str:
        """The release that people published after the one that git names."""
        newest, release = named_release(live)
        said = resource.fields.get("release")
        asked = find_release(live, said) if said else None
        if newest is None or asked is None or "release" in resource.ignore:
            return ""
        return release if newest.number > asked.number else ""

    def _put(self, resource: Resource, path: tuple[str, ...], value: object) -> None:
        shown = ".".join(path[1:])
        if _is_withheld(value):
            self.found.kept.append(Kept(resource.address, shown, "it may be a secret"))
            return
        file, line = resource.source.file, resource.source.line
        text = self.found.texts.get(file) or self.read(file)
        try:
            if _is_of_set(text, resource.source):
                path = _overriding(path, resource)
            there = written_there(text, line, path)
            if "${" in there.replace("$${", ""):
                raise NotRewritable("it comes from a variable")
            new = with_value(text, line, path, unfilled(value))
            begins = path[1] == "overrides" and not written_there(text, line, path[:2])
            self.found.texts[file] = _with_comments_below(new) if begins else new
        except NotRewritable as error:
            self.found.kept.append(Kept(resource.address, shown, str(error)))


def _place(path: str, resource: Resource, told: Mapping[str, object]) -> tuple[str, ...] | None:
    """Where a manifest says what a plan calls by this path; None for what stands in no manifest."""
    head, _, rest = path.partition(".")
    if head in ("definition", "bundle"):
        return None
    if head == "protect":
        return ("metadata", "protect")
    given = resource.fields.get(head)
    if head not in ("config", "flows", "inputs", "headers") or not rest or not isinstance(given, Mapping):
        return (_SPEC, head)
    sides = (given, told.get(head))
    for key in sorted({str(key) for side in sides if isinstance(side, Mapping) for key in side}, key=len)[
        ::-1
    ]:
        if rest == key or head in ("inputs", "headers"):
            return (_SPEC, head, rest)
        if rest.startswith(f"{key}."):
            inner = rest.removeprefix(f"{key}.")
            value = given.get(key)
            if inner.startswith("inputs."):
                return (_SPEC, head, key, "inputs", inner.removeprefix("inputs."))
            return (_SPEC, head, key, inner) if isinstance(value, Mapping) else (_SPEC, head, key)
    return None


def _value(place: tuple[str, ...], change: Change, told: Mapping[str, object]) -> object:
    """What the tenant has there, in a manifest's form."""
    if (value := _at(told, place)) is not None:
        return value
    before = change.before
    return "" if before is None else list(before) if isinstance(before, tuple) else before


def _unmentioned(resource: Resource, told: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is set on the object, and the manifest does not speak of."""
    for name, value in told.items():
        given = resource.fields.get(name)
        if name in _SET_ALONG or name in resource.ignore or isinstance(value, Definition):
            continue
        if name not in resource.fields:
            if (plain := _without_withheld(value)) not in (None, {}, []):
                yield (_SPEC, name), plain
        elif name in ("config", "flows") and isinstance(value, Mapping) and isinstance(given, Mapping):
            for key, one in value.items():
                ignored = f"{name}.{key}" in resource.ignore
                if key not in given and not ignored and (plain := _without_withheld(one)) not in (None, {}):
                    yield (_SPEC, name, str(key)), plain


def _without_withheld(value: object) -> object:
    """A value without what must not be written; None where nothing is left."""
    if isinstance(value, Secret | Hidden):
        return None
    if isinstance(value, Mapping):
        rows = {key: inner for key, one in value.items() if (inner := _without_withheld(one)) is not None}
        return rows or None
    if isinstance(value, list):
        return None if _is_withheld(value) else value
    return value


def _is_withheld(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_withheld, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_withheld, value))
    return isinstance(value, Secret | Hidden)


def _is_sealed(place: tuple[str, ...], resource: Resource) -> bool:
    """Whether git says where a secret is read from: it is not compared here, and never overwritten."""
    given = _at(resource.fields, place)
    return any(isinstance(leaf, Secret) for _, leaf in leaves(given))


def _at(spec: Mapping[str, object], place: tuple[str, ...]) -> object:
    """What stands in a place of a manifest with this spec; None where nothing does."""
    value: object = {_SPEC: spec}
    for part in place:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_drafted(change: Change, resource: Resource) -> bool:
    """Whether people changed a definition of which only the draft is kept."""
    by_hand = change.cause in (Cause.DRIFT, Cause.UNKNOWN)
    return change.path.startswith("definition") and by_hand and not resource.fields.get("release")


def _overriding(path: tuple[str, ...], resource: Resource) -> tuple[str, ...]:
    """Where a set says something of one of its instances alone. Raises NotRewritable."""
    customer = resource.fields["customer"]
    if path[0] != _SPEC or not isinstance(customer, Address):
        raise NotRewritable("it stands in a set")
    return (_SPEC, "overrides", customer.name, *path[1:])


def _with_comments_below(text: str) -> str:
    """The text of a set that has its first override now: what stood as comments stands below that, so that
    it can be filled in.
    """
    head = "\n  # overrides:\n"
    return text.replace(head, "\n") if text.count(head) == 1 else text


def _is_of_set(text: str, source: Source) -> bool:
    return "InstanceSet" in written_there(text, source.line, ("kind",))
