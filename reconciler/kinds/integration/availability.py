"""Whether a published version can be chosen, also where the manifest leaves that to the tenant.

Some tenants make a version available by themselves, others wait to be told. A run that ends before it told
them leaves a version that looks just like one that a person withdrew. So the draft's metadata names the
release from before it is published until it was seen to be available; where a tenant needed no telling, that
is remembered instead, and nothing of the sort is written any more.

Whether a run of ours left a release to be chosen tells who changed that since. A version says of itself that
it was published so; what an action changed, or an update found, stands in the draft's metadata.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.attempt import attempt, is_noted
from reconciler.kinds.integration.draft import published_version, release_of
from reconciler.kinds.integration.facts import IntegrationNotes, facts_of, notes_of
from reconciler.kinds.integration.listing import LISTING, is_to_be_noted, to_be_listed
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Request, ignored
from reconciler.kinds.table.secrets import remembered
from reconciler.model.plan import Cause, Verb
from reconciler.model.state import LiveObject, Resource, Version

OWED, PROMPT, OFFERED = "owed", "prompt", "offered"


def to_be_remembered(request: Request, names: Mapping[str, str]) -> dict[str, object]:
    """What the metadata is to say of it. `names` are given to versions by the same call."""
    left = offers(request, names)
    return {**_owing(request, names), **({OFFERED: left} if left else {})}


def _owing(request: Request, names: Mapping[str, str]) -> dict[str, object]:
    live, release = request.live, release_of(request.resource)
    assert live is not None
    if facts_of(live).prompt:
        return {PROMPT: True}
    if _is_tenants(request) and release not in names and published_version(request) is None:
        return {OWED: release}
    owed = facts_of(live).owed
    version = next((v for v in live.versions if v.id == names.get(owed)), None) or find_release(live, owed)
    if not owed or (version and version.available):
        return _learnt(live) if owed else {}
    return {OWED: owed}


def announced(request: Request) -> str | None:
    """The metadata to write before publishing, where an update has not done so."""
    live, release = request.live, release_of(request.resource)
    if live is None:
        return None
    known = facts_of(live).prompt or facts_of(live).owed == release or not _is_tenants(request)
    if known and is_noted(request) and not is_to_be_noted(request):
        return None
    mine = {k: v for k, v in record.recalled(facts_of(live).metadata).items() if k != LISTING}
    owed = {} if known else {OWED: release}
    note = {**owed, **attempt(request, {}), **to_be_listed(request, {})}
    return record.remembering(facts_of(live).metadata, {**mine, **note})


def settled(request: Request, verb: Verb) -> str | None:
    """The metadata to write once the version that it names was seen to be available, or an action made it as
    git says, or offered it.
    """
    live, release = request.live, release_of(request.resource)
    if live is None or not release:
        return None
    version, known = find_release(live, release), facts_of(live)
    left = offers(request, {})
    also = {**({OFFERED: left} if left else {}), **to_be_listed(request, {})}
    if version and version.available and known.owed == release and not known.prompt:
        return _with(live, {**_learnt(live), **also})
    if verb is Verb.AVAILABILITY and (left != known.offered or is_to_be_noted(request)):
        owing = {OWED: known.owed} if known.owed else {PROMPT: True} if known.prompt else {}
        return _with(live, {**owing, **also})
    return None


def noted(known: LiveObject, node: Mapping[str, object]) -> IntegrationNotes:
    """What a run knows once a version was told to be available, or how to be offered, from the answer."""
    notes = notes_of(known)
    return replace(notes, told=True) if "versionIsAvailable" in node else replace(notes, listed=True)


def offers(request: Request, names: Mapping[str, str]) -> dict[str, bool]:
    """Which releases our runs left to be chosen, and which not, as far as their versions do not say so
    themselves. `names` are given to versions by the same call.
    """
    live, release = request.live, release_of(request.resource)
    assert live is not None
    known = dict(facts_of(live).offered)
    named = next((v for v in live.versions if v.id == names.get(release)), None)
    version = named or find_release(live, release)
    if not release or version is None:
        return known
    wanted = stated(request.resource)
    soon = is_owed(request, version) or notes_of(live).published == version.id
    left = version.available or (soon and wanted is not False)
    # While it differs from git's word, no run has left it at all.
    if wanted in (None, left) and _offered(live, version, release) is not left:
        known[release] = left
    return known


def offer(resource: Resource) -> dict[str, object]:
    """What a new version says of it: until an action of its own withdraws it, it can be chosen."""
    return {} if ignored(resource, "available") else {OFFERED: True}


def stated(resource: Resource) -> bool | None:
    """What git says of it; None where that is left to the tenant, or to people."""
    found = None if ignored(resource, "available") else resource.fields.get("available")
    return None if found is None else bool(found)


def why_differs(request: Request, version: Version) -> Cause:
    """Who changed whether a release can be chosen, so that it is not as git says."""
    live = request.live
    assert live is not None
    ours = bool(remembered(request).applied)
    left = _offered(live, version, release_of(request.resource)) if ours else None
    if left is None:
        return Cause.UNKNOWN
    return Cause.PENDING if left is version.available else Cause.DRIFT


def will_be_noted(request: Request, version: Version) -> bool:
    """Whether the action that makes it as git says is followed by a note."""
    live, release = request.live, release_of(request.resource)
    assert live is not None
    return _offered(live, version, release) is not stated(request.resource)


def _offered(live: LiveObject, version: Version, release: str) -> bool | None:
    """Whether a run of ours left it to be chosen; None where nothing tells."""
    return facts_of(live).offered.get(release, True if version.offered else None)


def is_owed(request: Request, version: Version) -> bool:
    """Whether an earlier run published it, and ended before it could be chosen."""
    live = request.live
    return (
        live is not None
        and not version.available
        and _is_tenants(request)
        and facts_of(live).owed == release_of(request.resource)
    )


def not_available(request: Request) -> Version | None:
    """The published version, while instances cannot choose it and the manifest does not say so."""
    live, fields = request.live, request.resource.fields
    version = find_release(live, fields["release"]) if live else None
    if version is None or version.available or ignored(request.resource, "available"):
        return None
    return version if fields.get("available", True) else None


def extra_writes(request: Request, *, updating: bool) -> int:
    """How many calls publishing takes beside its own."""
    before = not updating and announced(request) is not None
    after = _is_tenants(request) and not (request.live and facts_of(request.live).prompt)
    return before + after


def _is_tenants(request: Request) -> bool:
    """Whether the manifest publishes a release, and leaves to the tenant whether it can be chosen."""
    resource = request.resource
    is_left = stated(resource) is None and not ignored(resource, "available")
    return bool(release_of(resource)) and is_left


def _learnt(live: LiveObject) -> dict[str, object]:
    """What this run's publish showed."""
    return {PROMPT: True} if notes_of(live).published and not notes_of(live).told else {}


def _with(live: LiveObject, part: Mapping[str, object]) -> str:
    mine = record.recalled(facts_of(live).metadata)
    kept = {key: value for key, value in mine.items() if key not in (OWED, PROMPT, OFFERED, LISTING)}
    return record.remembering(facts_of(live).metadata, {**kept, **part})
