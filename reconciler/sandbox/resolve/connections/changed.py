"""Why this exists: creating, changing, authorising and deleting the connections that integrations share.

A shared variable and a customer's own value of one are rows alike; the first is its own description, and the
second is described by the variable that it is a value of.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...store import Row
from ..components.shown import connection_of
from ..components.versions import of
from ..frame import rows
from ..frame.context import Context
from ..frame.errors import RefusedError, required
from ..frame.inputs import Columns, as_given, columns, filled, flag, into, one_of
from ..frame.mutation import Run
from ..frame.rows import target
from ..instances.changed import deploy
from .authorised import NOBODY, oauth_changes
from .shown import users_of

_SCOPED, _VALUE = ("scoped_variable", "ScopedConfigVariable"), ("customer_variable", "CustomerConfigVariable")
_COLUMNS: Columns = {
    **into(filled, key="name"),
    **into(as_given, "description"),
    **into(flag, defaultForComponent="is_default"),
    **into(lambda _, value: json.dumps(value) if value else None, oAuthRedirectConfig="redirect"),
}
_WHEN_CREATED: Columns = {**into(filled, "stableKey"), **into(flag, "buildOnly")}
_scope = one_of(("ORG", "CUSTOMER"))
_manager = one_of(("ORG", "CUSTOMER", "SYSTEM"), "ORG")


def _described(context: Context, scoped: Row) -> dict[str, Any] | None:
    return of(context).connection(json.loads(scoped["connection"]))


def _is_oauth(described: dict[str, Any] | None) -> bool:
    return bool(described and described["oauth2_type"] == "authorization_code")


def _scoped_of(context: Context, row: Row) -> Row:
    """The variable that a row is, or is a customer's value of."""
    return row if "stable_key" in row else rows.read(context, "scoped_variable", row["scoped"])


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


def _create(context: Context, given: dict[str, Any]) -> Row:
    scope = _scope("variableScope", given.get("variableScope"))
    connection = connection_of(context, given["connection"]) if given.get("connection") else None
    parent = rows.referred(context, *_SCOPED, given.get("parent"), "parent")
    if connection is None and parent:
        connection = rows.read(context, "scoped_variable", parent)["connection"]
    if connection is None:
        raise required("connection")
    taken = ("stableKey", "Scoped Config Variable with this stableKey already exists.")
    rows.once(context, "scoped_variable", "stable_key", given["stableKey"], "", taken)
    described = of(context).connection(json.loads(connection))
    changes = {
        **columns(_COLUMNS, given),
        **columns(_WHEN_CREATED, given),
        "scope": scope,
        "managed_by": _manager("managedBy", given.get("managedBy")),
        "connection": connection,
        "customer": rows.referred(context, "customer", "Customer", given.get("customer"), "customer"),
        "parent": parent,
        "inputs": _merged(context, "[]", given.get("inputs") or (), described),
        "status": None if scope == "CUSTOMER" else "PENDING" if _is_oauth(described) else "ACTIVE",
        "configured_at": context.store.now() if given.get("inputs") else None,
    }
    return rows.create(context, "scoped_variable", changes)


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
        "is_test": int(bool(given.get("isTest"))),
        "inputs": _merged(context, "[]", given.get("inputs") or (), described),
        "status": "PENDING" if _is_oauth(described) else "ACTIVE",
        "configured_at": context.store.now(),
    }
    return rows.create(context, "customer_variable", changes)


def _update(table: str, kind: str, settable: Columns) -> Run:
    """The row after an update; its instances are deployed again where that is asked for."""

    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        changes = columns(settable, given)
        if given.get("unsetOAuthRedirectConfig"):
            changes["redirect"] = None
        if "inputs" in given:
            described = _described(context, _scoped_of(context, row))
            changes["inputs"] = _merged(context, row["inputs"], given["inputs"] or (), described)
            changes["configured_at"] = context.store.now()
        changed = rows.change(context, table, row, changes)
        if given.get("redeploy"):
            for instance in users_of(context, changed, "last_deployed_at IS NOT NULL"):
                deploy(context, instance)
        return rows.read(context, table, row["id"])

    return run


def _authorise(table: str, kind: str) -> Run:
    def run(context: Context, given: dict[str, Any]) -> Row:
        row = target(context, table, kind, given)
        scoped = _scoped_of(context, row)
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

    return run


def _disconnect(table: str, kind: str) -> Run:
    """Back to waiting for somebody."""
    return lambda context, given: rows.change(context, table, target(context, table, kind, given), NOBODY)


def _refuse_used(context: Context, row: Row) -> None:
    used = users_of(context, row)
    if used:
        names = ", ".join(sorted(instance["name"] for instance in used)[:5])
        raise RefusedError("__all__", f"The connection is in use by {len(used)} instances: {names}.")


MUTATIONS: dict[str, Run] = {
    "createScopedConfigVariable": _create,
    "updateScopedConfigVariable": _update(*_SCOPED, _COLUMNS),
    "deleteScopedConfigVariable": rows.removal(_SCOPED[1], _SCOPED[0], _refuse_used),
    "updateScopedOAuth2Connection": _authorise(*_SCOPED),
    "disconnectScopedConnection": _disconnect(*_SCOPED),
    "createCustomerConfigVariable": _create_value,
    "updateCustomerConfigVariable": _update(*_VALUE, into(as_given, key="name")),
    "deleteCustomerConfigVariable": rows.removal(_VALUE[1], _VALUE[0], _refuse_used),
    "updateCustomerOAuth2Connection": _authorise(*_VALUE),
    "disconnectCustomerConnection": _disconnect(*_VALUE),
}
