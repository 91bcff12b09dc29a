"""Publishing: what is sent, which version came of it, and whether that is what was asked for."""

from __future__ import annotations

import json
from typing import Any

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.availability import PUBLISHED
from reconciler.kinds.integration.draft import naming, sent_digest
from reconciler.kinds.integration.memory import of_update
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Request, address_of


def publication(request: Request) -> dict[str, Any]:
    """The input of a publish: the manifest's comment, and in the attributes the commit and the release. Where
    the tenant was seen to drop attributes of ours, they stand below the comment, too.
    """
    live, fields = request.live, request.resource.fields
    assert live is not None
    part = {
        "project": request.project,
        "address": address_of(request.resource),
        "release": fields["release"],
        "definition": sent_digest(request.resource),
        "observed": live.fields["definition"].digest,
    }
    comment = fields.get("comment") or ""
    if live.facts.get("dropped"):
        comment = record.joined(comment, part["release"], part["definition"])
    attributes = json.dumps({**request.attributes, record.KEY: part}, sort_keys=True)
    return {"id": live.id, "attributes": attributes, **({"comment": comment} if comment else {})}


def naming_after(request: Request, error: Exception | None) -> dict[str, Any] | None:
    """The input of the update that gives the release's name to what was published, where it does not bear it:
    the tenant kept no attributes of ours, or had a version of this very draft already. Where the answer was
    lost, the version is known by what it holds. Where the tenant refuses to publish a draft without changes,
    the newest version is what was asked for.
    """
    live, release = request.live, request.resource.fields["release"]
    if live is None or not live.versions or find_release(live, release) is not None:
        return None
    answered = next((v for v in live.versions if v.id == live.facts.get(PUBLISHED)), None)
    names = {release: answered.id} if answered else naming(request)
    if not names and error and not live.facts["hasUnpublishedChanges"]:
        names = {release: live.versions[0].id}
    dropped = answered is not None and answered.release is None
    return {"id": live.id, "metadata": of_update(request, names, dropped=dropped)} if names else None
