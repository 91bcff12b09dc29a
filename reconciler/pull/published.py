"""What people made of an integration beside git: a version that they published becomes the release, and its
definition is merged into git's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from reconciler.definition import Definition
from reconciler.definition.meaning import OWN_FIELDS
from reconciler.definition.merging import Conflict, Winner, merged
from reconciler.definition.portable import portable
from reconciler.definition.tree import Tree
from reconciler.definition.withheld import Inputs
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.integration.told import (
    definition_of,
    definition_told,
    named_release,
    newest_components,
    release_name,
    sent_last,
    version_before,
)
from reconciler.kinds.telling import Untellable
from reconciler.manifests.definitions import check
from reconciler.model.address import Address
from reconciler.model.plan import Cause, Change
from reconciler.model.state import LiveObject, Resource, Version
from reconciler.plan.match import Matched
from reconciler.pull.definitions import refused, written
from reconciler.pull.known import BOTH_CHANGED, Kept, Work
from reconciler.pull.past import NOT_KNOWN, Past, Reader, Texts
from reconciler.pull.reworded import reworded
from reconciler.yaml12.text import only_map, parse

_RELEASE = ("spec", "release")
_COMMENT = ("spec", "comment")


class Newer(Struct, frozen=True):
    """A version that people published after the one that git had: None where nobody can tell which that was.
    `asked` says that git still names it.
    """

    resource: Resource
    live: LiveObject
    before: Version | None
    asked: bool


def newer(matched: Matched, files: Texts, chosen: Callable[[Resource], bool]) -> list[Newer]:
    """Those of all integrations."""
    found: list[tuple[Resource, LiveObject, Version | None]] = []
    for address, live in matched.objects.items():
        resource = matched.desired.resources[address]
        if resource.kind == "Integration" and resource.fields.get("release") and chosen(resource):
            found.append((resource, live, find_release(live, resource.fields["release"])))
    pasts = files.pasts({resource.source.file for resource, _, asked in found if asked is None})
    made = []
    for resource, live, asked in found:
        newest, _ = named_release(live)
        names = _names(pasts.get(resource.source.file, Past()), resource.address)
        before = asked or version_before(live, names)
        ignores = "release" in resource.ignore or newest is None
        if not ignores and (before is None or newest is None or newest.number > before.number):
            made.append(Newer(resource, live, before, asked is not None))
    return made


def _names(past: Past, address: Address) -> Iterator[str]:
    """The releases that git asked for before."""
    reader = Reader()
    for text in past.all:
        name = reader.value(text, address, _RELEASE)
        if isinstance(name, str):
            yield name


class Redefining(Struct, frozen=True):
    """The merging of definitions under way, beside the changes of manifests."""

    work: Work
    inputs: Inputs

    def conflicts(self, one: Newer) -> bool:
        """Whether git asks for another release, too, and nobody says who wins. It is noted."""
        if one.asked or self.work.rules.winner is Winner.THEIRS:
            return False
        self.work.found.open_.add(one.resource.source.file)
        if self.work.rules.winner is None:
            before = release_name(one.live, one.before) if one.before else NOT_KNOWN
            said = (before, named_release(one.live)[1], one.resource.fields["release"])
            self.work.found.kept.append(Kept(one.resource.address, "release", BOTH_CHANGED, True, *said))
        return True

    def released(self, one: Newer, told: Mapping[str, object]) -> None:
        """Makes what people published the release, and merges its definition."""
        resource, live = one.resource, one.live
        if not self.conflicts(one):
            self.work.put(resource, _RELEASE, named_release(live)[1])
            if "comment" in told and "comment" in resource.fields:
                self.work.put(resource, _COMMENT, told["comment"])
        base = definition_of(live, one.before) if one.before else None
        self.merge(resource, live, base)

    def drafted(self, resource: Resource, live: LiveObject, changes: Iterable[Change]) -> None:
        """Merges the draft where no version is published from it, and people changed it."""
        causes = {change.cause for change in changes if change.path.startswith("definition")}
        ours = resource.fields.get("definition")
        if resource.fields.get("release") or not causes or not isinstance(ours, Definition):
            return
        if causes == {Cause.PENDING}:
            self.work.found.open_.add(ours.file)
            return
        past = self.work.files.pasts([ours.file]).get(ours.file, Past())
        text = self.work.files.read(ours.file)
        if causes == {Cause.DRIFT} or (causes == {Cause.UNKNOWN} and _is_as_it_was(past, text)):
            self.merge(resource, live, ours)
        elif Cause.BOTH in causes:
            self.merge(resource, live, next(_meaning(past, sent_last(live)), None))
        else:
            self.merge(resource, live, next(_read([past.pulled] if past.pulled is not None else []), None))

    def merge(self, resource: Resource, live: LiveObject, base: Definition | None) -> None:
        """Puts what people changed since `base` into git's definition file; None where it is not known."""
        ours, found, newest = resource.fields.get("definition"), self.work.found, newest_components(live)
        if not isinstance(ours, Definition) or "definition" in resource.ignore:
            return
        if ours.component is not None:
            found.kept.append(Kept(resource.address, "definition", "it is made by a bundle"))
            return
        text = found.texts.get(ours.file) or self.work.files.read(ours.file)
        said = only_map(text)
        try:
            theirs = definition_told(live)
            written(theirs, newest, self.inputs)  # or it is refused
            if said is None:
                raise Untellable("its file cannot be read")
            before = said if base is ours else None
            if base is not None and base is not ours:
                before = portable(base, newest or {}, self.inputs).content
            before = _as_git(resource, before, said) if before is not None else None
            there = _as_git(resource, portable(theirs, newest or {}, self.inputs).content, said)
            result = merged(before, said, there, self.inputs, self.work.rules.winner)
            new = text if result.content == said else reworded(text, result.content)
            if why := refused(new):
                raise Untellable(why)
        except Untellable as error:
            found.open_.add(ours.file)
            found.kept.append(Kept(resource.address, "definition", str(error)))
            return
        if new != text:
            found.texts[ours.file] = new
        if self.work.rules.winner is None:
            found.kept += [_kept(resource.address, one) for one in result.conflicts]
        if result.conflicts or base is not ours:
            found.open_.add(ours.file)


