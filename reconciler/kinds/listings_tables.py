"""The tenant's lists as tables: a new list, column or filter is a line here.

What could hold a secret (config values, API keys, webhook URLs) is no column at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.kinds import record
from reconciler.kinds.listings import Column, Filter, Listing


def _column(name: str, selection: str = "", **more: Any) -> Column:
    return Column(name, selection or name, **more)


def _times(what: str = "") -> tuple[Filter, ...]:
    return tuple(
        Filter(f"{what}{side}", f"--{word}", "DateTime", f"{text}, as 2025-11-24 or 2025-11-24T18:00:00Z.")
        for side, word, text in (
            ("createdAt_Gte", "created-after", "Created at that time or later"),
            ("createdAt_Lte", "created-before", "Created at that time or before"),
            ("updatedAt_Gte", "updated-after", "Changed at that time or later"),
            ("updatedAt_Lte", "updated-before", "Changed at that time or before"),
        )
    )


_LABELS = (
    Filter("labels_Contains", "--label", "String", "With this label."),
    Filter("labels_Icontains", "--label-contains", "String", "With such a label, in capitals or not."),
)
_LIFE = (_column("createdAt", moment=True), _column("updatedAt", moment=True))
_ID = _column("id")
_OLDEST_FIRST = "[{field: CREATED_AT, direction: ASC}]"


def _text(argument: str, option: str, what: str) -> Filter:
    return Filter(argument, option, "String", what)


def _flag(argument: str, option: str, what: str) -> Filter:
    return Filter(argument, option, "Boolean", what)


USER = Listing(
    "user",
    "users",
    "The user whose token is in use.",
    "authenticatedUser",
    (
        _ID,
        _column("name", shown=True),
        _column("email", shown=True),
        _column("role", "role { name }", shown=True),
        _column("organization", "org { name }", shown=True),
        _column("tenant", "tenantId"),
        *_LIFE,
    ),
)

CUSTOMERS = Listing(
    "customers",
    "customer",
    "Customers.",
    "customers",
    (
        _ID,
        _column("name", shown=True),
        _column("externalId", shown=True),
        _column("description", shown=True),
        _column("labels"),
        _LIFE[0],
        _column("updatedAt", moment=True, shown=True),
    ),
    (
        _text("name", "--name", "Of exactly this name."),
        _text("name_Icontains", "--name-contains", "With this in the name."),
        _text("name_Istartswith", "--name-starts-with", "With a name that begins so."),
        _text("externalId", "--external-id", "With this external id."),
        _flag(
            "externalId_Isnull",
            "--without-external-id/--with-external-id",
            "Without an external id, or with one.",
        ),
        _text("description_Icontains", "--description-contains", "With this in the description."),
        *_LABELS,
        _flag(
            "allowEmbeddedDesigner", "--embedded-designer/--no-embedded-designer", "Who may use the designer."
        ),
        _flag("isSystem", "--system/--no-system", "The platform's hidden customers for tests."),
        *_times(),
    ),
    single="customer",
    named="name",
    fixed={"isSystem": False},
    sort=_OLDEST_FIRST,
)

_VERSIONED = (
    _flag("versionIsAvailable", "--version-is-available/--version-is-unavailable", "By availability."),
    Filter("versionNumber", "--version-number", "Int", "Of this version."),
)
_INTEGRATION = (
    _text("name", "--name", "Of exactly this name."),
    _text("name_Icontains", "--name-contains", "With this in the name."),
    _text("category", "--category", "Of exactly this category."),
    _text("category_Icontains", "--category-contains", "With this in the category."),
    _text("description", "--description", "Of exactly this description."),
    _text("description_Icontains", "--description-contains", "With this in the description."),
    Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
    _flag("customer_Isnull", "--without-customer/--with-customer", "Of no customer, or of any."),
    *_LABELS,
    _flag("hasInstances", "--has-instances/--no-has-instances", "With instances, or without."),
    _flag(
        "hasOutdatedComponents",
        "--has-outdated-components/--no-has-outdated-components",
        "By its components' age.",
    ),
    _flag(
        "hasUnpublishedChanges",
        "--has-unpublished-changes/--no-has-unpublished-changes",
        "With changes that are not published, or without.",
    ),
    _flag("isCodeNative", "--code-native/--low-code", "Written as code, or in the designer."),
    _flag("flows_IsAgentFlow", "--agent-flows/--no-agent-flows", "With flows for agents, or without."),
    _flag("marketplace", "--marketplace/--no-marketplace", "In the marketplace, or not."),
    _text("marketplaceConfiguration_Iexact", "--marketplace-config", "With this marketplace setting."),
    Filter(
        "marketplaceConfiguration_In", "--marketplace-config-in", "[String]", "With one of these. Repeatable."
    ),
    _text(
        "marketplaceConfiguration_Istartswith", "--marketplace-config-starts-with", "With one that begins so."
    ),
    _flag(
        "allowMultipleMarketplaceInstances",
        "--multiple-marketplace-instances/--single-marketplace-instance",
        "By how many instances a customer may have.",
    ),
    _text("templateConfiguration_Iexact", "--template-config", "With this template setting."),
    Filter("templateConfiguration_In", "--template-config-in", "[String]", "With one of these. Repeatable."),
    _text("templateConfiguration_Istartswith", "--template-config-starts-with", "With one that begins so."),
    _flag("useAsTemplate", "--template/--no-template", "Usable as a template, or not."),
    *_VERSIONED,
    Filter(
        "versionSequenceId",
        "--version-sequence",
        "UUID",
        "The versions of one integration, by versionSequenceId.",
    ),
    _flag("allVersions", "--all-versions/--newest-version", "Every version, or one row an integration."),
    *_times(),
)
_VERSION_COLUMNS = (
    _column("number", "versionNumber", shown=True),
    _column("release", "versionAttributes", shown=True, read=lambda text: record.ours(text).get("release")),
    _column("available", "versionIsAvailable", shown=True),
    _column("publishedAt", "versionCreatedAt", shown=True, moment=True),
    _column("publishedBy", "versionCreatedBy { email }"),
    _column("comment", "versionComment", shown=True),
    _column("labels"),
)

INTEGRATIONS = Listing(
    "integrations",
    "integration",
    "Integrations: their drafts, or every version.",
    "integrations",
    (
        _ID,
        _column("name", shown=True),
        _column("version", "versionNumber", shown=True),
        _column("unpublished", "hasUnpublishedChanges", shown=True),
        _column("category", shown=True),
        _column("description"),
        _column("labels"),
        _column("available", "versionIsAvailable"),
        _column("marketplace", "marketplaceConfiguration"),
        _column("outdatedComponents", "hasOutdatedComponents"),
        _column("versionSequence", "versionSequenceId"),
        _column("customer", "customer { name }"),
        _LIFE[0],
        _column("updatedAt", moment=True, shown=True),
    ),
    _INTEGRATION,
    single="integration",
    named="name",
    sort=_OLDEST_FIRST,
)

VERSIONS = Listing(
    "versions",
    "version",
    "The published versions of one integration. NAME is a version's number or release.",
    "versionSequence",
    (_ID, *_VERSION_COLUMNS),
    (*_VERSIONED, *_times()),
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
        _ID,
        _column("name", shown=True),
        _column("synchronous", "isSynchronous", shown=True),
        _column("security", "endpointSecurityType", shown=True),
        _column("description", shown=True),
        _column("stableKey"),
        _column("agent", "isAgentFlow"),
        _column("retries", "retryMaxAttempts"),
        _column("lastExecutedAt", moment=True),
    ),
    nested=True,
)

INSTANCES = Listing(
    "instances",
    "instance",
    "Instances of integrations.",
    "instances",
    (
        _ID,
        _column("name", shown=True),
        _column("customer", "customer { name }", shown=True),
        _column("integration", "integration { name }"),
        _column("version", "integration { versionNumber }", shown=True),
        _column("deployed", "deployedVersion", shown=True),
        _column("enabled", shown=True),
        _column("needsDeploy", shown=True),
        _column("configState"),
        _column("failed", "inFailedState"),
        _column("description"),
        _column("labels"),
        _column("lastDeployedAt", moment=True),
        _column("lastExecutedAt", moment=True),
        *_LIFE,
    ),
    (
        _text("name", "--name", "Of exactly this name."),
        _text("name_Icontains", "--name-contains", "With this in the name."),
        Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
        _text("customer_ExternalId", "--customer-external-id", "Of the customer with this external id."),
        Filter(
            "integration",
            "--integration",
            "ID",
            "Of this integration: a name or an id.",
            "integrations",
            by_sequence="integration_VersionSequenceId",
        ),
        Filter(
            "integration_VersionSequenceId", "--version-sequence", "UUID", "Of the integration with this one."
        ),
        _text("description", "--description", "Of exactly this description."),
        _text("description_Icontains", "--description-contains", "With this in the description."),
        *_LABELS,
        _flag("enabled", "--enabled/--disabled", "Enabled, or not."),
        _flag(
            "needsDeploy",
            "--needs-deploy/--no-needs-deploy",
            "With changes that are not deployed, or without.",
        ),
        _flag("inFailedState", "--failed/--not-failed", "In a failed state, or not."),
        _flag("globalDebug", "--debugged/--not-debugged", "With debugging on, or off."),
        Filter("compatibility", "--compatibility", "Int", "Compatible with this version."),
        Filter(
            "designedBy",
            "--designed-by",
            "InstanceDesignedBy",
            "By whom it was made.",
            choices=("ORG", "CUSTOMER"),
        ),
        Filter("id_In", "--id", "[ID]", "With one of these ids. Repeatable."),
        Filter(
            "instanceType",
            "--type",
            "InstanceType",
            "Of an integration or a workflow.",
            "",
            ("INTEGRATION", "WORKFLOW"),
        ),
        _flag("isSystem", "--system/--no-system", "The designer's hidden instances for tests."),
        *_times(),
    ),
    single="instance",
    named="name",
    fixed={"isSystem": False, "instanceType": "INTEGRATION"},
    sort=_OLDEST_FIRST,
)

COMPONENTS = Listing(
    "components",
    "component",
    "Components: the newest version of each, or all. NAME is a component's key.",
    "components",
    (
        _ID,
        _column("key", shown=True),
        _column("label", shown=True),
        _column("version", "versionNumber", shown=True),
        _column("public", shown=True),
        _column("category"),
        _column("description"),
        _column("available", "versionIsAvailable"),
        _column("signature"),
        _column("labels"),
        _column("customer", "customer { name }"),
        _column("publishedAt", "versionCreatedAt", moment=True),
        _column("comment", "versionComment"),
    ),
    (
        _text("key", "--key", "With exactly this key."),
        _text("key_Icontains", "--key-contains", "With this in the key."),
        Filter("key_In", "--key-in", "[String]", "With one of these keys. Repeatable."),
        _text("label_Icontains", "--name-contains", "With this in the label."),
        _flag("public", "--public/--private", "Prismatic's own, or the organization's."),
        _text("category", "--category", "Of exactly this category."),
        _text("description_Icontains", "--description-contains", "With this in the description."),
        _text("searchTerms_Icontains", "--search", "With this anywhere in it."),
        _text("searchTerms_Fulltext", "--search-words", "With these words anywhere in it."),
        *_LABELS,
        Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
        _flag("customer_Isnull", "--without-customer/--with-customer", "Of no customer, or of any."),
        _flag("hasActions", "--has-actions/--no-has-actions", "With actions, or without."),
        _flag("hasTriggers", "--has-triggers/--no-has-triggers", "With triggers, or without."),
        _flag("hasCommonTriggers", "--has-common-triggers/--no-has-common-triggers", "With common triggers."),
        _flag("hasDataSources", "--has-data-sources/--no-has-data-sources", "With data sources, or without."),
        _text("hasDataSourcesOfType", "--has-data-sources-of-type", "With data sources of this type."),
        _flag("hasConnections", "--has-connections/--no-has-connections", "With connections, or without."),
        _flag(
            "hasSimpleConnections", "--has-simple-connections/--no-has-simple-connections", "Without OAuth."
        ),
        _flag(
            "hasOauth2Connections", "--has-oauth2-connections/--no-has-oauth2-connections", "With OAuth 2.0."
        ),
        _flag(
            "hasConnectionTemplates",
            "--has-connection-templates/--no-has-connection-templates",
            "With templates.",
        ),
        _flag(
            "includeComponentsForCodeNativeIntegrations",
            "--code-native/--no-code-native",
            "Those of code-native integrations too.",
        ),
        *_VERSIONED,
        Filter(
            "versionSequenceId",
            "--version-sequence",
            "UUID",
            "The versions of one component, by versionSequenceId.",
        ),
        _flag("allVersions", "--all-versions/--newest-version", "Every version, or the newest of each."),
        Filter(
            "filterQuery", "--filter-query", "JSONString", 'A filter as JSON: {"key_Icontains": "slack"}.'
        ),
        *(
            Filter(
                f"versionCreatedAt_{side}", f"--published-{word}", "DateTime", f"Published then or {rest}."
            )
            for side, word, rest in (("Gte", "after", "later"), ("Lte", "before", "before"))
        ),
    ),
    single="component",
    named="key",
    name="key",
    sort="[{field: VERSION_CREATED_AT, direction: ASC}]",
)

LISTINGS: Sequence[Listing] = (USER, CUSTOMERS, INTEGRATIONS, VERSIONS, FLOWS, INSTANCES, COMPONENTS)


def find(kind: str) -> Listing | None:
    """The list of this kind, in the singular or the plural."""
    word = kind.lower()
    return next((listing for listing in LISTINGS if word in (listing.kind, listing.singular)), None)
