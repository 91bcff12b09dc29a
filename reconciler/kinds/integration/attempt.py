"""A first release that a run is about to publish, noted in the draft's metadata from before the call.

Whether a tenant keeps the attributes of a version is seen only once there is one. Where it does not, and the
run ends before it gave the version its name, people may publish on top of it: the note tells which versions
came to be since, and so where to look for ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.integration.draft import is_made_from_manifest, published_version, release_of
from reconciler.kinds.integration.facts import facts_of
from reconciler.kinds.integration.release import to_be_named
from reconciler.kinds.protocol import Request

PUBLISHING = "publishing"


def attempt(request: Request, names: Mapping[str, str]) -> dict[str, object]:
    """What the metadata is to say of it: the release, with the newest version before it. `names` are given to
    versions by the same call.
    """
    live, release = request.live, release_of(request.resource)
    if live is None or not release or release in names or published_version(request) is not None:
        return {}
    if facts_of(live).dropped or any(version.release for version in live.versions):
        return {}  # its name stands below the comment, or the tenant keeps attributes
    if any(is_made_from_manifest(request, one) is not False for one in to_be_named(live, release)):
        return {}  # it may be published already, by hand, and only lack the name
    newest = live.versions[0].id if live.versions else ""
    return {PUBLISHING: {release: facts_of(live).publishing.get(release, newest)}}


def is_noted(request: Request) -> bool:
    """Whether the metadata says so already, or need not."""
    live = request.live
    wanted = attempt(request, {})
    return live is None or not wanted or wanted[PUBLISHING] == facts_of(live).publishing
