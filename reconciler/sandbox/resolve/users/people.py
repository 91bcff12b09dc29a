"""Why this exists: the people of the organization and of its customers, and the roles they can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...store import Row
from ..frame import filters, paging, rows
from ..frame.context import Context
from ..frame.errors import RefusedError, missing, required
from ..frame.ids import from_global, named, to_global
from ..frame.inputs import Columns, as_given, columns, flag, into, text
from ..frame.kinds import Kind
from ..frame.lists import Rows
from ..frame.mutation import Run
from ..frame.resolvers import Resolver, constants, may_write
from .organization import organization

# key: name, description, level
_ORGANIZATION_ROLES = {
    "owner": ("Owner", "Manages everything", 100),
    "admin": ("Admin", "Manages everything but the organization itself", 90),
    "integrator": ("Integrator", "Manages components, integrations and instances", 70),
    "restricted-integrator": ("Restricted Integrator", "An integrator without logs and step results", 60),
    "customer-manager": ("Customer Manager", "Manages customers and their users", 50),
    "third-party": ("Third-Party", "Sees what is granted one by one", 20),
    "guest": ("Guest", "Reads everything", 10),
}
_CUSTOMER_ROLES = {
    "customer/admin": ("Admin", "Manages the customer's users and instances", 40),
    "customer/member": ("Member", "Reads what the customer has", 5),
}
_ROLES = {**_ORGANIZATION_ROLES, **_CUSTOMER_ROLES}
_Roles = Mapping[str, Any]

_FILTERS = {
    **filters.on("name", "email", "externalId"),
    "customer": filters.reference("customer", "Customer"),
    "customer_Isnull": filters.is_null("customer"),
    **filters.TIMES,
}
_ORDER = {"CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)"}


def _role_id(context: Context, key: str) -> str:
    return named(context.meta["tenant"], f"role/{key}")


def _is_owner(row: Row, info: Any) -> bool:
    return bool(row["id"] == info.context.meta["user"])


def _role(row: Row, info: Any) -> str:
    """A guest's token is the owner's, with fewer rights."""
    return str(info.context.role if _is_owner(row, info) else row["role"])


def _may_remove(row: Row, info: Any) -> bool:
    return not _is_owner(row, info) and may_write(row, info)


def _whoever_asks(_: Any, info: Any) -> Row:
    found: Row = info.context.row("person", info.context.meta["user"])
    return found


def _exists(_: Any, info: Any, email: str) -> bool:
    return bool(info.context.store.count("person", ["fold(email) = fold(?)"], [email]))


# mutations

_COLUMNS: Columns = {
    **into(text, "name", "phone"),
    **into(as_given, "externalId", "avatarUrl"),
    **into(flag, darkMode="dark", darkModeSyncWithOs="dark_with_os"),
}


def _role_key(context: Context, value: str, keys: _Roles) -> str:
    wanted = from_global("Role", value)
    found = next((key for key in keys if _role_id(context, key) == wanted), None)
    if found is None:
        if any(_role_id(context, key) == wanted for key in _ROLES):
            raise RefusedError("role", "The role is not one that this kind of user can have.")
        raise missing("role")
    return found


def _create(context: Context, given: dict[str, Any], customer: str | None, keys: _Roles) -> Row:
    email = (given.get("email") or "").strip()
    if not email:
        raise required("email")
    if "@" not in email:
        raise RefusedError("email", "Enter a valid email address.")
    if context.store.select("person", ["fold(email) = fold(?)"], [email]):
        raise RefusedError("email", "User with this email already exists.")
    role = _role_key(context, given["role"], keys)
    changes = {"email": email, "role": role, "customer": customer, **columns(_COLUMNS, given)}
    return rows.create(context, "person", changes)


def _create_of_organization(context: Context, given: dict[str, Any]) -> Row:
    return _create(context, given, None, _ORGANIZATION_ROLES)


def _create_of_customer(context: Context, given: dict[str, Any]) -> Row:
    customer = rows.referred(context, "customer", "Customer", given.get("customer"), "customer")
    if customer is None:
        raise required("customer")
    return _create(context, given, customer, _CUSTOMER_ROLES)


def _changes(context: Context, given: dict[str, Any], before: Row) -> Row:
    changes = columns(_COLUMNS, given)
    if given.get("role"):
        if before["id"] == context.meta["user"]:
            raise RefusedError("role", "Nobody can change the role that they have.")
        keys = _CUSTOMER_ROLES if before["customer"] else _ORGANIZATION_ROLES
        changes["role"] = _role_key(context, given["role"], keys)
    return changes


def _refuse_self(context: Context, row: Row) -> None:
    if row["id"] == context.meta["user"]:
        raise RefusedError("__all__", "Nobody can delete themselves.")


KINDS = (
    Kind(
        "User",
        "person",
        lists=Rows("person", _FILTERS, _ORDER).listed,
        fields={
            "tenantId": lambda _, info: info.context.meta["tenant"],
            "role": _role,
            "org": lambda row, info: None if row["customer"] else organization(row, info),
            "darkMode": "dark",
            "darkModeSyncWithOs": "dark_with_os",
            "dateJoined": "created_at",
            "allowRemove": _may_remove,
            "allowChangeRoles": _may_remove,
            **constants(None, "appAvatarUrl"),
            **constants("Prismatic", "appName"),
            **constants("Integration Marketplace", "marketplaceName"),
            **constants(False, "hideSensitiveCustomerDataEnabled"),
            **constants("{}", "featureFlags"),
        },
    ),
    Kind(
        "Role",
        fields={
            "id": lambda role, info: to_global("Role", _role_id(info.context, role)),
            "name": lambda role, _: _ROLES[role][0],
            "description": lambda role, _: _ROLES[role][1],
            "level": lambda role, _: _ROLES[role][2],
            "objType": lambda role, _: "Customer" if role in _CUSTOMER_ROLES else "Organization",
            "permissions": paging.empty,
            **constants(False, "allowRemove", "allowUpdate"),
        },
    ),
    Kind(
        "AuthObjectType",
        fields={
            "id": lambda name, info: to_global(
                "AuthObjectType", named(info.context.meta["tenant"], f"object-type/{name}")
            ),
            "name": lambda name, _: name,
            **constants(False, "allowRemove", "allowUpdate"),
        },
    ),
)
ROOT: dict[str, Resolver] = {
    "userExists": _exists,
    "authenticatedUser": _whoever_asks,
    "organizationRoles": lambda _, __: list(_ORGANIZATION_ROLES),
    "customerRoles": lambda _, __: list(_CUSTOMER_ROLES),
}
MUTATIONS: dict[str, Run] = {
    "createOrganizationUser": _create_of_organization,
    "createCustomerUser": _create_of_customer,
    "updateUser": rows.updating("User", "person", _changes),
    "deleteUser": rows.removal("User", "person", _refuse_self),
}
