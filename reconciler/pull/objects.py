"""Which objects of a tenant become manifests, under which addresses, and what those say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds import all_kinds
from reconciler.kinds.capabilities import LookedUp, PartlyProvided, Scoped, Tells
from reconciler.kinds.integration.told import (
    definition_told,
    named_release,
    newest_components,
    release_name,
    sequence_of,
)
from reconciler.kinds.protocol import Kind
from reconciler.kinds.table.marks import marks_in, owned_name, project_of
from reconciler.kinds.telling import Telling, Untellable
from reconciler.model.address import Address
from reconciler.model.state import Live, LiveObject
from reconciler.plan.match import Matched
from reconciler.pull.definitions import written
from reconciler.pull.fitting import fitting
from reconciler.pull.names import called, free_name

LISTING = "MarketplaceListing"


class Told(Struct, frozen=True):
    """One object with the address and the spec of its manifest."""

    address: Address
    live: LiveObject
    spec: Mapping[str, object]


class LeftOut(Struct, frozen=True):
    """One object that no manifest is written for, and why."""

    live: LiveObject
    why: str


class Objects(Struct):
    """The objects that are told, those that manifests have already, and those that are left out."""

    told: list[Told] = []
    known: dict[Address, LiveObject] = {}
    left_out: list[LeftOut] = []
    refused: list[tuple[Address, str]] = []
    """What is not told of some, since their definitions would refuse it."""
    telling: Telling = field(default_factory=Telling)


def kinds_told() -> list[Kind]:
    """The kinds of which manifests are written: what others refer to first."""
    return [
        kind
        for kind in all_kinds().values()
        if isinstance(kind, Tells) and kind.declared and (kind.stands_alone or kind.name == LISTING)
    ]


Renamed = Callable[[Sequence["Told"]], Mapping[Address, Address]]
"""Which of the instances that are told, with all that was told before, are called otherwise."""


def _nothing_renamed(_: Sequence[Told]) -> Mapping[Address, Address]:
    return {}


def tell(
    matched: Matched,
    plain: Callable[[str, str], bool],
    inputs: Inputs,
    renamed: Renamed = _nothing_renamed,
) -> Objects:
    """The objects of a tenant beside the manifests that are there, kind by kind: what others refer to first.
    `plain` says which texts may be written although they may be secrets, and `inputs` what components call
    theirs.
    """
    found = Objects(known=dict(matched.objects))
    work = _Work(matched, found, plain, inputs, renamed)
    for kind in kinds_told():
        assert isinstance(kind, Tells)
        work.kind(kind, kind)
    found.telling = work.telling
    return found


class _Work(Struct):
    """The telling under way."""

    matched: Matched
    found: Objects
    plain: Callable[[str, str], bool]
    inputs: Inputs
    renamed: Renamed
    names: dict[tuple[str, str], str] = {}
    taken: set[Address] = set()
    by_name: dict[str, LiveObject] = {}
    """The integrations by what their manifests are called."""
    telling: Telling = field(default_factory=Telling)

    def __post_init__(self) -> None:
        live, desired = self.matched.live, self.matched.desired
        self.taken = set(desired.resources)
        self.names = {(a.kind, o.id): a.name for a, o in self.matched.objects.items()}
        sequences = {sequence_of(one): one for one in live.objects.get("Integration", ())}
        looked_up = frozenset(n for n, kind in all_kinds().items() if isinstance(kind, LookedUp))
        self.telling = Telling(self.names, looked_up, sequences, release_name, self.plain)

    def kind(self, kind: Kind, tells: Tells) -> None:
        """All objects of one kind that no manifest has."""
        live, mine = self.matched.live, {o.id for o in self.matched.objects.values() if o.kind == kind.name}
        objects = [one for one in _objects(kind, live) if one.id not in mine]
        clashing = _clashing(kind, tells, objects, self.matched.desired.project)
        for one in objects:
            if isinstance(kind, PartlyProvided) and kind.is_provided(one):
                continue
            try:
                why = _why_not(kind, one, self.matched.desired.project) or clashing.get(one.id)
                if why:
                    raise Untellable(why)
                self._tell(kind, tells, one)
            except Untellable as error:
                if str(error):
                    self.found.left_out.append(LeftOut(one, str(error)))

        if kind.name == "Instance":
            self._rename()

    def _rename(self) -> None:
        """Gives instances their other names before anything refers to them."""
        others = self.renamed(self.found.told)
        for index, one in enumerate(self.found.told):
            if other := others.get(one.address):
                self.found.told[index] = replace(one, address=other)
                self.names[one.address.kind, one.live.id] = other.name
                self.taken.add(other)
        self.found.refused = [(others.get(one, one), path) for one, path in self.found.refused]

    def _tell(self, kind: Kind, tells: Tells, live: LiveObject) -> None:
        spec = dict(tells.told(live, self.telling))
        if isinstance(definition := spec.get("definition"), Definition):
            file = written(definition, newest_components(live), self.inputs)
            spec["definition"] = file.text
            if file.secrets:
                spec = after(spec, "definition", "definitionSecrets", file.secrets)
        config = spec.get("config")
        if isinstance(config, Mapping):
            spec = _without(spec, "config") | self._config(config, spec)
        address = self._address(kind, live, spec)
        left = spec.get("config", {})
        unfit = set(config) - set(left) if isinstance(config, Mapping) and isinstance(left, Mapping) else ()
        self.found.refused += [(address, f"config.{key}") for key in sorted(unfit)]
        self.taken.add(address)
        self.names[kind.name, live.id] = address.name
        self.found.told.append(Told(address, live, spec))

    def _config(self, config: Mapping[str, object], spec: Mapping[str, object]) -> dict[str, object]:
        """The config of an instance that runs what its integration's manifest publishes: it is checked."""
        if not self.by_name:
            integrations = self.telling.integrations.values()
            self.by_name = {self.names.get(("Integration", one.id), ""): one for one in integrations}
        one = self.by_name.get(str(spec.get("integration")))
        if one is None or named_release(one)[1] != spec.get("release"):
            return {"config": config}
        found = fitting(config, definition_told(one))
        return {"config": found} if found else {}

    def _address(self, kind: Kind, live: LiveObject, spec: Mapping[str, object]) -> Address:
        within = f"{spec['customer']}/" if isinstance(kind, Scoped) else ""
        named = owned_name(live.labels, self.matched.desired.project, kind.name)
        if named is not None and (mine := Address(kind.name, within + named)) not in self.taken:
            return mine
        name = free_name(live, _title(live, spec), lambda one: Address(kind.name, within + one) in self.taken)
        return Address(kind.name, within + name)


