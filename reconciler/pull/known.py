"""What the manifests that are there say otherwise than the tenant: changed where it stands, line by line.

What git changed and the tenant did not stays as git has it; where both changed, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field, structs

from reconciler.definition import Definition
from reconciler.definition.meaning import OWN_FIELDS
from reconciler.definition.merging import Winner
from reconciler.kinds import all_kinds
from reconciler.kinds.protocol import Policy
from reconciler.kinds.telling import Telling
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.nested import leaves
from reconciler.model.plan import Cause, Change
from reconciler.model.secret import Hidden, Secret
from reconciler.model.state import Resource
from reconciler.plan.match import Matched
from reconciler.pull.base import Judged, applied, judged, took_out
from reconciler.pull.fitting import fitting
from reconciler.pull.past import ABSENT, NOT_KNOWN, Past, Reader, Texts
from reconciler.pull.rewrite import NotRewritable, with_value, written_there
from reconciler.pull.text import unfilled

BOTH_CHANGED = "changed in git and in the tenant"
_SPEC = "spec"
_SET_ALONG = ("release", "version", "comment", "definition", "definitionSecrets", "available")
"""Fields that are written with a release, or not at all: what is not mentioned is meant so."""


class Kept(Struct, frozen=True):
    """A difference that is not written, and why. Of a conflict, what was applied, what the tenant has and
    what git says.
    """

    address: Address
    path: str
    why: str
    conflict: bool = False
    applied: object = None
    live: object = None
    git: object = None


class Rules(Struct, frozen=True):
    """What is written: only what `drifted` since it was last applied, and whose change counts where both
    changed.
    """

    drifted: bool = False
    winner: Winner | None = None


class Known(Struct):
    """The texts of the files that change, and what is left as git has it. Of the files in `open_` something
    is left that only one side says.
    """

    texts: dict[str, str] = {}
    kept: list[Kept] = []
    open_: set[str] = set()


class Difference(Struct, frozen=True):
    """One thing that an object says otherwise than its manifest. Without a `change` the manifest does not
    speak of it.
    """

    resource: Resource
    place: tuple[str, ...]
    value: object
    change: Change | None = None

    @property
    def path(self) -> str:
        """What it is called."""
        return self.change.path if self.change else ".".join(self.place[1:])

    @property
    def is_open(self) -> bool:
        """Whether only earlier texts tell who changed it, or what it was."""
        return self.change is None or self.change.cause in (Cause.BOTH, Cause.UNKNOWN)


class Work(Struct):
    """The edits under way: what manifests should say instead. Those of one file are changed one after the
    other.
    """

    matched: Matched
    policy: Policy
    telling: Telling
    files: Texts
    rules: Rules
    is_new: bool = False
    """Whether nothing of the environment was ever pulled or applied: what differs is the tenant's."""
    found: Known = field(default_factory=Known)
    reader: Reader = field(default_factory=Reader)
    apart: dict[Address, list[Difference]] = {}
    """What the tenant changed of manifests that other environments share."""

    def write(
        self, told: Mapping[Address, Mapping[str, object]], is_shared: Callable[[Resource], bool]
    ) -> None:
        """All that these objects, told as manifests, say otherwise than theirs, but for releases. What other
        environments share is put apart.
        """
        resources = self.matched.desired.resources
        found = [one for address in told for one in self._differences(resources[address], told[address])]
        pasts = self.files.pasts({one.resource.source.file for one in found if one.is_open})
        shared = {one.resource.address for one in found if is_shared(one.resource)}
        for one in found:
            is_apart = one.resource.address in shared
            self._decide(one, pasts.get(one.resource.source.file, Past()), is_apart=is_apart)

    def _differences(self, resource: Resource, told: Mapping[str, object]) -> Iterator[Difference]:
        seen: set[tuple[str, ...]] = set()
        for change in self.changes(resource):
            place = _place(change.path, resource, told)
            if place is None or place in seen:
                continue
            seen.add(place)
            is_elsewhere = place[-1] not in told and _is_of_definition(place, resource)
            if not is_elsewhere and not _is_sealed(place, resource):
                yield Difference(resource, place, _value(place, change, told), change)
        for path, value in () if self.rules.drifted else _unmentioned(resource, told):
            if path not in seen:
                yield Difference(resource, path, value)

    def _decide(self, one: Difference, past: Past, *, is_apart: bool) -> None:
        resource, change, file = one.resource, one.change, one.resource.source.file
        text = self.files.read(file)
        if change is None:
            if not is_apart and not took_out(self.reader, past, resource.address, one.place):
                self.put(resource, one.place, one.value)
            return
        found = Judged(change.cause)
        if change.cause is Cause.UNKNOWN:
            if self._is_elsewhere(one):
                return
            found = Judged(Cause.DRIFT)
            if not (is_apart and self.is_new):
                found = judged(self.reader, past, text, resource.address, one.place, one.value)
        elif change.cause is Cause.BOTH:
            before = applied(self.reader, past, text, resource, (change.path, one.place), self.changes)
            found = Judged(Cause.BOTH, before)
        if found.cause is Cause.DRIFT or (found.cause is Cause.BOTH and self.rules.winner is Winner.THEIRS):
            if is_apart:
                self.apart.setdefault(resource.address, []).append(one)
            else:
                self.put(resource, one.place, one.value)
            return
        self.found.open_.add(file)
        if found.cause is Cause.BOTH and self.rules.winner is None:
            self.found.kept.append(_conflict(one, found.applied, change))

    def changes(self, resource: Resource) -> list[Change]:
        """What a plan says that differs of a resource."""
        request = structs.replace(self.matched.request(resource.address, self.policy), resource=resource)
        found = all_kinds()[resource.kind].steps(request, adopt=False)
        return [change for change in found.every_change if change.path != "mark"]

    def _is_elsewhere(self, one: Difference) -> bool:
        """Whether the value stands where nothing is written anyhow, which is noted."""
        try:
            self._text_with(one.resource, one.place, one.value)
        except NotRewritable as error:
            self.found.open_.add(one.resource.source.file)
            self.found.kept.append(Kept(one.resource.address, ".".join(one.place[1:]), str(error)))
            return True
        return False

    def put(self, resource: Resource, path: tuple[str, ...], value: object) -> None:
        """Writes a value where it stands, or notes why not."""
        file, shown = resource.source.file, ".".join(path[1:])
        try:
            if is_withheld(value):
                raise NotRewritable("it may be a secret")
            if self._is_refused(resource, path, value):
                raise NotRewritable("the definition in git refuses what the tenant has")
            self.found.texts[file] = self._text_with(resource, path, value)
        except NotRewritable as error:
            self.found.open_.add(file)
            self.found.kept.append(Kept(resource.address, shown, str(error)))

    def _is_refused(self, resource: Resource, path: tuple[str, ...], value: object) -> bool:
        """Whether a value of an instance's config would keep the manifests from being read."""
        integration = self.matched.desired.resources.get(resource.fields.get("integration", resource.address))
        if path[:2] != (_SPEC, "config") or integration is None or resource.kind != "Instance":
            return False
        definition = integration.fields.get("definition")
        runs_it = resource.fields.get("release") == integration.fields.get("release")
        if not runs_it or not isinstance(definition, Definition) or self.found.texts.get(definition.file):
            return False
        config = value if len(path) == 2 else {path[2]: value}
        return len(path) < 4 and isinstance(config, Mapping) and fitting(config, definition) != config

    def _text_with(self, resource: Resource, path: tuple[str, ...], value: object) -> str:
        file, line = resource.source.file, resource.source.line
        text = self.found.texts.get(file) or self.files.read(file)
        there = written_there(text, line, stands_at(text, resource, path))
        if "${" in there.replace("$${", ""):
            raise NotRewritable("it comes from a variable")
        return text if is_withheld(value) else with_said(text, resource, path, unfilled(value))


