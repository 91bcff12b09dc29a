"""For each kind of manifest: an example, how a person changes its object, and how worlds draw it."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.model.address import Address
from tests.kinds.case import HEADERS, INPUTS, SECRET, Case, Drawn, drawn_secret, named, texts

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
            drawn=Drawn(
                lambda _: {
                    "name": st.just("Ops"),
                    "url": st.just(drawn_secret("https://example.com/alerts")),
                    "payloadTemplate": texts("{}", "{ }"),
                },
                lambda _: {"headers": HEADERS},
            ),
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
            drawn=Drawn(
                lambda _: {
                    "name": st.just("Lake"),
                    "url": st.just(drawn_secret("https://example.com/logs")),
                    "payloadTemplate": texts("{}", "{ }"),
                    "severityLevels": st.sampled_from(
                        [
                            [Address("LogSeverity", "ERROR")],
                            [Address("LogSeverity", n) for n in ("WARN", "INFO")],
                        ]
                    ),
                },
                lambda _: {"headers": HEADERS},
            ),
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
            drawn=Drawn(
                lambda _: {
                    "name": st.just("Events"),
                    "url": st.just(drawn_secret("https://example.com/events")),
                    "eventTypes": st.sampled_from([["user.created"], ["user.deleted", "instance.deployed"]]),
                },
                lambda _: {
                    "description": texts("", "Told.\n"),
                    "enabled": st.booleans(),
                    "headers": HEADERS,
                    "secret": st.just(drawn_secret("signing")),
                },
            ),
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
            drawn=Drawn(
                lambda _: {"name": st.just("Large")},
                lambda _: {
                    "description": texts("", "For big ones"),
                    "stableKey": st.just("large"),
                    "allocatedMemoryMb": st.sampled_from([512, 2048]),
                    "logsDisabled": st.booleans(),
                },
            ),
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
            drawn=Drawn(
                lambda _: {
                    "name": texts("Slack", "Slack of ours"),
                    "stableKey": st.just("company-slack"),
                    "scope": st.just("customer"),
                    "component": st.just("slack"),
                    "connection": st.just("oauth2"),
                },
                lambda _: {
                    "managedBy": st.just("org"),
                    "description": texts("", "The company's"),
                    "inputs": INPUTS,
                },
            ),
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
            drawn=Drawn(
                lambda _: {
                    "email": st.just("Ada@example.com"),
                    "role": st.just(Address("OrganizationRole", "Admin")),
                },
                lambda _: {"name": texts("Ada", "Ada Lovelace"), "phone": texts("", "1")},
            ),
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
            drawn=Drawn(
                lambda _: {"name": st.just("On call")},
                lambda there: named(there, "User", "AlertWebhook"),
                needs=("User", "AlertWebhook"),
            ),
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
            drawn=Drawn(
                lambda there: {
                    "name": st.just("Failures"),
                    "instance": st.just(there["Instance"].address),
                    "triggers": st.sampled_from(
                        [
                            [Address("AlertTrigger", "Execution Failed")],
                            [Address("AlertTrigger", n) for n in ("Execution Started", "Execution Failed")],
                        ]
                    ),
                },
                lambda there: {
                    **named(there, "User", "AlertGroup", "AlertWebhook"),
                    "flow": st.just("Flow 0"),
                },
                needs=("User", "AlertWebhook", "AlertGroup", "Instance"),
            ),
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
            drawn=Drawn(
                lambda there: {
                    "connection": st.just(there["Connection"].address),
                    "customer": st.just(there["Customer"].address),
                    "inputs": INPUTS,
                },
                lambda _: {},
                needs=("Connection", "Customer"),
            ),
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
            drawn=Drawn(
                lambda there: {
                    "integration": st.just(there["Integration"].address),
                    "release": st.just(there["Integration"].fields["release"]),
                },
                lambda _: {
                    "availability": texts("deployable", "visible", "hidden"),
                    "overview": texts("", "# Orders"),
                    "allowMultipleInstances": st.booleans(),
                },
                needs=("Integration",),
            ),
        ),
        Case(
            "Component",
            {"key": "slack", "version": 1},
            drawn=Drawn(
                lambda _: {"key": st.just("slack")},
                lambda _: {"version": st.just(1), "isPublic": st.just(True)},
            ),
        ),
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
