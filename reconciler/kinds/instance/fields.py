"""An instance's fields as types: as its manifest gives them, and as the instance has them."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Address
from reconciler.model.state import LiveObject, Resource

Config = Mapping[str, object]
"""Values of config variables, by key."""
Flows = Mapping[str, Mapping[str, object]]
"""Settings of flows, by the flow's name and their own."""


def integration_of(resource: Resource) -> Address:
    """The integration that the manifest names."""
    integration: Address = resource.fields["integration"]
    return integration


def given_config(resource: Resource | None) -> Config:
    """The config variables that the manifest mentions; none without a manifest."""
    given: Config | None = resource.fields.get("config") if resource else None
    return given or {}


def given_flows(resource: Resource | None) -> Flows:
    """The settings of flows that the manifest mentions; none without a manifest."""
    given: Flows | None = resource.fields.get("flows") if resource else None
    return given or {}


def live_config(live: LiveObject | None) -> Config:
    """The config variables of an instance; none where it is not there."""
    found: Config = live.fields["config"] if live else {}
    return found


def live_flows(live: LiveObject | None) -> Flows:
    """The settings of its flows."""
    found: Flows = live.fields["flows"] if live else {}
    return found
