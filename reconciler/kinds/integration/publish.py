"""Publishing: what is sent, which version came of it, and whether that is what was asked for."""

from __future__ import annotations

import json

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.availability import offer
from reconciler.kinds.integration.draft import names_to_write, sent_digest
from reconciler.kinds.integration.facts import draft_of, facts_of, notes_of
from reconciler.kinds.integration.memory import metadata_of_update
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.protocol import Request, address_of


def publication(request: Request) -> dict[str, object]:
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
        "observed": draft_of(live).digest,
        **offer(request.resource),
    }
    comment = fields.get("comment") or ""
    if facts_of(live).dropped:
        comment = record.with_trailers(comment, fields["release"], sent_digest(request.resource))
    attributes = json.dumps({**request.attributes, record.KEY: part}, sort_keys=True)
    return {"id": live.id, "attributes": attributes, **({"comment": comment} if comment else {})}


def naming_update(request: Request, error: Exception | None) -> dict[str, object] | None:
    """The input of the update that gives the release's name to what was published, where it does not bear it:
    the tenant kept no attributes of ours, or had a version of this very draft already. Where the answer was
    lost, the version is known by what it holds. Where the tenant refuses to publish a draft without changes,
    the newest version is what was asked for.
    """
    live, release = request.live, request.resource.fields["release"]
    if live is None or not live.versions or find_release(live, release) is not None:
        return None
    answered = next((v for v in live.versions if v.id == notes_of(live).published), None)
    names = {release: answered.id} if answered else names_to_write(request)
    if not names and error and not facts_of(live).has_unpublished_changes:
        names = {release: live.versions[0].id}
    dropped = answered is not None and answered.release is None
    return {"id": live.id, "metadata": metadata_of_update(request, names, dropped=dropped)} if names else None
