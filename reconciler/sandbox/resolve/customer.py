"""Why this exists: customers, as they are read."""

from __future__ import annotations

from typing import Any

from . import filters, ordering, paging
from .component import nested as components
from .fields import Resolver, bind, boolean, by_id, column, constant, global_id, labels
from .filters import Filter, exact, flag, icontains, is_null, istartswith
from .user import users_of_customer
from .user_org import organization

FILTERS: dict[str, Filter] = {
    "name": exact("name"),
    "name_Icontains": icontains("name"),
    "name_Istartswith": istartswith("name"),
    "externalId": exact("external_id"),
    "externalId_Isnull": is_null("external_id"),
    "description_Icontains": icontains("description"),
    "allowEmbeddedDesigner": flag("embedded_designer"),
    "isSystem": flag("is_system"),
    **filters.LABELS,
    **filters.TIMES,
}
ORDER = {
    "CREATED_AT": "created_at",
    "UPDATED_AT": "updated_at",
    "NAME": "name",
    "DESCRIPTION": "description",
    "CONCURRENT_EXECUTION_LIMIT": "execution_limit",
    "CONCURRENCY_REJECTIONS": "NULL",  # nothing ran, so nothing was rejected
}


def customers(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The list of customers."""
    where, parameters = filters.build(info.context, FILTERS, arguments)
    if arguments.get("isSystem") is None and info.context.rules["system_hidden"] == "true":
        where.append("NOT is_system")
    order = ordering.sql(ORDER, arguments, info.context.rules["default_order"])
    return paging.of_table(info, "customer", where, parameters, order, arguments)


def _instances(row: Any, info: Any, **arguments: Any) -> paging.Connection:
    from .instance import select

    return select(info, arguments, ["customer = ?"], [row["id"]])


def _integrations(row: Any, info: Any, **arguments: Any) -> paging.Connection:
    from .integration import select

    return select(info, arguments, ["customer = ?"], [row["id"]])


_FIELDS: dict[str, Resolver] = {
    "id": global_id("Customer"),
    "name": column("name"),
    "description": column("description"),
    "externalId": column("external_id"),
    "labels": labels,
    "avatarUrl": column("avatar_url"),
    "starred": boolean("starred"),
    "allowEmbeddedDesigner": boolean("embedded_designer"),
    "allowEmbeddedWorkflowBuilder": constant(False),
    "allowWorkflowCopilot": boolean("workflow_copilot"),
    "concurrentExecutionLimit": column("execution_limit"),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
    "attachments": constant([]),
    "credentials": paging.empty,
    "components": components,
    "instances": _instances,
    "integrations": _integrations,
    "org": organization,
    "users": users_of_customer,
}
BINDINGS = [bind("Customer", _FIELDS)]
ROOT: dict[str, Resolver] = {"customer": by_id("customer", "Customer"), "customers": customers}