def _conflict(one: Difference, before: object, change: Change) -> Kept:
    """A conflict with its values; what may be a secret on one side is none that is shown of another."""
    veiled = any(isinstance(leaf, Secret | Hidden) for _, leaf in leaves([change.before, change.after]))
    known = Secret("") if veiled and before is not NOT_KNOWN else None if before is ABSENT else before
    return Kept(one.resource.address, change.path, BOTH_CHANGED, True, known, change.before, change.after)


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


def _is_of_definition(place: tuple[str, ...], resource: Resource) -> bool:
    """Whether a field stands in the definition alone, which is merged for itself."""
    definition = resource.fields.get("definition")
    gives = isinstance(definition, Definition) and place[0] == _SPEC and place[1] in OWN_FIELDS
    return gives and ".".join(place) not in resource.positions


def _without_withheld(value: object) -> object:
    """A value without what must not be written; None where nothing is left."""
    if isinstance(value, Secret | Hidden):
        return None
    if isinstance(value, Mapping):
        rows = {key: inner for key, one in value.items() if (inner := _without_withheld(one)) is not None}
        return rows or None
    if isinstance(value, list):
        return None if is_withheld(value) else value
    return value


def is_withheld(value: object) -> bool:
    """Whether something of a value is, or may be, a secret."""
    if isinstance(value, Mapping):
        return any(map(is_withheld, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_withheld, value))
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


def stands_at(text: str, resource: Resource, path: tuple[str, ...]) -> tuple[str, ...]:
    """Where a file says of a resource what stands at `path` of its manifest: of an instance of a set, in the
    override of its customer. Raises NotRewritable for what a set cannot say of one of them alone.
    """
    if not is_of_set(text, resource.source):
        return path
    customer = resource.fields["customer"]
    if path[0] != _SPEC or not isinstance(customer, Address):
        raise NotRewritable("it stands in a set")
    return (_SPEC, "overrides", customer.name, *path[1:])


def with_said(text: str, resource: Resource, path: tuple[str, ...], value: object) -> str:
    """The text of a file that says another value of a resource. Raises NotRewritable."""
    line, there = resource.source.line, stands_at(text, resource, path)
    new = with_value(text, line, there, value)
    begins = there != path and not written_there(text, line, there[:2])
    return _with_comments_below(new) if begins else new


def _with_comments_below(text: str) -> str:
    """The text of a set that has its first override now: what stood as comments stands below that, so that
    it can be filled in.
    """
    head = "\n  # overrides:\n"
    return text.replace(head, "\n") if text.count(head) == 1 else text


def is_of_set(text: str, source: Source) -> bool:
    """Whether what stands there is the manifest of a set."""
    return "InstanceSet" in written_there(text, source.line, ("kind",))
