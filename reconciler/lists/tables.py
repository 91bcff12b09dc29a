"""The tenant's lists as tables: a new list, column or filter is a line here.

What could hold a secret (config values, API keys, webhook URLs) is no column at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.integration import metadata as record
from reconciler.lists.components import COMPONENTS
from reconciler.lists.executions import EXECUTIONS
from reconciler.lists.listing import Filter, Listing
from reconciler.lists.parts import (
    ID,
    LABELS,
    LIFE,
    OLDEST_FIRST,
    VERSIONED,
    column,
    flag,
    text,
    times,
)

USER = Listing(
    "user",
    "users",
    "The user whose token is in use.",
    "authenticatedUser",
    (
        ID,
        column("name", shown=True),
        column("email", shown=True),
        column("role", "role { name }", shown=True),
        column("organization", "org { name }", shown=True),
        column("tenant", "tenantId"),
        *LIFE,
    ),
)

CUSTOMERS = Listing(
    "customers",
    "customer",
    "Customers.",
    "customers",
    (
        ID,
        column("name", shown=True),
        column("externalId", shown=True),
        column("description", shown=True),
        column("labels"),
        LIFE[0],
        column("updatedAt", moment=True, shown=True),
    ),
    (
        text("name", "--name", "Of exactly this name."),
        text("name_Icontains", "--name-contains", "With this in the name."),
        text("name_Istartswith", "--name-starts-with", "With a name that begins so."),
        text("externalId", "--external-id", "With this external id."),
        flag(
            "externalId_Isnull",
            "--without-external-id/--with-external-id",
            "Without an external id, or with one.",
        ),
        text("description_Icontains", "--description-contains", "With this in the description."),
        *LABELS,
        flag(
            "allowEmbeddedDesigner", "--embedded-designer/--no-embedded-designer", "Who may use the designer."
        ),
        flag("isSystem", "--system/--no-system", "The platform's hidden customers for tests."),
        *times(),
    ),
    single="customer",
    named="name",
    node="Customer",
    fixed={"isSystem": False},
    sort=OLDEST_FIRST,
)

_INTEGRATION = (
    text("name", "--name", "Of exactly this name."),
    text("name_Icontains", "--name-contains", "With this in the name."),
    text("category", "--category", "Of exactly this category."),
    text("category_Icontains", "--category-contains", "With this in the category."),
    text("description", "--description", "Of exactly this description."),
    text("description_Icontains", "--description-contains", "With this in the description."),
    Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
    flag("customer_Isnull", "--without-customer/--with-customer", "Of no customer, or of any."),
    *LABELS,
    flag("hasInstances", "--has-instances/--no-has-instances", "With instances, or without."),
    flag(
        "hasOutdatedComponents",
        "--has-outdated-components/--no-has-outdated-components",
        "By its components' age.",
    ),
    flag(
        "hasUnpublishedChanges",
        "--has-unpublished-changes/--no-has-unpublished-changes",
        "With changes that are not published, or without.",
    ),
    flag("isCodeNative", "--code-native/--low-code", "Written as code, or in the designer."),
    flag("flows_IsAgentFlow", "--agent-flows/--no-agent-flows", "With flows for agents, or without."),
    flag("marketplace", "--marketplace/--no-marketplace", "In the marketplace, or not."),
    text("marketplaceConfiguration_Iexact", "--marketplace-config", "With this marketplace setting."),
    Filter(
        "marketplaceConfiguration_In", "--marketplace-config-in", "[String]", "With one of these. Repeatable."
    ),
    text(
        "marketplaceConfiguration_Istartswith", "--marketplace-config-starts-with", "With one that begins so."
    ),
    flag(
        "allowMultipleMarketplaceInstances",
        "--multiple-marketplace-instances/--single-marketplace-instance",
        "By how many instances a customer may have.",
    ),
    text("templateConfiguration_Iexact", "--template-config", "With this template setting."),
    Filter("templateConfiguration_In", "--template-config-in", "[String]", "With one of these. Repeatable."),
    text("templateConfiguration_Istartswith", "--template-config-starts-with", "With one that begins so."),
    flag("useAsTemplate", "--template/--no-template", "Usable as a template, or not."),
    *VERSIONED,
    Filter(
        "versionSequenceId",
        "--version-sequence",
        "UUID",
        "The versions of one integration, by versionSequenceId.",
        "integrations",
    ),
    flag("allVersions", "--all-versions/--newest-version", "Every version, or one row an integration."),
    *times(),
)
_VERSION_COLUMNS = (
    column("number", "versionNumber", shown=True),
    column(
        "release", "versionAttributes", shown=True, read=lambda text: record.our_part(text).get("release")
    ),
    column("available", "versionIsAvailable", shown=True),
    column("publishedAt", "versionCreatedAt", shown=True, moment=True),
    column("publishedBy", "versionCreatedBy { email }"),
    column("comment", "versionComment", shown=True),
    column("labels"),
)

INTEGRATIONS = Listing(
    "integrations",
    "integration",
    "Integrations: their drafts, or every version.",
    "integrations",
    (
        ID,
        column("name", shown=True),
        column("version", "versionNumber", shown=True),
        column("unpublished", "hasUnpublishedChanges", shown=True),
        column("category", shown=True),
        column("description"),
        column("labels"),
        column("available", "versionIsAvailable"),
        column("marketplace", "marketplaceConfiguration"),
        column("outdatedComponents", "hasOutdatedComponents"),
        column("versionSequence", "versionSequenceId"),
        column("customer", "customer { name }"),
        LIFE[0],
        column("updatedAt", moment=True, shown=True),
    ),
    _INTEGRATION,
    single="integration",
    named="name",
    node="Integration",
    sort=OLDEST_FIRST,
)

VERSIONS = Listing(
    "versions",
    "version",
    "The published versions of one integration. NAME is a version's number or release.",
    "versionSequence",
    (ID, *_VERSION_COLUMNS),
    (*VERSIONED, *times()),
    name="number",
    also_named=("release",),
    sort="[{field: VERSION_NUMBER, direction: DESC}]",
    nested=True,
)

FLOWS = Listing(
    "flows",
    "flow",
    "The flows of one integration's draft.",
    "flows",
    (
        ID,
        column("name", shown=True),
        column("synchronous", "isSynchronous", shown=True),
        column("security", "endpointSecurityType", shown=True),
        column("description", shown=True),
        column("stableKey"),
        column("agent", "isAgentFlow"),
        column("retries", "retryMaxAttempts"),
        column("lastExecutedAt", moment=True),
    ),
    nested=True,
)

INSTANCES = Listing(
    "instances",
    "instance",
    "Instances of integrations.",
    "instances",
    (
        ID,
        column("name", shown=True),
        column("customer", "customer { name }", shown=True),
        column("integration", "integration { name }", shown=True),
        column("version", "integration { versionNumber }", shown=True),
        column("deployed", "deployedVersion"),
        column("enabled", shown=True),
        column("needsDeploy", shown=True),
        column("configState"),
        column("failed", "inFailedState"),
        column("description"),
        column("labels"),
        column("lastDeployedAt", moment=True),
        column("lastExecutedAt", moment=True),
        *LIFE,
        column("customerId", "customer { id }"),
        column("integrationId", "integration { versionSequenceId }", sequence=True),
        column("versionId", "integration { id }"),
    ),
    (
        text("name", "--name", "Of exactly this name."),
        text("name_Icontains", "--name-contains", "With this in the name."),
        Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
        text("customer_ExternalId", "--customer-external-id", "Of the customer with this external id."),
        Filter(
            "integration",
            "--integration",
            "ID",
            "Of this integration: a name or an id.",
            "integrations",
            by_sequence="integration_VersionSequenceId",
        ),
        Filter(
            "integration_VersionSequenceId",
            "--version-sequence",
            "UUID",
            "Of the integration with this one.",
            "integrations",
        ),
        text("description", "--description", "Of exactly this description."),
        text("description_Icontains", "--description-contains", "With this in the description."),
        *LABELS,
        flag("enabled", "--enabled/--disabled", "Enabled, or not."),
        flag(
            "needsDeploy",
            "--needs-deploy/--no-needs-deploy",
            "With changes that are not deployed, or without.",
        ),
        flag("inFailedState", "--failed/--not-failed", "In a failed state, or not."),
        flag("globalDebug", "--debugged/--not-debugged", "With debugging on, or off."),
        Filter("compatibility", "--compatibility", "Int", "Compatible with this version."),
        Filter(
            "designedBy",
            "--designed-by",
            "InstanceDesignedBy",
            "By whom it was made.",
            choices=("ORG", "CUSTOMER"),
        ),
        Filter("id_In", "--id", "[ID]", "With one of these ids. Repeatable.", "instances"),
        Filter(
            "instanceType",
            "--type",
            "InstanceType",
            "Of an integration or a workflow.",
            "",
            ("INTEGRATION", "WORKFLOW"),
        ),
        flag("isSystem", "--system/--no-system", "The designer's hidden instances for tests."),
        *times(),
    ),
    single="instance",
    named="name",
    node="Instance",
    fixed={"isSystem": False, "instanceType": "INTEGRATION"},
    sort=OLDEST_FIRST,
)

FLOW_SETTINGS = Listing(
    "",
    "flow of an instance",
    "The flows of instances, by the ids of their settings.",
    "instanceFlowConfigs",
    (ID,),
    single="instanceFlowConfig",
    named="id",
    name="id",
    node="InstanceFlowConfig",
)
"""What filters refer to, and no list of its own."""

ADDRESSED = {one.node: one for one in (CUSTOMERS, INTEGRATIONS, INSTANCES)}
"""The lists of objects that bear marks, by the kind in their addresses."""

LISTINGS: Sequence[Listing] = (
    USER,
    CUSTOMERS,
    INTEGRATIONS,
    VERSIONS,
    FLOWS,
    INSTANCES,
    COMPONENTS,
    EXECUTIONS,
)


def find(kind: str) -> Listing | None:
    """The list of this kind, in the singular or the plural."""
    word = kind.lower()
    return next((listing for listing in LISTINGS if word in (listing.kind, listing.singular)), None)
