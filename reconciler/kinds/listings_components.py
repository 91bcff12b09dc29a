"""The lists of components: those that the tenant has, and those of which integrations use an old version."""

from __future__ import annotations

from reconciler.kinds.listing_parts import ID, LABELS, VERSIONED, between, column, flag, text
from reconciler.kinds.listings import Filter, Listing

COMPONENTS = Listing(
    "components",
    "component",
    "Components: the newest version of each, or all. NAME is a component's key.",
    "components",
    (
        ID,
        column("key", shown=True),
        column("label", shown=True),
        column("version", "versionNumber", shown=True),
        column("public", shown=True),
        column("category"),
        column("description"),
        column("available", "versionIsAvailable"),
        column("signature"),
        column("labels"),
        column("customer", "customer { name }"),
        column("publishedAt", "versionCreatedAt", moment=True),
        column("comment", "versionComment"),
    ),
    (
        text("key", "--key", "With exactly this key."),
        text("key_Icontains", "--key-contains", "With this in the key."),
        Filter("key_In", "--key-in", "[String]", "With one of these keys. Repeatable."),
        text("label_Icontains", "--name-contains", "With this in the label."),
        flag("public", "--public/--private", "Prismatic's own, or the organization's."),
        text("category", "--category", "Of exactly this category."),
        text("description_Icontains", "--description-contains", "With this in the description."),
        text("searchTerms_Icontains", "--search", "With this anywhere in it."),
        text("searchTerms_Fulltext", "--search-words", "With these words anywhere in it."),
        *LABELS,
        Filter("customer", "--customer", "ID", "Of this customer: a name or an id.", "customers"),
        flag("customer_Isnull", "--without-customer/--with-customer", "Of no customer, or of any."),
        flag("hasActions", "--has-actions/--no-has-actions", "With actions, or without."),
        flag("hasTriggers", "--has-triggers/--no-has-triggers", "With triggers, or without."),
        flag("hasCommonTriggers", "--has-common-triggers/--no-has-common-triggers", "With common triggers."),
        flag("hasDataSources", "--has-data-sources/--no-has-data-sources", "With data sources, or without."),
        text("hasDataSourcesOfType", "--has-data-sources-of-type", "With data sources of this type."),
        flag("hasConnections", "--has-connections/--no-has-connections", "With connections, or without."),
        flag(
            "hasSimpleConnections", "--has-simple-connections/--no-has-simple-connections", "Without OAuth."
        ),
        flag(
            "hasOauth2Connections", "--has-oauth2-connections/--no-has-oauth2-connections", "With OAuth 2.0."
        ),
        flag(
            "hasConnectionTemplates",
            "--has-connection-templates/--no-has-connection-templates",
            "With templates.",
        ),
        flag(
            "includeComponentsForCodeNativeIntegrations",
            "--code-native/--no-code-native",
            "Those of code-native integrations too.",
        ),
        *VERSIONED,
        Filter(
            "versionSequenceId",
            "--version-sequence",
            "UUID",
            "The versions of one component, by versionSequenceId.",
        ),
        flag("allVersions", "--all-versions/--newest-version", "Every version, or the newest of each."),
        Filter(
            "filterQuery", "--filter-query", "JSONString", 'A filter as JSON: {"key_Icontains": "slack"}.'
        ),
        *between("versionCreatedAt", "published", "Published"),
    ),
    single="component",
    named="key",
    name="key",
    sort="[{field: VERSION_CREATED_AT, direction: ASC}]",
)
