"""Why this exists: connections that many integrations share, for the organization or for each customer.

A definition names one by its stable key (``useScopedConfigVar``); instances then use it. Where each customer
has its own, the values are rows beside it.
"""

from __future__ import annotations

import json
from typing import Any

from ...store import Row
from ..components.shown import Part, part_of
from ..content.expressions import Expression
from ..frame import filters, paging
from ..frame.context import Context
from ..frame.filters import Condition, Filter
from ..frame.ids import to_global
from ..frame.kinds import Field, Kind
from ..frame.lists import Arguments, Rows, Those, of_parent, where
from ..frame.resolvers import Resolver, json_column, may_write
from ..instances.values import AUTHORIZE, tokens_shown

_NAMED = (
    "(SELECT i.id FROM integration i JOIN definition d ON d.digest = i.definition,"
    " json_each(d.body, '$.requiredConfigVars') v WHERE json_extract(v.value, '$.useScopedConfigVar') = ?)"
)
_BOUND = "EXISTS (SELECT 1 FROM json_each(config) WHERE json_extract(value, '$.customer_variable') = ?)"
_LABEL = "json_extract(connection, '$.component_label')"
_DEPLOYED = "last_deployed_at IS NOT NULL"


def _uses(row: Row) -> tuple[list[str], list[str]]:
    """Which instances use a variable: by its stable key, or bound to a customer's own value."""
    by_key = "stable_key" in row
    test, value = (f"integration IN {_NAMED}", row["stable_key"]) if by_key else (_BOUND, row["id"])
    return [test, "NOT is_system"], [value]


def users_of(context: Context, row: Row, *more: str) -> list[Row]:
    """The instances that use a variable."""
    conditions, parameters = _uses(row)
    return context.store.select("instance", [*conditions, *more], parameters)


def _used(*more: str) -> Resolver:
    """Whether instances use a variable that fulfil more conditions."""
    return lambda row, info: bool(users_of(info.context, row, *more))


def _can_go(row: Row, info: Any) -> bool:
    return may_write(row, info) and not users_of(info.context, row)


def _connection(row: Row, info: Any) -> Part | None:
    """The component's connection that a variable holds values for."""
    return part_of(info, "connections", json_column("connection")(row, info))


def _scoped_of(row: Row, info: Any) -> Row:
    found: Row = row if "stable_key" in row else info.context.row("scoped_variable", row["scoped"])
    return found


def _integrations(row: Row, info: Any) -> tuple[list[str], list[str]]:
    return [f"id IN {_NAMED}"], [_scoped_of(row, info)["stable_key"]]


