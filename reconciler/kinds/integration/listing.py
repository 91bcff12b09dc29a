"""How an integration is offered in the marketplace: each version has a listing of its own, and whether a new
one takes it over from the version before is not certain (api notes: "Marketplace"). So it is written again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.kinds.integration.draft import published_version, release_of
from reconciler.kinds.integration.facts import notes_of
from reconciler.kinds.integration.node import IntegrationNode
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.nodes import known
from reconciler.kinds.protocol import Request
from reconciler.model.state import Version

LISTING = "listing"
"""The step that writes it."""
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
    """The version before the one that is to be published, while nobody knows how it is offered."""
    live = request.live
    if live is None or not live.versions or not release_of(request.resource):
        return None
    if published_version(request) is not None or notes_of(live).listing is not None:
        return None
    return live.versions[0]


def is_listed(request: Request) -> bool:
    """Whether there is anything in that listing to go on with."""
    listing = notes_of(request.live).listing if request.live else None
    if not listing:
        return False
    return listing["marketplaceConfiguration"] != _HIDDEN or bool(listing["overview"])


def listing_update(request: Request) -> dict[str, object]:
    """The input that gives it to the version that was published."""
    assert request.live is not None
    version = find_release(request.live, request.resource.fields["release"])
    return {"id": version.id if version else "", **(notes_of(request.live).listing or {})}
