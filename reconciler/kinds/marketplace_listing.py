"""MarketplaceListing: how a release of an integration is offered in the marketplace.

The settings belong to the published version, not to the integration, and whether a new version inherits them
is not certain (api notes: "Marketplace"): so they are compared, and set where they differ, for each release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.base import Request, Resolve, Step, Steps, address_of
from reconciler.kinds.field import Field
from reconciler.kinds.tabled import TabledKind
from reconciler.model.address import Ref
from reconciler.model.operation import Operation
from reconciler.model.plan import Verb
from reconciler.model.state import LiveObject, Resource

WORDS = {
    "deployable": "AVAILABLE_AND_DEPLOYABLE",
    "visible": "AVAILABLE_NOT_DEPLOYABLE",
    "hidden": "NOT_AVAILABLE_IN_MARKETPLACE",
}
"""How manifests call the settings that the API has."""


def _word(value: Any) -> str:
    return next((word for word, name in WORDS.items() if name == value), str(value or ""))


class MarketplaceListingKind(TabledKind):
    """The field table of `MarketplaceListing`: an object of it is a version of an integration."""

    name = "MarketplaceListing"
    noun = "integration"
    list_name = "integrations"
    release_of = "integration"
    fields = (
        Field("integration", refers="Integration"),
        Field("release"),
        Field(
            "availability",
            input="marketplaceConfiguration",
            path="marketplaceConfiguration",
            read=_word,
            write=WORDS.get,
        ),
        Field("overview"),
        Field(
            "allowMultipleInstances",
            empty=False,
            input="allowMultipleMarketplaceInstances",
            path="allowMultipleMarketplaceInstances",
        ),
        Field(
            "tabs",
            empty=(),
            input="marketplaceTabConfiguration",
            path="marketplaceTabConfiguration",
            read=lambda value: list(value or ()),
            write=json.dumps,
        ),
    )

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """A version; that it is the release's, its id tells."""
        return super().parse({**node, "integration": None, "release": None})

    def find(self, request: Request) -> Operation:
        """The integration's newest versions."""
        sequence = request.resolve(Ref(request.resource.fields["integration"], "sequence"))
        key = sequence if isinstance(sequence, str) else None
        return Operation(self.list_name, self._documents["find"], {"key": key})

    def natural_key(self, resource: Resource, resolve: Resolve) -> Sequence[tuple[str, Any]]:
        """The id of the version that is the release."""
        return [("release", resolve(_release(resource)))]

    def live_key(self, live: LiveObject, name: str) -> Any:
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
        live = request.live
        assert live is not None
        differing = {change.path for change in self.changes(request)}
        values = {
            row.input or row.name: row.sent(request.resource.fields[row.name], request.resolve)
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

    def _mentioned(self, request: Request) -> list[Field]:
        return [row for row in super()._mentioned(request) if row.name not in ("integration", "release")]


def _release(resource: Resource) -> Ref:
    return Ref(resource.fields["integration"], f"release:{resource.fields['release']}")
