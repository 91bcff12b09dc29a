"""How an integration is offered in the marketplace: each version has a listing of its own, and whether a new
one takes it over from the version before is not certain (api notes: "Marketplace"). So it is written again.

A run may end between the publish and that. So the draft's metadata says from before the publish whose listing
the release is to have, until it was written; a listing that somebody has given it meanwhile stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.kinds.integration.draft import published_version, release_of
from reconciler.kinds.integration.facts import (
    IntegrationNotes,
    facts_of,
    notes_of,
)
from reconciler.kinds.integration.node import IntegrationNode
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.nodes import known
from reconciler.kinds.protocol import Request
from reconciler.model.state import LiveObject, Version

LISTING = "listing"
"""The step that writes it, and what the metadata calls what is still to be written."""
_HIDDEN = "NOT_AVAILABLE_IN_MARKETPLACE"


def listing_shown(shown: IntegrationNode) -> Mapping[str, object] | None:
    """The listing of a version as it is written; None where the answer does not show it."""
    offered = known(shown.marketplace_configuration)
    if offered is None:
        return None
    tabs = known(shown.marketplace_tab_configuration)
    multiple = bool(known(shown.allow_multiple_marketplace_instances))
    return {
        "marketplaceConfiguration": offered,
        "overview": known(shown.overview) or "",
        **({"allowMultipleMarketplaceInstances": True} if multiple else {}),
        **({"marketplaceTabConfiguration": json.dumps(tabs)} if tabs else {}),
    }


def listing_to_read(request: Request) -> Version | None:
    """The version before the one that is to be published, while nobody knows how it is offered. Where a run
    ended before the release was offered like it, that one, and then the release itself.
    """
    live = request.live
    if live is None or not live.versions or not release_of(request.resource):
        return None
    version, notes = published_version(request), notes_of(live)
    if version is None:
        return live.versions[0] if notes.listing is None else None
    before = _before(live, release_of(request.resource))
    if before is None or notes.listing is None:
        return before
    return version if notes.shown is None and is_listed(request) else None


def is_listed(request: Request) -> bool:
    """Whether there is anything in that listing to go on with."""
    listing = notes_of(request.live).listing if request.live else None
    return listing is not None and not _is_bare(listing)


def is_unlisted(request: Request) -> bool:
    """Whether a run published the release, and ended before it offered it: nobody has done so since."""
    live = request.live
    if live is None or _before(live, release_of(request.resource)) is None:
        return False
    shown = notes_of(live).shown
    return is_listed(request) and shown is not None and _is_bare(shown)


def heard(live: LiveObject, listing: Mapping[str, object] | None) -> IntegrationNotes:
    """What a run knows once it asked how a version is offered: first the one whose listing goes on."""
    notes = notes_of(live)
    if notes.listing is None:
        return replace(notes, listing=listing or {})
    return replace(notes, shown=listing or {})


def to_be_listed(request: Request, names: Mapping[str, str]) -> dict[str, object]:
    """What the metadata is to say of it. `names` are given to versions by the same call."""
    live, release = request.live, release_of(request.resource)
    assert live is not None
    shown = notes_of(live).shown
    if not release or notes_of(live).listed or (shown is not None and not _is_bare(shown)):
        return {}
    if release not in names and published_version(request) is None:
        return {LISTING: {release: live.versions[0].id}} if is_listed(request) else {}
    known = facts_of(live).unlisted
    return {LISTING: dict(known)} if release in known else {}


def is_to_be_noted(request: Request) -> bool:
    """Whether the metadata does not say so yet."""
    assert request.live is not None
    return to_be_listed(request, {}).get(LISTING, {}) != facts_of(request.live).unlisted


def _before(live: LiveObject, release: str) -> Version | None:
    """The version whose listing a published release was to have."""
    wanted = facts_of(live).unlisted.get(release)
    return next((one for one in live.versions if one.id == wanted), None)


def _is_bare(listing: Mapping[str, object]) -> bool:
    """Whether a version is offered as one that nobody has offered yet."""
    return listing.get("marketplaceConfiguration", _HIDDEN) == _HIDDEN and not listing.get("overview")


def listing_update(request: Request) -> dict[str, object]:
    """The input that gives it to the version that was published."""
    assert request.live is not None
    version = find_release(request.live, request.resource.fields["release"])
    return {"id": version.id if version else "", **(notes_of(request.live).listing or {})}