def _inputs(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    """The inputs that were given; those that must not be read back are blank."""
    part = _connection(_scoped_of(row, info), info)
    known = {one["key"]: one for one in (part.body.get("inputs", ()) if part else ())}
    hide = info.context.rules["secrets_read_back"] == "hidden"
    found = []
    for given in json.loads(row["inputs"]):
        meta = json.loads(given["meta"]) if given.get("meta") else {}
        meta = meta if isinstance(meta, dict) else {}  # a list is taken, and says nothing
        made = Expression(row["id"], given["name"], given["type"], given["value"], meta)
        described = known.get(given["name"], {})
        secret = hide and described.get("type") == "password"
        if secret or described.get("write_only") or meta.get("writeOnly"):
            made.value = ""  # hasValue still tells
        found.append(made)
    return paging.of_list(info, found, arguments)


def _meta(row: Row, info: Any) -> str | None:
    return tokens_shown(json_column("token")(row, info), info)


def _authorize_url(kind: str) -> Resolver:
    def resolve(row: Row, info: Any, **_: Any) -> str | None:
        part = _connection(_scoped_of(row, info), info)
        oauth = part is not None and part.body["oauth2_type"] == "authorization_code"
        return f"{AUTHORIZE}/{to_global(kind, row['id'])}" if oauth else None

    return resolve


def _component_in(_: Context, values: list[dict[str, Any]]) -> Condition:
    one = "(json_extract(connection, '$.component_key') = ? AND json_extract(connection, '$.is_public') = ?)"
    wanted = [part for value in values for part in (value["key"], int(value["isPublic"]))]
    return f"({' OR '.join(['0', *[one] * len(values)])})", wanted


def _of_scoped(test: Filter) -> Filter:
    """A filter on the variable that a customer's value is for."""

    def make(context: Context, value: Any) -> Condition | None:
        found = test(context, value)
        return found and (f"scoped IN (SELECT id FROM scoped_variable WHERE {found[0]})", found[1])

    return make


_ALIKE_FILTERS: dict[str, Filter] = {
    **filters.on(key="name"),
    "status": filters.upper("status"),
    "status_In": filters.upper_in("status"),
}
_OF_CONNECTION: dict[str, Filter] = {
    "connection_Component_In": _component_in,
    "connection_Component_Label_Icontains": filters.holds(f"instr(fold({_LABEL}), fold(?)) > 0"),
}
_FILTERS: dict[str, Filter] = {
    **_ALIKE_FILTERS,
    **_OF_CONNECTION,
    **filters.on("stableKey", "description"),
    "id_In": filters.ids("id", "ScopedConfigVariable"),
    "managedBy": filters.upper("managed_by"),
    "variableScope": filters.upper("scope"),
}
_VALUE_FILTERS: dict[str, Filter] = {
    **_ALIKE_FILTERS,
    **{name: _of_scoped(test) for name, test in _OF_CONNECTION.items()},
    **{
        f"scopedConfigVariable_{name}": _of_scoped(test)
        for name, test in {
            **filters.on(Key="name", StableKey="stable_key"),
            "ManagedBy": filters.upper("managed_by"),
            "VariableScope": filters.upper("scope"),
        }.items()
    },
    "id_In": filters.ids("id", "CustomerConfigVariable"),
    "customer": filters.reference("customer", "Customer"),
    "scopedConfigVariable": filters.reference("scoped", "ScopedConfigVariable"),
    **filters.flags("isTest"),
}
_ORDER = {"COMPONENT_LABEL": _LABEL, "KEY": "name", "LAST_CONFIGURED_AT": "configured_at"}


def _organization_alone(_: Context, arguments: Arguments) -> list[str]:
    """Those of one customer alone show where they are asked for."""
    return [] if arguments.get("includeCustomer") else ["customer IS NULL"]


_ALIKE: dict[str, Field] = {
    "key": "name",
    "inputs": _inputs,
    "meta": _meta,
    "lastConfiguredAt": "configured_at",
    "lastSuccessfulRefreshAt": "refresh_at",
    "isInUse": _used(),
    "hasDeployedInstances": _used(_DEPLOYED),
    "instances": Those(lambda row, _: _uses(row)),
    "integrations": Those(_integrations),
    **dict.fromkeys(("logs", "workflows"), paging.empty),
    "allowRemove": _can_go,
}
_HAVING_OWN = "id IN (SELECT v.customer FROM customer_variable v WHERE v.scoped = ?)"
KINDS = (
    Kind(
        "ScopedConfigVariable",
        "scoped_variable",
        lists=Rows("scoped_variable", _FILTERS, _ORDER, shown=_organization_alone).listed,
        fields={
            **_ALIKE,
            "variableScope": "scope",
            "connection": _connection,
            "defaultForComponent": "is_default",
            "oAuthRedirectConfig": json_column("redirect"),
            "authorizeUrl": _authorize_url("ScopedConfigVariable"),
            "customerConfigVariables": of_parent("scoped"),
            "customers": where(_HAVING_OWN),
        },
    ),
    Kind(
        "CustomerConfigVariable",
        "customer_variable",
        lists=Rows("customer_variable", _VALUE_FILTERS, {**_ORDER, "COMPONENT_LABEL": "scoped"}).listed,
        fields={
            **_ALIKE,
            "scopedConfigVariable": "scoped",
            "authorizeUrl": _authorize_url("CustomerConfigVariable"),
        },
    ),
    Kind(
        "OAuthRedirectConfig",
        fields={
            name: lambda value, info: value.get(info.field_name)
            for name in ("oAuthSuccessRedirectUri", "oAuthFailureRedirectUri")
        },
    ),
)
