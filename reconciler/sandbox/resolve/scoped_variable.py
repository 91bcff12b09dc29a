"""Why this exists: connections that many integrations share, for the organization or for each customer.

A definition names one by its stable key (``useScopedConfigVar``); instances then use it. Where each customer
has its own, the values are rows beside it.
"""

from __future__ import annotations

import json
from typing import Any

from ..store import Row
from . import paging, rows
from .component import Part, part_of
from .context import Context
from .fields import Resolver, bind, boolean, by_id, column, global_id, may_write, relation
from .filters import Condition, Filter, exact, flag, icontains, ids, is_null, one_of, reference
from .flow import Expression
from .ids import to_global
from .rows import listing, of_parent

USES = (
    "integration IN (SELECT i.id FROM integration i JOIN definition d ON d.digest = i.definition,"
    " json_each(d.body, '$.requiredConfigVars') v WHERE json_extract(v.value, '$.useScopedConfigVar') = ?)"
)
BOUND = "EXISTS (SELECT 1 FROM json_each(config) WHERE json_extract(value, '$.customer_variable') = ?)"


def users_of(context: Context, row: Row, *more: str) -> list[Row]:
    """The instances that use a variable: by its stable key, or bound to a customer's own value."""
    test, key = (USES, row["stable_key"]) if "stable_key" in row else (BOUND, row["id"])
    return context.store.select("instance", [test, "NOT is_system", *more], [key])


def connection_of(row: Row, info: Any) -> Part | None:
    """The component's connection that a variable holds values for."""
    return part_of(info, "connections", json.loads(row["connection"])) if row["connection"] else None


def _scoped_of(row: Row, info: Any) -> Row:
    found: Row = row if "stable_key" in row else info.context.row("scoped_variable", row["scoped"])
    return found


