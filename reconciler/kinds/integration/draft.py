"""A draft beside what git says and what is published: whether git's definition is to be imported into it.

A draft is a person's desk. Where what git's manifest publishes is published already, what stands on the desk
is noted and left there (`draft: leave`), or git's definition is put there all the same (`draft: follow`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definition import Definition
from reconciler.definition.withheld import Inputs
from reconciler.kinds.component import reference
from reconciler.kinds.integration.facts import asked_of, draft_of, facts_of, notes_of
from reconciler.kinds.integration.latest import component_changes
from reconciler.kinds.integration.release import to_be_named, versions_meant
from reconciler.kinds.integration.source import bundle_change
from reconciler.kinds.protocol import Request, ignored, named
from reconciler.model.address import Address
from reconciler.model.plan import Cause, Change
from reconciler.model.refs import InputsRef
from reconciler.model.secret import Secret
from reconciler.model.state import LiveObject, Resource, Version

FOLLOW = "follow"
NAMED = "named"
"""In a baseline, the id of the version that the release is: what would tell that may not be in it."""


class Import(Struct, frozen=True):
    """Whether the definition must be imported, and what differs. Where it differs and is `left`, it stays as
    it is. `resolved` says that only what LATEST means has changed: nobody's words are at stake.
    """

    needed: bool
    changes: tuple[Change, ...] = ()
    left: bool = False
    resolved: bool = False


def release_of(resource: Resource) -> str:
    """The release that the manifest publishes, if any."""
    return "" if ignored(resource, "release") else resource.fields.get("release") or ""


def published_version(request: Request) -> Version | None:
    """The version that the manifest's release is, or that is about to be given its name."""
    live, release = request.live, release_of(request.resource)
    if live is None or not release:
        return None
    found = versions_meant(live, release)
    return found.only if found.versions else _to_be_named(request, live)


def names_to_write(request: Request) -> dict[str, str]:
    """The release's name that is only to be written down, with the id of its version; usually none. The
    newest version bears no name and holds just what the manifest publishes: it was published by hand, or the
    answer to our own publish was lost.
    """
    live, release = request.live, release_of(request.resource)
    if live is None or not release or versions_meant(live, release).versions:
        return {}
    version = _to_be_named(request, live)
    return {release: version.id} if version else {}


def is_a_desk(resource: Resource, live: LiveObject) -> bool:
    """Whether the draft is left to people: what git's manifest publishes bears its name already."""
    release = release_of(resource)
    return resource.fields.get("draft") != FOLLOW and bool(release and versions_meant(live, release).versions)


def import_needed(request: Request) -> Import:
    """Whether git's definition goes into the draft: where it differs, unless a person's desk is all that it
    would change.
    """
    found, is_published = comparison(request), published_version(request) is not None
    if release_of(request.resource) and not is_published:
        moved = component_changes(request)
        changes = (*found.changes, *moved)
        return Import(bool(found.needed or moved), changes, resolved=bool(moved) and not found.needed)
    leaves = is_published and request.resource.fields.get("draft") != FOLLOW
    return replace(found, needed=False, left=True) if found.needed and leaves else found


def comparison(request: Request) -> Import:
    """Compares the manifest's definition with the draft's, with the digests of what was sent and observed.

    The observed digest proves that nobody touched the draft since. Where it no longer fits, the meaning
    decides; versions of components, which the meaning passes over under LATEST, are compared with those
    that were observed.
    """
    wanted, live = _wanted(request.resource), request.live
    if wanted is None:
        return Import(False)
    if live is None:
        return Import(True)
    if notes_of(live).imported:
        # What the server made of the text counts as applied, dropped keys and all.
        return Import(False)
    found = draft_of(live)
    untouched, sent_again = is_ours(live), wanted.meaning_digest in _sent(live)
    if untouched and sent_again:
        return Import(False)
    # Other versions of components under the same text are someone's change. Under a new text they are our
    # own import's, whose record did not come to be written.
    moved = list(_moved_components(live, wanted.key)) if sent_again and not untouched else []
    why = _cause(live, untouched=untouched, sent_again=sent_again)
    package = bundle_change(request, live, why)
    asked, there = wanted.without_version_of(wanted.key), found.without_version_of(wanted.key)
    if asked.same(there) and not moved and package is None:
        return Import(False)
    changes = [package] if package else []
    differing = asked.differences(there, _inputs_of(request))
    changes += [Change(path, before, after, why) for path, before, after in differing]
    changes += [Change(path, now, was, Cause.DRIFT) for path, was, now in moved]
    changes = [
        _veiled(change, request.resource) for change in changes if not ignored(request.resource, change.path)
    ]
    if not changes and found.is_blank != wanted.is_blank:
        changes.append(Change("definition", None, wanted, why))
    return Import(bool(changes), tuple(changes))


