"""Why this exists: the people of the organization and of its customers, and the roles they can have."""

from __future__ import annotations

from typing import Any

from ..store import Row
from . import paging, rows
from .context import Context
from .errors import RefusedError, missing, required
from .fields import Resolver, bind, boolean, by_id, column, constant, global_id, may_write, relation
from .filters import TIMES, Filter, exact, icontains, is_null, reference
from .ids import from_global, named, to_global
from .mutation import Columns, as_given, columns, flag, mutation, target, text
from .rows import TIMES_ORDER, listing, of_parent

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

USER_FILTERS: dict[str, Filter] = {
    "name": exact("name"),
    "name_Icontains": icontains("name"),
    "email": exact("email"),
    "email_Icontains": icontains("email"),
    "externalId": exact("external_id"),
    "externalId_Isnull": is_null("external_id"),
    "customer": reference("customer", "Customer"),
    "customer_Isnull": is_null("customer"),
    **TIMES,
}
USER_ORDER = {
    **TIMES_ORDER,
    "EMAIL": "email",
    "ROLE": "role",
    "CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)",
}


def _role_id(context: Context, key: str) -> str:
    return named(context.meta["tenant"], f"role/{key}")


def _roles(keys: dict[str, Any]) -> Resolver:
    return lambda _, __: list(keys)


def user(_: Any, info: Any) -> Row:
    """Whoever asks."""
    found: Row = info.context.row("person", info.context.meta["user"])
    return found


users = listing("person", USER_FILTERS, USER_ORDER, lambda _: (("customer IS NULL",), ()))
users_of_customer = listing("person", USER_FILTERS, USER_ORDER, of_parent("customer"))


def _all_users(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """Those of the organization and of customers alike."""
    found: paging.Connection = listing("person", USER_FILTERS, USER_ORDER)(None, info, **arguments)
    return found


def _is_owner(row: Row, info: Any) -> bool:
    return bool(row["id"] == info.context.meta["user"])


def _role(row: Row, info: Any) -> str:
    """A guest's token is the owner's, with fewer rights."""
    return str(info.context.role if _is_owner(row, info) else row["role"])


def _may_remove(row: Row, info: Any) -> bool:
    return not _is_owner(row, info) and may_write(row, info)


def _organization(_: Any, info: Any) -> Any:
    from .user_org import organization  # which imports this module

    return organization(None, info)


# mutations

_COLUMNS: Columns = {
    "name": ("name", text),
    "phone": ("phone", text),
    "externalId": ("external_id", as_given),
    "avatarUrl": ("avatar_url", as_given),
    "darkMode": ("dark", flag),
    "darkModeSyncWithOs": ("dark_with_os", flag),
}


def _role_key(context: Context, value: str, keys: dict[str, Any]) -> str:
    wanted = from_global("Role", value)
    found = next((key for key in keys if _role_id(context, key) == wanted), None)
    if found is None:
        if any(_role_id(context, key) == wanted for key in _ROLES):
            raise RefusedError("role", "The role is not one that this kind of user can have.")
        raise missing("role")
    return found


def _create(context: Context, given: dict[str, Any], customer: str | None, keys: dict[str, Any]) -> Row:
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


def _update(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "person", "User", given)
    changes = columns(_COLUMNS, given)
    if given.get("role"):
        if row["id"] == context.meta["user"]:
            raise RefusedError("role", "Nobody can change the role that they have.")
        keys = _CUSTOMER_ROLES if row["customer"] else _ORGANIZATION_ROLES
        changes["role"] = _role_key(context, given["role"], keys)
    return rows.change(context, "person", row, changes)


def _delete(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, "person", "User", given)
    if row["id"] == context.meta["user"]:
        raise RefusedError("__all__", "Nobody can delete themselves.")
    context.store.delete("person", "id", row["id"])
    return row


_USER: dict[str, Resolver] = {
    "id": global_id("User"),
    "tenantId": lambda _, info: info.context.meta["tenant"],
    "name": column("name"),
    "email": column("email"),
    "externalId": column("external_id"),
    "phone": column("phone"),
    "role": _role,
    "customer": relation("customer", "customer"),
    "org": lambda row, info: None if row["customer"] else _organization(row, info),
    "avatarUrl": column("avatar_url"),
    "darkMode": boolean("dark"),
    "darkModeSyncWithOs": boolean("dark_with_os"),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
    "dateJoined": column("created_at"),
    "appAvatarUrl": constant(None),
    "appName": constant("Prismatic"),
    "marketplaceName": constant("Integration Marketplace"),
    "hideSensitiveCustomerDataEnabled": constant(False),
    "featureFlags": constant("{}"),
    "allowRemove": _may_remove,
    "allowChangeRoles": _may_remove,
}
_ROLE: dict[str, Resolver] = {
    "id": lambda role, info: to_global("Role", _role_id(info.context, role)),
    "name": lambda role, _: _ROLES[role][0],
    "description": lambda role, _: _ROLES[role][1],
    "level": lambda role, _: _ROLES[role][2],
    "objType": lambda role, _: "Customer" if role in _CUSTOMER_ROLES else "Organization",
    "permissions": paging.empty,
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
_OBJECT_TYPE: dict[str, Resolver] = {
    "id": lambda name, info: to_global(
        "AuthObjectType", named(info.context.meta["tenant"], f"object-type/{name}")
    ),
    "name": lambda name, _: name,
    "allowRemove": constant(False),
    "allowUpdate": constant(False),
}
BINDINGS = [bind("User", _USER), bind("Role", _ROLE), bind("AuthObjectType", _OBJECT_TYPE)]


def _exists(_: Any, info: Any, email: str) -> bool:
    return bool(info.context.store.count("person", ["fold(email) = fold(?)"], [email]))


ROOT: dict[str, Resolver] = {
    "user": by_id("person", "User"),
    "users": _all_users,
    "userExists": _exists,
    "authenticatedUser": user,
    "organizationRoles": _roles(_ORGANIZATION_ROLES),
    "customerRoles": _roles(_CUSTOMER_ROLES),
}
MUTATIONS: dict[str, Resolver] = {
    "createOrganizationUser": mutation("user", _create_of_organization),
    "createCustomerUser": mutation("user", _create_of_customer),
    "updateUser": mutation("user", _update),
    "deleteUser": mutation("user", _delete),
}
