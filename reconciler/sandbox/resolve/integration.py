"""Why this exists: integrations and their versions, as they are read.

A draft and each published version are rows of one table that share a sequence. The draft's row keeps the
number that was published last; what a draft shows of it is a rule.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..address import link
from ..store import Row
from . import filters, ordering, paging, version
from .component import pick
from .config_variable import required, test_values
from .context import Context
from .definitions import parsed, read_back
from .fields import Resolver, bind, boolean, by_id, column, constant, global_id, labels, relation
from .filters import (
    Condition,
    Filter,
    exact,
    flag,
    icontains,
    iexact,
    is_null,
    istartswith,
    one_of,
    reference,
)
from .flow import integration_actions, integration_flows
from .ids import to_global
from .instance import select as select_instances
from .instance_profile import default_of
from .last_run import last_executed

_INSTANCES = "EXISTS (SELECT 1 FROM instance x WHERE x.sequence = integration.sequence AND NOT x.is_system)"


def _marketplace(_: Context, value: bool) -> Condition:
    return f"marketplace {'<>' if value else '='} 'NOT_AVAILABLE_IN_MARKETPLACE'", []


FILTERS: dict[str, Filter] = {
    "name": exact("name"),
    "name_Icontains": icontains("name"),
    "description": exact("description"),
    "description_Icontains": icontains("description"),
    "category": exact("category"),
    "category_Icontains": icontains("category"),
    "customer": reference("customer", "Customer"),
    "customer_Isnull": is_null("customer"),
    "flows_IsAgentFlow": flag("agent"),
    "hasInstances": flag(_INSTANCES),
    "hasOutdatedComponents": version.outdated_filter,
    "hasUnpublishedChanges": flag("unpublished"),
    "isCodeNative": flag("code_native"),
    "allowMultipleMarketplaceInstances": flag("multiple"),
    "marketplace": _marketplace,
    "marketplaceConfiguration_Iexact": iexact("marketplace"),
    "marketplaceConfiguration_In": one_of("marketplace"),
    "marketplaceConfiguration_Istartswith": istartswith("marketplace"),
    "templateConfiguration_Iexact": iexact("template"),
    "templateConfiguration_In": one_of("template"),
    "templateConfiguration_Istartswith": istartswith("template"),
    "useAsTemplate": flag("use_as_template"),
    "versionIsAvailable": version.available_filter,
    "versionNumber": version.number_filter,
    "versionSequenceId": exact("sequence"),
    **filters.LABELS,
    **filters.TIMES,
}
_ORDER = {
    "CATEGORY": "category",
    "CREATED_AT": "created_at",
    "CUSTOMER": "(SELECT c.name FROM customer c WHERE c.id = customer)",
    "DESCRIPTION": "description",
    "NAME": "name",
    "PUBLISHED_AT": "published_at",
    "UPDATED_AT": "updated_at",
}


def select(
    info: Any,
    arguments: dict[str, Any],
    more: Sequence[str] = (),
    extra: Sequence[Any] = (),
    *,
    every: bool = False,
) -> paging.Connection:
    """Records by filters and further conditions: one an integration unless every version is asked for."""
    context = info.context
    where, parameters = filters.build(context, FILTERS, arguments)
    where = [*more, *where]
    if not every and not arguments.get("allVersions"):
        where.append("is_draft")
    columns = {**_ORDER, "VERSION_NUMBER": version.number_sql(context)}
    order = ordering.sql(columns, arguments, context.rules["default_order"])
    return paging.of_table(info, "integration", where, [*extra, *parameters], order, arguments)


def integrations(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """The list of integrations."""
    return select(info, arguments)


def _marketplace_integrations(_: Any, info: Any, **arguments: Any) -> paging.Connection:
    """What customers are offered: of each integration the newest version that is in the marketplace."""
    offered = "marketplace <> 'NOT_AVAILABLE_IN_MARKETPLACE' AND NOT is_draft AND available"
    newest = (
        "number = (SELECT max(i.number) FROM integration i WHERE i.sequence = integration.sequence"
        " AND i.marketplace <> 'NOT_AVAILABLE_IN_MARKETPLACE' AND NOT i.is_draft AND i.available)"
    )
    more = [offered] if arguments.get("allVersions") else [offered, newest]
    return select(info, arguments, more, every=True)


def _sequence(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    more = ["sequence = ?"]
    if info.context.rules["draft_in_sequence"] == "false":
        more.append("NOT is_draft")
    return select(info, arguments, more, [row["sequence"]], every=True)


def _instances(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    if info.context.rules["integration_filter"] == "exact":
        return select_instances(info, arguments, ["integration = ?"], [row["id"]])
    return select_instances(info, arguments, ["sequence = ?"], [row["sequence"]])


def _definition(row: Row, info: Any, **arguments: Any) -> str:
    return read_back(info.context, row, latest=bool(arguments.get("useLatestComponentVersions")))


def _last_executed(row: Row, info: Any) -> Any:
    return last_executed("sequence")({"id": row["sequence"]}, info)


def _body(name: str, default: Any = None) -> Resolver:
    def resolve(row: Row, info: Any) -> Any:
        return parsed(info.context.store, row["definition"]).body.get(name, default)

    return resolve


def _endpoint_type(row: Row, info: Any) -> str:
    kind: str = parsed(info.context.store, row["definition"]).body.get("endpointType") or "flow_specific"
    return kind.upper()


def _config_pages(row: Row, info: Any) -> str:
    return json.dumps(parsed(info.context.store, row["definition"]).body.get("configPages") or [])


def _components(row: Row, info: Any, **arguments: Any) -> paging.Connection:
    found = version.used_components(info.context, row)
    if arguments.get("outdated") is not None:
        found = [v for v in found if v.is_latest is not arguments["outdated"]]
    return pick(info, found, arguments)


def _parent(row: Row, info: Any) -> Row | None:
    found: Row | None = info.context.store.get("integration", row["parent"]) if row["parent"] else None
    return found


def _deployed(row: Row, info: Any, more: str = "1") -> list[Row]:
    where = ["sequence = ?", "NOT is_system", "last_deployed_at IS NOT NULL", more]
    found: list[Row] = info.context.store.select("instance", where, [row["sequence"]], "created_at", 2)
    return found


def _deployed_instances(row: Row, info: Any) -> str:
    return ("ZERO", "ONE", "MULTIPLE")[len(_deployed(row, info))]


def _deployment_status(row: Row, info: Any) -> str:
    if not _deployed(row, info):
        return "UNCONFIGURED"
    return "ACTIVATED" if _deployed(row, info, "enabled") else "PAUSED"


def _first_deployed(row: Row, info: Any) -> Row | None:
    return next(iter(_deployed(row, info)), None)


def _stats(row: Row, _: Any) -> Row:
    return row


def _total_instances(row: Row, info: Any) -> int:
    total: int = info.context.store.count("instance", ["sequence = ?", "NOT is_system"], [row["sequence"]])
    return total


def _distribution(row: Row, info: Any) -> dict[str, Any]:
    sql = (
        "SELECT i.number AS number, count(*) AS n FROM instance x JOIN integration i ON i.id = x.integration"
        " WHERE x.sequence = ? AND NOT x.is_system GROUP BY i.number ORDER BY i.number"
    )
    return {"nodes": info.context.store.all(sql, [row["sequence"]])}


def _metadata(row: Row, info: Any) -> Any:
    """One for the whole integration, unless the rule lets each version keep its own."""
    if row["is_draft"] or info.context.rules["metadata_per_version"] == "true":
        return row["metadata"]
    return info.context.draft(row["sequence"])["metadata"]


def _tabs(row: Row, _: Any) -> Any:
    return json.loads(row["marketplace_tabs"]) if row["marketplace_tabs"] else None


def _is_template(row: Row, _: Any) -> bool:
    return bool(row["use_as_template"])


_FIELDS: dict[str, Resolver] = {
    "id": global_id("Integration"),
    "name": column("name"),
    "description": column("description"),
    "category": column("category"),
    "documentation": _body("documentation"),
    "labels": labels,
    "metadata": _metadata,
    "customer": relation("customer", "customer"),
    "parent": _parent,
    "avatarUrl": column("avatar_url"),
    "starred": boolean("starred"),
    "attachments": constant([]),
    "createdAt": column("created_at"),
    "updatedAt": column("updated_at"),
    "lastExecutedAt": _last_executed,
    "definition": _definition,
    "externalVersion": _body("version"),
    "isCodeNative": boolean("code_native"),
    "endpointType": _endpoint_type,
    "preprocessFlowName": _body("preprocessFlowName"),
    "userLevelConfigured": lambda row, info: any(
        v["user_level_configured"] for v in parsed(info.context.store, row["definition"]).variables
    ),
    "configPages": _config_pages,
    "defaultInstanceProfile": default_of,
    "flows": integration_flows,
    "actions": integration_actions,
    "requiredConfigVariables": required,
    "testConfigVariables": test_values,
    "systemInstance": lambda row, info: info.context.system_instance(row["sequence"]),
    "instances": _instances,
    "instanceStats": _stats,
    "deployedInstances": _deployed_instances,
    "deploymentStatus": _deployment_status,
    "ulcDeploymentStatus": constant(None),
    "firstDeployedInstance": _first_deployed,
    "components": _components,
    "hasOutdatedComponents": lambda row, info: version.is_outdated(info.context, row),
    "hasUnpublishedChanges": boolean("unpublished"),
    "overview": column("overview"),
    "marketplaceConfiguration": column("marketplace"),
    "marketplaceTabConfiguration": _tabs,
    "allowMultipleMarketplaceInstances": boolean("multiple"),
    "isCustomerDeployable": lambda row, _: row["marketplace"] == "AVAILABLE_AND_DEPLOYABLE",
    "storeConfiguration": lambda row, _: row["marketplace"].replace("IN_MARKETPLACE", "IN_STORE"),
    "templateConfiguration": column("template"),
    "useAsTemplate": _is_template,
    "agentFlowsUrl": lambda row, _: link("trigger", "agent", to_global("Integration", row["id"])),
    "endpointConfigTestUrl": lambda row, _: link("trigger", to_global("Integration", row["id"])),
    "endpointConfigTestPayload": column("test_payload"),
    "endpointConfigTestHeaders": column("test_headers"),
    "endpointConfigTestContentType": column("test_content_type"),
    "customerConfigVariables": paging.empty,
    "scopedConfigVariables": paging.empty,
    "versionSequence": _sequence,
    "versionSequenceId": column("sequence"),
    **version.FIELDS,
}
BINDINGS = [
    bind("Integration", _FIELDS),
    bind("InstanceStats", {"totalInstanceCount": _total_instances, "versionDistribution": _distribution}),
    bind("VersionDistributionConnection", {"nodes": column("nodes")}),
    bind("VersionInstanceCount", {"instanceCount": column("n"), "versionNumber": column("number")}),
    *version.BINDINGS,
]
ROOT: dict[str, Resolver] = {
    "integration": by_id("integration", "Integration"),
    "integrations": integrations,
    "marketplaceIntegration": by_id("integration", "Integration"),
    "marketplaceIntegrations": _marketplace_integrations,
}