def _as_git(resource: Resource, tree: Tree, said: Tree) -> dict[str, Any]:
    """A tree with git's own text of what the manifest says: there it counts, and is merged there."""
    mine = {name for name in OWN_FIELDS if f"spec.{name}" in resource.positions}
    kept = {name: value for name, value in tree.items() if name not in mine}
    return kept | {name: value for name, value in said.items() if name in mine}


def is_desk_changed(resource: Resource, changes: Iterable[Change]) -> bool:
    """Whether people changed a definition of which only the draft is kept."""
    causes = {change.cause for change in changes if change.path.startswith("definition")}
    return not resource.fields.get("release") and Cause.DRIFT in causes


def _kept(address: Address, one: Conflict) -> Kept:
    before = one.before if one.is_known else NOT_KNOWN
    return Kept(address, one.path, BOTH_CHANGED, True, before, one.theirs, one.ours)


def _is_as_it_was(past: Past, text: str) -> bool:
    """Whether git did not change the file since a pull, or ever."""
    if past.pulled is not None:
        return past.pulled == text
    return past.whole and bool(past.texts) and set(past.texts) == {text}


def _meaning(past: Past, digest: str) -> Iterator[Definition]:
    """The earlier text that means what was sent."""
    return (one for one in _read(past.all) if digest and one.meaning_digest == digest)


def _read(texts: Iterable[str]) -> Iterator[Definition]:
    for text in texts:
        documents, problems = parse(text, "")
        definition = None if problems else check(text, documents, "")[0]
        if definition is not None:
            yield definition
