"""What one environment has otherwise than the others that share its manifests: a value becomes a variable,
what no variable can say a manifest of its own, and nothing changes for the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.integration.told import definition_told, named_release, newest_components
from reconciler.kinds.table.marks import is_protected
from reconciler.kinds.telling import Untellable
from reconciler.manifests.holes import takes_text
from reconciler.model.address import Address
from reconciler.model.state import LiveObject, Resource
from reconciler.pull.definitions import written
from reconciler.pull.files import free_path
from reconciler.pull.fitting import fitting
from reconciler.pull.known import Difference, Kept, Work, is_of_set, is_withheld, with_said
from reconciler.pull.layout import relative
from reconciler.pull.members import alone, for_these
from reconciler.pull.objects import after
from reconciler.pull.past import ABSENT
from reconciler.pull.published import Newer
from reconciler.pull.rewrite import NotRewritable, with_value
from reconciler.pull.text import Gap, Writer
from reconciler.yaml12.text import only_map, parse

_METADATA = ("metadata", "environments")


class Environments(Struct, frozen=True):
    """The environment that is pulled, and the others of the project, with the texts of their variables.
    `is_new` says that nothing of this one was ever pulled or applied. `file` is the project file.
    """

    here: str
    others: tuple[str, ...]
    is_new: bool
    file: str
    variables: Mapping[str, Mapping[str, str]]


class Sharing(Struct):
    """The manifests that several environments share, and what becomes of them."""

    work: Work
    environments: Environments
    inputs: Inputs
    schema: Callable[[str], str]
    is_there: Callable[[str], bool]
    gaps: list[Gap] = []
    _variables: dict[str, tuple[str, str]] = {}
    _here: dict[object, Definition] = {}
    """The definitions of the integrations that are otherwise here."""
    _split: set[Address] = set()

    def is_shared(self, resource: Resource) -> bool:
        """Whether another environment reads the same manifest, which is of one resource."""
        others = bool(self.environments.others) and bool(self._others(resource))
        return others and not self._is_of_set(resource)

    def is_in_shared_set(self, resource: Resource) -> bool:
        """Whether a set says it of another environment's instance, too."""
        others = bool(self.environments.others) and bool(self._others_with(resource))
        return others and self._is_of_set(resource)

    def _is_of_set(self, resource: Resource) -> bool:
        return is_of_set(self._text(resource), resource.source)

    def _others_with(self, resource: Resource) -> list[str]:
        """The other environments that read the manifest of a resource, and that of its customer."""
        customer = self.work.matched.desired.resources.get(resource.fields.get("customer", resource.address))
        there = self._others(customer) if customer is not None else self.environments.others
        return [one for one in self._others(resource) if one in there]

    def integration(self, one: Newer | None, resource: Resource, told: Mapping[str, object]) -> None:
        """What an integration has published here, where that is not what git's manifest publishes: another
        definition makes a manifest of its own, another name of the release a variable.
        """
        live, ours = self.work.matched.objects[resource.address], resource.fields.get("definition")
        if not isinstance(ours, Definition) or "definition" in resource.ignore:
            return
        if one is None and not self.environments.is_new and resource.fields.get("release"):
            return
        try:
            other = _differ(resource, ours, definition_told(live))
        except Untellable as error:
            self.work.found.kept.append(Kept(resource.address, "definition", str(error)))
            return
        if ours.component is not None:
            if other:
                self.work.found.kept.append(Kept(resource.address, "definition", "it is made by a bundle"))
            return
        said, release = resource.fields.get("release"), told.get("release")
        available = bool(told.get("available", True))
        other |= bool(release) and resource.fields.get("available", available) != available
        if other or (said and not release):
            self._here[resource.address] = definition_told(self.work.matched.objects[resource.address])
            self._apart(resource, told)
        elif said and find_release(live, str(said)) != named_release(live)[0]:
            place = ("spec", "release")
            self.write(resource, told, [Difference(resource, place, release)])

    def instances(self, told: Mapping[Address, Mapping[str, object]]) -> None:
        """Gives a manifest of its own to each instance that speaks of what only the others define."""
        for address in told:
            resource = self.work.matched.desired.resources[address]
            definition = self._here.get(resource.fields.get("integration"))
            if definition is None or address.kind != "Instance" or not self.is_shared(resource):
                continue
            unknown = {*resource.fields.get("config", {})} - {*definition.variables}
            unknown |= {*resource.fields.get("flows", {})} - definition.flow_names
            if unknown:
                self._apart(resource, told[address])

    def write(
        self, resource: Resource, told: Mapping[str, object], differences: Iterable[Difference]
    ) -> None:
        """What is otherwise here, as variables; where one of them cannot be one, as a manifest of its own.
        What an instance of a set has otherwise stays as it is then.
        """
        found = list(differences)
        if resource.address in self._split or not found:
            return
        if self._is_of_set(resource):
            self._overridden(found)
            return
        texts = dict(self.work.found.texts)
        try:
            for one in found:
                self._as_variable(one)
        except NotRewritable:
            self.work.found.texts = texts
            self._apart(resource, told)

    def _overridden(self, differences: Iterable[Difference]) -> None:
        """What an instance of a set has otherwise here, as overrides with variables."""
        for one in differences:
            try:
                self._as_variable(one)
            except NotRewritable as error:
                shared = "it stands in a set that other environments share"
                self.work.found.open_.add(one.resource.source.file)
                self.work.found.kept.append(Kept(one.resource.address, one.path, f"{shared}: {error}"))

    def leave_out(self, absent: Collection[Resource], *, prune: bool) -> None:
        """Says of what is not in this tenant that it is the other environments' alone."""
        here, known = self.environments.here, self.work.found
        for resource in absent:
            if not (self.environments.is_new or prune):
                why = f'it is not in "{here}": --prune says so in metadata.environments'
                known.kept.append(Kept(resource.address, "", why))
                continue
            self._limit(resource)

    def shared_absent(self, about: Callable[[Resource], bool]) -> list[Resource]:
        """The resources that other environments share and this tenant does not have. Of a set it is one of
        them, where none is there.
        """
        matched = self.work.matched
        found: list[Resource] = []
        sets: dict[tuple[str, int], list[Resource]] = {}
        for address, one in matched.desired.resources.items():
            if one.part_of is not None or not self.environments.others or not self._others(one):
                continue
            if self._is_of_set(one):
                sets.setdefault((one.source.file, one.source.line), []).append(one)
            elif self._is_absent(address) and about(one):
                found.append(one)
        for made in sets.values():
            if all(self._is_absent(one.address) and about(one) for one in made):
                found.append(made[0])
        return found

    def members(self, about: Callable[[Resource], bool], *, prune: bool) -> None:
        """What becomes of sets of which this tenant has some instances only: others keep theirs, and one of
        those that are there is this environment's alone.
        """
        for made in self._made_together():
            gone = [one for one in made if self._is_absent(one.address) and not self._is_customer_absent(one)]
            there = [one for one in made if not self._is_absent(one.address)]
            if not (gone and there and all(map(about, made)) and self._is_of_set(there[0])):
                continue
            shared, address = bool(self._others(made[0])), Address("InstanceSet", made[0].address.leaf)
            if prune or (shared and self.environments.is_new):
                self._fewer(address, there, gone, shared=shared)
                continue
            why = f"it is not in the tenant: --prune takes its customer out of {address}"
            self.work.found.kept += [Kept(one.address, "", why) for one in gone]

    def _fewer(
        self, address: Address, there: Sequence[Resource], gone: Sequence[Resource], *, shared: bool
    ) -> None:
        """The set for fewer customers: where others share it, in a file of its own."""
        file, line, found = there[0].source.file, there[0].source.line, self.work.found
        stay, left = ({one.fields["customer"].name for one in some} for some in (there, gone))
        try:
            text = alone(self._text(there[0])) if shared else self._text(there[0])
            new = for_these(text, line, stay, left)
            if shared:
                new = with_value(new, line, _METADATA, [self.environments.here])
        except NotRewritable as error:
            found.kept.append(Kept(address, "customers", f"{gone[0].address} is not in the tenant: {error}"))
            return
        if not shared:
            found.texts[file] = new
        elif self._limit(there[0]):
            found.texts[free_path(_beside(file, self.environments.here), self._is_taken)] = new

    def _made_together(self) -> Iterable[list[Resource]]:
        """The instances of each manifest that has more than one."""
        found: dict[tuple[str, int], list[Resource]] = {}
        for one in self.work.matched.desired.resources.values():
            if one.kind == "Instance" and one.part_of is None:
                found.setdefault((one.source.file, one.source.line), []).append(one)
        return (some for some in found.values() if len(some) > 1)

    def _is_customer_absent(self, resource: Resource) -> bool:
        return self._is_absent(resource.fields["customer"])

    def _is_absent(self, address: Address) -> bool:
        matched = self.work.matched
        unknown = address in matched.unclear or address in matched.odd
        return address not in matched.objects and not unknown and address.kind not in matched.live.unread

    def _others(self, resource: Resource) -> list[str]:
        """The other environments that read the manifest of a resource."""
        documents, _ = parse(self._text(resource), "")
        known = [one.value for one in documents if one.source().line <= resource.source.line and one.value]
        metadata = known[-1].get("metadata") if known else None
        named = metadata.get("environments") if isinstance(metadata, Mapping) else None
        return [one for one in self.environments.others if named is None or one in named]

    def _text(self, resource: Resource) -> str:
        file = resource.source.file
        return self.work.found.texts.get(file) or self.work.files.read(file)

    def _as_variable(self, one: Difference) -> None:
        """Puts a variable in the place of a value, and both values into the project file."""
        resource, found, all_ = one.resource, self.work.found, self.environments
        text = self._text(resource)
        ours = self.work.reader.value(text, resource.address, one.place)
        is_gone = one.change is not None and one.change.before is None
        if is_withheld(one.value) or ours is ABSENT or is_gone:
            raise NotRewritable("it is not told")
        sides = _text_of(resource.kind, one.place, ours), _text_of(resource.kind, one.place, one.value)
        name = self._name(resource.address, one.place[-1], sides)
        new = with_said(text, resource, one.place, f"${{var.{name}}}")
        project = found.texts.get(all_.file) or self.work.files.read(all_.file)
        for environment in (*self._others_with(resource), all_.here):
            value = sides[1] if environment == all_.here else sides[0]
            if all_.variables.get(environment, {}).get(name) != value:
                place = ("spec", "environments", environment, "variables", name)
                project = with_value(project, 1, place, value)
        found.texts[resource.source.file], found.texts[all_.file] = new, project

    def _name(self, address: Address, key: str, sides: tuple[str, str]) -> str:
        """What a variable is called: by what it is, where that is free; else by what it belongs to, too."""
        taken = {name for one in self.environments.variables.values() for name in one}
        first, number = _camel(key), 1
        names = [first, _camel(f"{address.leaf} {key}"), _camel(f"{address.name} {key}")]
        for name in names:
            if self._variables.get(name) == sides or (name not in self._variables and name not in taken):
                self._variables[name] = sides
                return name
        while (name := f"{names[-1]}{number}") in self._variables or name in taken:
            number += 1
        self._variables[name] = sides
        return name

    def _apart(self, resource: Resource, told: Mapping[str, object]) -> None:
        """Gives this environment a manifest of its own beside that of the others."""
        live, found, here = (
            self.work.matched.objects[resource.address],
            self.work.found,
            self.environments.here,
        )
        metadata = dict(self.work.reader.document(self._text(resource), resource.address) or {})["metadata"]
        try:
            spec, beside = self._told(resource, live, told)
        except Untellable as error:
            found.kept.append(Kept(resource.address, "", str(error)))
            return
        if not self._limit(resource):
            return
        path = free_path(_beside(resource.source.file, here), self._is_taken)
        if beside:
            file, text = beside
            found.texts[file] = text
            spec["definition"] = relative(file, path)
        writer = Writer(resource.address)
        more = {key: one for key, one in metadata.items() if key not in ("name", "protect")}
        found.texts[path] = writer.manifest(
            spec,
            relative(self.schema(resource.kind), path),
            protect=is_protected(live),
            more={**more, "environments": [here]},
        )
        self.gaps += writer.gaps
        self._split.add(resource.address)

    def _told(
        self, resource: Resource, live: LiveObject, told: Mapping[str, object]
    ) -> tuple[dict[str, object], tuple[str, str] | None]:
        """The spec of a manifest of this environment alone, and the file of its definition."""
        spec, ours = dict(told), resource.fields.get("definition")
        if isinstance(config := spec.get("config"), Mapping):
            spec |= {"config": self._fitting(resource, spec, config)}
        if "definition" not in spec or not isinstance(ours, Definition):
            return spec, None
        file = written(definition_told(live), newest_components(live), self.inputs)
        path = free_path(_beside(ours.file, self.environments.here), self._is_taken)
        if file.secrets:
            spec = after(spec, "definition", "definitionSecrets", file.secrets)
        return spec, (path, file.text)

    def _fitting(
        self, resource: Resource, spec: Mapping[str, object], config: Mapping[str, object]
    ) -> Mapping[str, object]:
        """The config of an instance that runs what its integration's manifest publishes: it is checked."""
        integration = self.work.matched.objects.get(resource.fields.get("integration", resource.address))
        if integration is None or integration.kind != "Integration":
            return config
        is_checked = named_release(integration)[1] == spec.get("release")
        return fitting(config, definition_told(integration)) if is_checked else config

    def _is_taken(self, path: str) -> bool:
        return path in self.work.found.texts or self.is_there(path)

    def _limit(self, resource: Resource) -> bool:
        """Leaves a manifest to the other environments; whether that could be written."""
        file, line, found = resource.source.file, resource.source.line, self.work.found
        try:
            others = self._others(resource)
            found.texts[file] = with_value(self._text(resource), line, _METADATA, others)
        except NotRewritable as error:
            found.kept.append(Kept(resource.address, "metadata.environments", str(error)))
            return False
        return True