def _inputs(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The inputs that were given; those that must not be read back are blank."""
    part = connection_of(_scoped_of(row, info), info)
    known = {one["key"]: one for one in (part.body.get("inputs", ()) if part else ())}
    hide = info.context.rules["secrets_read_back"] == "hidden"
    found = []
    for given in json.loads(row["inputs"]):
        meta = json.loads(given["meta"]) if given.get("meta") else None
        made = Expression(row["id"], given["name"], given["type"], given["value"], meta)
        described = known.get(given["name"], {})
        secret = hide and described.get("type") == "password"
        if secret or described.get("write_only") or (meta or {}).get("writeOnly"):
            made.value = ""  # hasValue still tells
        found.append(made)
    return paging.of_list(info, found, arguments)


def _meta(row: Row, info: Any) -> str | None:
    if row["token"] is None:
        return None
    return json.dumps(
        {} if info.context.rules["secrets_read_back"] == "hidden" else {"token": json.loads(row["token"])}
    )


def _authorize_url(kind: str) -> Resolver:
    def resolve(row: Row, info: Any, **_: Any) -> str | None:
        part = connection_of(_scoped_of(row, info), info)
        if part is None or part.body["oauth2_type"] != "authorization_code":
            return None
        return f"https://oauth2.sandbox.localhost/authorize/{to_global(kind, row['id'])}"

    return resolve


def _is_in_use(row: Row, info: Any) -> bool:
    return bool(users_of(info.context, row))


def _has_deployed(row: Row, info: Any) -> bool:
    return bool(users_of(info.context, row, "last_deployed_at IS NOT NULL"))


def _instances(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    from .instance import select

    used = [instance["id"] for instance in users_of(info.context, row)]
    return select(info, arguments, ["id IN (SELECT value FROM json_each(?))"], [json.dumps(used)])


def _integrations(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    from .integration import select

    used = USES.replace("integration IN", "id IN")
    return select(info, arguments, [used], [_scoped_of(row, info)["stable_key"]])


def _customers(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    from .customer import FILTERS, ORDER

    narrow: rows.Narrow = lambda _: (  # noqa: E731
        ("id IN (SELECT v.customer FROM customer_variable v WHERE v.scoped = ?)",),
        (row["id"],),
    )
    found: paging.Connection = listing("customer", FILTERS, ORDER, narrow)(row, info, **arguments)
    return found


def upper(name: str) -> Filter:
    """Given in lower case, kept in upper."""
    return lambda _, value: (f"{name} = ?", [value.upper()])


def _upper_in(name: str) -> Filter:
    return lambda context, values: one_of(name)(context, [value.upper() for value in values if value])


def _component_in(path: str) -> Filter:
    def make(_: Context, values: list[dict[str, Any]]) -> Condition:
        tests, wanted = ["0"], []
        for one in values:
            tests.append(
                f"(json_extract({path}, '$.component_key') = ? AND json_extract({path}, '$.is_public') = ?)"
            )
            wanted += [one["key"], int(one["isPublic"])]
        return f"({' OR '.join(tests)})", wanted

    return make


def _of_scoped(test: Filter) -> Filter:
    """A filter on the variable that a customer's value is for."""

    def make(context: Context, value: Any) -> Condition | None:
        found = test(context, value)
        if found is None:
            return None
        return f"scoped IN (SELECT id FROM scoped_variable WHERE {found[0]})", found[1]

    return make


_FILTERS: dict[str, Filter] = {
    "id_In": ids("id", "ScopedConfigVariable"),
    "key": exact("name"),
    "key_Icontains": icontains("name"),
    "stableKey": exact("stable_key"),
    "stableKey_In": one_of("stable_key"),
    "description_Icontains": icontains("description"),
    "managedBy": upper("managed_by"),
    "variableScope": upper("scope"),
    "status": upper("status"),
    "status_In": _upper_in("status"),
    "connection_Component_In": _component_in("connection"),
    "connection_Component_Label_Icontains": icontains("json_extract(connection, '$.component_label')"),
}
_VALUE_FILTERS: dict[str, Filter] = {
    "id_In": ids("id", "CustomerConfigVariable"),
    "customer": reference("customer", "Customer"),
    "isTest": flag("is_test"),
    "key": exact("name"),
    "key_Icontains": icontains("name"),
    "key_Isnull": is_null("name"),
    "scopedConfigVariable": reference("scoped", "ScopedConfigVariable"),
    "scopedConfigVariable_Key": _of_scoped(exact("name")),
    "scopedConfigVariable_Key_Icontains": _of_scoped(icontains("name")),
    "scopedConfigVariable_ManagedBy": _of_scoped(upper("managed_by")),
    "scopedConfigVariable_StableKey": _of_scoped(exact("stable_key")),
    "scopedConfigVariable_StableKey_Icontains": _of_scoped(icontains("stable_key")),
    "scopedConfigVariable_VariableScope": _of_scoped(upper("scope")),
    "status": upper("status"),
    "status_In": _upper_in("status"),
    "connection_Component_In": _of_scoped(_component_in("connection")),
    "connection_Component_Label_Icontains": _of_scoped(
        icontains("json_extract(connection, '$.component_label')")
    ),
}
_ORDER = {
    "COMPONENT_LABEL": "json_extract(connection, '$.component_label')",
    "CREATED_AT": "created_at",
    "KEY": "name",
    "LAST_CONFIGURED_AT": "configured_at",
    "STATUS": "status",
    "UPDATED_AT": "updated_at",
}
_VALUE_ORDER = {**_ORDER, "COMPONENT_LABEL": "scoped"}


def _values(narrow: rows.Narrow | None = None) -> Resolver:
    return listing("customer_variable", _VALUE_FILTERS, _VALUE_ORDER, narrow)


def values_of_instance(instance: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The customers' values that an instance is bound to."""
    bound = [entry.get("customer_variable") for entry in json.loads(instance["config"]).values()]
    found: paging.Connection = _values(rows.listed_in("bound"))(
        {"bound": json.dumps(bound)}, info, **arguments
    )
    return found


def by_stable_key(context: Context, key: str | None) -> Row | None:
    """The variable that a definition names."""
    found = context.store.select("scoped_variable", ["stable_key = ?"], [key]) if key else []
    return found[0] if found else None


def _redirect(row: Row, _: Any) -> Any:
    return json.loads(row["redirect"]) if row["redirect"] else None


def _can_go(row: Row, info: Any) -> bool:
    return may_write(row, info) and not users_of(info.context, row)


_ALIKE: dict[str, Resolver] = {
    "key": column("name"),
    "status": column("status"),
    "inputs": _inputs,
    "meta": _meta,
    "refreshAt": column("refresh_at"),
    "lastConfiguredAt": column("configured_at"),
    "lastSuccessfulRefreshAt": column("refresh_at"),
    "customer": relation("customer", "customer"),
    "isInUse": _is_in_use,
    "hasDeployedInstances": _has_deployed,
    "instances": _instances,
    "integrations": _integrations,
    "logs": paging.empty,
    "workflows": paging.empty,
    "allowRemove": _can_go,
}
_SCOPED: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("ScopedConfigVariable"),
    "stableKey": column("stable_key"),
    "description": column("description"),
    "variableScope": column("scope"),
    "managedBy": column("managed_by"),
    "connection": connection_of,
    "parent": relation("scoped_variable", "parent"),
    "buildOnly": boolean("build_only"),
    "defaultForComponent": boolean("is_default"),
    "oAuthRedirectConfig": _redirect,
    "authorizeUrl": _authorize_url("ScopedConfigVariable"),
    "customerConfigVariables": _values(of_parent("scoped")),
    "customers": _customers,
}
_VALUE: dict[str, Resolver] = {
    **_ALIKE,
    "id": global_id("CustomerConfigVariable"),
    "isTest": boolean("is_test"),
    "scopedConfigVariable": relation("scoped_variable", "scoped"),
    "authorizeUrl": _authorize_url("CustomerConfigVariable"),
}
BINDINGS = [
    bind("ScopedConfigVariable", _SCOPED),
    bind("CustomerConfigVariable", _VALUE),
    bind(
        "OAuthRedirectConfig",
        {
            name: (lambda row, _, name=name: row.get(name))
            for name in ("oAuthSuccessRedirectUri", "oAuthFailureRedirectUri")
        },
    ),
]


def _scoped_variables(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """Those of the organization, and those of one customer alone where they are asked for."""
    narrow: rows.Narrow | None = None
    if not arguments.get("includeCustomer"):
        narrow = lambda _: (("customer IS NULL",), ())  # noqa: E731
    found: paging.Connection = listing("scoped_variable", _FILTERS, _ORDER, narrow)(None, info, **arguments)
    return found


ROOT: dict[str, Resolver] = {
    "scopedConfigVariable": by_id("scoped_variable", "ScopedConfigVariable"),
    "scopedConfigVariables": _scoped_variables,
    "customerConfigVariable": by_id("customer_variable", "CustomerConfigVariable"),
    "customerConfigVariables": _values(),
}
