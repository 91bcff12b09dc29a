"""Why this exists: who asks, for whom, and which labels there are. A tenant has one user, its owner."""

from __future__ import annotations

from typing import Any

from . import paging
from .fields import Resolver, bind, constant, not_found
from .ids import from_global, named, to_global

_SINCE = "2025-01-01T00:00:00.000000+00:00"
_EMAIL = "owner@sandbox.localhost"
_NAME = "Sandbox Owner"


class _User:
    """The tenant's one user."""

    __slots__ = ("id", "tenant")

    def __init__(self, info: Any) -> None:
        self.id: str = info.context.meta["user"]
        self.tenant: str = info.context.meta["tenant"]


def user(_: Any, info: Any) -> _User:
    """The one user, wherever somebody is asked for."""
    return _User(info)


def organization(_: Any, info: Any) -> dict[str, str]:
    """The tenant's organization."""
    return {"id": info.context.meta["org"], "name": info.context.meta["org_name"]}


def _user_by_id(_: Any, info: Any, id: str) -> _User | None:
    found = _User(info)
    return found if from_global("User", id) == found.id else not_found(info)


def users(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The organization's users."""
    texts = {"name": _NAME, "email": _EMAIL}
    fits = [texts[key] == arguments[key] for key in texts if arguments.get(key) is not None]
    for key, text in texts.items():
        part = arguments.get(f"{key}_Icontains")
        fits.append(part is None or part.casefold() in text.casefold())
    # The user belongs to no customer and has no external id.
    fits += [arguments.get(key) is None for key in ("externalId", "customer")]
    fits += [arguments.get(key) is not False for key in ("externalId_Isnull", "customer_Isnull")]
    for key in ("createdAt", "updatedAt"):
        fits.append((arguments.get(f"{key}_Gte") or "") <= _SINCE <= (arguments.get(f"{key}_Lte") or "~"))
    return paging.of_list(info, [_User(info)] if all(fits) else [], arguments)


def users_of_customer(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """Nobody has made a user of a customer."""
    return paging.of_list(info, [], arguments)


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


_USER: dict[str, Resolver] = {
    "id": lambda value, _: to_global("User", value.id),
    "tenantId": lambda value, _: value.tenant,
    "name": constant(_NAME),
    "email": constant(_EMAIL),
    "externalId": constant(None),
    "avatarUrl": constant(None),
    "appAvatarUrl": constant(None),
    "appName": constant("Prismatic"),
    "marketplaceName": constant("Integration Marketplace"),
    "createdAt": constant(_SINCE),
    "updatedAt": constant(_SINCE),
    "dateJoined": constant(_SINCE),
    "customer": constant(None),
    "darkMode": constant(False),
    "darkModeSyncWithOs": constant(False),
    "hideSensitiveCustomerDataEnabled": constant(False),
    "featureFlags": constant("{}"),
    "phone": constant(""),
    "org": organization,
    "role": lambda _, info: info.context.role,
}
_ROLE: dict[str, Resolver] = {
    "id": lambda role, info: to_global("Role", named(info.context.meta["tenant"], f"role/{role}")),
    "name": lambda role, _: role.title(),
    "description": lambda role, _: "Reads everything" if role == "guest" else "Manages everything",
    "level": lambda role, _: 10 if role == "guest" else 100,
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
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
    bind("User", _USER),
    bind("Role", _ROLE),
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
ROOT: dict[str, Resolver] = {
    "user": _user_by_id,
    "users": users,
    "authenticatedUser": user,
    "organization": organization,
    "listUserTenants": _tenants,
    "integrationLabels": _labels("integration", "is_draft"),
    "customerLabels": _labels("customer", "1"),
    "instanceLabels": _labels("instance", "1"),
}