def variables_of(project: str) -> Mapping[str, Mapping[str, str]]:
    """The names of the variables of all environments, by the text of a project file."""
    spec = (only_map(project) or {}).get("spec")
    environments = spec.get("environments") if isinstance(spec, Mapping) else None
    found: dict[str, Mapping[str, str]] = {}
    for name, body in environments.items() if isinstance(environments, Mapping) else ():
        variables = body.get("variables") if isinstance(body, Mapping) else None
        found[name] = variables if isinstance(variables, Mapping) else {}
    return found


def _differ(resource: Resource, ours: Definition, theirs: Definition) -> bool:
    """Whether two definitions say otherwise, in what the manifest leaves to them."""
    own = [one for one in ("name", "description", "category") if f"spec.{one}" not in resource.positions]
    if any(ours.own_fields.get(one, "") != theirs.own_fields.get(one, "") for one in own):
        return True
    labels = "spec.labels" not in resource.positions and (ours.own_labels or ()) != (theirs.own_labels or ())
    return labels or not ours.same(theirs)


def _text_of(kind: str, place: tuple[str, ...], value: object) -> str:
    """A value as a variable says it. Raises NotRewritable where none can."""
    if isinstance(value, str) and (takes_text(kind.lower(), place) or place[1] == "config"):
        if "${" in value.replace("$${", ""):
            raise NotRewritable("it comes from a variable")
        return value.replace("$${", "${")
    if isinstance(value, bool | int) and not takes_text(kind.lower(), place):
        return str(value).lower()
    raise NotRewritable("no variable can say it")


def _beside(file: str, environment: str) -> str:
    stem, dot, end = file.rpartition(".")
    return f"{stem}.{environment}{dot}{end}"


def _camel(text: str) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
    first, *rest = words or ["value"]
    name = first[:1].lower() + first[1:] + "".join(one[:1].upper() + one[1:] for one in rest)
    return name if not name[0].isdigit() else f"v{name}"
