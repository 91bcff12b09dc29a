"""Why this exists: instance profiles, as they are read, and which one an instance has."""

from __future__ import annotations

from typing import Any

from ..store import DEFAULT_PROFILE, Row
from . import filters, ordering, paging
from .definitions import parsed
from .fields import Resolver, bind, boolean, by_id, column, global_id, may_write
from .filters import Filter, exact, flag, icontains
from .ids import named

FILTERS: dict[str, Filter] = {
    "name": exact("name"),
    "name_Icontains": icontains("name"),
    "description": exact("description"),
    "description_Icontains": icontains("description"),
    "isDefaultProfile": flag("is_default"),
}
ORDER = {"NAME": "name", "DESCRIPTION": "description", "IS_DEFAULT_PROFILE": "is_default"}


def _profiles(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    where, parameters = filters.build(info.context, FILTERS, arguments)
    order = ordering.sql(ORDER, arguments, info.context.rules["default_order"])
    return paging.of_table(info, "profile", where, parameters, order, arguments)


def own(instance: Row, info: Any) -> Row | None:
    """The profile that was made for this instance alone."""
    found: list[Row] = info.context.store.select("profile", ["instance = ?"], [instance["id"]])
    return found[0] if found else None


def default_of(record: Row, info: Any) -> Row:
    """The profile that an integration's instances have by default. A definition may name one that nobody made
    here: it reads as the default one under that name.
    """
    store = info.context.store
    body = parsed(store, record["definition"]).body
    name = body.get("defaultInstanceProfile") or DEFAULT_PROFILE
    found: list[Row] = store.select("profile", ["name = ?"], [name])
    if found:
        return found[0]
    (base,) = store.select("profile", ["is_default"], [])
    identifier = named(info.context.meta["tenant"], f"profile/{name}")
    return {**base, "id": identifier, "name": name, "is_default": 0}


def _instances(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    from .instance import select

    own_one = ["id = ?"], [row["instance"]]
    if row["scope"] == "INSTANCE":
        return select(info, arguments, *own_one)
    of_profile = (
        "integration IN (SELECT i.id FROM integration i JOIN definition d ON d.digest = i.definition"
        " WHERE coalesce(json_extract(d.body, '$.defaultInstanceProfile'), ?) = ?)"
    )
    more = [of_profile, "id NOT IN (SELECT p.instance FROM profile p WHERE p.instance IS NOT NULL)"]
    return select(info, arguments, more, [DEFAULT_PROFILE, row["name"]])


def _may_remove(row: Row, info: Any) -> bool:
    return not row["is_default"] and may_write(row, info)


_FIELDS: dict[str, Resolver] = {
    "id": global_id("InstanceProfile"),
    "name": column("name"),
    "description": column("description"),
    "stableKey": column("stable_key"),
    "isDefaultProfile": boolean("is_default"),
    "allocatedMemoryMb": column("memory_mb"),
    "instanceBillingType": column("billing"),
    "logsDisabled": boolean("logs_disabled"),
    "stepResultsDisabled": boolean("results_disabled"),
    "quickStart": boolean("quick_start"),
    "quickStartInstances": column("quick_start_instances"),
    "scope": column("scope"),
    "instances": _instances,
    "allowRemove": _may_remove,
}
BINDINGS = [bind("InstanceProfile", _FIELDS)]
ROOT: dict[str, Resolver] = {
    "instanceProfile": by_id("profile", "InstanceProfile"),
    "instanceProfiles": _profiles,
}
