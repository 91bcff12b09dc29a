"""`promote`: rewrites the releases in git so that one environment asks for what another one runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.kinds.integration.draft import sent_digest
from reconciler.manifests.edit import Scalar, YamlFile
from reconciler.manifests.load import load
from reconciler.manifests.releases import LATEST
from reconciler.model.address import Address
from reconciler.model.diagnostic import Source
from reconciler.model.errors import InvalidInput, ReconcilerError, Refused
from reconciler.model.plan import Refusal
from reconciler.model.state import Desired, Resource
from reconciler.plan.match import match
from reconciler.verbs.replacing import replace_file
from reconciler.verbs.running import Running, running
from reconciler.verbs.session import Session, connect, load_desired

_PROMOTED = ("Integration", "Instance")
_RELEASE = "spec.release"
_VARIABLE = re.compile(r"([^$]*)\$\{\s*var\.([^{}\s]+)\s*\}([^$]*)")


class Edit(Struct, frozen=True):
    """One scalar of a file that is to say another release, and for which addresses."""

    source: Source
    addresses: tuple[str, ...]
    before: str
    after: str
    variable: str = ""
    """The variable of the environment that holds it; empty where it stands in the manifest itself."""


class Spot(Struct, frozen=True):
    """Where a release is written out, what stands there, and what is to."""

    source: Source
    before: str
    after: str
    variable: str = ""


class Change(Struct, frozen=True):
    """One file, as it is and as it is to be."""

    file: str
    path: Path
    before: bytes
    after: bytes


class Promotion(Struct, frozen=True):
    """What is to be rewritten so that `target` asks for what `origin` runs. Without edits nothing is."""

    origin: str
    target: str
    edits: tuple[Edit, ...]
    files: tuple[Change, ...]
    notes: tuple[str, ...]


async def promote(origin: Session, target: Session) -> Promotion:
    """Reads what runs in `origin`'s tenant, and works out the edits. Writes nothing, and asks `target`'s
    tenant nothing.

    Raises InvalidInput, Refused where something that runs must not be passed on, and what reading raises.
    """
    from reconciler.live.fetch import fetch

    if origin.environment.name == target.environment.name:
        hint = "name two: reconciler promote FROM TO"
        raise InvalidInput.of("same-environment", "an environment cannot be promoted to itself", hint=hint)
    here, _ = load_desired(origin)
    there, _ = load_desired(target)
    async with connect(origin, read_only=True) as client:
        matched = match(here, await fetch(client))
    owned = {a: live for a, live in matched.objects.items() if a not in matched.adopting}
    work = _Work(target, here, there, running(here, owned))
    for resource in there.resources.values():
        work.look_at(resource)
    return work.result()


def write(promotion: Promotion) -> None:
    """Puts the new texts in place, each at once. Raises ReconcilerError, also where a file was changed since
    it was read.
    """
    for change in promotion.files:
        try:
            if change.path.read_bytes() != change.before:
                raise ReconcilerError(f"{change.file} was changed meanwhile", hint="run promote again")
            replace_file(change.path.resolve(), change.after)
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise ReconcilerError(
                f"{change.file} cannot be written: {reason}", hint="make it writable, and run promote again"
            ) from error


class _Work(Struct):
    """The edits in the making."""

    target: Session
    here: Desired
    there: Desired
    found: Running
    edits: dict[Source, Edit] = {}
    files: dict[str, YamlFile] = {}
    refusals: list[Refusal] = []
    notes: list[str] = []
    moved: dict[Address, str] = {}

    def look_at(self, resource: Resource) -> None:
        """One resource of the environment that is to change."""
        address, source = resource.address, resource.positions.get(_RELEASE)
        if "version" in resource.fields and resource.kind == "Instance":
            self.notes.append(
                f"{address} is left alone: it asks for a version's number, which does not travel"
            )
        if source is None:
            return
        scalar = self._file(source.file).scalar(source)
        if scalar is not None and scalar.value == LATEST:
            return  # it follows its integration
        if resource.kind not in _PROMOTED:
            self.notes.append(f"{address} is left alone: it names a release itself")
            return
        refusals, wanted = self._wanted(resource)
        if not wanted:
            self.refusals += refusals
            return
        spot = self._spot(source, scalar, wanted)
        if wanted != resource.fields["release"]:
            self.moved[address] = wanted
            self.refusals += refusals
            self._check(resource, source, spot, wanted)
        if spot is not None:  # also where nothing changes: it must not be made to say something else
            self._put(spot, str(address))

    def result(self) -> Promotion:
        """All of it. Raises Refused, and InvalidInput where the manifests would not be right any more."""
        by_file: dict[str, dict[Source, str]] = {}
        edits = [edit for edit in self.edits.values() if edit.before != edit.after]
        if edits:
            self._look_ahead({edit.variable: edit.after for edit in edits if edit.variable})
        if self.refusals:
            raise Refused(list(dict.fromkeys(self.refusals)))
        for edit in edits:
            by_file.setdefault(edit.source.file, {})[edit.source] = edit.after
        files = [
            Change(name, file.path, file.data, file.edited(by_file[name]))
            for name, file in sorted(self.files.items())
            if name in by_file
        ]
        names = self.here.environment, self.there.environment
        notes = tuple(dict.fromkeys(self.notes))
        return Promotion(*names, tuple(sorted(edits, key=lambda e: e.source)), tuple(files), notes)

    def _wanted(self, resource: Resource) -> tuple[list[Refusal], str]:
        """What runs at the same address; for one more member of a set, what all members run. With it, why it
        must not be passed on.
        """
        address, found = resource.address, self.found
        alike = [address] if address in self.here.resources else self._members(resource)
        releases = {found.releases[one] for one in alike if one in found.releases}
        refusals = [refusal for one in alike for refusal in found.refusals.get(one, ())]
        if len(releases) == 1:
            return refusals, releases.pop()
        if not refusals:
            what = "runs several releases of it" if releases else "runs nothing of it"
            self.notes.append(f"{address} is left alone: {self.here.environment} {what}")
        return refusals, ""

    def _members(self, resource: Resource) -> Sequence[Address]:
        """The instances of the same set in the environment that is looked at: those for which the release
        stands where this one's does, if there are any, since overrides have releases of their own.
        """
        if not self._is_set(resource):
            return []
        members = [
            one
            for one in self.here.resources.values()
            if one.address.leaf == resource.address.leaf
            and one.kind == resource.kind
            and one.fields["integration"] == resource.fields["integration"]
        ]
        place = resource.positions.get(_RELEASE)
        alike = [one for one in members if one.positions.get(_RELEASE) == place]
        return [one.address for one in alike or members]

    def _is_set(self, resource: Resource) -> bool:
        documents = self._file(resource.source.file).documents
        return any(d.source() == resource.source and d.value.get("kind") == "InstanceSet" for d in documents)

    def _spot(self, source: Source, scalar: Scalar | None, wanted: str) -> Spot | None:
        """Where the release is written out: at `source`, or in the environment's variable of which it is made
        there. None where it cannot be rewritten for this environment alone, or not so.
        """
        hole = _VARIABLE.fullmatch(scalar.value) if scalar else None
        if scalar is None or hole is None:
            return None if scalar is None or "${" in scalar.value else Spot(source, scalar.value, wanted)
        before, name, after = hole.groups()
        file = self._file(self.target.project.file.name)
        (document,) = file.documents
        place, other = (
            document.source(("spec", "environments", one.environment, "variables", name))
            for one in (self.there, self.here)
        )
        value, found = wanted.removeprefix(before).removesuffix(after), file.scalar(place)
        if found is None or place == other or f"{before}{value}{after}" != wanted:
            return None
        return Spot(place, found.value, value, name)

    def _check(self, resource: Resource, source: Source, spot: Spot | None, wanted: str) -> None:
        """Refuses what cannot be promoted by rewriting, and what would be another thing of the same name."""
        address, here = resource.address, self.here.environment
        if spot is None:
            message = f"the release of {address} at {source} cannot be rewritten: it is not written out"
            name = f"a plain value in {self.there.environment}'s variables"
            hint = f"write it as text, or as one ${{var.NAME}} that has {name}"
            self._refuse("not-editable", message, address, hint)
        elif not spot.variable and source in self._places_of_both():
            asked = resource.fields["release"]
            message = f"{here} runs release {wanted} of {address}, and {source} asks both for {asked}"
            hint = f"bring {here} up to date, or let them differ: release: ${{var.NAME}}"
            self._refuse("shared-release", message, address, hint)

    def _places_of_both(self) -> set[Source | None]:
        return {one.positions.get(_RELEASE) for one in self.here.resources.values()}

    def _put(self, spot: Spot, address: str) -> None:
        known = self.edits.get(spot.source)
        if known is not None and known.after != spot.after:
            message = (
                f"{spot.source} would have to say {known.after} for {known.addresses[0]}, and {spot.after} "
                f"for {address}"
            )
            hint = "let them have releases of their own: in a set, in its overrides"
            self.refusals.append(Refusal("releases-differ", message, address, hint))
            return
        addresses = (*known.addresses, address) if known else (address,)
        self.edits[spot.source] = Edit(spot.source, addresses, spot.before, spot.after, spot.variable)

    def _look_ahead(self, variables: Mapping[str, str]) -> None:
        """What the manifests will say with these variables: of definitions, whose paths may hold a variable,
        and of all else for which one stands.
        """
        session, where = self.target, self.there.environment
        after, problems = load(
            session.project, where, environ=session.environ, resolve_secrets=False, variables=variables
        )
        if errors := [problem for problem in problems if problem.severity == "error"]:
            raise InvalidInput(errors)
        for address, resource in after.resources.items():
            before = self.there.resources.get(address)
            others = {n for n, v in resource.fields.items() if before is None or before.fields.get(n) != v}
            if address.kind == "Integration" and address in self.moved:
                self._check_definition(resource, self.moved[address])
                others.discard("definition")
            if others := others - {"release"}:
                names = ", ".join(sorted(others))
                self.notes.append(f"{address} changes, too, since it uses the same variable: {names}")
            if address.kind == "Instance" and address in self.moved:
                self._check_published(resource)

    def _check_published(self, resource: Resource) -> None:
        integration, release = resource.fields["integration"], self.moved[resource.address]
        published = self.moved.get(integration, self.there.resources[integration].fields.get("release"))
        if release != published:
            self.notes.append(
                f"{resource.address} will ask for {release}, which {self.there.environment} must have "
                "published before"
            )

    def _check_definition(self, resource: Resource, release: str) -> None:
        """What git would publish under the release's name must be what runs under it."""
        version, here = self.found.versions[resource.address], self.here.environment
        if not version.definition:
            self.notes.append(f"whether {here} runs just what git would publish as {release}, nobody knows")
        elif version.definition != sent_digest(resource):
            message = (
                f"{here} runs release {release} of {resource.address}, which was published from another "
                f"definition than {resource.fields['definition'].file}"
            )
            hint = f"promote from the commit that {here} was applied from"
            self._refuse("definition-differs", message, resource.address, hint)

    def _refuse(self, code: str, message: str, address: Address, hint: str) -> None:
        self.refusals.append(Refusal(code, message, str(address), hint))

    def _file(self, name: str) -> YamlFile:
        if name not in self.files:
            project = self.target.project
            path = project.file if name == project.file.name else project.root / name
            self.files[name] = YamlFile.open(path, name)
        return self.files[name]
