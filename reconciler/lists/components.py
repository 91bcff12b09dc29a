"""The lists of components: those that the tenant has, and those of which integrations use an old version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.lists.listing import Filter, Listing, Page
from reconciler.lists.parts import ID, LABELS, VERSIONED, between, column, flag, text
from reconciler.model import documents
from reconciler.model.operation import Operation

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
            "components",
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
    node="Component",
    sort="[{field: VERSION_CREATED_AT, direction: ASC}]",
)

OUTDATED = Listing(
    "outdated components",
    "outdated component",
    "Which integrations use an old version of a component.",
    "integrations",
    (
        column("integration", "integration { name }", shown=True),
        column("key", "component { key }", shown=True),
        column("public", "component { public }", shown=True),
        column("version", "component { versionNumber }", shown=True),
        column("newest", "component { versionAt { versionNumber } }", shown=True),
        column("label", "component { label }"),
        column("integrationVersion", "integration { versionNumber }"),
        column("id", "integration { id }"),
    ),
)
"""Rows that are put together of an integration and a component. Their id is the integration's."""


def outdated_pages(filters: Mapping[str, Any]) -> Page:
    """Every integration's draft that uses an old version, with the components of which it does."""
    return _pages("integrations", "integrations", filters)


def outdated_in(integration: str, filters: Mapping[str, Any]) -> Page:
    """The components of which one integration uses an old version, where a page could not hold them all."""
    return _pages("components", "integration", {"id": integration, **filters})


def _pages(document: str, root: str, values: Mapping[str, Any]) -> Page:
    text = documents.load("outdated", "reconciler.lists")[document]
    return lambda first, after: Operation(root, text, {**values, "first": first, "after": after})
