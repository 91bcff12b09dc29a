"""Why this exists: the organization, its tenants, and which labels there are."""

from __future__ import annotations

from typing import Any

from . import paging
from .context import Context
from .fields import Resolver, bind, constant
from .ids import named, to_global
from .mutation import filled, mutation
from .user import users


def organization(_: Any, info: Any) -> dict[str, str]:
    """The tenant's organization."""
    return {"id": info.context.meta["org"], "name": info.context.meta["org_name"]}


def _tenants(_: Any, info: Any, **__: Any) -> dict[str, Any]:
    meta = info.context.meta
    tenant = {
        "tenantId": meta["tenant"],
        "orgName": meta["org_name"],
        "url": meta.get("url", "http://sandbox.localhost"),
        "awsRegion": "sandbox",
        "isCurrentStack": True,
        "systemSuspended": False,
    }
    return {"nodes": [tenant]}


def _labels(table: str, where: str) -> Resolver:
    def resolve(_: Any, info: Any) -> list[dict[str, str]]:
        sql = f"SELECT DISTINCT value FROM {table}, json_each({table}.labels) WHERE {where} ORDER BY value"
        tenant = info.context.meta["tenant"]
        return [
            {"id": to_global("Label", named(tenant, f"{table}/{row['value']}")), "name": row["value"]}
            for row in info.context.store.all(sql)
        ]

    return resolve


# These kinds import this module, so they are imported when they are asked for.
def _customers(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    from .customer import customers

    return customers(None, info, **arguments)


def _integrations(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    from .integration import integrations

    return integrations(None, info, **arguments)


def _components(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    from .component import components

    return components(None, info, **arguments)


def _org_labels(_: Any, info: Any) -> list[str]:
    return sorted(
        {row["name"] for table in ("customer", "instance") for row in _labels(table, "1")(None, info)}
    )


def item(name: str) -> Resolver:
    """A key of a mapping."""
    return lambda value, _: value[name]


_ORG: dict[str, Resolver] = {
    "id": lambda value, _: to_global("Organization", value["id"]),
    "name": item("name"),
    "avatarUrl": constant(None),
    "brandedElements": constant(None),
    "featureFlags": constant("{}"),
    "labels": _org_labels,
    "marketplaceName": constant("Integration Marketplace"),
    "concurrentExecutionLimit": constant(500),
    "concurrentLreLimit": constant(10),
    "currentPlan": constant("sandbox"),
    "instanceBillingTypes": constant([]),
    "overExecutionLimit": constant(False),
    "overdue": constant(False),
    "usesBillingPortal": constant(False),
    "planExpiresAt": constant(None),
    "systemSuspended": constant(False),
    "credentials": paging.empty,
    "signingKeys": paging.empty,
    "users": users,
    "customers": _customers,
    "integrations": _integrations,
    "components": _components,
}
BINDINGS = [
    bind("Organization", _ORG),
    bind("Label", {"id": item("id"), "name": item("name")}),
    bind("UserTenantsConnection", {"nodes": item("nodes")}),
    bind(
        "UserTenantAccess",
        {
            key: item(key)
            for key in ("tenantId", "orgName", "url", "awsRegion", "isCurrentStack", "systemSuspended")
        },
    ),
]


def _update(context: Context, given: dict[str, Any]) -> dict[str, str]:
    if "name" in given:
        context.store.set_meta({"org_name": filled("name")(given["name"])})
    meta = context.store.meta()
    return {"id": meta["org"], "name": meta["org_name"]}


MUTATIONS: dict[str, Resolver] = {"updateOrganization": mutation("organization", _update)}
ROOT: dict[str, Resolver] = {
    "onPremiseResources": paging.empty,
    "organization": organization,
    "listUserTenants": _tenants,
    "integrationLabels": _labels("integration", "is_draft"),
    "customerLabels": _labels("customer", "1"),
    "instanceLabels": _labels("instance", "1"),
}
