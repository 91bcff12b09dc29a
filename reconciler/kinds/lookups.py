"""What the platform itself provides, and manifests name without declaring it: triggers of alerts, levels of
logs, roles of users.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from reconciler.kinds.capabilities import LookedUp
from reconciler.kinds.nodes import fitted
from reconciler.kinds.table.documents import Api
from reconciler.kinds.table.kind import TabledKind
from reconciler.kinds.table.row import Row
from reconciler.model.state import LiveObject


def _provided(many: str, order: str = "") -> Api:
    return Api("", many, order, search=None, allows=(), mutations=())


class Provided(Struct):
    """Its id, which is a number where it has none of text, and its name."""

    id: str | int
    name: str


class Lookup(TabledKind, LookedUp):
    """What is found by its name alone, and never written."""

    lookup = "name"
    declared = False
    fields = (Row("name"),)

    def parse(self, node: Mapping[str, Any]) -> LiveObject:
        """Its id and name."""
        shown = fitted(Provided, node, self.name)
        return LiveObject(self.name, node["id"], {"name": shown.name})


class AlertTriggerKind(Lookup):
    """What can raise an alert."""

    name = "AlertTrigger"
    api = _provided("alertTriggers", order="NAME")


class LogSeverityKind(Lookup):
    """A level of logs."""

    name = "LogSeverity"
    api = _provided("logSeverityLevels")


class OrganizationRoleKind(Lookup):
    """What a user of the organization may do."""

    name = "OrganizationRole"
    api = _provided("organizationRoles")


class CustomerRoleKind(Lookup):
    """What a user of a customer may do."""

    name = "CustomerRole"
    api = _provided("customerRoles")
