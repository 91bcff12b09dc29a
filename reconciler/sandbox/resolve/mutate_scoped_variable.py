"""Why this exists: creating, changing, authorising and deleting the connections that integrations share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..store import Row
from . import rows
from .component import Part
from .context import Context
from .errors import RefusedError, missing, required
from .fields import Resolver
from .ids import from_global
from .mutate_connection import oauth_changes
from .mutate_instance import deploy
from .mutation import Columns, as_given, columns, filled, flag, mutation, target
from .scoped_variable import users_of

_SCOPED, _VALUE = ("scoped_variable", "ScopedConfigVariable"), ("customer_variable", "CustomerConfigVariable")
_COLUMNS: Columns = {
    "key": ("name", filled("key")),
    "description": ("description", as_given),
    "defaultForComponent": ("is_default", flag),
    "oAuthRedirectConfig": ("redirect", lambda value: json.dumps(value) if value else None),
}
_WHEN_CREATED: Columns = {"stableKey": ("stable_key", filled("stableKey")), "buildOnly": ("build_only", flag)}


def _connection(context: Context, value: str | None) -> Part | None:
    """The connection of a component that an id means."""
    if not value:
        return None
    wanted = from_global("Connection", value)
    for version in context.components.all(every_version=True):
        for described in version.body.get("connections", ()):
            part = Part(version, "connections", described)
            if part.id == wanted:
                return part
    raise missing("connection")


def _reference(part: Part) -> str:
    version = part.owner
    named = {"component_key": version.key, "is_public": version.public, "version": version.number}
    return json.dumps(named | {"key": part.body["key"], "component_label": version.body["label"]})


def _is_oauth(described: dict[str, Any] | None) -> bool:
    return bool(described and described["oauth2_type"] == "authorization_code")


def _merged(
    context: Context, before: str, given: Sequence[dict[str, Any] | None], described: dict[str, Any] | None
) -> str:
    """Inputs after an update; those left out are kept or go, as the rule has it."""
    kept = context.rules["connection_inputs_omitted"] == "kept"
    found = {one["name"]: one for one in json.loads(before)} if kept else {}
    known = {one["key"] for one in described["inputs"]} if described else None
    for one in given:
        if one is None:
            continue
        if known is not None and one["name"] not in known:
            raise RefusedError("inputs", f"The connection has no input {one['name']!r}.")
        found[one["name"]] = {
            "name": one["name"],
            "type": (one.get("type") or "value").upper(),
            "value": one.get("value") or "",
            "meta": one.get("meta"),
        }
    return json.dumps(list(found.values()))


def _choice(given: dict[str, Any], field: str, choices: tuple[str, ...], default: str) -> str:
    value = (given.get(field) or default).upper()
    if value not in choices:
        raise RefusedError(field, f"Value {given.get(field)!r} is not a valid choice.")
    return value


def _create(context: Context, given: dict[str, Any]) -> Row:
    scope = _choice(given, "variableScope", ("ORG", "CUSTOMER"), "")
    part = _connection(context, given.get("connection"))
    parent = rows.referred(context, *_SCOPED, given.get("parent"), "parent")
    if part is None and parent is None:
        raise required("connection")
    reference = (
        _reference(part) if part else rows.read(context, "scoped_variable", parent or "")["connection"]
    )
    taken = ("stableKey", "Scoped Config Variable with this stableKey already exists.")
    rows.once(context, "scoped_variable", "stable_key", given["stableKey"], "", taken)
    described = context.components.connection(json.loads(reference))
    changes = {
        **columns(_COLUMNS, given),
        **columns(_WHEN_CREATED, given),
        "scope": scope,
        "managed_by": _choice(given, "managedBy", ("ORG", "CUSTOMER", "SYSTEM"), "ORG"),
        "connection": reference,
        "customer": rows.referred(context, "customer", "Customer", given.get("customer"), "customer"),
        "parent": parent,
        "inputs": _merged(context, "[]", given.get("inputs") or (), described),
        "status": None if scope == "CUSTOMER" else "PENDING" if _is_oauth(described) else "ACTIVE",
        "configured_at": context.store.now() if given.get("inputs") else None,
    }
    return rows.create(context, "scoped_variable", changes)


def _described(context: Context, scoped: Row) -> dict[str, Any] | None:
    return context.components.connection(json.loads(scoped["connection"]))


def _settle(context: Context, table: str, row: Row, scoped: Row, given: dict[str, Any], changes: Row) -> Row:
    """The row after an update; its instances are deployed again where that is asked for."""
    if "inputs" in given:
        described = _described(context, scoped)
        changes["inputs"] = _merged(context, row["inputs"], given["inputs"] or (), described)
        changes["configured_at"] = context.store.now()
    changed = rows.change(context, table, row, changes)
    if given.get("redeploy"):
        for instance in users_of(context, changed, "last_deployed_at IS NOT NULL"):
            deploy(context, instance)
    return rows.read(context, table, row["id"])


def _update(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_SCOPED, given)
    changes = columns(_COLUMNS, given)
    if given.get("unsetOAuthRedirectConfig"):
        changes["redirect"] = None
    return _settle(context, "scoped_variable", row, row, given, changes)


def _refuse_used(context: Context, row: Row) -> None:
    used = users_of(context, row)
    if used:
        names = ", ".join(sorted(instance["name"] for instance in used)[:5])
        raise RefusedError("__all__", f"The connection is in use by {len(used)} instances: {names}.")


def _delete(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_SCOPED, given)
    _refuse_used(context, row)
    context.store.delete("scoped_variable", "id", row["id"])
    return row


def _create_value(context: Context, given: dict[str, Any]) -> Row:
    scoped = target(context, *_SCOPED, given, "scopedConfigVariable")
    if scoped["scope"] != "CUSTOMER":
        raise RefusedError(
            "scopedConfigVariable", "Only a customer-scoped variable has values for customers."
        )
    customer = rows.referred(context, "customer", "Customer", given.get("customer"), "customer")
    if customer is None and not given.get("isTest"):
        raise required("customer")
    where = ["scoped = ?", "customer IS ?", "name IS ?"]
    if context.store.select("customer_variable", where, [scoped["id"], customer, given.get("key")]):
        raise RefusedError("customer", "Customer Config Variable for this customer already exists.")
    described = _described(context, scoped)
    changes = {
        "name": given.get("key"),
        "scoped": scoped["id"],
        "customer": customer,
        "is_test": flag(given.get("isTest")),
        "inputs": _merged(context, "[]", given.get("inputs") or (), described),
        "status": "PENDING" if _is_oauth(described) else "ACTIVE",
        "configured_at": context.store.now(),
    }
    return rows.create(context, "customer_variable", changes)


def _update_value(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_VALUE, given)
    scoped = rows.read(context, "scoped_variable", row["scoped"])
    changes: Row = {"name": given["key"]} if "key" in given else {}
    return _settle(context, "customer_variable", row, scoped, given, changes)


def _delete_value(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_VALUE, given)
    _refuse_used(context, row)
    context.store.delete("customer_variable", "id", row["id"])
    return row


def _authorise(context: Context, table: str, row: Row, scoped: Row, given: dict[str, Any]) -> Row:
    if not _is_oauth(_described(context, scoped)):
        raise RefusedError("id", f"Connection {scoped['name']!r} is not an OAuth connection.")
    before = {"token": json.loads(row["token"] or "{}"), "status": row["status"]}
    entry = oauth_changes(before, given)
    changes = {
        "status": entry["status"],
        "token": json.dumps(entry["token"]) if entry["token"] else None,
        "refresh_at": entry.get("refresh_at"),
    }
    return rows.change(context, table, row, changes)


def _authorise_scoped(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_SCOPED, given)
    return _authorise(context, "scoped_variable", row, row, given)


def _authorise_value(context: Context, given: dict[str, Any]) -> Row:
    row = target(context, *_VALUE, given)
    scoped = rows.read(context, "scoped_variable", row["scoped"])
    return _authorise(context, "customer_variable", row, scoped, given)


def _disconnect(table: str, kind: str) -> Resolver:
    """Back to waiting for somebody."""

    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        return rows.change(context, table, row, {"status": "PENDING", "token": None, "refresh_at": None})

    return mutation(kind[0].lower() + kind[1:], run)


MUTATIONS: dict[str, Resolver] = {
    "createScopedConfigVariable": mutation("scopedConfigVariable", _create),
    "updateScopedConfigVariable": mutation("scopedConfigVariable", _update),
    "deleteScopedConfigVariable": mutation("scopedConfigVariable", _delete),
    "updateScopedOAuth2Connection": mutation("scopedConfigVariable", _authorise_scoped),
    "disconnectScopedConnection": _disconnect(*_SCOPED),
    "createCustomerConfigVariable": mutation("customerConfigVariable", _create_value),
    "updateCustomerConfigVariable": mutation("customerConfigVariable", _update_value),
    "deleteCustomerConfigVariable": mutation("customerConfigVariable", _delete_value),
    "updateCustomerOAuth2Connection": mutation("customerConfigVariable", _authorise_value),
    "disconnectCustomerConnection": _disconnect(*_VALUE),
}
