"""Why this exists: the organization, its tenants, and which labels there are."""

from __future__ import annotations

from typing import Any

from ..frame import paging
from ..frame.context import Context
from ..frame.ids import named, to_global
from ..frame.inputs import filled
from ..frame.kinds import Kind
from ..frame.lists import ALL, Those
from ..frame.mutation import Run
from ..frame.resolvers import Resolver, alike, column, constants


def organization(_: Any, info: Any) -> dict[str, str]:
    """The tenant's organization."""
    return _organization(info.context.meta)


def _organization(meta: Any) -> dict[str, str]:
    return {"id": to_global("Organization", meta["org"]), "name": meta["org_name"]}


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


def _org_labels(_: Any, info: Any) -> list[str]:
    return sorted(
        {row["name"] for table in ("customer", "instance") for row in _labels(table, "1")(None, info)}
    )


def _update(context: Context, given: dict[str, Any]) -> dict[str, str]:
    if "name" in given:
        context.store.set_meta({"org_name": filled("name", given["name"])})
    return _organization(context.store.meta())


KINDS = (
    Kind(
        "Organization",
        fields={
            **alike(column, "id", "name"),
            "labels": _org_labels,
            "users": Those(lambda _, __: (("customer IS NULL",), ())),
            "customers": ALL,
            "integrations": ALL,
            "components": ALL,
            **constants(None, "avatarUrl", "brandedElements", "planExpiresAt"),
            **constants("{}", "featureFlags"),
            **constants("Integration Marketplace", "marketplaceName"),
            **constants("sandbox", "currentPlan"),
            **constants(500, "concurrentExecutionLimit"),
            **constants(10, "concurrentLreLimit"),
            "instanceBillingTypes": lambda _, __: [],
            **constants(False, "overExecutionLimit", "overdue", "usesBillingPortal", "systemSuspended"),
            **dict.fromkeys(("credentials", "signingKeys"), paging.empty),
        },
    ),
    Kind("Label", mapping=True),
    Kind("UserTenantsConnection", mapping=True),
    Kind("UserTenantAccess", mapping=True),
)
MUTATIONS: dict[str, Run] = {"updateOrganization": _update}
ROOT: dict[str, Resolver] = {
    "onPremiseResources": paging.empty,
    "organization": organization,
    "listUserTenants": _tenants,
    "integrationLabels": _labels("integration", "is_draft"),
    "customerLabels": _labels("customer", "1"),
    "instanceLabels": _labels("instance", "1"),
}
