"""Why this exists: what sets monitors off is the platform's own, the same in every tenant but for its ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...store import Row
from ..frame import filters, paging
from ..frame.context import Context
from ..frame.filters import Filter
from ..frame.ids import from_global, named, to_global
from ..frame.kinds import Kind
from ..frame.lists import ordered, that_list
from ..frame.resolvers import Resolver, column, constants, global_id, json_column, not_found

_OF_INSTANCES = (
    "Execution Completed",
    "Execution Duration Matched or Exceeded",
    "Execution Failed",
    "Execution Failed, Retry Pending",
    "Execution Overdue",
    "Execution Started",
    "Instance Deployed",
    "Instance Disabled",
    "Instance Enabled",
    "Instance Removed",
    "Connection Error",
    "Log Level Matched or Exceeded",
)
_OF_ORGANIZATION = "Organization Execution Limit Reached"


def trigger_id(context: Context, name: str) -> str:
    """The uuid of a trigger."""
    return named(context.meta["tenant"], f"alert-trigger/{name}")


def triggers(context: Context) -> dict[str, Row]:
    """The platform's triggers by id."""
    found: dict[str, Row] = {}
    for name in (*_OF_INSTANCES, _OF_ORGANIZATION):
        identifier, everywhere = trigger_id(context, name), name == _OF_ORGANIZATION
        found[identifier] = {"id": identifier, "name": name, "global": everywhere, "specific": not everywhere}
    return found


def _select(found: list[Row], info: Any, arguments: dict[str, Any]) -> paging.Connection:
    for name, key in (("isGlobal", "global"), ("isInstanceSpecific", "specific")):
        if arguments.get(name) is not None:
            found = [row for row in found if row[key] is arguments[name]]
    return paging.of_list(info, ordered(found, {"NAME": lambda row: row["name"]}, arguments), arguments)


def _all(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    return _select(list(triggers(info.context).values()), info, arguments)


def _one(_: Any, info: Any, id: str) -> Row | None:
    return triggers(info.context).get(from_global("AlertTrigger", id)) or not_found(info)


def own_triggers(monitor: Row, info: Any, **arguments: Any) -> paging.Connection:
    """What sets a monitor off."""
    known, wanted = triggers(info.context), json_column("triggers")(monitor, info)
    return _select([known[one] for one in wanted if one in known], info, arguments)


def _has(test: Callable[[Row, Any], bool]) -> Filter:
    def make(context: Context, value: Any) -> tuple[str, list[Any]]:
        among, wanted = filters.among(
            "value", [row["id"] for row in triggers(context).values() if test(row, value)]
        )
        return f"EXISTS (SELECT 1 FROM json_each(triggers) WHERE {among})", wanted

    return make


FILTERS: dict[str, Filter] = {
    "triggers": _has(lambda row, value: to_global("AlertTrigger", row["id"]) in value),
    "triggers_IsGlobal": _has(lambda row, value: row["global"] is value),
    "triggers_Name_Icontains": _has(lambda row, value: value.casefold() in row["name"].casefold()),
}
KINDS = (
    Kind(
        "AlertTrigger",
        fields={
            "id": global_id("AlertTrigger"),
            "name": column("name"),
            "isGlobal": column("global"),
            "isInstanceSpecific": column("specific"),
            "monitors": that_list("triggers"),
            **constants(False, "allowRemove", "allowUpdate"),
        },
    ),
)
ROOT: dict[str, Resolver] = {"alertTrigger": _one, "alertTriggers": _all}
