"""Whether a published version can be chosen, where the manifest leaves that to the tenant.

Some tenants make a version available by themselves, others wait to be told. A run that ends before it told
them leaves a version that looks just like one that a person withdrew. So the draft's metadata names the
release from before it is published until it was seen to be available; where a tenant needed no telling, that
is remembered instead, and nothing of the sort is written any more.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.attempt import attempt, is_noted
from reconciler.kinds.integration.draft import published_version, release_of
from reconciler.kinds.integration.facts import facts_of, notes_of
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Request, ignored
from reconciler.model.state import LiveObject, Version

OWED, PROMPT = "owed", "prompt"


def to_be_remembered(request: Request, names: Mapping[str, str]) -> dict[str, object]:
    """What the metadata is to say of it. `names` are given to versions by the same call."""
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
    if known and is_noted(request):
        return None
    mine = record.recalled(facts_of(live).metadata)
    owed = {} if known else {OWED: release}
    return record.remembering(facts_of(live).metadata, {**mine, **owed, **attempt(request, {})})


def settled(request: Request) -> str | None:
    """The metadata to write once the version that it names was seen to be available."""
    live, release = request.live, release_of(request.resource)
    if live is None or facts_of(live).prompt or not release or facts_of(live).owed != release:
        return None
    version = find_release(live, release)
    return _with(live, _learnt(live)) if version and version.available else None


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
    live = request.live
    if not _is_tenants(request) or (live and facts_of(live).prompt):
        return 0 if updating or is_noted(request) else 1
    return 1 if updating or (live and facts_of(live).owed == release_of(request.resource)) else 2


def _is_tenants(request: Request) -> bool:
    """Whether the manifest publishes a release, and leaves to the tenant whether it can be chosen."""
    resource = request.resource
    says = resource.fields.get("available") is not None or ignored(resource, "available")
    return bool(release_of(resource)) and not says


def _learnt(live: LiveObject) -> dict[str, object]:
    """What this run's publish showed."""
    return {PROMPT: True} if notes_of(live).published and not notes_of(live).told else {}


def _with(live: LiveObject, part: Mapping[str, object]) -> str:
    mine = record.recalled(facts_of(live).metadata)
    kept = {key: value for key, value in mine.items() if key not in (OWED, PROMPT)}
    return record.remembering(facts_of(live).metadata, {**kept, **part})
