"""What each step of an integration sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.integration import metadata as record
from reconciler.kinds.integration.draft import names_to_write
from reconciler.kinds.integration.facts import facts_of, notes_of
from reconciler.kinds.integration.listing import LISTING, listing_update
from reconciler.kinds.integration.memory import metadata_of_creation, metadata_of_update, remembers
from reconciler.kinds.integration.publish import publication
from reconciler.kinds.integration.release import find_release
from reconciler.kinds.integration.source import replaces, wanted_definition
from reconciler.kinds.integration.steps import EMPTY, PLAIN, RELABEL, put_back
from reconciler.kinds.protocol import Request
from reconciler.kinds.table.labels import labels_left, labels_to_write, plain, to_send
from reconciler.model.plan import Verb

Call = tuple[str, Mapping[str, object]]
"""A mutation's name, and its input."""


def call(step: str, verb: Verb, request: Request) -> Call:
    """The mutation that carries a step out."""
    fields, live, wanted = request.resource.fields, request.live, wanted_definition(request)
    if verb is Verb.CREATE:
        values = {"name": fields["name"], "labels": labels_to_write(request)}
        values["metadata"] = metadata_of_creation(request)
        if fields.get("description"):
            values["description"] = fields["description"]
        if wanted is not None:
            values["definition"] = wanted.outgoing
        return "createIntegration", values
    assert live is not None
    if verb is Verb.IMPORT:
        assert wanted is not None
        values = {"integrationId": live.id, "definition": wanted.outgoing}
        if replaces(wanted, live):
            values["replace"] = True
        return "importIntegration", values
    if verb is Verb.PUBLISH:
        return "publishIntegration", publication(request)
    if verb is Verb.AVAILABILITY:
        return _availability(step, request)
    if verb is Verb.DELETE:
        return "deleteIntegration", {"id": live.id}
    if verb is Verb.FORGET:
        values = {"id": live.id, "labels": labels_left(request)}
        if remembers(request):
            values["metadata"] = record.without_ours(facts_of(live).metadata)
        return "updateIntegration", values
    if step == RELABEL:
        labels = sorted(live.labels | notes_of(live).cleared)
        return "updateIntegration", {"id": live.id, "labels": labels}
    return _update(request, () if verb is Verb.ADOPT else PLAIN)


def _availability(step: str, request: Request) -> Call:
    if step == LISTING:
        return "updateIntegrationMarketplaceConfiguration", listing_update(request)
    live, fields = request.live, request.resource.fields
    version = find_release(live, fields["release"]) if live else None
    values = {"id": version.id if version else "", "available": fields.get("available", True)}
    return "updateIntegrationVersionAvailability", values


def _update(request: Request, paths: Sequence[str]) -> Call:
    live, fields = request.live, request.resource.fields
    assert live is not None
    values: dict[str, object] = {"id": live.id}
    values |= {name: plain(fields[name], EMPTY, name) for name in to_send(request, paths)}
    kept = put_back(request)
    values |= {change.path: change.after for change in kept if change.path in PLAIN}
    labels = next((change.after for change in kept if change.path == "labels"), None)
    values["labels"] = labels_to_write(request, kept=labels, cleared=notes_of(live).cleared)
    values["metadata"] = metadata_of_update(request, names_to_write(request))
    return "updateIntegration", values