def _without(spec: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in spec.items() if key != name}


def after(spec: Mapping[str, object], name: str, new: str, value: object) -> dict[str, object]:
    """The fields with a new one behind another."""
    rows = list(spec.items())
    at = next(index for index, (key, _) in enumerate(rows) if key == name)
    return dict([*rows[: at + 1], (new, value), *rows[at + 1 :]])


def _title(live: LiveObject, spec: Mapping[str, object]) -> str:
    """What an object could be called: what has no name is called by what it belongs to."""
    if "name" in live.fields:
        return called(live)
    named = [spec.get(one) for one in ("integration", "connection", "customer", "email")]
    return " ".join(str(one) for one in named if one) or called(live)


def _objects(kind: Kind, live: Live) -> Iterator[LiveObject]:
    """The objects of a kind; of listings those of the newest versions, since all others are past."""
    found = live.objects.get(kind.name, ())
    if kind.name != LISTING:
        yield from found
        return
    named = (named_release(one)[0] for one in live.objects.get("Integration", ()))
    newest = {version.id for version in named if version}
    yield from (one for one in found if one.id in newest)


def _why_not(kind: Kind, live: LiveObject, project: str) -> str:
    """Why an object is not this project's to declare; empty where it may be."""
    marks = marks_in(live.labels, kind.name) or [one for one in [live.facts.mark] if one]
    if marks and all(project_of(one) != project.lower() for one in marks):
        return f'it belongs to another project: it bears the mark "{marks[0]}"'
    return ""


def _clashing(kind: Kind, tells: Tells, objects: list[LiveObject], project: str) -> dict[str, str]:
    """The objects that nothing but a mark tells apart from others, by id, with what they share."""
    bare = [one for one in objects if kind.name != LISTING and not _is_ours(kind, one, project)]
    free = [one for one in bare if not marks_in(one.labels, kind.name)]
    found: dict[str, str] = {}
    for name in tells.key_names:
        rivals = bare if kind.adoptable(name) or not kind.marked else free
        keys = {one.id: kind.live_key(one, name) for one in rivals}
        counts = Counter(keys.values())
        for object_id, value in keys.items():
            if counts[value] > 1 and _says_something(value):
                found[object_id] = f"it has the same {name} as {counts[value] - 1} more: give each its own"
    return found


def _is_ours(kind: Kind, live: LiveObject, project: str) -> bool:
    return kind.marked and owned_name(live.labels, project, kind.name) is not None


def _says_something(value: object) -> bool:
    return any(value) if isinstance(value, tuple) else bool(value)
