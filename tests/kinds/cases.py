"""For each kind of manifest: an example, what it refers to, and how a person changes its object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SECRET = {"secret": {"env": "KIND_SECRET"}}


@dataclass(frozen=True)
class Case:
    """One kind. `edit` is what somebody else's update mutation says beside the id, `path` the field that a
    plan then names, `needs` the cases whose manifests must be there; `changed` is a spec of another value.
    """

    kind: str
    spec: dict[str, Any]
    edit: dict[str, Any] = field(default_factory=dict)
    path: str = ""
    changed: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    update: str = ""
    list: str = ""
    marks: str = ""
    """The fields of the answer in which marks are kept."""
    key: str = "name"
    """The field of the answer by which the object is found."""
    called: str | int | bool = ""

    @property
    def one(self) -> str:
        """The query for one object."""
        return self.update.removeprefix("update")[:1].lower() + self.update.removeprefix("update")[1:]


CASES = {
    case.kind: case
    for case in (
        Case(
            "AlertWebhook",
            {"name": "Ops", "url": SECRET, "headers": {"X-Key": SECRET}, "payloadTemplate": "{}"},
            {"payloadTemplate": "changed"},
            "payloadTemplate",
            {"payloadTemplate": "other"},
            update="updateAlertWebhook",
            list="alertWebhooks",
            marks="headers",
        ),
        Case(
            "LogStream",
            {
                "name": "Lake",
                "url": "https://example.com/logs",
                "headers": {"X-Key": SECRET},
                "payloadTemplate": "{}",
                "severityLevels": ["WARN", "ERROR"],
            },
            {"severityLevels": [{"id": 5, "name": "FATAL"}]},
            "severityLevels",
            {"severityLevels": ["INFO"]},
            update="updateExternalLogStream",
            list="externalLogStreams",
            marks="headers",
        ),
        Case(
            "EventWebhook",
            {
                "name": "Events",
                "description": "Told of deployments.\n",
                "url": "https://example.com/events",
                "eventTypes": ["instance.deployed", "user.created"],
                "headers": {"X-Key": SECRET},
                "secret": SECRET,
            },
            {"eventTypes": ["user.deleted"]},
            "eventTypes",
            {"eventTypes": ["instance.deployed"]},
            update="updateWebhookEndpoint",
            list="webhookEndpoints",
            marks="description",
        ),
        Case(
            "InstanceProfile",
            {"name": "Large", "description": "For big ones", "stableKey": "large", "allocatedMemoryMb": 2048},
            {"allocatedMemoryMb": 512},
            "allocatedMemoryMb",
            {"allocatedMemoryMb": 4096},
            update="updateInstanceProfile",
            list="instanceProfiles",
            marks="description",
        ),
        Case(
            "Connection",
            {
                "name": "Slack",
                "stableKey": "company-slack",
                "description": "The company's",
                "scope": "customer",
                "managedBy": "org",
                "component": "slack",
                "connection": "oauth2",
                "inputs": {"clientId": "1234", "clientSecret": SECRET},
            },
            {"key": "Renamed"},
            "name",
            {"name": "Slack of ours"},
            update="updateScopedConfigVariable",
            list="scopedConfigVariables",
            marks="description",
            key="key",
        ),
        Case(
            "User",
            {"email": "Ada@example.com", "role": "Admin", "name": "Ada", "customer": "acme"},
            {"name": "Changed"},
            "name",
            {"name": "Ada Lovelace"},
            needs=("Customer",),
            update="updateUser",
            list="users",
            key="email",
            called="Ada@example.com",
        ),
        Case(
            "AlertGroup",
            {"name": "On call", "users": ["user"], "webhooks": ["alertwebhook"]},
            {"users": []},
            "users",
            {"webhooks": []},
            needs=("User", "AlertWebhook"),
            update="updateAlertGroup",
            list="alertGroups",
        ),
        Case(
            "AlertMonitor",
            {
                "name": "Failures",
                "instance": "acme/instance",
                "flow": "Receive order",
                "triggers": ["Execution Failed"],
                "groups": ["alertgroup"],
            },
            {"groups": []},
            "groups",
            {"triggers": ["Execution Failed", "Execution Overdue"]},
            needs=("Instance", "AlertGroup"),
            update="updateAlertMonitor",
            list="alertMonitors",
        ),
        Case(
            "CustomerConnection",
            {
                "connection": "connection",
                "customer": "acme",
                "inputs": {"clientId": "77", "clientSecret": SECRET},
            },
            {"inputs": [{"name": "clientId", "type": "value", "value": "changed"}]},
            "inputs.clientId",
            {"inputs": {"clientId": "78", "clientSecret": SECRET}},
            needs=("Connection", "Customer"),
            update="updateCustomerConfigVariable",
            list="customerConfigVariables",
            key="isTest",
            called=False,
        ),
        Case(
            "MarketplaceListing",
            {"integration": "integration", "availability": "deployable", "overview": "# Orders"},
            {"overview": "Changed"},
            "overview",
            {"availability": "visible"},
            needs=("Integration",),
            update="updateIntegrationMarketplaceConfiguration",
            list="integrations(allVersions: true)",
            key="overview",
            called="# Orders",
        ),
        Case("Component", {"key": "slack", "version": 1}),
        Case(
            "Integration",
            {
                "name": "Orders",
                "definition": "../definitions/orders.yml",
                "release": "1.0.0",
                "category": "CRM",
            },
            {"category": "Changed"},
            "category",
            {"category": "ERP"},
            update="updateIntegration",
            list="integrations",
            marks="labels metadata",
        ),
        Case(
            "Customer",
            {"name": "Acme", "description": "First"},
            {"description": "Changed"},
            "description",
            {"description": "Second"},
            update="updateCustomer",
            list="customers",
            marks="labels",
        ),
        Case(
            "Instance",
            {
                "customer": "acme",
                "integration": "integration",
                "name": "Orders for Acme",
                "description": "Notices",
                "config": {"Channel": "#orders", "Shop": {"inputs": {"apiKey": SECRET}}},
            },
            {"description": "Changed"},
            "description",
            {"description": "Others"},
            needs=("Customer", "Integration"),
            update="updateInstance",
            list="instances(isSystem: false)",
            marks="labels",
        ),
    )
}
NAMES = {"Customer": "acme"}


def name_of(kind: str) -> str:
    """The name of a kind's manifest."""
    return NAMES.get(kind, kind.lower())


def address_of(kind: str) -> str:
    """The address of a kind's manifest."""
    return f"{kind}/{'acme/' if kind == 'Instance' else ''}{name_of(kind)}"


def with_needs(kind: str) -> list[Case]:
    """The kind's case after those that it needs."""
    found: dict[str, Case] = {}
    for one in CASES[kind].needs:
        found |= {case.kind: case for case in with_needs(one)}
    return [*found.values(), CASES[kind]]