def _inputs_of(request: Request) -> Inputs:
    """What the tenant's components call their inputs, as far as it was asked."""

    def inputs(component: str, is_public: bool, action: str) -> Mapping[str, str] | None:
        address = Address("Component", reference(component, is_public))
        found = request.resolve(InputsRef(address, action))
        return found if isinstance(found, Mapping) else None

    return inputs


def _veiled(change: Change, resource: Resource) -> Change:
    """A change of which nothing is told but that it is there, where the manifest calls it sensitive."""
    paths = resource.sensitive
    if not named(change.path, paths) and not any(named(one, [change.path]) for one in paths):
        return change
    before, after = (None if value is None else Secret(str(value)) for value in (change.before, change.after))
    return replace(change, before=before, after=after)


def is_made_from_manifest(request: Request, version: Version) -> bool | None:
    """Whether a published version was made from just what the manifest says; None where that is not known."""
    wanted, live = _wanted(request.resource), request.live
    if wanted is None or live is None:
        return True
    if version.definition == wanted.meaning_digest:
        return True
    read = notes_of(live).read.get(version.id)
    if read is None:
        # Nothing was changed since the newest was published: it is what the draft is.
        return not comparison(request).needed if _is_draft(live, version) else None
    if read.digest == live.applied.get("observed") and live.applied.get("sent") == wanted.meaning_digest:
        return True  # what the server made of the text, dropped keys and all
    there = replace(live, fields={**live.fields, "definition": read})
    asked, found = wanted.without_version_of(wanted.key), read.without_version_of(wanted.key)
    return asked.same(found) and bundle_change(request, there, Cause.UNKNOWN) is None


def to_be_read(request: Request) -> Version | None:
    """The version whose definition decides what a plan says, and is not known yet."""
    live, release = request.live, release_of(request.resource)
    if live is None or not release:
        return None
    found = versions_meant(live, release)
    meant = [found.only] if found.only else []
    for version in meant if found.versions else to_be_named(live, release):
        made = is_made_from_manifest(request, version)
        if made or (made is None and version.id not in notes_of(live).read):
            return None if made else version
    return None


def is_ahead(request: Request, version: Version) -> bool:
    """Whether the draft holds neither what git says nor what was published as `version`."""
    live = request.live
    assert live is not None
    if not comparison(request).needed:
        return False
    read = notes_of(live).read.get(version.id)
    return not (_is_draft(live, version) if read is None else read.same(draft_of(live)))


def sent_digest(resource: Resource) -> str:
    """The digest of what the manifest's definition means; a published version remembers it."""
    wanted = asked_of(resource)
    return wanted.meaning_digest if wanted is not None else ""


def is_ours(live: LiveObject) -> bool:
    """Whether the draft is just as our last import, or our last publish, found it."""
    return bool(_records_of_draft(live))


def _records_of_draft(live: LiveObject) -> list[str]:
    """What was sent, by each record of ours that fits the draft as it is: that of the last import, and those
    of our publishes.
    """
    now = draft_of(live).digest
    records = [(live.applied.get("observed"), live.applied.get("sent", ""))]
    records += [(version.observed, version.definition) for version in live.versions]
    return [sent for observed, sent in records if observed == now]


def _sent(live: LiveObject) -> list[str]:
    """What was sent last, as far as records tell."""
    return _records_of_draft(live) or [live.applied.get("sent", "")]


def _wanted(resource: Resource) -> Definition | None:
    """Git's definition, where it has a say."""
    return None if ignored(resource, "definition") else asked_of(resource)


def _to_be_named(request: Request, live: LiveObject) -> Version | None:
    likely = to_be_named(live, release_of(request.resource))
    if known := request.resource.fields.get(NAMED):
        return next((version for version in likely if version.id == known), None)
    made = (version for version in likely if is_made_from_manifest(request, version))
    # Where git leaves the definition to people, a release is what they have on their desk.
    says = _wanted(request.resource) is not None
    return next((version for version in made if says or _is_draft(live, version)), None)


def _is_draft(live: LiveObject, version: Version) -> bool:
    """Whether the draft is just what was published last, as this version."""
    return live.versions[0].id == version.id and not facts_of(live).has_unpublished_changes


def _cause(live: LiveObject, *, untouched: bool, sent_again: bool) -> Cause:
    if not live.applied.get("observed"):
        return Cause.UNKNOWN
    if untouched:
        return Cause.PENDING
    return Cause.DRIFT if sent_again else Cause.BOTH


def _moved_components(live: LiveObject, own: str) -> Iterator[tuple[str, object, object]]:
    """The components whose versions are not those observed, but for a bundle's own one."""
    before, now = facts_of(live).components, draft_of(live).component_versions
    for key in sorted(before.keys() & now.keys()):
        if key != own and before[key] != now[key]:
            yield f"definition.components[{key}].version", before[key], now[key]
