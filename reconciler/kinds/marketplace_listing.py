"""MarketplaceListing: how a release of an integration is offered in the marketplace.

The settings belong to the published version, not to the integration, and whether a new version inherits them
is not certain (api notes: "Marketplace"): so they are compared, and set where they differ, for each release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from reconciler.kinds.integration.told import named_release
from reconciler.kinds.protocol import Request, Step, Steps, address_of
from reconciler.kinds.table.documents import Api, Search
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.kinds.table.shape import NAME, TEXT, in_order, truth, words
from reconciler.kinds.telling import Telling, Untellable
from reconciler.model.address import Ref, Resolve
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.refs import ReleaseRef, SequenceRef
from reconciler.model.state import LiveObject, Resource

WORDS = {
    "deployable": "AVAILABLE_AND_DEPLOYABLE",
    "visible": "AVAILABLE_NOT_DEPLOYABLE",
    "hidden": "NOT_AVAILABLE_IN_MARKETPLACE",
}
"""How manifests call the settings that the API has."""


def _word(value: object) -> str:
    return next((word for word, name in WORDS.items() if name == value), str(value or ""))


class MarketplaceListingKind(TabledKind):
    """How a release of an integration is offered in the marketplace."""

    name = "MarketplaceListing"
    # An object of it is a version of an integration.
    api = Api(
        "integration",
        "integrations",
        where="allVersions: true",
        search=Search("versionSequenceId", "UUID", order="VERSION_NUMBER"),
        allows=("allowUpdate",),
        mutations=("updateIntegrationMarketplaceConfiguration",),
    )
    release_of = "integration"
    keys = (("release",),)
    stands_alone = False
    example = "slack-sync"
    fields = (
        Row(
            "integration",
            NAME,
            "The integration, by metadata.name.",
            "slack-sync",
            required=True,
            refers="Integration",
            path=None,
        ),
        Row(
            "release",
            NAME,
            "The release that it is about; latest is what the integration's manifest publishes.",
            "1.4.0",
            default="latest",
            path=None,
        ),
        Row(
            "availability",
            words(*WORDS),
            "Whether customers see it and may deploy it (deployable), see it only (visible), or neither "
            "(hidden).",
            "deployable",
            path="marketplaceConfiguration",
            input="marketplaceConfiguration",
            read=_word,
            write=lambda word: WORDS.get(word),
        ),
        Row("overview", TEXT, "The text that customers read, as Markdown.", "Posts orders to Slack."),
        Row(
            "allowMultipleInstances",
            truth(),
            "Whether a customer may deploy it more than once.",
            False,
            path="allowMultipleMarketplaceInstances",
            input="allowMultipleMarketplaceInstances",
        ),
        Row(
            "tabs",
            in_order(NAME),
            "The tabs of its page, in order, by the platform's own names.",
            ["overview"],
            path="marketplaceTabConfiguration",
            input="marketplaceTabConfiguration",
            read=lambda value: list(value or ()),
            write=json.dumps,
        ),
    )

    def find(self, request: Request) -> Operation:
        """The integration's newest versions."""
        sequence = request.resolve(SequenceRef(request.resource.fields["integration"]))
        key = sequence if isinstance(sequence, str) else None
        return Operation(self.list_name, self._documents["find"], {"key": key})

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, object]]:
        """The id of the version that is the release."""
        return [("release", resolve(_release(resource)))]

    def live_key(self, live: LiveObject, name: str) -> object:
        """The version's id."""
        return live.id

    def needs(self, resource: Resource) -> Sequence[Ref]:
        """The release."""
        return [_release(resource)]

    def steps(self, request: Request, *, adopt: bool) -> Steps:
        """One call, and never a creation: a release that is not there yet comes with its settings, or
        without.
        """
        if request.live is not None:
            return super().steps(request, adopt=adopt)
        changes = tuple(c for c in self._creation(request) if c.path not in ("integration", "release"))
        return Steps((Step(Verb.UPDATE, "the release is still to be published", changes),))

    def operation(self, step: str, verb: Verb, request: Request) -> Operation:
        """Only what differs: what is left out stays, and what is empty wipes."""
        live, fields = request.live, request.resource.fields
        assert live is not None
        differing = {change.path for change in self.changes(request)}
        values = {
            row.called: row.sent(fields[row.name], request.resolve, fields)
            for row in self.fields
            if row.name in differing
        }
        name = "updateIntegrationMarketplaceConfiguration"
        return Operation(
            name,
            self._documents[name],
            {"input": {"id": live.id, **values}},
            result="integration",
            address=address_of(request.resource),
        )

    def told(self, live: LiveObject, telling: Telling) -> Mapping[str, object]:
        """How the newest version of an integration is offered, where it is offered at all."""
        for integration in telling.integrations.values():
            version, release = named_release(integration)
            if version is not None and version.id == live.id:
                said = super().told(live, telling)
                if said.get("availability") == "hidden" and not said.get("overview"):
                    break
                name = telling.name("Integration", integration.id)
                return {"integration": name, "release": release, **said}
        raise Untellable("")

    def _mentioned(self, request: Request) -> list[Row]:
        return [row for row in super()._mentioned(request) if row.name not in ("integration", "release")]


def _release(resource: Resource) -> Ref:
    return ReleaseRef(resource.fields["integration"], resource.fields["release"])
